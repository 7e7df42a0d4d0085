"""The fakes keep the rules they stand for: each documented rule has a test here."""
