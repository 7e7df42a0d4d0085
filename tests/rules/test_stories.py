"""Promises of rules.stories: one event, one story; another event, another story."""

from __future__ import annotations

import random
import string
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.model import EntityHit, MatchResult
from rules.stories import StoryIndex
from tests.rules.stories_world import START, at, b_cubed, known_entities, labelled_items, read
from watcher.model import Facts, Item

KNOWN = known_entities()
AI = ["OpenAI", "Anthropic", "Mistral AI", "Palantir", "Cohere", "Scale AI"]
PUBLIC = ["Los Alamos", "Argonne", "Oak Ridge", "NATO", "Estonia", "Luxembourg", "Abu Dhabi"]


def assign(index: StoryIndex, item: Item) -> str:
    """The story of an item whose entities are found in the test world."""
    return index.assign(item, read(item, KNOWN))


def stories_of(*items: Item) -> list[str]:
    """The stories of items that arrive in this order."""
    index = StoryIndex(kin=KNOWN)
    return [assign(index, item) for item in items]


def form_letter(n: int, ai: str, public: str, *, money: bool = True) -> Item:
    """One of many deals told in the same words."""
    r = random.Random(n)
    code = "".join(r.choice("BDFGKLMNPRTVZ") + r.choice("aeiou") for _ in range(4)).title()
    price = f" is worth ${r.randint(2, 900)} million and" if money else ""
    summary = f"{ai} signed a partnership with {public}. Programme {code}{price} runs {r.randint(2, 9)} years in {code}ville."
    return at(n / 60, f"{ai} signed a partnership with {public} for programme {code}", summary, id=str(n))


@pytest.mark.parametrize("seed", range(4))
def test_events_of_a_week_are_told_apart_and_joined_across_languages(seed: int) -> None:
    """Over 25 events in 15 languages that share parties, prices and places, in any order: B-cubed stays above 0.95 both ways."""
    items = labelled_items()
    if seed:
        random.Random(seed).shuffle(items)
    precision, recall = b_cubed(stories_of(*(item for item, _ in items)), [event for _, event in items])
    assert precision >= 0.95
    assert recall >= 0.95


@pytest.mark.parametrize("money", [True, False])
def test_one_form_of_words_about_forty_deals_makes_forty_stories(money: bool) -> None:
    """Press releases from one template, minutes apart, whose parties overlap: each deal is its own story."""
    items = [form_letter(n, AI[n % len(AI)], PUBLIC[n // len(AI) % len(PUBLIC)], money=money) for n in range(40)]
    assert len(set(stories_of(*items))) == 40


def test_same_parties_and_other_programmes_are_other_stories() -> None:
    """The same two parties sign about four programmes: four stories, though the wording is one."""
    assert len(set(stories_of(*(form_letter(n, "OpenAI", "Los Alamos", money=False) for n in range(4))))) == 4


def test_a_second_price_is_a_second_contract() -> None:
    """Everything alike but the sum in the same currency: another contract."""
    first = at(1, "Palantir wins NATO contract", "The deal for the Maven system is worth $30 million.")
    second = at(9, "Palantir wins another NATO deal", "The contract for the Maven system is worth $95 million.")
    assert len(set(stories_of(first, second))) == 2


def test_one_price_in_two_currencies_is_no_contradiction() -> None:
    """A European paper converts the sum; the event is the same."""
    first = at(1, "OpenAI and Los Alamos sign deal for Venado", "It is worth $200 million.")
    second = at(3, "OpenAI et Los Alamos s'accordent sur Venado", "Le contrat vaut 184 millions d'euros.", lang="fr")
    assert len(set(stories_of(first, second))) == 1


def test_awards_are_told_apart_by_their_numbers() -> None:
    """Two notices in the same words with other award numbers are two awards; the same number again is the same one."""
    def notice(hours: float, award: str) -> Item:
        facts = Facts(award_id=award, amount=1e6, currency="USD")
        return at(hours, "Award of artificial intelligence services", "Palantir, NATO agency.", facts=facts, id=f"{award}-{hours}")

    assert stories_of(notice(1, "W52-1"), notice(2, "W52-2"), notice(3, "W52-1")) == ["s1", "s2", "s1"]


def test_the_same_page_joins_whatever_the_tracking() -> None:
    """One article under two feeds' addresses is one story, and says so."""
    index = StoryIndex()
    one = at(1, "A headline", url="https://www.example.org/news/1?utm_source=rss")
    other = at(2, "Another headline altogether", url="http://example.org/news/1/#top")
    index.add("s1", one, ())
    join = index.find(other, ())
    assert join is not None
    assert (join.story, join.how, join.similarity) == ("s1", "same link", 1.0)


def test_a_front_page_is_no_article() -> None:
    """Items that all link to the home page are not one story for that."""
    items = [at(n, f"{ai} news", url="https://example.org/") for n, ai in enumerate(AI)]
    assert len(set(stories_of(*items))) == len(AI)


def test_the_same_title_joins_within_the_window_only() -> None:
    """A headline that returns a month later is news again."""
    title = "Los Alamos picks OpenAI for its Venado machine"
    assert stories_of(at(1, title, id="a"), at(50, title, id="b"), at(800, title, id="c")) == ["s1", "s1", "s2"]


def test_a_story_stays_open_while_items_keep_coming() -> None:
    """Each item of a running story prolongs it, but not for ever."""
    title = "Los Alamos picks OpenAI for its Venado machine"
    items = [at(n * 80, title, id=str(n)) for n in range(8)]
    got = stories_of(*items)
    assert got[:4] == ["s1"] * 4
    assert got[-1] != "s1"


def test_short_titles_do_not_join() -> None:
    """“Press release” is the title of many things."""
    assert len(set(stories_of(at(1, "Press release", "Tea"), at(2, "Press release", "Coffee")))) == 2


def test_a_model_stands_for_its_maker() -> None:
    """One outlet names the model, the other the company."""
    first = at(1, "Anthropic signs up Livermore", "All 10,000 staff get the assistant.")
    second = at(2, "Livermore adopte Claude", "10 000 employés auront accès à l'assistant.", lang="fr")
    assert len(set(stories_of(first, second))) == 1


def test_sister_laboratories_are_not_one_party() -> None:
    """Two laboratories of one department, one vendor: two stories, though both name the department."""
    first = at(1, "OpenAI to work with Argonne", "The Department of Energy welcomed it.")
    second = at(2, "OpenAI to work with Oak Ridge", "The Department of Energy welcomed it.")
    assert len(set(stories_of(first, second))) == 2


def test_how_is_said_in_words() -> None:
    """An analyst reads what was shared."""
    index = StoryIndex(kin=KNOWN)
    first = at(1, "OpenAI awarded $200 million Pentagon contract")
    index.add("7", first, read(first, KNOWN).entities)
    second = at(2, "El Pentágono da 200 millones de dólares a OpenAI", lang="es")
    join = index.find(second, read(second, KNOWN).entities)
    assert join is not None
    assert join.how == "2 parties, 1 sum"
    assert 0.5 <= join.similarity <= 1


def test_forgetting_leaves_nothing_behind() -> None:
    """What nobody joined for a window is gone, keys and counts included."""
    index = StoryIndex(kin=KNOWN)
    for item, _ in labelled_items():
        assign(index, item)
    assert len(index) > 20
    index.forget(START + timedelta(days=30))
    assert len(index) == 0
    item = labelled_items()[0][0]
    assert index.find(item, read(item, KNOWN).entities) is None


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=24), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_order_of_arrival_does_not_change_what_copies_belong_together(picks: list[tuple[int, int]], r: random.Random) -> None:
    """Exact copies of some stories, in any order: the same items share a story."""
    def copy(n: int, story: int) -> Item:
        word = "".join(random.Random(story).choices(string.ascii_lowercase, k=9))
        return at(n / 10, f"{AI[story]} signs {word} accord with {PUBLIC[story]}", f"About {word} only.", id=str(n))

    items = [(copy(n, story), story) for n, (story, _) in enumerate(picks)]
    r.shuffle(items)
    got = stories_of(*(item for item, _ in items))
    assert b_cubed(got, [str(story) for _, story in items]) == (1.0, 1.0)


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=80), st.sampled_from(["", "en", "ja", "de", "x-?"]))
@settings(max_examples=60, deadline=None)
def test_any_text_finds_a_story(title: str, summary: str, url: str, lang: str) -> None:
    """Whatever a feed says, an item and its copy are one story, and forgetting works after it."""
    index = StoryIndex()
    entities = (EntityHit("openai", "OpenAI", "ai_org", (("title", 0, 6),)), EntityHit("lanl", "Los Alamos", "national_lab", ()))
    items = [Item(id=i, title=title, summary=summary, url=url, lang=lang, published=START) for i in "ab"]
    assert [index.assign(item, MatchResult(entities, ())) for item in items] == ["s1", "s1"]
    index.forget(START + timedelta(days=9))
    assert len(index) == 0
