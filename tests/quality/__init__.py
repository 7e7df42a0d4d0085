"""Tests of the quality bench: its scorer, its items, and the figures below which nothing may fall."""
