"""The demo: real events of the past, replayed through the real pipeline on this machine, with no account and no network."""
