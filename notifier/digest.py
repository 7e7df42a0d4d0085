"""What a digest says: the stories of a window that concern one reader, each once, and what the watch covered. Pure.

The same content is written three ways: plain text, HTML for mail programs, and one message for a chat. What came from outside is text
in all of them: the HTML is escaped by the template engine, links are only ever addresses of the web.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from notifier import wording
from notifier.model import Story, Subscriber
from notifier.render import Message
from notifier.richtext import LIMIT, MAX_ENTITIES, RichText, bold, bold_link, italic, join, one_line, plain, web_address
from notifier.wanting import concerns

WIDTH = 76  # characters on a line of the text part; titles and addresses are never broken within a word
MAX_HTML = 90_000  # bytes: beyond some hundred thousand mail programs cut a mail off
FULL_STORIES = 40  # told in full in the HTML; those after them with title and outlet
_NAMED = 8  # sources that are named when they are not read
_FOOT_UNITS = 500  # kept free for the last lines of a chat's message

_TEMPLATES = Environment(
    loader=PackageLoader("notifier"),
    autoescape=select_autoescape(("html.j2",), default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was watched in the window: sources read, those that fail now, those that never answered, and the items read."""

    read: int = 0
    failing: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    items: int = 0


@dataclass(frozen=True, slots=True)
class Digest:
    """One reader's digest over (from_at, to_at], loudest story first; `id` 0 for one that is only looked at."""

    id: int
    subscriber: Subscriber
    from_at: datetime
    to_at: datetime
    stories: tuple[Story, ...]
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom a mail names as its sender, and where its reader can end it; `unsubscribe` is empty without a public address."""

    name: str
    unsubscribe: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """A digest as mail: subject, text part and HTML part."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A story as the templates are given it: lines of text that stand on one line each, `url` empty where it is not of the web."""

    title: str
    url: str
    severity: str
    mark: str
    topics: str
    parties: str
    detail: str
    outlets: str
    at: str


def compose(
    subscriber: Subscriber, stories: Iterable[Story], from_at: datetime, to_at: datetime, coverage: Coverage, digest_id: int = 0
) -> Digest:
    """What of these stories concerns the subscriber: followed, not silenced, and loud enough; the order is kept."""
    wanted = tuple(s for s in stories if concerns(subscriber.wishes, s, to_at).wanted)
    return Digest(digest_id, subscriber, from_at, to_at, wanted, coverage)


def as_mail(digest: Digest, sender: Sender) -> Mail:
    """The digest as mail. The text part holds every story whole; the HTML grows short before mail programs would cut it off."""
    entries = [entry(s, digest.subscriber.tz) for s in digest.stories]
    text = _TEMPLATES.get_template("digest.txt.j2").render(_common(digest, sender), entries=entries, wrap=_wrap)
    return Mail(subject(digest), text, _html(digest, sender, entries))


def as_message(digest: Digest) -> Message:
    """The digest as one message for a chat: titles as links, as many as one message holds, and how many more there are."""
    head = bold(headline(digest)) + plain(f"\n{window(digest)}")
    parts, used, spans = [head], len(head), len(head.spans)
    for story in digest.stories:
        part = _chat_entry(entry(story, digest.subscriber.tz))
        if used + len(part) + 2 > LIMIT - _FOOT_UNITS or spans + len(part.spans) >= MAX_ENTITIES:
            break
        parts.append(part)
        used, spans = used + len(part) + 2, spans + len(part.spans)
    left = len(digest.stories) - (len(parts) - 1)
    if left:
        parts.append(plain(f"and {_count(left, 'more story', 'more stories')}; /latest shows the newest"))
    return Message(join([*parts, italic(_short(coverage_line(digest.coverage), _FOOT_UNITS - 100))], "\n\n"))


def subject(digest: Digest) -> str:
    """`12 stories: OpenAI × Los Alamos National Laboratory`, on one line."""
    lead = next((p for p in map(wording.parties, digest.stories) if p), "")
    return _short(headline(digest) + (f": {lead}" if lead else ""), 120)


def headline(digest: Digest) -> str:
    """`12 stories`, or that there was nothing."""
    return _count(len(digest.stories), "story", "stories") if digest.stories else "Nothing matched"


def window(digest: Digest) -> str:
    """`22 Nov 2026 08:00 UTC to 23 Nov 2026 08:00 UTC`, on the reader's clock."""
    return f"{wording.moment(digest.from_at, digest.subscriber.tz)} to {wording.moment(digest.to_at, digest.subscriber.tz)}"


def day(digest: Digest) -> str:
    """`Monday 23 November 2026`, in the reader's zone."""
    local = digest.to_at.astimezone(ZoneInfo(digest.subscriber.tz))
    return f"{local:%A} {local.day} {local:%B %Y}"


def coverage_line(coverage: Coverage) -> str:
    """What was watched, in one sentence or two, so that silence can be told from blindness."""
    said = f"{_count(coverage.items, 'item', 'items')} read from {_count(coverage.read, 'source', 'sources')}."
    if coverage.failing:
        said += f" {_count(len(coverage.failing), 'source fails', 'sources fail')} at present: {_list(coverage.failing)}."
    if coverage.silent:
        said += f" {_count(len(coverage.silent), 'source has', 'sources have')} never answered: {_list(coverage.silent)}."
    if not coverage.failing and not coverage.silent and coverage.read:
        said += " Every source answered."
    return said


def entry(story: Story, tz: str) -> Entry:
    """A story as the templates are given it."""
    report = wording.lead_report(story)
    outlets = dict.fromkeys(one_line(o) for o in ([report.outlet] if report else []) + [r.outlet for r in wording.others(story)])
    names = list(outlets) or [one_line(o) for o in story.outlets]
    return Entry(
        title=one_line(story.title) or one_line(story.url),
        url=story.url if web_address(story.url) else "",
        severity=story.severity,
        mark=wording.MARKS.get(story.severity, "•"),
        topics=", ".join(map(one_line, story.topics)),
        parties=wording.parties(story),
        detail=" · ".join(x for x in (wording.deal(story), wording.detail(story)) if x),
        outlets=", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""),
        at=wording.moment(report.at if report else story.published_at, tz),
    )


def _html(digest: Digest, sender: Sender, entries: list[Entry]) -> str:
    template = _TEMPLATES.get_template("digest.html.j2")
    full, brief = entries[:FULL_STORIES], entries[FULL_STORIES:]
    while True:
        left = len(entries) - len(full) - len(brief)
        page = template.render(_common(digest, sender), full=full, brief=brief, left=left)
        if len(page.encode()) <= MAX_HTML or not (full or brief):
            return page
        if brief:
            brief = brief[: len(brief) * 3 // 4]
        else:
            full = full[: len(full) * 3 // 4]


def _common(digest: Digest, sender: Sender) -> dict[str, object]:
    return {
        "headline": headline(digest), "subject": subject(digest), "day": day(digest), "window": window(digest),
        "coverage": coverage_line(digest.coverage), "sender": one_line(sender.name), "unsubscribe": sender.unsubscribe,
        "outlets": len({o for s in digest.stories for o in s.outlets}), "at": digest.subscriber.wishes.digest_at or "",
        "tz": digest.subscriber.tz,
    }  # fmt: skip


def _chat_entry(shown: Entry) -> RichText:
    head = plain(f"{shown.mark} ") + bold_link(shown.title, shown.url)
    return join([head, plain(" · ".join(x for x in (shown.parties, shown.detail) if x)), plain(shown.outlets)])


def _wrap(text: str, indent: str = "") -> str:
    """The text in lines of `WIDTH`, broken at spaces and nowhere else."""
    return textwrap.fill(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )  # fmt: skip


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,:×") + "…"


def _list(names: tuple[str, ...]) -> str:
    shown = ", ".join(map(one_line, names[:_NAMED]))
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown


def _count(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"
