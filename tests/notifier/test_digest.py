"""What a digest says, in its three forms."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.digest import Closing, Coverage, Digest, as_message, compose, coverage_line, sections, subject
from notifier.letter import WIRE, letter, sender_address
from notifier.model import Party, Report, Story, Subscriber
from notifier.paper import MAX_HTML, Sender, as_mail, entry
from notifier.provenance import Voice
from notifier.richtext import LIMIT, MAX_ENTITIES, one_line
from notifier.since import Changed, Telling
from tests.notifier.world import NOW, a_person, a_story
from watcher.errors import SettingsError

SENDER = Sender("Concordat <alerts@example.org>", "https://concordat.example.org/unsubscribe/token-of-ada")
READER = a_person(channel="email", address="ada@example.org", token="token-of-ada", digest_at="08:00")
COVERAGE = Coverage(118, ("doe-news",), ("ted",), 4312)
TITLES = st.lists(st.text(min_size=1, max_size=200).filter(lambda t: bool(one_line(t))), max_size=8)


def titled(number: int, title: str, **more: object) -> Story:
    """A story with this title."""
    url = f"https://example.org/{number}"
    return a_story(id=number, title=title, url=url, reports=(Report("example.org", title, url, "en", NOW),), **more)


def digest_of(*stories: Story, reader: Subscriber = READER) -> Digest:
    """A digest over the last day."""
    return compose(reader, stories, NOW - timedelta(days=1), NOW, COVERAGE, 5)


def flat(text: str) -> str:
    """The text with its white space collapsed."""
    return re.sub(r"\s+", " ", text)


@given(TITLES)
@settings(max_examples=60, deadline=None)
def test_every_title_is_in_the_text_part(titles: list[str]) -> None:
    """Whatever a feed wrote, each title stands whole in the text part, broken at spaces only."""
    text = flat(as_mail(digest_of(*(titled(i, t) for i, t in enumerate(titles))), SENDER).text)
    assert all(one_line(t) in text for t in titles)


@given(TITLES)
@settings(max_examples=60, deadline=None)
def test_a_chat_gets_one_message(titles: list[str]) -> None:
    """However long the titles are, a chat's digest is within one message, with every span inside its text."""
    body = as_message(digest_of(*(titled(i, t * 20) for i, t in enumerate(titles)))).body
    assert len(body) <= LIMIT
    assert len(body.entities()) <= MAX_ENTITIES
    assert all(e.offset + e.length <= len(body) for e in body.entities())


def test_a_chat_is_told_how_many_more_there_are() -> None:
    """Stories that do not fit are counted, and the coverage is said all the same."""
    text = as_message(digest_of(*(titled(i, f"Story number {i} " + "of many words " * 10) for i in range(60)))).body.text
    shown = text.count("Story number")
    assert 0 < shown < 60
    assert f"and {60 - shown} more stories" in text
    assert "4,312 items read" in text


def test_markup_of_a_feed_stays_text() -> None:
    """Tags and entities in a title are shown, never obeyed, and a link that is not of the web is none."""
    page = as_mail(
        digest_of(titled(1, "<script>alert(1)</script> & <img src=x onerror=y>"), a_story(id=2, url="javascript:alert(1)")), SENDER
    ).html
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;img" in page
    assert "javascript:" not in page


def test_the_html_needs_nothing_from_elsewhere() -> None:
    """No image, script, font or style is fetched: the only addresses are links."""
    page = as_mail(digest_of(a_story()), SENDER).html
    assert not re.search(r"\bsrc=|@import|url\(|<link\b|<script\b", page)
    assert "prefers-color-scheme: dark" in page


@pytest.mark.parametrize(("number", "title"), [(500, "A laboratory and a company agree on something"), (60, "長い題名" * 500)])
def test_the_html_stays_below_what_mail_programs_cut(number: int, title: str) -> None:
    """A very full day is told briefly in HTML and says so; the text part has all of it."""
    mail = as_mail(digest_of(*(titled(i, f"{title} {i}") for i in range(number))), SENDER)
    assert len(mail.html.encode()) <= MAX_HTML
    assert "more, all of them in the plain-text part" in mail.html
    assert f"{title} {number - 1}" in flat(mail.text)


def test_each_story_is_told_with_its_facts() -> None:
    """Parties, machine, amount, outlets and link are in both parts."""
    story = a_story(facts={"amount": 200_000_000, "currency": "USD"})
    mail = as_mail(digest_of(story), SENDER)
    for part in (flat(mail.text), mail.html):
        for said in ("OpenAI × Los Alamos National Laboratory", "Venado", "$200 million", "lemonde.fr", story.url, SENDER.unsubscribe):
            assert said in part
    assert mail.subject == "1 story: OpenAI × Los Alamos National Laboratory"


def test_nothing_matched_is_said() -> None:
    """A quiet day is said plainly in every form, with what was watched."""
    empty = digest_of()
    mail = as_mail(empty, SENDER)
    for said in (flat(mail.text), mail.html, as_message(empty).body.text):
        assert "Nothing matched" in said
        assert "4,312 items read from 118 sources" in said


def test_coverage_names_what_was_not_read() -> None:
    """Sources that fail and sources that never answered are told apart, by name; many are counted."""
    said = coverage_line(Coverage(1, tuple(f"s{i}" for i in range(12)), ("ted",), 1))
    assert said.startswith("1 item read from 1 source. 12 sources fail at present: s0, ")
    assert "s7 and 4 more." in said
    assert said.endswith("1 source has never answered: ted.")
    assert coverage_line(Coverage(2, (), (), 0)) == "0 items read from 2 sources. Every source answered."


def test_only_what_concerns_the_reader() -> None:
    """Topics, mutes and the least severity hold for digests as for alerts; the order is kept."""
    stories = [a_story(id=1, topics=("labs",)), a_story(id=2, topics=("defence",)), a_story(id=3, topics=("labs",), severity="low")]
    assert [s.id for s in digest_of(*stories).stories] == [1, 2]
    assert [s.id for s in digest_of(*stories, reader=a_person(muted=("defence",), min_severity="low")).stories] == [1, 3]
    assert [s.id for s in digest_of(*stories, reader=a_person(topics=("defence",))).stories] == [2]


def test_the_subject_is_short_and_on_one_line() -> None:
    """Names that entity files give are kept from making a subject of many lines or of endless length."""
    parties = (Party("a", "One\r\nBcc: eve@example.org", "ai_org"), Party("b", "Two " * 100, "gov_body"))
    told = subject(digest_of(a_story(parties=parties)))
    assert len(told) <= 120
    assert not re.search(r"[\r\n]", told)


def test_headers_of_a_letter() -> None:
    """One click by HTTPS, a list's name, the same Message-ID every time; text first and HTML last; lines that any server takes."""
    sender = sender_address("Concordat <alerts@example.org>")
    mail = as_mail(digest_of(titled(1, "Título\r\nBcc: eve@example.org")), SENDER)
    first, again = (letter(mail, 5, READER, sender, "https://concordat.example.org", NOW) for _ in range(2))
    assert first["List-Unsubscribe"].startswith("<https://concordat.example.org/unsubscribe/token-of-ada>, <mailto:alerts@example.org?")
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert first["List-Id"] == "Concordat <digest.example.org>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Message-ID"] == again["Message-ID"]
    assert first["Bcc"] is None
    assert [p.get_content_type() for p in first.iter_parts()] == ["text/plain", "text/html"]
    lines = first.as_bytes(policy=WIRE).split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert any(line.startswith(b"List-Unsubscribe: <https://concordat.example.org/unsubscribe/token-of-ada>") for line in lines)


def test_without_a_public_address_no_click_is_promised() -> None:
    """A program that nobody can reach promises no one-click address, and localhost takes no mail."""
    made = letter(as_mail(digest_of(), Sender("x")), 5, READER, sender_address("Concordat <concordat@localhost>"), "", NOW)
    assert made["List-Unsubscribe"] is None
    assert made["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize("wrong", ["", "Concordat", "a b@c d", "<>", "@example.org"])
def test_a_sender_that_cannot_be_is_refused(wrong: str) -> None:
    """The setting's mistake is told with what to write."""
    with pytest.raises(SettingsError, match="CONCORDAT_MAIL_FROM"):
        sender_address(wrong)


def test_stories_stand_under_topics() -> None:
    """Each story once, under the topic that most share, the section with the weightiest first; a few need no headings."""
    topics = [("labs",), ("labs", "policy"), ("policy",), ("policy",), ("policy", "compute")]
    stories = [a_story(id=n, topics=t) for n, t in enumerate(topics)]
    found = sections(stories)
    assert [(topic, [s.id for s in told]) for topic, told in found] == [("labs", [0]), ("policy", [1, 2, 3, 4])]
    assert sections(stories[:3]) == [("", stories[:3])]
    assert sections([]) == []


def test_official_words_come_first() -> None:
    """Sources in order of authority: an office before the press, the press before posts, each outlet once."""
    def said(outlet: str, voice: Voice) -> Report:
        return Report(outlet, "x", f"https://{outlet}/1", "en", NOW, "", voice)

    voices = {"bsky.app": Voice.SOCIAL, "lemonde.fr": Voice.PRESS, "energy.gov": Voice.OFFICIAL}
    reports = tuple(said(outlet, voice) for outlet, voice in [*voices.items(), ("lemonde.fr", Voice.PRESS)])
    shown = entry(digest_of(), a_story(reports=reports))
    assert [(o.name, o.official) for o in shown.outlets] == [("energy.gov", True), ("lemonde.fr", False), ("bsky.app", False)]


def test_what_changed_and_what_closes_is_told() -> None:
    """Older stories with what came of them, and tenders with their last moment on the reader's clock, in every form."""
    risen = Changed(a_story(id=7, title="Was small", severity="critical"), Telling("normal", 1, frozenset()))
    tender = Closing(a_story(id=8, title="Model for a ministry"), NOW + timedelta(days=2))
    digest = replace(digest_of(), changes=(risen,), closing=(tender,))
    mail = as_mail(digest, SENDER)
    for said in (flat(mail.text), mail.html, as_message(digest).body.text):
        for words in ("Was small", "now critical, was normal", "Model for a ministry", "closes 1 Feb 2025 14:05 UTC"):
            assert words in said


def test_the_chart_is_a_picture_and_a_line_of_text() -> None:
    """Thirty days: a small PNG with its numbers as alternative text, and the same as text; nothing where there is nothing to show."""
    digest = replace(digest_of(), days=(0,) * 20 + (4, 2, 0, 1, 8, 3, 3, 2, 1, 5))
    mail = as_mail(digest, SENDER)
    said = "29 stories from 1 Jan to 30 Jan; at most 8 a day, 5 on the last."
    assert mail.picture.startswith(b"\x89PNG")
    assert len(mail.picture) < 2000
    assert f'<img src="cid:chart@concordat" width="552" height="64" alt="{said}"' in mail.html
    assert said in flat(mail.text)
    assert "····················▄▂·▁█▃▃▂▁▅" in mail.text
    empty = as_mail(digest_of(), SENDER)
    assert (empty.picture, "cid:" in empty.html) == (b"", False)


def test_a_reader_is_told_in_their_language() -> None:
    """Our words, dates and sums are in the reader's language; what a story says stays in its own."""
    mail = as_mail(digest_of(a_story(), reader=a_person(lang="fr", tz="Europe/Paris")), SENDER)
    for said in ("Jeudi 30 janvier 2025", "1 sujet", "Ce qui a été surveillé", "4\u202f312 articles lus"):
        assert said in mail.html
        assert flat(said).casefold() in flat(mail.text).casefold()
    assert '<html lang="fr">' in mail.html
