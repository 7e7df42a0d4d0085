"""The bus: Redis Streams with consumer groups, and nothing else that moves between stages. It knows ids, not what they mean.

SQL is the truth and Redis carries: a stream may lose everything at any moment, and the sweepers publish again what SQL knows to be
unfinished. Therefore entries hold row ids only, streams are kept short, and publishing an id twice is harmless.
"""

from watcher.bus.consume import Handler, consume
from watcher.bus.names import ALERTS, DEAD, DELIVERIES, DUE, ITEMS, PUSHES, STREAMS
from watcher.bus.streams import Bus, Message

__all__ = ["ALERTS", "DEAD", "DELIVERIES", "DUE", "ITEMS", "PUSHES", "STREAMS", "Bus", "Handler", "Message", "consume"]
