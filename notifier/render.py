"""What an alert says: a story in its present state as rich text, as plain text for a terminal, and the buttons under it. Pure.

Three forms: the alert itself, which is edited in place as the story goes on; the short answer to it when something real changed; and
the bundle, which tells several stories that waited together. Each fits into one message, whatever the stories hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from notifier import wording
from notifier.labels import DEFAULT, label
from notifier.model import Change, Report, Story
from notifier.provenance import Voice
from notifier.richtext import LIMIT, RichText, bold, bold_link, cut, italic, join, link, marked, one_line, plain
from notifier.seal import ROOM

SHOWN_SOURCES = 5  # further outlets that are linked
SHOWN_WORDS = 6
MOST_TOGETHER = 10  # stories in a bundle
_TITLE_UNITS = 1500
_HEAD_UNITS = 80  # of a bundle
_ENTRY_SPANS = 9  # a bundle's stories and its head stay below what one message may have
_WORD = 60  # characters of a word that a rule saw


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


def alert(story: Story, delivery: int, tz: str = "UTC", lang: str = DEFAULT) -> Message:
    """The alert of a story, whose buttons speak of `delivery`."""
    return Message(alert_body(story, tz, lang), alert_keyboard(story, delivery, lang))


def alert_body(story: Story, tz: str = "UTC", lang: str = DEFAULT) -> RichText:
    """Title on a line of its own, who and what, where, outlet and time, why, and who else reports it; always within one message."""
    lead = wording.lead_report(story)
    return cut(
        join([
            _head(story, _TITLE_UNITS),
            plain(wording.OFF + " " + label("off", lang)) if story.ended else RichText(),
            plain(wording.parties(story, lang)),
            plain(wording.deal(story, lang)),
            plain(_what(story, lang)),
            plain(_where(story, lead, tz, lang)),
            _primary(story, lead, lang),
            italic(why(story, lang)),
            _further(story, lang),
        ])
    )  # fmt: skip


def change_body(story: Story, changes: Sequence[Change], before: str, lang: str = DEFAULT) -> RichText:
    """The answer to an alert whose story changed: a line for each change, then the title, which leads to the report that says so.

    `before` is the severity that the reader was told.
    """
    lead, title, url = wording.lead_report(story), headline(story, lang), story.url
    if Change.OFFICIAL in changes and story.official:
        title, url = one_line(story.official.title) or title, story.official.url
    words = marked(bold_link(title, url), [one_line(w) for w in lead.words] if lead else ())
    said = [plain(_changed(story, change, before, lang)) for change in changes]
    return cut(join([*said, cut(words, _TITLE_UNITS), plain(wording.parties(story, lang))]))


def bundle_body(stories: Sequence[Story], tz: str = "UTC", lang: str = DEFAULT) -> RichText:
    """Several stories in one message, each with its title, parties, outlet and time; none is left out, a long one is cut shorter."""
    room = (LIMIT - _HEAD_UNITS) // max(len(stories), 1) - 2
    entries = [cut(_entry(story, tz, lang, room), room, _ENTRY_SPANS) for story in stories]
    return cut(join([bold(label("bundle", lang, len(stories))), *entries], "\n\n"))


def alert_text(story: Story, tz: str = "UTC") -> str:
    """The same alert for a terminal or a log file: plain lines, the link written out."""
    return "\n".join(line for line in (alert_body(story, tz).text, one_line(story.url)) if line)


def headline(story: Story, lang: str = DEFAULT) -> str:
    """The title on one line; its address where a source gave none."""
    return one_line(story.title) or one_line(story.url) or label("untitled", lang)


def why(story: Story, lang: str = DEFAULT) -> str:
    """`labs, partnerships — rule ai-company-national-lab: “s'associe”`: what it matched, and the words that were seen."""
    return " — ".join(x for x in (", ".join(story.topics), saw(story, lang)) if x)


def saw(story: Story, lang: str = DEFAULT) -> str:
    """`rule ai-company-national-lab: “s'associe”`: the rules, and the words that they saw."""
    named = label("rule" if len(story.rules) == 1 else "rules", lang, ", ".join(story.rules)) if story.rules else ""
    lead = wording.lead_report(story)
    seen = ", ".join(f"“{shown}”" for w in (lead.words if lead else ())[:SHOWN_WORDS] if (shown := one_line(w)[:_WORD]))
    return ": ".join(x for x in (named, seen) if x)


def alert_keyboard(story: Story, delivery: int, lang: str = DEFAULT) -> Keyboard:
    """Worth it or not, mute the story's first topic, and the sources."""
    first = [Button("👍", f"up:{delivery}"), Button("👎", f"down:{delivery}")]
    second = [Button(label("all sources", lang, len(story.outlets) or 1), f"src:{delivery}")]
    if story.topics and fits(f"mute:{story.topics[0]}"):
        second.insert(0, Button(label("mute", lang, story.topics[0]), f"mute:{story.topics[0]}"))
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


def _changed(story: Story, change: Change, before: str, lang: str) -> str:
    if change is Change.OFFICIAL:
        return f"{wording.OFFICIAL} " + label("confirmed", lang, one_line(story.official.outlet) if story.official else "")
    if change is Change.ENDED:
        return f"{wording.OFF} " + label("off", lang)
    grown = label("rise", lang, wording.severity(story.severity, lang), wording.severity(before, lang))
    return f"{wording.MARKS.get(story.severity, '•')} {grown}"


def _head(story: Story, limit: int) -> RichText:
    """The mark of its severity and its title, as a link, with the words that the rules saw underlined."""
    lead = wording.lead_report(story)
    title = marked(bold_link(headline(story), story.url), [one_line(w) for w in lead.words] if lead else ())
    return plain(f"{wording.MARKS.get(story.severity, '•')} ") + cut(title, limit)


def _what(story: Story, lang: str) -> str:
    """`Venado · $200 million · award 47QTCA25D0001 · 🇺🇸 United States`: what it is about, for how much, by which notice, and where."""
    return " · ".join(x for x in (wording.detail(story, lang), wording.places(story, lang)) if x)


def _where(story: Story, lead: Report | None, tz: str, lang: str) -> str:
    """`lemonde.fr · 30 Jan 2025 14:05 UTC`, and what kind of a word that is where it matters."""
    said = [one_line(lead.outlet) if lead else "", wording.moment(lead.at if lead else story.published_at, tz, lang)]
    if lead and lead.voice is Voice.OFFICIAL:
        said.append(f"{wording.OFFICIAL} {label('official', lang)}")
    elif story.social_only:
        said.append(label("social", lang))
    return " · ".join(x for x in said if x)


def _primary(story: Story, lead: Report | None, lang: str) -> RichText:
    """The official source, where another one was first."""
    found = story.official
    if found is None or (lead and lead.voice is Voice.OFFICIAL):
        return RichText()
    return plain(f"{wording.OFFICIAL} {label('official', lang)}: ") + link(one_line(found.outlet), found.url)


def _further(story: Story, lang: str) -> RichText:
    further = wording.others(story)
    if not further:
        return RichText()
    named = [link(one_line(r.outlet), r.url) for r in further[:SHOWN_SOURCES]]
    rest = plain(" …") if len(further) > SHOWN_SOURCES else RichText()
    return plain(f"{wording.sources(len(further), lang)}: ") + join(named, ", ") + rest


def _entry(story: Story, tz: str, lang: str, room: int) -> RichText:
    lead, further = wording.lead_report(story), len(wording.others(story))
    where = [_where(story, lead, tz, lang), wording.sources(further, lang) if further else ""]
    if story.official and not (lead and lead.voice is Voice.OFFICIAL):
        where.append(f"{wording.OFFICIAL} {one_line(story.official.outlet)}")
    about = [wording.OFF + " " + label("off", lang) if story.ended else "", wording.parties(story, lang), wording.deal(story, lang)]
    tail = join([plain(line) for line in (*about, _what(story, lang), " · ".join(w for w in where if w))])
    return join([_head(story, max(room // 2, room - len(tail) - 3)), tail])
