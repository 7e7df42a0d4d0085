"""Promises of the notifier."""
