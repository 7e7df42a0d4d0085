"""`concordat sources check ADDRESS` on what is served where a feed should be: files that are named after their mistake."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from concordat.cli.sources import sources_app
from tests.fakes.feedfaults import replaced
from tests.fakes.feedhost import FeedHost

BAD = Path(__file__).parents[1] / "data" / "feeds" / "bad"
MEDIA = {".html": "text/html; charset=utf-8", ".json": "application/json", ".png": "image/png", ".xml": "application/rss+xml"}
NO_FEED, DAMAGED = "try: `concordat sources add` with the address of the site finds its feed", "try: tell the publisher that it is damaged"
SAID = {
    "access-denied.xml": ("no feed was found in the answer", NO_FEED),
    "cut-before-the-first-entry.xml": ("the feed is damaged: ", DAMAGED),
    "cut-within-a-tag.xml": ("the feed is damaged: ", DAMAGED),
    "empty.xml": ("the answer is empty where a feed should be", NO_FEED),
    "error-of-a-program.xml": ("no feed was found in the answer", NO_FEED),
    "gzip-not-announced.xml": ("this is binary data, not a feed", NO_FEED),
    "json-cut-short.json": ("this is not valid JSON, so no JSON Feed", NO_FEED),
    "json-of-an-interface.json": ("this is JSON, but not a JSON Feed: `version` or `items` is missing", NO_FEED),
    "opml-instead.xml": ("no feed was found in the answer", NO_FEED),
    "page-asking-who-you-are.html": ("the host wants proof that we are no robot", "try: set CONCORDAT_PUBLIC_URL"),
    "page-not-found-with-200.xml": ("this is a web page, not a feed", NO_FEED),
    "page-of-the-site.html": ("this is a web page, not a feed", NO_FEED),
    "picture.png": ("this is binary data, not a feed", NO_FEED),
    "wrong-charset.xml": ("no feed was found in the answer", NO_FEED),
}


def test_every_bad_feed_is_asked_for() -> None:
    """No file lies there of which nobody says what is to be told."""
    assert {file.name for file in BAD.iterdir()} == set(SAID)


@pytest.mark.parametrize("name", sorted(SAID))
async def test_check_says_what_is_wrong_with_it_and_what_to_try(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with 1; one line is the address with the reason, one is what to try, and that is all."""
    monkeypatch.setenv("CONCORDAT_ALLOW_PRIVATE_ADDRESSES", "true")
    monkeypatch.setenv("CONCORDAT_BUILTIN_SOURCES", "false")
    monkeypatch.setenv("COLUMNS", "60")
    async with FeedHost() as host:
        feed = host.feed(name)
        feed.fault = replaced((BAD / name).read_bytes(), MEDIA[Path(name).suffix])
        ended = await asyncio.to_thread(CliRunner().invoke, sources_app, ["check", feed.url, "--home", str(tmp_path)])
    assert ended.exit_code == 1, ended.output
    reason, advice = SAID[name]
    first, second = ended.output.splitlines()
    assert first.startswith(f"{feed.url}: {reason}")
    assert second.startswith(advice)
    assert (first + second).isprintable()
