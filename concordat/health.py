"""Whether the program works: each stage, and each channel, says how it is; `/healthz` repeats it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Health:
    """What each part last said of itself: an empty text is well, anything else says what is wrong and what to do.

    `stages` must all be well for the program to work; `channels` may be ill for a while (a mail server that is down) and are reported
    beside them.
    """

    stages: dict[str, str] = field(default_factory=dict)
    channels: dict[str, str] = field(default_factory=dict)

    def stage(self, name: str, problem: str) -> None:
        """A stage speaks."""
        self.stages[name] = problem

    def channel(self, name: str, problem: str | None) -> None:
        """A channel speaks; None is well."""
        self.channels[name] = problem or ""

    @property
    def working(self) -> bool:
        """Whether every stage is well."""
        return not any(self.stages.values())

    def as_dict(self) -> dict[str, object]:
        """For `/healthz`."""
        return {"ok": self.working, "stages": self.stages, "channels": self.channels}
