"""Lists of feeds: what other readers export comes in, what we export comes back as it was, and nothing hostile does harm."""

from __future__ import annotations

import string
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from watcher.errors import OperatorError
from watcher.model import Source
from watcher.sources.feed import FeedSource
from watcher.sources.files import Text
from watcher.sources.importing import Import, address_key, plan_import
from watcher.sources.load import load_roster, read_roster
from watcher.sources.opml import EXTENSION, MAX_DEPTH, read_opml, write_opml
from watcher.sources.write import with_entries

PLAIN = b"""<?xml version="1.0"?>
<opml version="1.1">
  <head><title>My feeds</title></head>
  <body>
    <outline text="News &amp; views">
      <outline text="A" type="rss" xmlUrl="https://a.example/feed?x=1&y=2" htmlUrl="https://a.example/" language="EN-us"/>
      <outline title="Deep">
        <outline text="B&eacute;" xmlurl="https://b.example/feed" category="/Tech/AI,Labs"/>
      </outline>
    </outline>
    <outline text="C" xmlUrl="https://c.example/feed"/>
  </body>
</opml>
"""


def imported(data: bytes, sources: tuple[Source, ...] = (), group: str | None = None, tags: tuple[str, ...] = ()) -> Import:
    """What a list would bring to a home with these sources."""
    return plan_import(read_opml(data, "f.opml"), sources, group, tags)


def body(inner: str) -> bytes:
    """A list with these outlines; they begin on its first line, at column 26."""
    return f'<opml version="2.0"><body>{inner}</body></opml>'.encode()


def problems(data: bytes) -> list[str]:
    """What is wrong with a list as a whole, else with its entries."""
    try:
        return [str(p) for p in imported(data).problems]
    except OperatorError as e:
        return [str(p) for p in e.problems]


def test_what_other_readers_export_comes_in() -> None:
    """Version 1 and 2, attributes in any case, bare ampersands and names of HTML; folders are groups, those inside them tags."""
    opml = read_opml(PLAIN, "f.opml")
    assert opml.title == "My feeds"
    assert [dict(e) for e in plan_import(opml, ()).entries] == [
        {"url": "https://a.example/feed?x=1&y=2", "title": "A", "lang": "en-us", "group": "news-views", "id": "a"},
        {"url": "https://b.example/feed", "title": "Bé", "tags": ["tech/ai", "labs", "deep"], "group": "news-views", "id": "be"},
        {"url": "https://c.example/feed", "title": "C", "id": "c"},
    ]


def test_a_given_group_and_tags_are_put_on_all() -> None:
    """Folders become tags then."""
    found = imported(PLAIN, group="mine", tags=("x",))
    assert [(e["group"], e["tags"]) for e in found.entries] == [
        ("mine", ["news-&-views", "x"]), ("mine", ["tech/ai", "labs", "news-&-views", "deep", "x"]), ("mine", ["x"]),
    ]  # fmt: skip


def test_folders_without_a_latin_letter_are_tags() -> None:
    """A group needs a name that can be typed; what a folder says is not lost."""
    found = imported(body('<outline text="新闻"><outline text="人民" xmlUrl="https://a.example/feed"/></outline>'))
    assert [dict(e) for e in found.entries] == [{"url": "https://a.example/feed", "title": "人民", "tags": ["新闻"], "id": "a-example"}]


def test_known_addresses_are_passed_over_and_said() -> None:
    """The same page in another spelling, known to the home or standing twice in the list."""
    home = (FeedSource(id="mine", url="https://www.a.example/feed/"),)
    one, two = '<outline text="A" xmlUrl="http://a.example/feed?utm_source=x"/>', '<outline text="B" xmlUrl="https://b.example/"/>'
    found = imported(body(one + two + two), home)
    assert [e["id"] for e in found.entries] == ["b"]
    assert [(k.title, k.source_id) for k in found.known] == [("A", "mine"), ("B", "b")]


def test_ids_are_new() -> None:
    """Titles that are alike, or like an id of the home, get numbers."""
    home = (FeedSource(id="news", url="https://a.example/feed"),)
    outlines = "".join(f'<outline text="News" xmlUrl="https://{n}.example/"/>' for n in "bcd")
    assert [e["id"] for e in imported(body(outlines), home).entries] == ["news-2", "news-3", "news-4"]


def test_bad_entries_are_told_where_and_the_rest_comes_in() -> None:
    """One bad outline costs nothing but itself."""
    found = imported(
        b'<opml version="2.0"><body>\n<outline text="bad" xmlUrl="javascript:alert(1)"/>\n<outline text="link" type="link" url="https://x"/>\n'
        b'<outline text="empty"/>\n<outline text="no json" concordat:source="{"/>\n<outline text="ok" xmlUrl="https://ok.example/"/>\n'
        b"<outline text='odd' xmlUrl='https://odd.example/' concordat:source='{\"evry\": 1}'/></body></opml>"
    )
    assert [e["id"] for e in found.entries] == ["ok"]
    assert [str(p) for p in found.problems] == [
        "f.opml:2:1: 'javascript:alert(1)' is not an address, write one that begins with https:// or http://",
        "f.opml:3:1: an outline (link) names no feed, feeds have their address in xmlUrl",
        "f.opml:4:1: folder empty is empty, feeds have their address in xmlUrl",
        "f.opml:5:1: concordat:source is no JSON object, export the list again",
        "f.opml:7:1: unknown key 'evry', did you mean 'every'?",
    ]


BOMB = b'<?xml version="1.0"?><!DOCTYPE opml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><opml><body><outline text="&b;"/></body></opml>'
OUTSIDE = b'<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/hostname">]><opml><body><outline text="&x;"/></body></opml>'


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (BOMB, "f.opml:1:49: the list declares XML entities"),
        (OUTSIDE, "f.opml:1:57: the list declares XML entities"),
        (b"", "f.opml:1:1: not readable as XML: no element found"),
        (b"\n\n<opml><body></opml>", "f.opml:3:15: not readable as XML: mismatched tag"),
        (b"<rss version='2.0'/>", "f.opml:1:1: this is no OPML but <rss>, add a feed with `concordat sources add`"),
        (b"<opml><body>" + b"<outline text='x'>" * 50, "outlines are nested deeper than 40 levels"),
        (b"<opml>" + b" " * 8_000_000 + b"</opml>", "f.opml:1:1: the list is larger than 8 MB"),
        (b"\xff\xfe\x00", "not readable as XML"),
    ],
    ids=["bomb", "outside", "empty", "torn", "rss", "deep", "large", "noise"],
)
def test_a_list_that_cannot_be_read_says_why(data: bytes, said: str) -> None:
    """With the place, in one line; no entity is expanded, no file opened, nothing nested without end."""
    assert MAX_DEPTH == 40
    (problem,) = problems(data)
    assert said in problem


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda t: body(t)))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Never anything but entries and problems."""
    for problem in problems(data):
        assert problem.startswith("f.opml:")


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
HOST = st.text(string.ascii_lowercase, min_size=1, max_size=8).map(lambda s: f"https://{s}.example/feed?a=1&b=<2>")
NAMES = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,9}", fullmatch=True)
FEEDS = st.builds(
    FeedSource,
    id=NAMES,
    url=HOST,
    title=TEXT,
    tags=st.lists(TEXT, max_size=3, unique=True).map(tuple),
    lang=st.sampled_from(["", "en", "fr", "pt-BR", "nonsense"]),
    every=st.none() | st.integers(1, 800_000).map(lambda s: timedelta(seconds=s)),
    fulltext=st.booleans(),
    enabled=st.sampled_from([None, False, True]),
    group=st.none() | NAMES,
)
LISTS = st.lists(FEEDS, max_size=5, unique_by=(lambda s: s.id, address_key))


def back(sources: list[Source] | tuple[Source, ...]) -> dict[str, Source]:
    """Exported, imported and written into an empty home, and read from there, by id."""
    found = imported(write_opml("Concordat", sources).encode())
    assert found.problems == ()
    assert found.known == ()
    home = read_roster([Text("f.yaml", with_entries("", "f.yaml", found.entries))])
    return {each.source.id: each.source for each in home.listed}


@given(LISTS)
def test_what_is_exported_comes_back(sources: list[Source]) -> None:
    """Every key of every source, whatever characters are in it, and the groups."""
    assert back(sources) == {s.id: s for s in sources}


def test_the_whole_catalogue_comes_back() -> None:
    """Feeds and every other kind of source."""
    sources = tuple(each.source for each in load_roster(None).listed)
    assert back(sources) == {s.id: s for s in sources}


def test_other_readers_find_the_feeds() -> None:
    """An export is XML with a folder for each group, and every feed has the attributes that all readers know."""
    sources = (FeedSource(id="a", url="https://a.example/?x&y", title='A "b" <c>', lang="en", tags=("press", "us"), group="g"),)
    root = etree.fromstring(write_opml("T", sources).encode())
    (folder,) = root.findall("body/outline")
    (feed,) = folder
    assert (root.get("version"), folder.get("text")) == ("2.0", "g")
    own = f"{{{root.nsmap['concordat']}}}source"
    assert {k: v for k, v in feed.attrib.items() if k != own} == {
        "text": 'A "b" <c>', "type": "rss", "xmlUrl": "https://a.example/?x&y", "language": "en", "category": "press,us",
    }  # fmt: skip
    assert f"concordat:{etree.QName(own).localname}" == EXTENSION
