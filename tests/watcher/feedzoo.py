"""Feeds of every plain and odd making, as Hypothesis strategies: what publishers write, and what they get wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

from hypothesis import strategies as st

from tests.watcher.zooparts import ADDRESSES, DATES, HARMFUL, HARMLESS, IDS, NAMESPACES, ODD_NAMESPACES, ROOT_FORMS, TEXTS, TYPES


def _attributes(pairs: dict[str, str]) -> str:
    return "".join(f' {k}="{escape(v, {chr(34): "&quot;"})}"' for k, v in pairs.items())


def element(name: str, text: str = "", attributes: dict[str, str] | None = None, how: str = "escaped") -> str:
    """An element with text: escaped, in CDATA, or as references."""
    start = f"<{name}{_attributes(attributes or {})}"
    if not text:
        return start + ("/>" if how == "cdata" else f"></{name}>")
    inside = {"escaped": escape(text), "cdata": "<![CDATA[" + text.replace("]]>", "]] >") + "]]>"}.get(how)
    if inside is None:
        inside = "".join(f"&#{ord(c)};" for c in text)
    return f"{start}>{inside}</{name}>"


texts, addresses, dates = st.sampled_from(TEXTS), st.sampled_from(ADDRESSES), st.sampled_from(DATES)
hows = st.sampled_from(("escaped", "escaped", "cdata", "cdata", "references"))
places = st.dictionaries(
    st.sampled_from(("xml:lang", "xml:base", "lang", "base")),
    st.sampled_from(("en", "fr_FR", "", "https://b.example/c/", "/d/", "de")),
    max_size=2,
)
rarely_places: st.SearchStrategy[dict[str, str]] = st.one_of(st.just({}), st.just({}), st.just({}), places)


def _simple(names: tuple[str, ...], values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(element, st.sampled_from(names), values, rarely_places, hows)


def _typed(names: tuple[str, ...], types: tuple[dict[str, str], ...]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda n, t, a, b, h: element(n, t, a | b, h), st.sampled_from(names), texts, st.sampled_from(types), rarely_places, hows
    )


TITLE_NAMES = ("title", "title", "title", "dc:title", "media:title")
SUMMARY_NAMES = (
    "description",
    "description",
    "summary",
    "itunes:summary",
    "media:description",
    "dc:description",
    "content:encoded",
    "content",
)
IDLE_NAMES = ("itunes:subtitle", "rights", "copyright", "dc:rights", "subtitle", "info")
PLAIN: tuple[dict[str, str], ...] = ({}, {}, {}, {"type": "html"}, {"type": "text"}, {"type": "text/html", "mode": "escaped"})
ODD: tuple[dict[str, str], ...] = (*({"type": t} for t in TYPES), {"mode": "base64"})
LINKS = st.one_of(
    _simple(("link", "atom:link"), addresses),
    st.builds(
        lambda a, rel, kind: f"<link{_attributes({'href': a} | rel | kind)}/>",
        addresses,
        st.sampled_from(({}, {"rel": "alternate"}, {"rel": "self"}, {"rel": "enclosure"}, {"rel": "Alternate"}, {"rel": "hub"})),
        st.sampled_from(({}, {"type": "text/html"}, {"type": "application/json"}, {"type": "application/xhtml+xml"})),
    ),
    addresses.map(lambda a: f"<link url={chr(34)}{escape(a)}{chr(34)}/>"),
)
IDENTIFIERS = st.one_of(
    st.builds(
        lambda i, p, h: element("guid", i, p, h),
        st.sampled_from(IDS),
        st.sampled_from(({}, {"isPermaLink": "false"}, {"isPermaLink": "true"}, {"isPermaLink": "yes"})),
        hows,
    ),
    _simple(("id",), st.sampled_from(IDS)),
)
WHEN = _simple(
    ("pubDate", "published", "updated", "dc:date", "dcterms:issued", "dcterms:modified", "created", "modified", "date", "issued"), dates
)
CATEGORIES = st.one_of(
    _simple(
        ("category", "dc:subject", "keywords", "media:category", "media:keywords", "itunes:keywords"),
        st.sampled_from((*TEXTS, "a, b,,c", "ai")),
    ),
    st.sampled_from(
        (
            '<category term="ai" scheme="s"/>',
            '<category term="ai" label="AI">text</category>',
            '<category domain="d">ai</category>',
            "<category/>",
            '<itunes:category text="Tech"/>',
            '<itunes:category text="Tech"><itunes:category text="AI"/></itunes:category>',
            '<media:keywords x="y">a,b</media:keywords>',
            '<category label="only"/>',
        )
    ),
)
AUTHORS = st.one_of(
    _simple(
        ("author", "dc:creator", "itunes:author", "managingEditor"),
        st.sampled_from(("Ann", "ann@h.example (Ann)", "", "Bob & Co", "a <b@c.example>")),
    ),
    st.sampled_from(
        (
            "<author><name>Ann</name></author>",
            "<author><name>Ann</name><email>ann@h.example</email></author>",
            "<author><email>e@h.example</email></author>",
            "<author><name>Ann</name><uri>https://ann.example/</uri></author><author><name>Bob</name></author>",
            "<author>text<name> Ann </name></author>",
            "<author><foo/><name>Ann</name></author>",
            "<contributor><name>Cy</name></contributor>",
            "<itunes:owner><itunes:name>O</itunes:name></itunes:owner>",
            "<author><name>a@b.example</name></author><author><name>Bob</name></author>",
            "<author/>",
            "<dc:contributor>D</dc:contributor>",
            "<author><uri>https://ann.example/</uri></author>",
        )
    ),
)


@dataclass(frozen=True)
class Zoo:
    """A feed to be: the parts before the entries, the entries, what follows them."""

    form: str
    root: str
    head: tuple[str, ...]
    entries: tuple[tuple[str, tuple[str, ...]], ...]
    tail: str = ""
    between: str = "\n"
    declaration: str = '<?xml version="1.0" encoding="UTF-8"?>\n'
    calm: bool = False

    def document(self) -> str:
        """The text of it."""
        name = "entry" if self.form == "atom" else "item"
        entries = self.between.join(f"<{name}{start}>{''.join(parts)}</{name}>" for start, parts in self.entries)
        head = "".join(self.head)
        if self.form == "atom":
            inside = f"<feed{self.root}>{head}{self.between}{entries}{self.tail}</feed>"
        elif self.form == "rdf":
            inside = f"<rdf:RDF{self.root}><channel>{head}</channel>{self.between}{entries}{self.tail}</rdf:RDF>"
        else:
            inside = f"<rss{self.root}><channel>{head}{self.between}{entries}{self.tail}</channel></rss>"
        return self.declaration + inside


calm_parts = st.one_of(
    _typed(TITLE_NAMES, PLAIN),
    _typed(SUMMARY_NAMES, PLAIN),
    _typed((*TITLE_NAMES, *SUMMARY_NAMES, *IDLE_NAMES), PLAIN),
    LINKS,
    IDENTIFIERS,
    WHEN,
    CATEGORIES,
    AUTHORS,
    st.sampled_from(HARMLESS),
)
wild_parts = st.one_of(calm_parts, st.sampled_from(HARMFUL), _typed((*TITLE_NAMES, *SUMMARY_NAMES, *IDLE_NAMES, "abstract"), ODD))
starts = st.sampled_from(("", "", "", "", ' rdf:about="https://h.example/about"', ' xml:lang="ja"', ' xml:base="https://b.example/"', " "))
calm_entries = st.tuples(starts, st.lists(calm_parts, max_size=8).map(tuple))
entries = st.one_of(calm_entries, calm_entries, st.tuples(starts, st.lists(wild_parts, max_size=6).map(tuple)))
calm_head = st.one_of(
    _typed(("title",), PLAIN),
    LINKS,
    LINKS,
    _typed(("description",), PLAIN),
    st.sampled_from(
        (
            "<language>en-us</language>",
            "<dc:language>fr</dc:language>",
            "<ttl>60</ttl>",
            "<sy:updatePeriod>hourly</sy:updatePeriod>",
            "<sy:updateFrequency>2</sy:updateFrequency>",
            "<image><url>https://h.example/i.png</url><title>Pic</title><link>/p</link></image>",
            "<textInput><title>T</title><name>q</name><link>/s</link></textInput>",
            "<id>https://h.example/feed</id>",
            "<id>urn:feed</id>",
            "<lastBuildDate>Thu, 30 Jan 2025 12:00:00 GMT</lastBuildDate>",
            "<author><name>A</name></author>",
            "<itunes:owner><itunes:name>N</itunes:name></itunes:owner>",
            "<skipHours><hour>1</hour><hour>2</hour></skipHours>",
            "<generator uri='x'>G</generator>",
            "<itunes:category text='News'><itunes:category text='AI'/></itunes:category>",
            "<cloud domain='d'/>",
            "<items><rdf:Seq><rdf:li rdf:resource='x'/></rdf:Seq></items>",
            "<own:x>y</own:x>",
            "<category>c</category>",
            "<webMaster>w@h.example</webMaster>",
        )
    ),
)
wild_head = st.one_of(
    _typed(TITLE_NAMES, ODD),
    _typed(SUMMARY_NAMES, ODD),
    st.sampled_from(
        (
            "<ttl a='b'>60</ttl>",
            "<image><foo/><title>Odd</title></image>",
            "<subtitle type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>S</div></subtitle>",
            "<content>odd</content>",
            "<enclosure url='e'/>",
            "<links/>",
            "<cc:license>l</cc:license>",
        )
    ),
)
head_parts = st.one_of(calm_head, calm_head, calm_head, calm_head, wild_head)
tails = st.sampled_from(
    (
        "",
        "",
        "",
        "",
        "\n",
        "<!-- end -->",
        "<link>https://late.example/</link>",
        "<title>Late</title>",
        "<image><title>x</title></image>",
        "<textInput><title>T</title></textInput>",
        "<ttl>30</ttl>",
        "<id>late</id>",
        "<language>late</language>",
        "<own:x/>",
    )
)
betweens = st.sampled_from(("\n", "", " ", "\n\n", "<!-- <item> -->", "stray text", "<?seen?>"))


@st.composite
def zoos(draw: st.DrawFn) -> Zoo:
    """Feeds in three forms, half of them with nothing strange in them."""
    form, calm = draw(st.sampled_from(("rss", "atom", "rdf"))), draw(st.booleans())
    namespaces = dict(NAMESPACES)
    if not calm and draw(st.integers(0, 3)) == 0:
        namespaces |= {k: ODD_NAMESPACES[k] for k in draw(st.lists(st.sampled_from(sorted(ODD_NAMESPACES)), max_size=2))}
    namespaces.setdefault("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#")
    roots = ROOT_FORMS[form]
    root = draw(st.sampled_from(roots[:2] if calm else roots)) + "".join(f' xmlns:{p}="{u}"' for p, u in namespaces.items())
    head = draw(st.lists(calm_head if calm else head_parts, max_size=5))
    inside = draw(st.lists(calm_entries if calm else entries, max_size=6))
    return Zoo(form, root, tuple(head), tuple(inside), "" if calm else draw(tails), "\n" if calm else draw(betweens), calm=calm)


@st.composite
def changed(draw: st.DrawFn, zoo: Zoo) -> Zoo:
    """The same feed at its next reading: entries come, go, change places, are edited or doubled; seldom its head changes."""
    now = list(zoo.entries)
    for _ in range(draw(st.integers(1, 3))):
        what = draw(st.sampled_from(("add", "add", "remove", "edit", "move", "double", "head", "tail", "again")))
        at = draw(st.integers(0, max(len(now) - 1, 0)))
        if what == "add":
            now.insert(0, draw(calm_entries if zoo.calm else entries))
        elif what == "head":
            zoo = replace(zoo, head=(*zoo.head, draw(calm_head if zoo.calm else head_parts)))
        elif what == "tail" and not zoo.calm:
            zoo = replace(zoo, tail=draw(tails))
        elif not now or what == "again":
            continue
        elif what == "remove":
            del now[at]
        elif what == "edit":
            now[at] = (now[at][0], (*now[at][1], draw(calm_parts if zoo.calm else wild_parts)))
        elif what == "move":
            now.append(now.pop(at))
        else:
            now.insert(0, now[at])
    return replace(zoo, entries=tuple(now))
