"""Sitemaps: what is new in them comes once, of news with its title, of indexes with few requests, of fifty thousand within little room."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.pages import NEWS, SITEMAP, Site, Story
from tests.watcher.reading import Reader, source_of
from watcher.errors import FetchError, FetchReason
from watcher.sources.headlines import title_in_address
from watcher.sources.sitemap import FIRST, REBUILT, WORDLESS
from watcher.sources.sitemapxml import Found, unseen

URL = "https://lab.example/sitemap.xml"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    """A site with nothing on it."""
    async with Site() as site:
        yield site


@pytest_asyncio.fixture
async def reader() -> AsyncIterator[Reader]:
    """Readings of it."""
    async with Reader() as reader:
        yield reader


def _unseen(body: bytes | str, match: str = "", seen: bytes = b"") -> Found:
    return unseen(body.encode() if isinstance(body, str) else body, {"content-type": "application/xml"}, URL, match, seen)


def _urls(*paths: str) -> str:
    return f'<urlset xmlns="{SITEMAP}">' + "".join(f"<url><loc>https://lab.example{p}</loc></url>" for p in paths) + "</urlset>"


def test_news_entries_have_title_moment_and_language() -> None:
    """Google's extension gives all that an entry needs; a picture's address and title are none of the page's."""
    image = "http://www.google.com/schemas/sitemap-image/1.1"
    body = f"""<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="{SITEMAP}" xmlns:n="{NEWS}" xmlns:image="{image}">
      <url><image:image><image:loc>https://lab.example/i.jpg</image:loc><image:title>A picture</image:title></image:image>
      <loc> /news/venado </loc><n:news><n:publication><n:name>Lab</n:name><n:language>fr</n:language></n:publication>
      <n:publication_date>2026-11-24T09:00:00-05:00</n:publication_date><n:title>OpenAI &amp; Los Alamos</n:title>
      </n:news></url></urlset>"""
    (place,) = _unseen(body).fresh
    assert (place.url, place.title, place.lang) == ("https://lab.example/news/venado", "OpenAI & Los Alamos", "fr")
    assert place.published == datetime(2026, 11, 24, 14, tzinfo=UTC)


def test_only_what_was_not_seen_and_matches_is_fresh() -> None:
    """An address is known under its other spellings, and one that does not match is not even remembered."""
    first = _unseen(_urls("/news/a", "/about"), "/news/")
    assert [p.url for p in first.fresh] == ["https://lab.example/news/a"]
    second = _unseen(_urls("/news/a/?utm_source=x", "/news/b", "/news/b#top"), "/news/", first.marks)
    assert [p.url for p in second.fresh] == ["https://lab.example/news/b"]
    assert (first.count, len(first.marks)) == (2, 8)


@pytest.mark.parametrize(
    "form",
    [
        lambda xml: gzip.compress(xml.encode()),
        lambda xml: b"\xef\xbb\xbf<?xml version='1.0'?>" + xml.encode(),
        lambda xml: xml.replace(f' xmlns="{SITEMAP}"', "").encode(),
        lambda xml: xml.replace("<url>", "<!-- x --><url>").encode(),
        lambda _: b"https://lab.example/a\nhttps://lab.example/b\n",
        lambda xml: xml.replace("</urlset>", "").encode(),
    ],
    ids=["gzip", "bom", "no namespace", "comments", "plain text", "cut short"],
)
def test_every_form_is_read(form: Callable[[str], bytes]) -> None:
    """Packed, without a namespace, as lines of text, or cut short: the addresses come through."""
    assert [p.url for p in _unseen(form(_urls("/a", "/b"))).fresh] == ["https://lab.example/a", "https://lab.example/b"]


@pytest.mark.parametrize(
    ("body", "reason", "said"),
    [
        ("", FetchReason.NOT_A_FEED, "empty"),
        ("<!doctype html><html><body>Hello</body></html>", FetchReason.NOT_A_FEED, "kind: page"),
        ("<html><title>Just a moment...</title><script>_cf_chl_opt</script></html>", FetchReason.BLOCKED, "no robot"),
        ("<rss version='2.0'><channel/></rss>", FetchReason.NOT_A_FEED, "kind: feed"),
        ("<foo/>", FetchReason.NOT_A_FEED, "begins with <foo>"),
        ("just words", FetchReason.NOT_A_FEED, "no sitemap"),
        (b"\x1f\x8b\x08broken", FetchReason.UNREADABLE, "damaged"),
        ("<urlset><url><loc>", FetchReason.UNREADABLE, "damaged"),
    ],
)
def test_what_is_no_sitemap_is_a_failure_with_a_reason(body: bytes | str, reason: FetchReason, said: str) -> None:
    """Never "no news"."""
    with pytest.raises(FetchError, match=said) as caught:
        _unseen(body)
    assert caught.value.reason is reason


def test_hostile_sitemaps_stay_small() -> None:
    """Entities are not unfolded nor files read, a packed bomb stops at the protocol's own limit, depth is bounded."""
    levels = "".join(f"<!ENTITY l{i} '{f'&l{i - 1};' * 10}'>" for i in range(1, 12))
    bomb = f"<?xml version='1.0'?><!DOCTYPE u [<!ENTITY l0 'boom'>{levels}<!ENTITY f SYSTEM 'file:///etc/passwd'>]>"
    plain = bomb + "<urlset><url><loc>https://lab.example/&f;x</loc></url><url><loc>https://lab.example/b</loc></url></urlset>"
    for body in (plain, plain.replace("&f;", "&l11;")):
        try:
            found = _unseen(body)
        except FetchError:
            continue
        assert all(len(p.url) < 2_100 and "root:" not in p.url for p in found.fresh)
    with pytest.raises(FetchError, match="50 MB"):
        _unseen(gzip.compress(b"<urlset>" + b" " * 60_000_000, 1))
    with pytest.raises(FetchError):
        _unseen("<urlset>" + "<url>" * 100_000)


def test_addresses_that_nobody_escaped_are_read() -> None:
    """A bare ampersand is taken as it was meant, also where the document is read in pieces, and what follows it is not lost."""
    rows = "".join(f"<url><loc>https://lab.example/news?id={i}&lang=en</loc></url>" for i in range(3_000))
    packed = gzip.compress(f"<urlset>{rows}<url><loc><![CDATA[https://lab.example/a?b=1&c=2]]></loc></url></urlset>".encode())
    urls = [p.url for p in _unseen(packed, "", b"").fresh]
    assert urls[0] == "https://lab.example/news?id=0&lang=en"
    assert {u.count("&") for u in urls} == {1}
    found = _unseen(packed)
    assert (found.count, found.damaged) == (3_001, False)


def test_fifty_thousand_addresses_take_little_room() -> None:
    """The tree of a large sitemap is never held whole."""
    body = _urls(*(f"/news/{i}-some-words-of-a-title" for i in range(50_000))).encode()
    tracemalloc.start()
    found = _unseen(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.count, len(found.marks)) == (50_000, 400_000)
    assert peak < 60_000_000


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 200), st.integers(0, 40), st.binary(max_size=40))
def test_damaged_bytes_give_addresses_or_a_reason(at: int, gone: int, put: bytes) -> None:
    """Whatever is cut out of a sitemap or put into it: web addresses, or a reason."""
    good = _urls("/a", "/b", "/c").encode()
    try:
        found = _unseen(good[:at] + put + good[at + gone :])
    except FetchError as e:
        assert str(e)
    else:
        assert all(p.url.startswith(("http://", "https://")) for p in found.fresh)


@pytest.mark.parametrize(
    ("url", "title"),
    [
        ("https://x.example/news/openai-signs-with-lanl.html", "Openai signs with lanl"),
        ("https://x.example/news/accord_openai_12345/", "Accord openai 12345"),
        ("https://x.example/2026/11/24/venado/20261124", "Venado"),
        ("https://x.example/%E5%AF%8C%E5%B2%B3%E3%81%A7%E7%94%9F%E6%88%90AI", "富岳で生成AI"),
        ("https://x.example/node/12?x=1", "Node"),
        ("https://x.example/", "Https://x.example/"),
    ],
)
def test_titles_are_read_out_of_addresses(url: str, title: str) -> None:
    """For want of a better one: words, the last that there are."""
    assert title_in_address(url) == title


async def test_a_plain_sitemap_gives_what_is_new(site: Site, reader: Reader) -> None:
    """At first what stands there, titled by its addresses; then only what is new, without words, for which its page is asked."""
    source = source_of("sitemap", url=site.sitemap("/sitemap.xml", ["/news/old-story-of-ours", "/about"]), match="/news/")
    assert [e.title for e in await reader.entries(source)] == ["Old story of ours"]
    site.sitemap("/sitemap.xml", ["/news/old-story-of-ours", "/news/new-one", "/about"])
    (entry,) = await reader.entries(source)
    assert (entry.url, entry.title, entry.entry_id) == (f"{site.base}/news/new-one", "", "")
    assert (await reader.answer(source)).reading is None  # asked with the ETag, and nothing changed


async def test_what_a_reading_has_no_room_for_comes_with_the_next(site: Site, reader: Reader) -> None:
    """Entries without words go out a few at a time, each once, the newest first, though the sitemap does not change meanwhile."""
    source = source_of("sitemap", url=site.sitemap("/s.xml", []))
    await reader.entries(source)
    paths = [f"/news/{i}" for i in range(WORDLESS * 2 + 3)]
    site.sitemap("/s.xml", paths, lastmod={p: (NOON + timedelta(minutes=i)).isoformat() for i, p in enumerate(paths)})
    got = [[e.url.removeprefix(site.base) for e in await reader.entries(source)] for _ in range(3)]
    assert [len(g) for g in got] == [WORDLESS, WORDLESS, 3]
    assert [p for g in got for p in g] == paths[::-1]
    assert (await reader.answer(source)).reading is None


async def test_a_site_built_anew_is_not_fetched_page_by_page(site: Site, reader: Reader) -> None:
    """Hundreds of new addresses at once get their titles from themselves."""
    source = source_of("sitemap", url=site.sitemap("/s.xml", ["/a"]))
    await reader.entries(source)
    site.sitemap("/s.xml", [f"/new/story-number-{i}" for i in range(REBUILT + 1)])
    entries = await reader.entries(source)
    assert len(entries) == REBUILT + 1
    assert all(e.title for e in entries)


async def test_a_first_reading_of_a_large_sitemap_is_bounded(site: Site, reader: Reader) -> None:
    """The newest of it are entries, and the rest is known all the same."""
    paths = [f"/news/story-{i}" for i in range(5_000)]
    site.sitemap("/s.xml", paths, lastmod={p: (NOON - timedelta(hours=i)).isoformat() for i, p in enumerate(paths)})
    source = source_of("sitemap", url=f"{site.base}/s.xml")
    entries = await reader.entries(source)
    assert [e.url for e in entries] == [site.base + p for p in paths[:FIRST]]
    site.sitemap("/s.xml", [*paths, "/news/story-x"])
    assert [e.url for e in await reader.entries(source)] == [f"{site.base}/news/story-x"]


async def test_a_news_sitemap_is_read(site: Site, reader: Reader) -> None:
    """Its titles are there at once; that it is empty at times is no failure."""
    source = source_of("sitemap", url=site.news_sitemap("/news.xml", []))
    assert await reader.entries(source) == ()
    site.news_sitemap("/news.xml", [Story("/n/1", "OpenAI signs", NOON)])
    (entry,) = await reader.entries(source)
    assert (entry.title, entry.published, entry.lang) == ("OpenAI signs", NOON, "en")


async def test_of_an_index_only_changed_children_are_read(site: Site, reader: Reader) -> None:
    """By their lastmod, gzipped ones too, a few a reading."""
    children = {f"/s{i}.xml.gz": f"2026-11-{i + 1:02}" for i in range(9)}
    for i, path in enumerate(children):
        site.sitemap(path, [f"/news/of-{i}"], packed=True)
    source = source_of("sitemap", url=site.index("/index.xml", children))
    assert len(await reader.entries(source)) == 5
    asked = len(site.asked)
    site.sitemap("/s8.xml.gz", ["/news/of-8", "/news/fresh"], packed=True)
    site.index("/index.xml", {**children, "/s8.xml.gz": "2026-11-24T10:00:00Z"})
    assert [e.url for e in await reader.entries(source)] == [f"{site.base}/news/fresh"]
    assert site.asked[asked:] == ["/index.xml", "/s8.xml.gz"]


async def test_a_child_that_stood_unread_brings_only_what_is_new(site: Site, reader: Reader) -> None:
    """What is read for the first time because it changed is not all news; a child that was not listed before is."""
    children = {f"/s{i}.xml": f"2026-11-{i + 1:02}" for i in range(9)}
    for i, path in enumerate(children):
        site.sitemap(path, [f"/news/of-{i}"])
    source = source_of("sitemap", url=site.index("/index.xml", children))
    await reader.entries(source)
    assert site.count("/s0.xml") == 0
    site.sitemap("/s0.xml", ["/news/of-0", "/news/edited"], lastmod={"/news/edited": reader.now.isoformat(), "/news/of-0": "2020-01-01"})
    site.sitemap("/s9.xml", ["/news/of-9"])
    site.index("/index.xml", {**children, "/s0.xml": reader.now.isoformat(), "/s9.xml": "2026-11-20"})
    assert {e.url for e in await reader.entries(source)} == {f"{site.base}/news/edited", f"{site.base}/news/of-9"}


async def test_children_without_lastmod_take_turns(site: Site, reader: Reader) -> None:
    """None of them tells when it changes, so that each is read in its turn, and none is forgotten."""
    children = {f"/s{i}.xml": "" for i in range(8)}
    for i, path in enumerate(children):
        site.sitemap(path, [f"/news/of-{i}"])
    source = source_of("sitemap", url=site.index("/index.xml", children))
    for _ in range(4):
        await reader.answer(source)
    assert all(site.count(path) for path in children)
    assert len(site.asked) == 4 * 6


async def test_a_child_that_fails_is_told_of_and_asked_again(site: Site, reader: Reader) -> None:
    """The others are read; where none can be, the reading has failed."""
    site.sitemap("/a.xml", ["/news/a"])
    source = source_of("sitemap", url=site.index("/index.xml", {"/a.xml": "2026-11-02", "/b.xml": "2026-11-01"}))
    reading = await reader.read(source)
    assert [e.url for e in reading.parsed.entries] == [f"{site.base}/news/a"]
    assert "/b.xml was not read" in reading.parsed.warning
    site.sitemap("/b.xml", ["/news/b"], lastmod={"/news/b": reader.now.isoformat()})
    assert [e.url for e in await reader.entries(source)] == [f"{site.base}/news/b"]
    gone = source_of("sitemap", id="gone", url=site.index("/gone.xml", {"/c.xml": "2026-11-02"}))
    assert (await reader.error(gone)).reason is FetchReason.NOT_FOUND


async def test_a_match_that_fits_nothing_is_told(site: Site, reader: Reader) -> None:
    """Not a failure, because a sitemap may hold nothing of interest today, but beside its health."""
    reading = await reader.read(source_of("sitemap", url=site.sitemap("/s.xml", ["/a", "/b"]), match="/news/"))
    assert "none of its 2 addresses matches" in reading.parsed.warning
