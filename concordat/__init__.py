"""The program: command line, the supervisor of `up`, the web console and the demo. No business logic lives here."""

__version__ = "0.1.0"
