"""Tests of the same name's storey."""
