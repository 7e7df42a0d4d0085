"""Elements that are passed over, wherever they stand; which of them make an entry or the head unsure, or the document. Pure."""

from __future__ import annotations

from feedparser.api import StrictFeedParser

from watcher.sources.strict.work import ENTRIES, Given, Table, Whole, Work

KNOWN = frozenset(n.split("_", 2)[2] for n in dir(StrictFeedParser) if n.startswith(("_start_", "_end_")))
OUTERMOST = frozenset({"rss", "rdf_rdf", "feed", "channel", *ENTRIES})
CONTENT = (
    "title", "dc_title", "media_title", "description", "dc_description", "media_description", "abstract", "summary", "itunes_summary",
    "content", "content_encoded", "fullitem", "body", "xhtml_body", "subtitle", "tagline", "itunes_subtitle", "rights", "copyright",
    "dc_rights", "info", "feedburner_browserfriendly",
)  # fmt: skip
# known to feedparser, and of no consequence for anything that is read
_IDLE = frozenset({
    "created", "dcterms_created", "expirationdate", "language", "dc_language", "webmaster", "dc_publisher", "dc_contributor",
    "dcterms_valid", "generator", "cloud", "enclosure", "newlocation", "width", "height", "email", "name", "uri", "url", "homepage",
    "media_credit", "media_rating", "media_restriction", "media_license", "media_player", "media_thumbnail", "itunes_image", "itunes_link",
    "itunes_block", "itunes_explicit", "itunes_name", "itunes_email", "georss_point", "georss_line", "georss_polygon", "georss_box",
    "georss_where",
})  # fmt: skip
# names of feedparser's own, under which a stray element would put something
_TAKEN = frozenset({"base", "links", "tags", "authors", "contributors", "publishers", "where"})


def inner(work: Work, given: Given) -> None:
    """An element that no table names. Raises Whole where feeds or entries would be nested."""
    tag = work.tag
    if tag in OUTERMOST:
        raise Whole
    if tag in CONTENT:
        work.content(given, "text/html" if "description" in tag or "content" in tag else "text/plain")
        work.unsure()
    elif (tag in KNOWN and tag not in _IDLE) or tag in _TAKEN or tag.endswith(("_detail", "_parsed")):
        work.unsure()


def unwanted(work: Work, given: Given) -> None:
    """An element where only text was known to stand."""
    work.unsure()
    inner(work, given)


def impossible(_: Work, __: Given) -> None:
    """An element inside escaped content, where feedparser loses count of depth; or one whose sense depends on the entries before it."""
    raise Whole


def idle(_: Work, __: Given) -> None:
    """An element without consequence."""


INNER: Table = {"": inner}
LEAF: Table = {"": unwanted}
TEXT: Table = {"": impossible}
XHTML: Table = {"": impossible}  # what stands there never comes here
