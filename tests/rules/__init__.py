"""Tests of the first floor: what matters."""
