"""A digest as mail: its subject, its text part, its HTML part, and the chart that the HTML shows. Pure.

The text part holds everything; the HTML grows short before mail programs would cut it off, and says so. It needs nothing from elsewhere.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from notifier import chart, wording
from notifier.digest import Digest, coverage_line, day, headline, sections, subject, window
from notifier.labels import label
from notifier.model import Report, Story
from notifier.provenance import Voice
from notifier.render import saw
from notifier.richtext import one_line, web_address
from notifier.since import what_changed
from notifier.wanting import concerns
from watcher.text import cut

WIDTH = 76  # characters on a line of the text part; titles and addresses are never broken within a word
MAX_HTML = 90_000  # bytes: beyond some hundred thousand mail programs cut a mail off
FULL_STORIES = 40  # told in full in the HTML; those after them with title and outlet
CHART = "chart@concordat"  # the Content-ID of the picture
_SOURCES = 6  # linked in the HTML
_WHY = 220  # characters
_VOICES = (Voice.OFFICIAL, Voice.PRESS, Voice.SOCIAL)  # in order of authority

_TEMPLATES = Environment(
    loader=PackageLoader("notifier"),
    autoescape=select_autoescape(("html.j2",), default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom a mail names as its sender, and where its reader can end or change it; both are empty without a public address."""

    name: str
    unsubscribe: str = ""
    preferences: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """A digest as mail: subject, text part, HTML part and the picture that the HTML shows (none where it is empty)."""

    subject: str
    text: str
    html: str
    picture: bytes = b""


@dataclass(frozen=True, slots=True)
class Outlet:
    """Who reports a story, and where."""

    name: str
    url: str
    official: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A story as the templates are given it: lines of text that stand on one line each, `url` empty where it is not of the web."""

    title: str
    url: str
    loud: bool
    mark: str
    kicker: str
    parties: str
    detail: str
    amount: str
    outlets: tuple[Outlet, ...]
    why: str
    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """An older story in one line, and what is to be said of it."""

    title: str
    url: str
    said: str


def as_mail(digest: Digest, sender: Sender) -> Mail:
    """The digest as mail."""
    found = [(topic, [entry(digest, s, topic) for s in stories]) for topic, stories in sections(digest.stories)]
    common = _common(digest, sender)
    text = _TEMPLATES.get_template("digest.txt.j2").render(common, sections=found, wrap=_wrap)
    picture = chart.picture(digest.days) if any(digest.days) else b""
    return Mail(subject(digest), text, _html(common, found), picture)


def entry(digest: Digest, story: Story, under: str = "") -> Entry:
    """A story as the templates are given it, below the heading of a topic."""
    t, tz = digest.tongue, digest.subscriber.tz
    lead, loud = wording.lead_report(story), story.severity in {"high", "critical"}
    decision = concerns(digest.subscriber.wishes, story, digest.to_at)
    words = {f"a{n}": wording.severity(w, t.code) for n, w in enumerate(decision.words)}
    about = (wording.deal(story, t.code), wording.things(story, t.code), wording.notice(story, t.code), wording.places(story, t.code))
    kicker = [t.severity(story.severity) if story.severity != "normal" else "", label("off", t.code) if story.ended else "",
              ", ".join(one_line(topic) for topic in story.topics if topic != under),
              t.moment(lead.at, tz) if lead and lead.at else ""]  # fmt: skip
    return Entry(
        title=_title(story), url=story.url if web_address(story.url) else "", loud=loud, mark=wording.MARKS.get(story.severity, "•"),
        kicker=" · ".join(x for x in kicker if x), parties=wording.parties(story, t.code), detail=" · ".join(x for x in about if x),
        amount=wording.amount(story, t.code), outlets=_outlets(story),
        why=_capital(cut(saw(story, t.code), _WHY)), reason=_capital(t(f"reason.{decision.reason.name.lower()}", **words)),
    )  # fmt: skip


def _outlets(story: Story) -> tuple[Outlet, ...]:
    """Everyone who reports it, once each: official words first, then the press, then what people post; in the order in which they came."""
    firsts: dict[str, Report] = {}
    for report in story.reports:
        firsts.setdefault(one_line(report.outlet), report)
    ranked = sorted(firsts.items(), key=lambda f: _VOICES.index(f[1].voice))
    told = [Outlet(name, r.url if web_address(r.url) else "", r.voice is Voice.OFFICIAL) for name, r in ranked]
    return tuple(told) or tuple(Outlet(one_line(o), "") for o in story.outlets)


def _html(common: dict[str, Any], found: list[tuple[str, list[Entry]]]) -> str:
    template = _TEMPLATES.get_template("digest.html.j2")
    total = sum(len(entries) for _, entries in found)
    full, brief = FULL_STORIES, total
    while True:
        page = template.render(common, sections=found, full=full, brief=brief, left=max(total - max(full, brief), 0), sources=_SOURCES)
        if len(page.encode()) <= MAX_HTML or not (full or brief):
            return page
        if brief > full:
            brief = max(full, full + (brief - full) * 3 // 4 - 1)
        else:
            full = brief = full * 3 // 4


def _common(digest: Digest, sender: Sender) -> dict[str, Any]:
    t, tz = digest.tongue, digest.subscriber.tz
    return {
        "t": t, "lang": t.code, "headline": headline(digest), "subject": subject(digest), "day": day(digest), "window": window(digest),
        "coverage": coverage_line(digest.coverage, t.code), "sender": sender, "sent": _sent(digest, sender),
        "outlets": len({o for s in digest.stories for o in s.outlets}), "nothing": not digest.stories,
        "changes": [_line(c.story, ", ".join(what_changed(c, t.code))) for c in digest.changes],
        "closing": [_line(c.story, t("letter.closes", at=t.moment(c.at, tz))) for c in digest.closing],
        "chart": CHART, **_chart(digest),
    }  # fmt: skip


def _chart(digest: Digest) -> dict[str, Any]:
    """The chart in words: what it shows, its ends, and as a line of text; all empty where there is nothing to show."""
    if not any(digest.days):
        return {"charted": "", "bars": "", "ends": ("", "")}
    t = digest.tongue
    last = digest.to_at.astimezone(ZoneInfo(digest.subscriber.tz)).date()
    since, until = (format_date(d, "d MMM", locale=t.code) for d in (last - timedelta(days=len(digest.days) - 1), last))
    said = t("letter.chart", n=sum(digest.days), since=since, until=until, most=max(digest.days), last=digest.days[-1])
    return {"charted": said + ".", "bars": chart.line(digest.days), "ends": (since, until)}


def _sent(digest: Digest, sender: Sender) -> str:
    """Who sends it, and how often."""
    t, wishes = digest.tongue, digest.subscriber.wishes
    if not wishes.digest_at:
        return t("letter.sent_once", sender=one_line(sender.name))
    days = t("letter.workdays") if wishes.digest_days == (0, 1, 2, 3, 4) else t("letter.on", names=t.weekdays(wishes.digest_days))
    days = days if wishes.digest_days else t("letter.daily")
    return t("letter.sent", sender=one_line(sender.name), days=days, at=wishes.digest_at, tz=wishes.tz)


def _line(story: Story, said: str) -> Line:
    return Line(_title(story), story.url if web_address(story.url) else "", said)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _title(story: Story) -> str:
    return one_line(story.title) or one_line(story.url)


def _wrap(text: str, indent: str = "") -> str:
    """The text in lines of `WIDTH`, broken at spaces and nowhere else."""
    return textwrap.fill(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )  # fmt: skip
