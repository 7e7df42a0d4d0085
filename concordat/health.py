"""Whether the program works: each stage says how it is, `/healthz` and the log repeat it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Health:
    """What each part last said of itself: an empty text is well, anything else is what is wrong and what to do."""

    parts: dict[str, str] = field(default_factory=dict)

    def starting(self, part: str) -> None:
        """A part that is not ready yet."""
        self.parts[part] = "starting"

    def well(self, part: str) -> None:
        """A part that works."""
        self.parts[part] = ""

    def ill(self, part: str, why: str) -> None:
        """A part that does not work now."""
        self.parts[part] = why

    def __call__(self, part: str, why: str | None) -> None:
        """As `ill`, or `well` when `why` is empty: the form in which stages are handed it."""
        self.parts[part] = why or ""

    @property
    def working(self) -> bool:
        """Whether every part is ready."""
        return not any(self.parts.values())
