"""The ways out: one file a channel, with its client, its limits and its list of what is permanent; and the table of them all.

A channel takes one delivery for one address and answers with its own id of the message, or raises DeliveryError, which says whether
trying again can help. It decides nothing about whom a story reaches, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from notifier.channels.chat import chat_outlet
from notifier.channels.mailbox import mail_outlet
from notifier.channels.other import apprise_outlet
from notifier.channels.outlet import Outlet
from notifier.channels.webhook import webhook_outlet
from notifier.model import Channel
from watcher.bus import Bus
from watcher.settings import Settings
from watcher.store import Store

Opener = Callable[[Settings, Store, Bus], Outlet | None]

CHANNELS: dict[Channel, Opener] = {
    Channel.TELEGRAM: chat_outlet,
    Channel.EMAIL: mail_outlet,
    Channel.WEBHOOK: webhook_outlet,
    Channel.APPRISE: apprise_outlet,
}


def open_outlets(settings: Settings, store: Store, bus: Bus) -> dict[Channel, Outlet]:
    """Every channel that is set up. Nothing is connected yet; deliveries for the others wait until they are."""
    opened = {channel: opener(settings, store, bus) for channel, opener in CHANNELS.items()}
    return {channel: outlet for channel, outlet in opened.items() if outlet is not None}
