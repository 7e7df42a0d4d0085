"""WebSub's rules as pure functions: what a feed offers, whose signature counts, and the life of a subscription."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.fetch.link import links, related
from watcher.settings import Settings
from watcher.sources.entry import Hub
from watcher.sources.feed import FeedSource, parse_feed
from watcher.websub.service import callbacks, hub_address
from watcher.websub.signature import METHODS, signed
from watcher.websub.subscription import (
    CHANGE_AFTER,
    DENIED_MOST,
    ENDED_FOR,
    LEASE,
    LEAVE_TRIES,
    RETRY_MOST,
    VERIFY,
    Mode,
    Standing,
    Subscription,
    active,
    asking,
    delivering,
    denied,
    follows,
    leaving,
    refused,
    step,
    verified,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HUB, TOPIC, FETCHED = "https://hub.example/", "https://press.example/feed", "https://press.example/f"
NEW = Subscription(1, "press", TOPIC, HUB, TOPIC, "t" * 43, "s" * 64, Standing.OFFERED, NOW, NOW)


def asked(sub: Subscription = NEW, mode: Mode = Mode.SUBSCRIBE, now: datetime = NOW) -> Subscription:
    """A subscription whose hub was just asked."""
    return asking(sub, mode, now)


def running(lease: float | None = None, now: datetime = NOW) -> Subscription:
    """A subscription that its hub verified."""
    found = verified(asked(now=now), "subscribe", TOPIC, lease, now, 0.5)
    assert found is not None
    return found


RSS = b"""<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>News</title>%s
<item><guid>1</guid><title>Cohere signs with Ottawa</title></item></channel></rss>"""


@pytest.mark.parametrize(
    ("inside", "header", "found"),
    [
        (b'<atom:link rel="hub" href="https://hub.example/"/><atom:link rel="self" href="https://press.example/feed"/>', "",
         Hub(HUB, TOPIC)),
        (b"", '<https://hub.example/>; rel="hub", <https://press.example/feed>; rel=self', Hub(HUB, TOPIC)),
        (b'<atom:link rel="hub" href="https://other.example/"/>', "<https://hub.example/>; rel=hub", Hub(HUB, FETCHED)),
        (b'<atom:link rel="hub" href="/hub"/>', "", Hub("https://press.example/hub", FETCHED)),
        (b'<atom:link rel="hub" href="http://a.example/"/><atom:link rel="hub" href="https://hub.example/"/>', "",
         Hub(HUB, FETCHED)),
        (b'<atom:link rel="hub" href="javascript:alert(1)"/><atom:link rel="self" href="https://press.example/feed"/>', "", None),
        (b'<atom:link rel="self" href="https://press.example/feed"/>', "<https://hub.example/>; rel=hubris", None),
    ],
)  # fmt: skip
def test_a_feed_offers_its_hub(inside: bytes, header: str, found: Hub | None) -> None:
    """In headers first, then in the feed; relative addresses count, other schemes do not; without `self` it is known as it was fetched."""
    parsed = parse_feed(RSS % inside, {"content-type": "application/rss+xml", "link": header}, FETCHED)
    assert parsed.hub == found


def test_a_json_feed_offers_its_hub() -> None:
    """`hubs` of type WebSub and `feed_url`; other protocols are passed over, odd shapes survived."""
    body = b"""{"version": "https://jsonfeed.org/version/1.1", "title": "x", "feed_url": "https://press.example/feed", "items": [],
    "hubs": [7, {"type": "rssCloud", "url": "https://c.example/"}, {"type": "WebSub", "url": "https://hub.example/"}]}"""
    assert parse_feed(body, {}, "https://press.example/f.json").hub == Hub(HUB, TOPIC)
    assert parse_feed(body.replace(b'"hubs": [7,', b'"hubs": {}, "x": ['), {}, "https://press.example/f.json").hub is None


def test_declining_pushes_does_not_make_a_new_source() -> None:
    """`websub: false` says how a source is read, not what: its memory stays."""
    assert FeedSource(id="a", url=TOPIC, websub=False).address == FeedSource(id="a", url=TOPIC).address


def test_links_are_read_as_rfc_8288_writes_them() -> None:
    """Several relations in one link, quoted commas, unquoted values, the first rel of two; relative addresses get their base."""
    header = '</a?x=1,2>; title="a, \\"b\\""; rel="next prev", <https://b.example>;REL=hub;rel="self", <mailto:x@y>; rel=next, <c>'
    assert links(header, "https://h.example/p") == [
        (frozenset({"next", "prev"}), "https://h.example/a?x=1,2"), (frozenset({"hub"}), "https://b.example"),
    ]  # fmt: skip
    assert related(header, "prev", "https://h.example/") == "https://h.example/a?x=1,2"
    assert related(header, "last", "https://h.example/") is None


@given(st.text(alphabet='<>;="\\, relhub/', max_size=300))
def test_no_link_header_breaks_the_reader(header: str) -> None:
    """Whatever a host sends, there is an answer, and only of http(s)."""
    assert all(url.startswith(("http://", "https://")) for _, url in links(header, "https://h.example/"))


@given(st.sampled_from(sorted(METHODS)), st.binary(max_size=200), st.text(min_size=1, max_size=40))
def test_only_the_right_signature_counts(method: str, body: bytes, secret: str) -> None:
    """Each of the four methods is accepted, in any case; another body, another secret and another method are not."""
    right = hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()
    assert signed(secret, f"{method}={right}", body)
    assert signed(secret, f" {method.upper()}={right.upper()} ", body)
    assert not signed(secret, f"{method}={right}", body + b"x")
    assert not signed(secret + "x", f"{method}={right}", body)
    assert not signed(secret, f"{'sha1' if method != 'sha1' else 'sha256'}={right}", body)


@pytest.mark.parametrize("header", [None, "", "sha256", "sha256=", "md5=d41d8cd98f00b204e9800998ecf8427e", "sha256=é", "=", "none=x"])
def test_a_signature_that_is_none_counts_for_nothing(header: str | None) -> None:
    """Missing, empty, of a weak method, or not even ASCII."""
    assert not signed("secret", header, b"")


def test_a_question_is_echoed_only_while_it_stands() -> None:
    """Topic and mode have to be those that were asked for, and not long ago; a repeated question gets the same answer."""
    sub = asked()
    assert verified(NEW, "subscribe", TOPIC, None, NOW, 0.5) is None
    assert verified(sub, "unsubscribe", TOPIC, None, NOW, 0.5) is None
    assert verified(sub, "subscribe", TOPIC + "?", None, NOW, 0.5) is None
    assert verified(sub, "subscribe", TOPIC, None, NOW + VERIFY + timedelta(seconds=1), 0.5) is None
    first = verified(sub, "subscribe", TOPIC, 3600, NOW, 0.5)
    assert first is not None
    assert first.state is Standing.ACTIVE
    assert verified(first, "subscribe", TOPIC, 3600, NOW, 0.5) == first


@given(st.one_of(st.none(), st.floats(0, 1e15)), st.floats(0, 1))
def test_a_lease_is_renewed_before_it_ends(lease: float | None, chance: float) -> None:
    """In its last quarter, whatever it lasts; absurd leases are not believed, and the shortest are not chased."""
    sub = verified(asked(), "subscribe", TOPIC, lease, NOW, chance)
    assert sub is not None
    assert sub.lease_end is not None
    granted = sub.lease_end - NOW
    assert granted <= timedelta(days=30)
    assert sub.next_at >= NOW + timedelta(minutes=7)
    if granted >= timedelta(minutes=10):
        assert granted * 0.75 <= sub.next_at - NOW <= granted * 0.9 + timedelta(seconds=1)
    assert lease is not None or granted == LEASE


def test_a_hub_that_does_not_verify_is_asked_more_and_more_rarely() -> None:
    """Each unanswered question doubles the pause, a day at the most, and says what may be wrong."""
    sub, now, pauses = NEW, NOW, []
    for _ in range(12):
        sub = asked(sub, now=now)
        pauses.append(sub.next_at - now)
        now = sub.next_at
        assert step(sub, now) is Mode.SUBSCRIBE
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (VERIFY, RETRY_MOST)
    assert "CONCORDAT_PUBLIC_URL" in sub.error


@given(st.integers(0, 50), st.floats(0, 1), st.one_of(st.none(), st.floats(0, 86_400)))
def test_a_refused_question_waits_as_asked(failures: int, chance: float, retry_after: float | None) -> None:
    """Never shorter than the hub wants, about a day at the most otherwise; the question stands no longer."""
    sub = refused(asked(replace(NEW, failures=failures)), "HTTP 503", retry_after, NOW, chance)
    assert timedelta(seconds=retry_after or 540) <= sub.next_at - NOW <= RETRY_MOST * 1.1
    assert (sub.failures, sub.error) == (failures + 1, "HTTP 503")
    assert verified(sub, "subscribe", TOPIC, None, NOW, 0.5) is None


def test_an_answer_that_came_before_the_error_is_believed() -> None:
    """A hub verifies while it is asked, then the connection breaks: the subscription stands."""
    assert refused(running(), "the connection failed", None, NOW, 0.5) == running()


def test_a_denial_ends_what_was_granted_and_may_pass() -> None:
    """The hub may deny at any time; we ask again after a day, later and later, a week at the most."""
    sub, pauses = running(), []
    for _ in range(5):
        after = denied(sub, TOPIC, "no <b>bots</b>\x00", NOW)
        assert after is not None
        sub = after
        pauses.append(sub.next_at - NOW)
    assert not active(sub, NOW)
    assert step(sub, sub.next_at) is Mode.SUBSCRIBE
    assert (pauses[0], pauses[-1]) == (timedelta(days=1), DENIED_MOST)
    assert denied(running(), "https://other.example/", "", NOW) is None


def test_leaving_tells_the_hub_if_it_ever_heard_of_us() -> None:
    """An offer that was never taken up is just forgotten; a hub that does not answer is left to its lease after a few tries."""
    assert step(leaving(NEW, NOW), NOW) is Mode.FORGET
    sub = leaving(running(), NOW)
    assert step(sub, NOW) is Mode.UNSUBSCRIBE
    gone = verified(asked(sub, Mode.UNSUBSCRIBE), "unsubscribe", TOPIC, None, NOW, 0.5)
    assert gone is not None
    assert (gone.state, step(gone, NOW + ENDED_FOR)) == (Standing.ENDED, Mode.FORGET)
    assert step(sub, NOW + LEASE) is Mode.FORGET
    for _ in range(LEAVE_TRIES):
        sub = refused(asked(sub, Mode.UNSUBSCRIBE, NOW + timedelta(seconds=1)), "HTTP 500", None, NOW, 0.5)
    assert step(sub, NOW) is Mode.FORGET


def test_another_hub_is_followed_but_not_each_minute() -> None:
    """A source may move to another hub; one that names a new one each time is believed once an hour; another address counts at once."""
    other = Hub("https://other.example/", TOPIC)
    assert not follows(NEW, TOPIC, Hub(HUB, TOPIC), NOW + CHANGE_AFTER)
    assert not follows(NEW, TOPIC, other, NOW + timedelta(minutes=5))
    assert follows(NEW, TOPIC, other, NOW + CHANGE_AFTER)
    assert follows(NEW, TOPIC + "/2", Hub(HUB, TOPIC), NOW)


def test_only_a_hub_that_has_shown_it_delivers_slows_the_polling() -> None:
    """Active is not enough; one miss may be chance, two are not; a lease that ended delivers nothing."""
    sub = running(lease=86_400)
    assert not delivering(sub, NOW)
    shown = replace(sub, delivered_at=NOW)
    assert delivering(replace(shown, misses=1), NOW)
    assert not delivering(replace(shown, misses=2), NOW)
    assert not delivering(shown, NOW + timedelta(days=1))


def test_what_is_secret_is_not_shown() -> None:
    """Neither token nor secret stands in the text of a subscription."""
    assert NEW.token not in repr(NEW)
    assert NEW.secret not in f"{NEW}"


@pytest.mark.parametrize(
    ("public_url", "private", "found"),
    [
        ("https://c.example.org", False, "https://c.example.org/websub/"), ("http://c.example.org", True, None),
        ("http://127.0.0.1:8484", True, "http://127.0.0.1:8484/websub/"), ("http://127.0.0.1:8484", False, None), ("", True, None),
        ("http://localhost", True, "http://localhost/websub/"), ("https://c.example.org/sub/", False, "https://c.example.org/sub/websub/"),
    ],
)  # fmt: skip
def test_hubs_reach_us_over_https(public_url: str, private: bool, found: str | None) -> None:
    """Over http only on this machine, and only where private addresses are allowed."""
    assert callbacks(Settings(home=Path("nowhere"), public_url=public_url, allow_private_addresses=private)) == found


def test_secrets_go_out_over_https() -> None:
    """A hub that is named with http is asked over https."""
    assert hub_address("http://hub.example/x?y", True) == "https://hub.example/x?y"
    assert hub_address("http://127.0.0.1:1/", False) == "https://127.0.0.1:1/"
    assert hub_address("http://127.0.0.1:1/", True) == "http://127.0.0.1:1/"
