"""What can be read: one module a kind of source, turning bytes into entries, and the files that list sources. No network here."""

from watcher.sources.entry import Entry, Hints, Parsed

__all__ = ["Entry", "Hints", "Parsed"]
