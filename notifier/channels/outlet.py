"""What a channel offers to the sender, which knows nothing more of it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from notifier.jobs import Job
from notifier.limiter import Answer


class Outlet(Protocol):
    """One way out. It composes the delivery from what the job holds, and gives it away."""

    async def ask(self, address: str) -> Answer:
        """When a message may go to this address; never raises."""
        ...

    async def hold(self, address: str, seconds: float) -> None:
        """The channel asked us to leave this address alone; never raises."""
        ...

    def passage(self) -> AbstractAsyncContextManager[None]:
        """Held for one message, from before it is claimed until its outcome is written down."""
        ...

    def pause(self, address: str) -> float:
        """The seconds for which this process knows that nothing may go to this address, whatever was booked; 0 for none."""
        ...

    async def send(self, job: Job) -> str | None:
        """Send or edit; the channel's id of the message. Raises DeliveryError, or StoreError when what it says cannot be read."""
        ...

    async def close(self) -> None:
        """Let go of every connection; never raises."""
        ...
