"""Which words on a page are an article's title, and which only say that there is more to read. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

from lxml.html import HtmlElement

from watcher.identity import normal_title
from watcher.sources.dates import day_in_text
from watcher.sources.entry import TITLE_LIMIT
from watcher.text import one_line, visible_in

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_TITLED = re.compile(r"(?i)(^|[-_ ])(title|headline|heading|titre|titel)([-_ ]|$)|(title|headline)\b")
_MORE_WORDS = """
    read more|more|learn more|continue reading|details|view|view more|see more|full story|read the article|read article|read full story|
    download|pdf|read now|find out more|link|here|open|external link|lire la suite|en savoir plus|lire l'article|lire|plus|mehr|weiterlesen|
    mehr erfahren|mehr lesen|weiter|leer más|más|saber más|seguir leyendo|leggi|leggi tutto|scopri di più|ler mais|saiba mais|lees meer|
    läs mer|les mer|læs mere|czytaj więcej|więcej|подробнее|читать далее|続きを読む|もっと見る|詳しくはこちら|詳細|詳しく見る|詳細を見る|
    더보기|자세히 보기|자세히|更多|阅读更多|查看详情|閱讀更多|اقرأ المزيد|المزيد|للمزيد|devamını oku|devamı"""
_MORE = frozenset(normal_title(words) for words in _MORE_WORDS.split("|"))
_MORE_ABOUT = re.compile(
    r"(?i)^(read|learn|find out|see) more (about|on)[: ]+|^(continue reading|lire la suite( de)?|weiterlesen|mehr zu)[: ]+"
)


def title_near(links: Sequence[HtmlElement], block: HtmlElement) -> str:
    """The heading that holds a link or stands in one, else the link's own words, else the heading or the title near it."""
    for link in links:
        heading = next(link.iterancestors(*_HEADINGS), None)
        if heading is None or not _within(heading, block):
            heading = next(link.iter(*_HEADINGS), None)
        text = line_of(heading)
        if text and not is_more(text):
            return text
    best = max((_words(link) for link in links), key=len, default="")
    if _is_headline(best):
        return best
    near = next((t for h in block.iter(*_HEADINGS) if (t := line_of(h)) and not is_more(t)), "")
    near = near or next((t for e in block.iter() if _TITLED.search(str(e.get("class") or "")) and _is_headline(t := line_of(e))), "")
    return near or best


def title_unseen(links: Sequence[HtmlElement]) -> str:
    """What the links say to those who do not see the page."""
    for link in links:
        pictures = [str(i.get("alt") or "") for i in link.iter("img")]
        for text in (str(link.get("aria-label") or ""), str(link.get("title") or ""), *pictures):
            title = _MORE_ABOUT.sub("", one_line(text, TITLE_LIMIT))
            if _is_headline(title):
                return title
    return ""


def _words(link: HtmlElement) -> str:
    """A link's words; of a card that is one link around everything, the line that reads like its title."""
    titled = next((t for e in link.iter() if _TITLED.search(str(e.get("class") or "")) and _is_headline(t := line_of(e))), "")
    if titled:
        return titled
    lines = [line for line in visible_in(link, 4_000).split("\n") if not is_more(line)]
    if len(lines) < 2:
        return one_line(lines[0], TITLE_LIMIT) if lines else ""
    return one_line(next((line for line in lines if _is_headline(line) and not is_day(line)), lines[0]), TITLE_LIMIT)


def line_of(element: HtmlElement | None, most: int = TITLE_LIMIT) -> str:
    """An element's visible text on one line, cut at `most` characters."""
    return one_line(visible_in(element, most), most) if element is not None else ""


def is_more(text: str) -> bool:
    """Whether a link's words say only that there is more."""
    words = normal_title(text)
    return not words or words in _MORE


def _is_headline(text: str) -> bool:
    words = normal_title(text)
    return words not in _MORE and (len(words) >= 20 or words.count(" ") >= 3 or (not words.isascii() and len(words) >= 8))


def is_day(text: str) -> bool:
    """Whether a text is a day and hardly anything else."""
    return len(text) <= 60 and day_in_text(text) is not None and len(normal_title(text).split()) <= 6


def _within(element: HtmlElement, block: HtmlElement) -> bool:
    return element is block or any(a is block for a in element.iterancestors())


def title_in_address(url: str) -> str:
    """The words in an address, for want of a title: `/news/openai-signs-with-lanl.html` → `Openai signs with lanl`."""
    pieces = [p for p in unquote(re.split(r"[?#]", url, maxsplit=1)[0]).split("/")[3:] if p]
    words = [re.sub(r"[\W_]+", " ", re.sub(r"\.(html?|php|aspx?|pdf)$", "", p, flags=re.IGNORECASE)).strip() for p in pieces]
    named = [w for w in words if sum(c.isalpha() for c in w) > 3]
    text = one_line(named[-1] if named else " ".join(words) or url, TITLE_LIMIT)
    return text[:1].upper() + text[1:]
