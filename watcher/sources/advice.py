"""What to try when a source gives nothing, for every reason there is. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from watcher.errors import FetchError, FetchReason

ADVICE: Mapping[FetchReason, str] = {
    FetchReason.TIMEOUT: "try again later; where it lasts, the host may keep readers waiting: open the address in a browser",
    FetchReason.CONNECTION: "check host and port, and whether this machine reaches the Internet; it is tried again in any case",
    FetchReason.DNS: "check the spelling of the host; where it is right, check the name server of this machine",
    FetchReason.TLS: "open the address in a browser: its certificate may have expired, or be for another name that should be written here",
    FetchReason.TOO_LARGE: "look for a smaller feed of the site, such as one of a single section",
    FetchReason.REDIRECTS: "open the address in a browser, and write the one that it ends at",
    FetchReason.PRIVATE_ADDRESS: "set CONCORDAT_ALLOW_PRIVATE_ADDRESSES=true if this source is meant to be on your own network",
    FetchReason.RATE_LIMITED: "leave it alone for now: it is asked again by itself; where it lasts, write a longer `every`",
    FetchReason.BLOCKED: "set CONCORDAT_PUBLIC_URL so that its owner sees who asks, and ask to be let in; or look for another feed",
    FetchReason.GONE: "look on the site for where it moved, and write that address; else remove the source",
    FetchReason.NOT_FOUND: "check the address; `concordat sources add` with the address of the site finds its feed",
    FetchReason.HTTP: "the trouble is at the host: try again later; where it lasts, open the address in a browser",
    FetchReason.NOT_A_FEED: "`concordat sources add` with the address of the site finds its feed; where it has none, write `kind: page`",
    FetchReason.UNREADABLE: "tell the publisher that it is damaged; look for another feed of the site meanwhile",
    FetchReason.BAD_ADDRESS: "write an address that begins with https:// or http://",
}
# what helps instead with kinds of sources that are no feed
OTHERS: Mapping[FetchReason, str] = {
    FetchReason.BLOCKED: "check the credentials that this kind of source needs, and whether the interface is open to you",
    FetchReason.NOT_FOUND: "check the names that are written in the entry, and its `url` where it has one",
    FetchReason.NOT_A_FEED: "check `url`: something else than this interface answers there",
    FetchReason.UNREADABLE: "the interface answers in another form than is documented: look for a newer Concordat, and tell us",
}
PAGES: Mapping[FetchReason, str] = {
    FetchReason.NOT_FOUND: "check the address; `concordat sources add` with the address of the site looks for its feed",
    FetchReason.NOT_A_FEED: "check the address; where the page lists articles, say by `links:` which links are theirs (a CSS selector)",
    FetchReason.UNREADABLE: "open it in a browser; where it lists articles, say by `links:` which links are theirs (a CSS selector)",
}
REDDIT: Mapping[FetchReason, str] = {
    **OTHERS,
    FetchReason.BLOCKED: "leave it alone for now: Reddit counts all readers of an address together, and asks more of hosted machines",
    FetchReason.NOT_FOUND: "check the name of the subreddit",
}
SITEMAPS: Mapping[FetchReason, str] = {
    FetchReason.NOT_FOUND: "check the address; most sites name their sitemaps in /robots.txt",
    FetchReason.NOT_A_FEED: "check the address; most sites name their sitemaps in /robots.txt",
    FetchReason.UNREADABLE: "tell the site that it is damaged; look in /robots.txt for another sitemap, or write `kind: page`",
}
_KINDS: Mapping[str, Mapping[FetchReason, str]] = {"feed": {}, "page": PAGES, "sitemap": SITEMAPS, "reddit": REDDIT}


def advice(error: FetchError, kind: str) -> str:
    """What to try, in one line."""
    return _KINDS.get(kind, OTHERS).get(error.reason) or ADVICE[error.reason]
