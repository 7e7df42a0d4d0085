"""Promises of notifier.render: what an alert says, and that nothing from outside becomes markup."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.digest import Coverage, compose
from notifier.labels import LANGUAGES
from notifier.model import Change, Party, Report, Story
from notifier.notice import notice, read_notice
from notifier.paper import entry
from notifier.provenance import Voice
from notifier.render import MOST_TOGETHER, Message, alert, alert_body, alert_text, bundle_body, change_body, fits, source_list
from notifier.richtext import LIMIT, MAX_ENTITIES, RichText, cut, one_line
from tests.notifier.world import NOW, TITLE, a_person, a_story

OUTLETS = ("lemonde.fr", "spiegel.de", "nikkei.com", "elpais.com")


def told_by(*outlets: str) -> tuple[Report, ...]:
    """A report from each outlet."""
    url = "https://lemonde.fr/venado"
    return tuple(Report(o, f"{TITLE} ({o})", url if o == "lemonde.fr" else f"https://{o}/1", "fr", NOW) for o in outlets)


def test_what_an_alert_says() -> None:
    """Title, parties, machine, amount, outlet and time, rule, further sources: a line each."""
    story = a_story(facts={"amount": 2e8, "currency": "USD"}, outlets=OUTLETS[:3], reports=told_by(*OUTLETS[:3]))
    assert alert_body(story).text.splitlines() == [
        f"▲ {TITLE}",
        "OpenAI × Los Alamos National Laboratory",
        "Venado · $200 million",
        "lemonde.fr · 30 Jan 2025 14:05 UTC",
        "labs, partnerships — rule ai-company-national-lab",
        "+2 sources: spiegel.de, nikkei.com",
    ]


NOTICE = {
    "amount": 1.2e7, "currency": "USD", "buyer": "General Services Administration", "supplier": "Carahsoft", "vendor": "OpenAI",
    "award_id": "47QTCA25D0001", "stage": "award",
}  # fmt: skip


@pytest.mark.parametrize(
    ("known", "deal", "detail"),
    [
        (tuple(NOTICE), "General Services Administration → Carahsoft (OpenAI)", "Venado · $12 million · award 47QTCA25D0001"),
        (("buyer", "stage"), "buyer: General Services Administration", "Venado · award"),
        (("supplier",), "supplier: Carahsoft", "Venado"),
        (("buyer", "vendor"), "General Services Administration → OpenAI", "Venado"),
    ],
)
def test_a_notice_says_who_buys_from_whom(known: tuple[str, ...], deal: str, detail: str) -> None:
    """Buyer, supplier and whose product it is; then the sum, the stage and the award: what a register stated of them, in every form."""
    story = a_story(facts={name: NOTICE[name] for name in known})
    assert alert_body(story).text.splitlines()[2:4] == [deal, detail]
    assert alert_text(story).splitlines()[2:4] == [deal, detail]
    shown = entry(compose(a_person(), [story], NOW, NOW, Coverage()), story)
    assert shown.detail.startswith(deal)
    assert shown.amount in detail


def test_names_in_a_notice_stay_short_and_on_one_line() -> None:
    """A name of a register is foreign text: it can neither break the line nor fill the message."""
    lines = alert_body(a_story(facts={"buyer": "Two\nlines", "supplier": "Very long " * 50, "stage": 7})).text.splitlines()
    assert lines[2].startswith("Two lines → Very long")
    assert len(lines[2]) < 150
    assert lines[3] == "Venado"


def test_the_terminal_sees_the_same() -> None:
    """The plain form has the same lines, with the address written out."""
    text = alert_text(a_story(outlets=OUTLETS[:2], reports=told_by(*OUTLETS[:2])))
    assert text.splitlines()[0] == f"▲ {TITLE}"
    assert text.splitlines()[-1] == "https://lemonde.fr/venado"
    assert "+1 source: spiegel.de" in text


def test_markup_stays_text() -> None:
    """A title full of markup is shown as it was written; the only entities are ours."""
    title = "<b>Free</b> [money](https://evil.example) *now* & `x`"
    body = alert_body(a_story(title=title))
    assert body.text.splitlines()[0] == f"▲ {title}"
    assert {s.url for s in body.spans} == {"", "https://lemonde.fr/venado"}


@given(st.text(max_size=9000), st.text(max_size=3000), st.lists(st.text(min_size=1, max_size=80), max_size=60))
def test_every_alert_fits(title: str, url: str, outlets: list[str]) -> None:
    """However long its title and however many its sources, an alert is one message that Telegram takes."""
    reports = tuple(Report(o, title, f"https://a.org/{i}", "", NOW) for i, o in enumerate(outlets))
    story = a_story(title=title, url=url, outlets=tuple(outlets), reports=reports, topics=(title[:90] or "x",))
    for body in (alert_body(story), source_list(story)):
        assert 0 < len(body) <= LIMIT
        assert len(body.entities()) <= MAX_ENTITIES
    assert all(fits(b.data) for row in alert(story, 10**15).keyboard for b in row)


WORDS = st.lists(st.text(max_size=30), max_size=20).map(tuple)
FACTS = st.fixed_dictionaries({}, optional={
    "amount": st.one_of(st.floats(), st.integers(), st.text()), "currency": st.text(max_size=5), "buyer": st.text(), "supplier": st.text(),
    "vendor": st.text(), "award_id": st.text(), "stage": st.sampled_from(["tender", "ended", "odd"]),
})  # fmt: skip
PARTIES = st.lists(
    st.builds(Party, st.text(), st.text(), st.sampled_from(["ai_org", "gov_body", "supercomputer"]), st.text(max_size=3)), max_size=12
).map(tuple)
REPORTS = st.lists(
    st.builds(
        Report, outlet=st.text(min_size=1), title=st.text(), url=st.just("https://a.org/1"), at=st.just(NOW),
        voice=st.sampled_from(Voice), words=WORDS,
    ),
    min_size=1, max_size=12,
).map(tuple)  # fmt: skip
STORIES = st.builds(
    lambda title, severity, facts, parties, reports: a_story(
        title=title, severity=severity, facts=facts, parties=parties, reports=reports, outlets=tuple(r.outlet for r in reports)
    ),
    st.text(max_size=3000), st.sampled_from(["low", "normal", "high", "critical", "odd"]), FACTS, PARTIES, REPORTS,
)  # fmt: skip


def covered(body: RichText) -> list[str]:
    """What each entity covers, cut out as Telegram does; raises UnicodeDecodeError where a character is torn."""
    raw = body.text.encode("utf-16-le")
    return [raw[e.offset * 2 : (e.offset + e.length) * 2].decode("utf-16-le") for e in body.entities()]


@settings(max_examples=60)
@given(st.lists(STORIES, min_size=1, max_size=MOST_TOGETHER), st.sampled_from([*LANGUAGES, "pt-br", ""]))
def test_every_form_fits(stories: list[Story], lang: str) -> None:
    """Whatever stories hold, each form is one message with whole characters under its styles, and a bundle tells every story."""
    forms = [alert_body(s, "Asia/Kathmandu", lang) for s in stories]
    forms += [change_body(s, [c, *Change], "low", lang) for s in stories for c in Change]
    bundle = bundle_body(stories, "UTC", lang)
    for body in [*forms, bundle]:
        assert 0 < len(body) <= LIMIT
        assert len(body.entities()) <= MAX_ENTITIES
        assert len(covered(body)) == len(body.entities())
    assert sum(line[:1] in "·•▲‼" for line in bundle.text.splitlines() if line) >= len(stories)


def test_titles_of_many_scripts_are_verbatim() -> None:
    """Emoji, Chinese and Arabic come through unchanged."""
    for title in ("OpenAI 🤝 Los Alamos 🚀", "OpenAI与洛斯阿拉莫斯国家实验室合作", "أوبن إيه آي توقع اتفاقا مع لوس ألاموس"):
        assert one_line(title) == title
        assert title in alert_body(a_story(title=title)).text


def test_a_notice_survives_the_outbox() -> None:
    """What is kept as plain data is sent as it was composed."""
    message = alert(a_story(), 5)
    found, reply_to = read_notice(notice(message, "12"))
    assert (found, reply_to) == (Message(cut(message.body), message.keyboard), "12")
