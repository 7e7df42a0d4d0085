"""Jetstream's messages as entries, its addresses, and what an operator may write."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.errors import FetchError, FetchReason, OperatorError
from watcher.fetch import Fetched
from watcher.sources.entry import Entry
from watcher.sources.files import Text
from watcher.sources.jetstream import HOSTS, KEEPS, JetstreamSource, JetstreamWire, read
from watcher.sources.load import read_roster
from watcher.sources.steps import Ask, Reading, Situation, advance
from watcher.sources.stream import Heard, cursor_at

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AT = cursor_at(NOW)
NASA = "did:plc:nasa"


def wire(memo: dict[str, Any] | None = None, **keys: Any) -> JetstreamWire:
    """A stream as an operator wants it."""
    return JetstreamWire(JetstreamSource(id="sky", **keys), memo or {})


def message(text: str = "We chose Cohere for the archive.", did: str = NASA, at: int = AT, **record: Any) -> str:
    """A post as it stands on the wire."""
    written = {"$type": "app.bsky.feed.post", "text": text, "createdAt": "2026-11-23T11:59:59.000Z", "langs": ["en"], **record}
    commit = {"rev": "3k", "operation": "create", "collection": "app.bsky.feed.post", "rkey": "3kabc", "cid": "bafy", "record": written}
    return json.dumps({"did": did, "time_us": at, "kind": "commit", "commit": commit, "cursor": 17})


def entry(heard: Heard) -> Entry:
    """The entry that has to be there."""
    assert heard.entry is not None
    return heard.entry


def test_a_post_is_an_item() -> None:
    """Text without a title, the links in full, the card and the language kept, known by its at:// address."""
    text = "Signed today: example.org/deal…"
    facets = [{"index": {"byteStart": 14, "byteEnd": 33},
               "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/deal-2026"}]}]  # fmt: skip
    card = {"$type": "app.bsky.embed.external", "external": {"uri": "https://card.example/1", "title": "Cohere and Ottawa"}}
    found = entry(wire(accounts=[NASA]).hear(message(text, facets=facets, embed=card), NOW))
    assert found.entry_id == f"at://{NASA}/app.bsky.feed.post/3kabc"
    assert found.url == f"https://bsky.app/profile/{NASA}/post/3kabc"
    assert (found.title, found.lang, found.published) == ("", "en", datetime(2026, 11, 23, 11, 59, 59, tzinfo=UTC))
    assert "https://example.org/deal-2026" in found.summary
    assert "Cohere and Ottawa https://card.example/1" in found.summary


def test_the_cursor_moves_with_everything_that_says_when_it_was() -> None:
    """Removals, edits, other collections and news of accounts are no entries, and are behind us all the same."""
    listening = wire(accounts=[NASA])
    for change in ({"operation": "delete"}, {"operation": "update"}, {"collection": "app.bsky.feed.like"}):
        event = json.loads(message())
        event["commit"] |= change
        assert listening.hear(json.dumps(event), NOW) == Heard(AT)
    assert listening.hear(json.dumps({"did": NASA, "time_us": AT, "kind": "identity", "identity": {}}), NOW) == Heard(AT)


def test_a_server_cannot_carry_us_into_the_future() -> None:
    """A clock that runs ahead a little is held to ours; one that is far ahead, or no time at all, moves nothing."""
    listening = wire(accounts=[NASA])
    assert listening.hear(message(at=AT + 5_000_000), NOW).at == AT
    for at in (AT + 3_600_000_000, 0, -5, 10**30):
        assert listening.hear(message(at=at), NOW) == Heard()
    for wrong in ('"time_us": "1"', '"time_us": true', '"time_us": 1.5', '"time_us": null', '"time_us": 1e400'):
        assert listening.hear(message().replace(f'"time_us": {AT}', wrong), NOW) == Heard()


def test_only_accounts_that_were_asked_for_are_heard() -> None:
    """A server that sends others, or an account that is none, is not believed."""
    assert wire(accounts=[NASA]).hear(message(did="did:plc:other"), NOW).entry is None
    assert wire(words=["cohere"]).hear(message(did="javascript:alert(1)"), NOW).entry is None


def test_words_are_whole_and_in_any_case() -> None:
    """A post without any of them is not wanted; with accounts, words narrow further."""
    assert wire(words=["COHERE"]).hear(message(), NOW).entry is not None
    assert wire(words=["cohe", "arch"]).hear(message(), NOW).entry is None
    assert wire(accounts=[NASA], words=["mistral"]).hear(message(), NOW).entry is None
    assert wire(words=["オープン"]).hear(message("日本のオープン化"), NOW).entry is not None


def test_languages_are_wanted_by_their_first_part() -> None:
    """pt-BR is Portuguese; a post that does not say may be anything, and stays."""
    listening = wire(words=["cohere"], langs=["pt", "fr-CA"])
    assert listening.hear(message(langs=["pt-BR"]), NOW).entry is not None
    assert listening.hear(message(langs=["de", "fr"]), NOW).entry is not None
    assert listening.hear(message(langs=["en"]), NOW).entry is None
    assert listening.hear(message(langs=[]), NOW).entry is not None


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
def test_rubbish_on_the_wire_is_survived(rubbish: str | bytes) -> None:
    """Whatever is sent, there is an answer without an entry."""
    assert wire(words=["x"]).hear(rubbish, NOW).entry is None


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=15,
)


@given(st.dictionaries(st.sampled_from(["text", "facets", "embed", "langs", "createdAt", "reply", "tags"]), json_values))
def test_odd_records_are_survived(record: dict[str, Any]) -> None:
    """Any field may be of any type; the cursor moves on, and what comes out is plain text."""
    heard = wire(words=["cohere"]).hear(message(**{"text": "cohere", **record}), NOW)
    assert heard.at == AT
    assert heard.entry is None or "\x00" not in heard.entry.summary


def test_deep_nesting_is_survived() -> None:
    """A message that would exhaust a recursive reader is rubbish like any other."""
    assert wire(words=["x"]).hear("[" * 200_000, NOW) == Heard()


def test_markup_is_not_carried_through() -> None:
    """A post is text; what looks like markup is shown or gone, and never markup."""
    assert "<script" not in entry(wire(accounts=[NASA]).hear(message("a <script>alert(1)</script> b"), NOW)).summary


def test_the_address_asks_for_what_is_wanted_and_no_more() -> None:
    """Posts of these accounts, from a moment in microseconds; another host after each failure, none where the operator named one."""
    listening = wire({"dids": {"nasa.gov": NASA}}, accounts=["nasa.gov", "did:plc:esa"])
    parts = urlsplit(listening.address(AT, 0))
    query = parse_qs(parts.query)
    assert (parts.scheme, parts.path, f"https://{parts.netloc}") == ("wss", "/subscribe", HOSTS[0])
    assert query["wantedCollections"] == ["app.bsky.feed.post"]
    assert sorted(query["wantedDids"]) == ["did:plc:esa", NASA]
    assert query["cursor"] == [str(AT)]
    assert AT >= 10**15
    assert {urlsplit(listening.address(None, n)).netloc for n in range(8)} == {urlsplit(h).netloc for h in HOSTS}
    own = wire(url="wss://jet.example.org/subscribe/", words=["x"])
    assert {own.address(None, n) for n in range(3)} == {
        "wss://jet.example.org/subscribe?wantedCollections=app.bsky.feed.post&maxMessageSizeBytes=1000000"
    }
    assert own.keeps == KEEPS


def answers(
    source: JetstreamSource, known: dict[str, str], memo: dict[str, Any] | None = None, failing: str = ""
) -> tuple[Reading, list[str]]:
    """What the reader ends with, and the handles that it asked for."""
    asked = []
    steps = read(source, Situation(NOW, memo=memo or {}))
    step = advance(steps, None)
    while isinstance(step, Ask):
        handle = parse_qs(urlsplit(step.url).query)["handle"][0]
        asked.append(handle)
        if handle == failing:
            step = advance(steps, FetchError(FetchReason.RATE_LIMITED, "slow down", status=429))
        elif handle in known:
            step = advance(steps, Fetched(step.url, 200, {}, json.dumps({"did": known[handle]}).encode()))
        else:
            step = advance(steps, FetchError(FetchReason.HTTP, "no", status=400))
    return step, asked


def test_handles_are_looked_up_once() -> None:
    """What is known is remembered; an account that nobody knows is told of, and the others are listened to."""
    source = JetstreamSource(id="sky", accounts=("nasa.gov", "nobody.example", "did:plc:esa"))
    reading, asked = answers(source, {"nasa.gov": NASA})
    assert asked == ["nasa.gov", "nobody.example"]
    assert reading.memo == {"dids": {"nasa.gov": NASA}}
    assert "nobody.example" in reading.parsed.warning
    again, asked = answers(source, {}, {**(reading.memo or {}), "cursor": 5})
    assert asked == ["nobody.example"]
    assert again.memo == {"dids": {"nasa.gov": NASA}, "cursor": 5}


def test_what_was_found_before_an_error_is_kept() -> None:
    """A limit in the middle of many handles must not begin everything anew."""
    source = JetstreamSource(id="sky", accounts=("nasa.gov", "esa.int"))
    reading, _ = answers(source, {"nasa.gov": NASA}, failing="esa.int")
    assert reading.error is not None
    assert reading.memo == {"dids": {"nasa.gov": NASA}}


def test_a_source_that_nobody_is_left_of_says_so() -> None:
    """No account, no stream: all of Bluesky must not come in by a typing mistake."""
    with pytest.raises(FetchError, match=r"knows no account nobody\.example"):
        answers(JetstreamSource(id="sky", accounts=("nobody.example",)), {})
    with pytest.raises(FetchError, match="knows no account"):
        answers(JetstreamSource(id="sky", accounts=("evil.example",)), {"evil.example": "not a did"})


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "all of Bluesky would come in"), ({"words": ["!"]}, "all of Bluesky would come in"), ({"accounts": ["nasa"]}, "is no account"),
        ({"accounts": ["nasa.gov"], "every": "5m"}, "has no `every`"), ({"accounts": [f"did:plc:{n}" for n in range(501)]}, "500 accounts"),
        ({"accounts": ["nasa.gov"], "wrds": ["x"]}, "wrds"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_what_to_write(keys: dict[str, Any], said: str) -> None:
    """Each with its place in the file."""
    text = json.dumps({"sources": [{"id": "sky", "kind": "jetstream", **keys}]})
    with pytest.raises(OperatorError, match=said):
        read_roster([Text("sources/x.yaml", text)])

