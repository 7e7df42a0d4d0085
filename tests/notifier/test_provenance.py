"""Promises of notifier.provenance: whose word a report is."""

from __future__ import annotations

import pytest

from notifier.provenance import Voice, is_state, voice


@pytest.mark.parametrize(
    ("url", "kind", "tags", "expected"),
    [
        ("https://www.energy.gov/articles/1", "feed", ("press",), Voice.OFFICIAL),
        ("https://www.gov.uk/government/news/1", "feed", (), Voice.OFFICIAL),
        ("https://digital-strategy.ec.europa.eu/en/news/1", "feed", (), Voice.OFFICIAL),
        ("https://example.org/award/1", "usaspending", (), Voice.OFFICIAL),
        ("https://openai.com/news/1", "feed", ("company", "us"), Voice.OFFICIAL),
        ("https://www.cea.fr/1", "feed", ("lab", "fr"), Voice.OFFICIAL),
        ("https://www.energy.gov/articles/1", "hackernews", ("social",), Voice.OFFICIAL),
        ("https://bsky.app/profile/doe.gov/post/1", "bluesky", ("social", "government"), Voice.SOCIAL),
        ("https://old.reddit.com/r/x/1", "feed", (), Voice.SOCIAL),
        ("https://blog.example.org/1", "mastodon", (), Voice.SOCIAL),
        ("https://www.lemonde.fr/1", "feed", ("press", "fr"), Voice.PRESS),
        ("https://example.org/1", "feed", ("press", "government"), Voice.PRESS),
        ("", "feed", (), Voice.PRESS),
        ("https://[", "page", (), Voice.PRESS),
    ],
)
def test_whose_word_it_is(url: str, kind: str, tags: tuple[str, ...], expected: Voice) -> None:
    """The address speaks first, then the kind of the source, then its tags."""
    assert voice(url, kind, tags) is expected


@pytest.mark.parametrize(
    ("host", "state"),
    [
        ("lanl.gov", True), ("www.army.mil", True), ("ised-isde.canada.gc.ca", True), ("www.meti.go.jp", True), ("nato.int", True),
        ("www.defense.gouv.fr", True), ("gov.example.com", False), ("notgov", False), ("mygov.org", False), ("go.fr", False), ("", False),
    ],
)  # fmt: skip
def test_names_that_only_governments_have(host: str, state: bool) -> None:
    """A name that anybody may register is nobody's word."""
    assert is_state(host) is state
