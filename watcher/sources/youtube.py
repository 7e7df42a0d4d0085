"""YouTube: the newest videos of a channel or a playlist, by its feed; a video's description is its text. Pure."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlencode

from pydantic import field_validator, model_validator

from watcher.errors import FetchError, FetchReason
from watcher.model import Source
from watcher.sources.feed import parse_feed
from watcher.sources.steps import Ask, Reading, Situation, Steps

_CHANNEL = re.compile(r"(?:https?://(?:www\.)?youtube\.com/channel/)?(UC[\w-]{22})/?", re.ASCII)
_PLAYLIST = re.compile(r"(?:https?://(?:www\.)?youtube\.com/playlist\?list=)?([A-Z]{2}[\w-]{8,62})", re.ASCII)


class YouTubeSource(Source):
    """A channel, or a playlist."""

    kind: Literal["youtube"] = "youtube"
    url: str = "https://www.youtube.com"
    channel: str = ""
    playlist: str = ""

    @field_validator("channel")
    @classmethod
    def _channel(cls, value: str) -> str:
        found = _CHANNEL.fullmatch(value.strip())
        if value and not found:
            raise ValueError("write the channel's id, UC and 22 more characters; its page's source has it behind channel_id=")
        return found[1] if found else ""

    @field_validator("playlist")
    @classmethod
    def _playlist(cls, value: str) -> str:
        found = _PLAYLIST.fullmatch(value.strip())
        if value and not found:
            raise ValueError("write the playlist's id, which stands behind `list=` in its address")
        return found[1] if found else ""

    @model_validator(mode="after")
    def _one(self) -> YouTubeSource:
        if bool(self.channel) == bool(self.playlist):
            raise ValueError("write either channel or playlist")
        return self


def read(source: YouTubeSource, _: Situation) -> Steps:
    """One conditional request."""
    which = {"channel_id": source.channel} if source.channel else {"playlist_id": source.playlist}
    try:
        got = yield Ask(f"{source.url.rstrip('/')}/feeds/videos.xml?{urlencode(which)}", conditional=True)
    except FetchError as e:
        if e.status != 404:
            raise
        what = "YouTube gives no feed for this id (HTTP 404): it has such spells; if it lasts, the channel or playlist is gone"
        raise e.retold(what, reason=FetchReason.HTTP) from None
    return Reading(parse_feed(got.body, got.headers, got.url))
