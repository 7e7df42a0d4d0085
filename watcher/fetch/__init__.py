"""Asking hosts for things, politely and safely: conditional requests, limits, no private addresses. It does not know what a feed is."""

from watcher.fetch.client import Client
from watcher.fetch.exchange import Fetched, NotModified, Request
from watcher.fetch.guard import is_public
from watcher.fetch.hosts import HostGate, SitePausedError
from watcher.fetch.transfer import Limits

__all__ = ["Client", "Fetched", "HostGate", "Limits", "NotModified", "Request", "SitePausedError", "is_public"]
