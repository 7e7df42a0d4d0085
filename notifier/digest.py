"""What a digest is, and what it says in a chat: the stories of a window that concern one reader, and what the watch covered. Pure.

`notifier.paper` writes the same as a mail. What came from outside is text in every form; links are only ever addresses of the web.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date

from notifier import wording
from notifier.labels import DEFAULT
from notifier.model import Story, Subscriber
from notifier.render import Message
from notifier.richtext import LIMIT, MAX_ENTITIES, RichText, bold, bold_link, italic, join, one_line, plain
from notifier.since import Changed, what_changed
from notifier.tongue import Tongue, tongue
from notifier.wanting import concerns

FEW = 3  # stories that need no headings
_NAMED = 8  # sources that are named when they are not read
_FOOT_UNITS = 500  # kept free for the last lines of a chat's message


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was watched in the window: sources read, those that fail now, that never answered, that refuse us, and the items read."""

    read: int = 0
    failing: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    items: int = 0
    blocked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Closing:
    """A tender that takes offers until a moment that is near."""

    story: Story
    at: datetime


@dataclass(frozen=True, slots=True)
class Digest:
    """One reader's digest over (from_at, to_at], loudest story first; `id` 0 for one that is only looked at.

    `days` are how many stories that concern the reader each of the last thirty days had, the day of `to_at` last.
    """

    id: int
    subscriber: Subscriber
    from_at: datetime
    to_at: datetime
    stories: tuple[Story, ...]
    coverage: Coverage
    changes: tuple[Changed, ...] = ()
    closing: tuple[Closing, ...] = ()
    days: tuple[int, ...] = ()

    @property
    def tongue(self) -> Tongue:
        """The language that its reader is spoken to in."""
        return tongue(self.subscriber.language)


def compose(
    subscriber: Subscriber, stories: Iterable[Story], from_at: datetime, to_at: datetime, coverage: Coverage, digest_id: int = 0
) -> Digest:
    """What of these stories concerns the subscriber: followed, not silenced, and loud enough; the order is kept."""
    wanted = tuple(s for s in stories if concerns(subscriber.wishes, s, to_at).wanted)
    return Digest(digest_id, subscriber, from_at, to_at, wanted, coverage)


def sections(stories: Sequence[Story]) -> list[tuple[str, list[Story]]]:
    """The stories by topic, each under one, the topic that most of those left have; the section with the weightiest story comes first.

    A few stories, and those that share one topic, need no heading, which is then empty.
    """
    left, found = list(stories), []
    while left and len(stories) > FEW:
        counted = Counter(topic for s in left for topic in s.topics)
        if not counted:
            break
        topic = min(counted, key=lambda t: (-counted[t], t))
        found.append((topic, [s for s in left if topic in s.topics]))
        left = [s for s in left if topic not in s.topics]
    if left:
        found.append(("", left))
    found.sort(key=lambda section: stories.index(section[1][0]))
    return found if len(found) > 1 else [("", list(stories))] if stories else []


def as_message(digest: Digest) -> Message:
    """The digest as one message for a chat: titles as links, as many as one message holds, and how many more there are."""
    t = digest.tongue
    head = bold(headline(digest)) + plain(f"\n{window(digest)}")
    parts, used, spans = [head], len(head), len(head.spans)
    for story in digest.stories:
        part = _chat_entry(story, t.code)
        if used + len(part) + 2 > LIMIT - _FOOT_UNITS or spans + len(part.spans) >= MAX_ENTITIES - 20:
            break
        parts.append(part)
        used, spans = used + len(part) + 2, spans + len(part.spans)
    left = len(digest.stories) - (len(parts) - 1)
    if left:
        parts.append(plain(t("letter.in_chat", n=left)))
    for part in _chat_more(digest, t):
        if used + len(part) + 2 <= LIMIT - _FOOT_UNITS:
            parts.append(part)
            used += len(part) + 2
    return Message(join([*parts, italic(short(coverage_line(digest.coverage, t.code), _FOOT_UNITS - 100))], "\n\n"))


def subject(digest: Digest) -> str:
    """`12 stories: OpenAI × Los Alamos National Laboratory`, on one line."""
    lead = next((p for s in digest.stories if (p := wording.parties(s, digest.tongue.code))), "")
    return short(headline(digest) + (f": {lead}" if lead else ""), 120)


def headline(digest: Digest) -> str:
    """`12 stories`, or that there was nothing."""
    return digest.tongue("letter.stories", n=len(digest.stories)) if digest.stories else digest.tongue("letter.nothing")


def window(digest: Digest) -> str:
    """`22 Nov 2026 08:00 UTC to 23 Nov 2026 08:00 UTC`, on the reader's clock."""
    t, tz = digest.tongue, digest.subscriber.tz
    return t("letter.window", since=t.moment(digest.from_at, tz), until=t.moment(digest.to_at, tz))


def day(digest: Digest) -> str:
    """`Monday, 23 November 2026`, in the reader's zone and language."""
    local = digest.to_at.astimezone(ZoneInfo(digest.subscriber.tz)).date()
    form = "EEEE d MMMM y" if digest.tongue.code == DEFAULT else "full"
    said = format_date(local, form, locale=digest.tongue.code)
    return said[:1].upper() + said[1:]


def coverage_line(coverage: Coverage, lang: str = DEFAULT) -> str:
    """What was watched, in a few sentences, so that silence can be told from blindness."""
    t = tongue(lang)
    said = [t("letter.items", n=coverage.items) + " " + t("letter.from_sources", n=coverage.read)]
    for name, sources in (("blocked", coverage.blocked), ("failing", coverage.failing), ("silent", coverage.silent)):
        if sources:
            said.append(t(f"letter.{name}", n=len(sources), names=_list(sources, t)))
    if len(said) == 1 and coverage.read:
        said.append(t("letter.all_well"))
    return " ".join(said)


def short(text: str, limit: int) -> str:
    """The text, cut at a word where it is longer than `limit`."""
    return text if len(text) <= limit else text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,:×") + "…"


def _chat_entry(story: Story, lang: str) -> RichText:
    head = plain(f"{wording.MARKS.get(story.severity, '•')} ") + bold_link(one_line(story.title) or one_line(story.url), story.url)
    about = " · ".join(x for x in (wording.parties(story, lang), wording.deal(story, lang), wording.detail(story, lang)) if x)
    report = wording.lead_report(story)
    outlets = list(dict.fromkeys(one_line(o) for o in [*([report.outlet] if report else []), *story.outlets]))
    more = tongue(lang)("letter.more", names=", ".join(outlets[:_NAMED]), n=len(outlets) - _NAMED)
    return join([head, plain(about), plain(more if len(outlets) > _NAMED else ", ".join(outlets))])


def _chat_more(digest: Digest, t: Tongue) -> list[RichText]:
    """What changed, and what closes soon, a line each."""
    changed = [
        bold_link(one_line(c.story.title) or one_line(c.story.url), c.story.url) + plain(": " + ", ".join(what_changed(c, t.code)))
        for c in digest.changes
    ]
    closing = [
        bold_link(one_line(c.story.title) or one_line(c.story.url), c.story.url)
        + plain(": " + t("letter.closes", at=t.moment(c.at, digest.subscriber.tz)))
        for c in digest.closing
    ]
    named = ((t("letter.changed"), changed), (t("letter.closing"), closing))
    return [join([bold(name), *lines]) for name, lines in named if lines]


def _list(names: tuple[str, ...], t: Tongue) -> str:
    shown = ", ".join(map(one_line, names[:_NAMED]))
    return t("letter.more", names=shown, n=len(names) - _NAMED) if len(names) > _NAMED else shown
