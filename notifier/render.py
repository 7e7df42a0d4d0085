"""What an alert says: a story in its present state as rich text, as plain text for a terminal, and the buttons under it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from notifier import wording
from notifier.model import Story
from notifier.richtext import RichText, bold_link, cut, italic, join, link, one_line, plain
from notifier.seal import ROOM

SHOWN_SOURCES = 5  # further outlets that are linked
_TITLE_UNITS = 1500


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message; `data` comes back when it is pressed, sealed for its chat; at most `seal.ROOM` bytes."""

    text: str
    data: str


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Message:
    """Everything that a chat is shown at once."""

    body: RichText
    keyboard: Keyboard = ()


def alert(story: Story, delivery: int, tz: str = "UTC") -> Message:
    """The alert of a story, whose buttons speak of `delivery`."""
    return Message(alert_body(story, tz), alert_keyboard(story, delivery))


def alert_body(story: Story, tz: str = "UTC") -> RichText:
    """Title on a line of its own, who and what, outlet and time, why, and who else reports it; always within one message."""
    head = cut(bold_link(headline(story), story.url), _TITLE_UNITS)
    report = wording.lead_report(story)
    where = [report.outlet if report else "", wording.moment(report.at if report else story.published_at, tz)]
    return cut(
        join([
            plain(f"{wording.MARKS.get(story.severity, '•')} ") + head,
            plain(wording.parties(story)),
            plain(wording.deal(story)),
            plain(wording.detail(story)),
            plain(" · ".join(one_line(x) for x in where if x)),
            italic(why(story)),
            _further(story),
        ])
    )  # fmt: skip


def alert_text(story: Story, tz: str = "UTC") -> str:
    """The same alert for a terminal or a log file: plain lines, the link written out."""
    report = wording.lead_report(story)
    where = [one_line(report.outlet) if report else "", wording.moment(report.at if report else story.published_at, tz)]
    further = wording.others(story)
    lines = [
        f"{wording.MARKS.get(story.severity, '•')} {headline(story)}",
        wording.parties(story),
        wording.deal(story),
        wording.detail(story),
        " · ".join(x for x in where if x),
        why(story),
        f"{wording.sources(len(further))}: {', '.join(one_line(r.outlet) for r in further[:SHOWN_SOURCES])}" if further else "",
        one_line(story.url),
    ]
    return "\n".join(line for line in lines if line)


def headline(story: Story) -> str:
    """The title on one line; its address where a source gave none."""
    return one_line(story.title) or one_line(story.url) or "(untitled)"


def why(story: Story) -> str:
    """`labs, partnerships — rule ai-company-national-lab`: what it matched."""
    named = ("rule " if len(story.rules) == 1 else "rules ") + ", ".join(story.rules) if story.rules else ""
    return " — ".join(x for x in (", ".join(story.topics), named) if x)


def alert_keyboard(story: Story, delivery: int) -> Keyboard:
    """Worth it or not, mute the story's first topic, and the sources."""
    first = [Button("👍", f"up:{delivery}"), Button("👎", f"down:{delivery}")]
    second = [Button(f"Sources ({len(story.outlets) or 1})", f"src:{delivery}")]
    if story.topics and fits(f"mute:{story.topics[0]}"):
        second.insert(0, Button(f"Mute {story.topics[0]}", f"mute:{story.topics[0]}"))
    return tuple(first), tuple(second)


def fits(data: str) -> bool:
    """Whether Telegram takes this as a button's data."""
    return 1 <= len(data.encode()) <= ROOM


def source_list(story: Story) -> RichText:
    """Every outlet that reports the story, linked, in the order in which they came."""
    seen = {r.outlet: r for r in reversed(story.reports)}
    firsts = [r for r in story.reports if seen.get(r.outlet) is r]
    lines = [plain(f"{i}. {one_line(r.outlet)}: ") + link(one_line(r.title) or r.url, r.url) for i, r in enumerate(firsts, 1)]
    return cut(join([bold_link(headline(story), story.url), *lines]))


def _further(story: Story) -> RichText:
    further = wording.others(story)
    if not further:
        return RichText()
    named = [link(one_line(r.outlet), r.url) for r in further[:SHOWN_SOURCES]]
    rest = plain(" …") if len(further) > SHOWN_SOURCES else RichText()
    return plain(f"{wording.sources(len(further))}: ") + join(named, ", ") + rest
