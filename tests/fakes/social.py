"""Every social network on loopback at once, with a source of each kind, for tests that go through the whole of the program.

    async with Social() as social:
        social.speak("OpenAI signs with Los Alamos")      # a post everywhere
        home.write(social.sources_yaml())
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Self

import yaml
from pydantic import SecretStr

from tests.fakes.bluesky import Bluesky
from tests.fakes.hackernews import HackerNews
from tests.fakes.mastodon import Mastodon
from tests.fakes.reddit import Reddit
from tests.fakes.xapi import X
from tests.fakes.youtube import YouTube
from watcher.sources.steps import Credentials

if TYPE_CHECKING:
    from types import TracebackType

CHANNEL = "UC" + "a" * 22


class Social:
    """The networks; each is a fake of its own."""

    def __init__(self) -> None:
        self.bluesky, self.mastodon, self.x = Bluesky(), Mastodon(), X()
        self.reddit, self.hackernews, self.youtube = Reddit(), HackerNews(), YouTube()
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for service in (self.bluesky, self.mastodon, self.x, self.reddit, self.hackernews, self.youtube):
            await self._open.enter_async_context(service)
        self.bluesky.account("ec.europa.eu")
        self.bluesky.lists[f"at://{self.bluesky.account('ec.europa.eu').did}/app.bsky.graph.list/3klist"] = ["ec.europa.eu"]
        self.mastodon.account("bund")
        self.x.user("ENERGY")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._open.aclose()

    def speak(self, text: str) -> None:
        """Say the same on every network: one new item for each of `sources`, whose ids are those of the kinds and variants."""
        self.bluesky.post("ec.europa.eu", text)
        self.mastodon.post("bund", f"<p>{text}</p>", tags=[{"name": "supercomputer"}])
        self.x.tweet("ENERGY", text)
        self.reddit.submit("hpc", text)
        self.hackernews.story(text)
        self.youtube.upload(CHANNEL, text)

    def sources(self) -> list[dict[str, Any]]:
        """One of each kind and variant, as an operator would write them; the searches look for OpenAI."""
        who = self.bluesky.account("ec.europa.eu").did
        return [
            {"id": "bluesky-actor", "kind": "bluesky", "url": self.bluesky.base, "actor": "ec.europa.eu"},
            {"id": "bluesky-search", "kind": "bluesky", "url": self.bluesky.base, "search": "OpenAI"},
            {"id": "bluesky-list", "kind": "bluesky", "url": self.bluesky.base, "list": f"at://{who}/app.bsky.graph.list/3klist"},
            {"id": "mastodon-account", "kind": "mastodon", "url": self.mastodon.base, "account": "bund"},
            {"id": "mastodon-hashtag", "kind": "mastodon", "url": self.mastodon.base, "hashtag": "supercomputer"},
            {"id": "x-user", "kind": "x", "url": self.x.base, "user": "ENERGY"},
            {"id": "x-search", "kind": "x", "url": self.x.base, "search": "OpenAI"},
            {"id": "reddit-new", "kind": "reddit", "url": self.reddit.base, "subreddit": "hpc"},
            {"id": "reddit-search", "kind": "reddit", "url": self.reddit.base, "subreddit": "hpc", "search": "OpenAI"},
            {"id": "hackernews", "kind": "hackernews", "url": self.hackernews.base, "search": "OpenAI"},
            {"id": "youtube", "kind": "youtube", "url": self.youtube.base, "channel": CHANNEL},
        ]

    def sources_yaml(self) -> str:
        """The sources as a file."""
        return yaml.safe_dump({"sources": self.sources()}, allow_unicode=True)

    def credentials(self) -> Credentials:
        """What the networks let the operator in with; their names are those of the settings."""
        return Credentials(
            x_bearer_token=SecretStr(self.x.token), bluesky_handle=self.bluesky.handle,
            bluesky_password=SecretStr(self.bluesky.password), mastodon_token=SecretStr(self.mastodon.token),
        )  # fmt: skip
