"""Whatever a network answers: every kind ends, with entries of visible text or with a FetchError, and with what JSON can keep."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from tests.watcher.reading import source_of
from watcher.errors import FetchError, FetchReason
from watcher.fetch import Fetched
from watcher.sources.entry import Entry
from watcher.sources.kinds import KINDS
from watcher.sources.steps import Ask, Credentials, Reading, Situation, advance

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECRETS = ("x-secret-1", "b-secret-2", "m-secret-3")
X_TOKEN, PASSWORD, M_TOKEN = map(SecretStr, SECRETS)
CREDENTIALS = Credentials(x_bearer_token=X_TOKEN, bluesky_handle="me.example", bluesky_password=PASSWORD, mastodon_token=M_TOKEN)
SOURCES = [
    source_of("bluesky", id="actor", actor="a.example"), source_of("bluesky", id="search", search="x"),
    source_of("bluesky", id="list", list="https://bsky.app/profile/a.example/lists/3k"),
    source_of("mastodon", id="account", url="https://m.example", account="a"),
    source_of("mastodon", id="tag", url="https://m.example", hashtag="a"),
    source_of("mastodon", id="token", url="https://m.example", account="a", token=True),
    source_of("x", id="user", user="a"), source_of("x", id="x-search", search="x"), source_of("hackernews", search="x", points=3),
    source_of("reddit", subreddit="hpc"), source_of("youtube", channel="UC" + "a" * 22),
]  # fmt: skip
NAMES = [
    "Whatever", "a", "network", "answers:", "every", "kind", "ends,", "with", "entries", "of", "visible", "text", "or", "with", "a",
    "FetchError,", "and", "with", "what", "JSON", "can", "keep.",
]  # fmt: skip
MARKUP = st.sampled_from(
    ["<script>alert(1)</script>", "<b>x</b>", "a & b", "&lt;i&gt;", "javascript:x", "https://a.example/<x>", "\ud800", "\u202e", "at://x/y/z"]
)
LEAVES = st.none() | st.booleans() | st.integers(-10, 2**70) | st.floats(allow_nan=False) | st.text(max_size=8) | MARKUP
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6), max_leaves=30
)
POST = {
    "uri": "at://did:plc:a/app.bsky.feed.post/3k", "author": {"did": "did:plc:a", "handle": "a.example", "displayName": "A"},
    "record": {
        "text": "A é b.example/c…", "createdAt": "2026-11-24T10:00:00Z", "langs": ["en"],
        "facets": [{"index": {"byteStart": 2, "byteEnd": 4}, "features": [{"uri": "https://b.example/"}, {"tag": "t"}]}],
    },
    "embed": {"record": {"record": {"author": {"handle": "c.example"}, "value": {"text": "Q"}, "embeds": [{"external": {"title": "T"}}]}}},
    "indexedAt": "2026-11-24T10:00:01Z",
}  # fmt: skip
STATUS = {
    "id": "12", "url": "https://m.example/@a/12", "content": "<p>A</p>", "created_at": "2026-11-24T10:00:00Z", "language": "en",
    "account": {"id": "1", "acct": "a", "display_name": "A"}, "tags": [{"name": "t"}], "card": {"title": "T", "url": "https://b.example/"},
    "quote": {"quoted_status": {"content": "Q", "account": {"acct": "b"}}}, "reblog": None, "visibility": "public",
}  # fmt: skip
TWEET = {
    "id": "12", "text": "A https://t.co/a", "author_id": "1", "created_at": "2026-11-24T10:00:00.000Z", "lang": "en",
    "entities": {"urls": [{"url": "https://t.co/a", "expanded_url": "https://b.example/", "display_url": "b.example"}]},
    "referenced_tweets": [{"type": "quoted", "id": "13"}], "note_tweet": {"text": "L"},
}  # fmt: skip
HIT = {"objectID": "1", "title": "T", "url": "https://b.example/", "story_text": "<p>A", "created_at_i": 1795420000, "author": "a"}
WHOLE = [
    {"feed": [{"post": POST, "reason": {"$type": "x#reasonRepost", "indexedAt": "2026-11-24T10:00:00Z"}}, {"post": POST}], "cursor": "9"},
    {"posts": [POST]}, {"accessJwt": "j", "did": "did:plc:a", "id": "1"}, [STATUS, {**STATUS, "id": "9", "reblog": STATUS}],
    {"data": [TWEET], "includes": {"users": [{"id": "1", "username": "a"}], "tweets": [{**TWEET, "id": "13"}]}, "meta": {}},
    {"data": {"id": "1"}}, {"hits": [HIT]},
]  # fmt: skip


def with_one_changed(tree: Any, random: Random, other: Any) -> Any:
    """The tree with something else in one place of it."""
    if isinstance(tree, dict) and tree and random.random() < 0.9:
        name = random.choice(sorted(tree))
        return {**tree, name: with_one_changed(tree[name], random, other)}
    if isinstance(tree, list) and tree and random.random() < 0.9:
        at = random.randrange(len(tree))
        return [*tree[:at], with_one_changed(tree[at], random, other), *tree[at + 1 :]]
    return other


ALMOST = st.builds(with_one_changed, st.sampled_from(WHOLE), st.randoms(use_true_random=False), TREES).map(lambda t: json.dumps(t).encode())
NO_JSON = st.binary(max_size=100) | st.sampled_from([b"", b"<html>", b"[" * 9_999])
BODIES = ALMOST | TREES.map(lambda tree: json.dumps(tree).encode()) | NO_JSON
HEADERS = st.dictionaries(
    st.sampled_from(["link", "x-ratelimit-remaining", "ratelimit-reset", "content-type"]),
    st.sampled_from(["", "0", "x", "<https://m.example/next>; rel=next", "<>;rel=\"next\"", "application/json", "nan"]),
)  # fmt: skip
ERRORS = st.builds(
    lambda status, said, reason: FetchError(reason, "refused", status=status, said=said),
    st.sampled_from([None, 400, 401, 403, 404, 422, 429, 500]), BODIES, st.sampled_from(list(FetchReason)),
)  # fmt: skip
ANSWERS = st.lists(st.tuples(BODIES, HEADERS) | ERRORS, min_size=1, max_size=5)


def run(source: Any, answers: list[Any], memo: Mapping[str, Any] | None) -> tuple[Reading | FetchError, int]:
    """One reading that is given the answers in turn, the last of them for ever; what it ended with, and its requests."""
    steps = KINDS[source.kind].read(source, Situation(NOW, memo is None, memo or {}, b"", CREDENTIALS))
    asked = 0
    try:
        step = advance(steps, None)
        while isinstance(step, Ask):
            answer = answers[min(asked, len(answers) - 1)]
            asked += 1
            step = advance(steps, answer if isinstance(answer, FetchError) else Fetched(step.url, 200, answer[1], answer[0]))
    except FetchError as e:
        return e, asked
    return step, asked


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.id)
@given(first=ANSWERS, then=ANSWERS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_answer_breaks_a_reading(source: Any, first: list[Any], then: list[Any]) -> None:
    """Two readings, one after the other, end within their bound of requests, and well or with an error that tells no secret."""
    memo: Mapping[str, Any] | None = None
    for answers in (first, then):
        ended, asked = run(source, answers, memo)
        assert asked <= 17
        if isinstance(ended, FetchError):
            assert not [secret for secret in SECRETS if secret in str(ended)]
            str(ended).encode()
        else:
            memo = json.loads(json.dumps(ended.memo, allow_nan=False))
            json.dumps(ended.memo, ensure_ascii=False).encode()
            assert [entry for entry in ended.parsed.entries if not _sound(entry)] == []


def _sound(entry: Entry) -> bool:
    """Whether it is visible text with an http address, under which the store can keep it."""
    text = "\n".join((entry.entry_id, entry.title, entry.summary, entry.content, entry.author, entry.lang, *entry.tags))
    text.encode()
    hidden = "<script" in text or "\u202e" in text
    addressed = entry.url == "" or entry.url.startswith(("https://", "http://"))
    return addressed and not hidden and bool(entry.title or entry.summary) and bool(entry.entry_id or entry.url)
