"""The whole program, as a process, against a world on loopback."""
