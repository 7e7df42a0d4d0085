"""Promises of notifier.bot.vocabulary: people name things in their own words, and slips are met with what was meant."""

from __future__ import annotations

import pytest

from notifier.bot.grammar import Piece
from notifier.bot.vocabulary import Vocabulary, following_words
from notifier.wishes import Follow, Of
from rules.live import Folders, LiveRules

ENTITIES = """
entities:
  - {id: openai, name: OpenAI, type: ai_org, country: US, aliases: [OpenAI*, ChatGPT maker]}
  - {id: lanl, name: Los Alamos National Laboratory, type: national_lab, country: US, aliases: [LANL, Los Alamos]}
  - {id: brookhaven, name: Brookhaven, type: national_lab, country: US, aliases: [BNL]}
  - {id: berkeley, name: Berkeley Lab, type: national_lab, country: US, aliases: [BNL]}
  - {id: mistral-ai, name: Mistral AI, type: ai_org, country: FR, aliases: [{text: Mistral, needs: [AI]}]}
  - {id: wind, name: Mistral Wind, type: program, country: DE, aliases: [Mistral]}
"""
RULES = """
rules:
  - id: ai-lab
    title: AI and a laboratory
    topics: [labs]
    severity: high
    when: {all: [{entity: {id: openai}}, {entity: {id: lanl}}]}
    cases: [{fires: OpenAI and LANL}, {quiet: OpenAI}]
"""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> LiveRules:
    """Small rules of our own."""
    home = tmp_path_factory.mktemp("words")
    for name, text in (("rules", RULES), ("entities", ENTITIES)):
        (home / name).mkdir()
        (home / name / "own.yaml").write_text(text, encoding="utf-8")
    return LiveRules(Folders(home / "rules", home / "entities", builtin_rules=False, builtin_entities=False))


@pytest.fixture(scope="module")
def words(live: LiveRules) -> Vocabulary:
    """What can be named under them."""
    return following_words(live)()


@pytest.mark.parametrize(
    ("text", "of", "what"),
    [
        ("labs", Of.TOPIC, "labs"), ("#Labs", Of.TOPIC, "labs"), ("ai-lab", Of.RULE, "ai-lab"), ("openai", Of.ENTITY, "openai"),
        ("los  álamos", Of.ENTITY, "lanl"), ("lanl", Of.ENTITY, "lanl"), ("chatgpt MAKER", Of.ENTITY, "openai"),
        ("Frankreich", Of.COUNTRY, "FR"), ("FR", Of.COUNTRY, "FR"), ("États-Unis", Of.COUNTRY, "US"), ("USA", Of.COUNTRY, "US"),
        ("Allemagne", Of.COUNTRY, "DE"), ("Mistral", Of.ENTITY, "wind"), ("mistral ai", Of.ENTITY, "mistral-ai"),
        ("entity:openai", Of.ENTITY, "openai"), ("country: FR", Of.COUNTRY, "FR"), ("words:deal", Of.WORDS, "deal"),
    ],
)  # fmt: skip
def test_names(words: Vocabulary, text: str, of: Of, what: str) -> None:
    """By id, by name, by any alias, in any case, without accents, in any of our languages; a sure alias before one that needs context."""
    assert [n.follow for n in words.find(Piece(text))] == [Follow(of, what)]


def test_a_name_that_several_bear(words: Vocabulary) -> None:
    """All of them are offered."""
    assert [n.follow.what for n in words.find(Piece("BNL"))] == ["brookhaven", "berkeley"]


def test_quoted_words_are_words(words: Vocabulary) -> None:
    """What stands in quotes is no name, whatever it spells."""
    assert words.find(Piece("OpenAI", quoted=True))[0].follow == Follow(Of.WORDS, "OpenAI")


def test_words_one_by_one(words: Vocabulary) -> None:
    """What is not known whole is taken word by word, where each is known."""
    assert words.find_all(Piece("labs openai")) == [Piece("labs"), Piece("openai")]
    assert words.find_all(Piece("Los Alamos")) == [Piece("Los Alamos")]
    assert words.find_all(Piece("labs nonsense")) == [Piece("labs nonsense")]


@pytest.mark.parametrize(("text", "name"), [("OpenIA", "OpenAI"), ("ai-lob", "ai-lab"), ("lobs", "labs"), ("Brokhaven", "Brookhaven")])
def test_near_misses(words: Vocabulary, text: str, name: str) -> None:
    """A slip finds what was meant first."""
    assert words.find(Piece(text)) == []
    assert words.near(Piece(text))[0].name == name


def test_keys_lead_back(words: Vocabulary) -> None:
    """What stands for a thing in a button finds it again; topics that only stories carry too."""
    for text in ("labs", "ai-lab", "OpenAI", "France"):
        (found,) = words.find(Piece(text))
        assert words.by_key(found.key) == found
    (old,) = words.find(Piece("history"), ["history"])
    assert words.by_key(old.key, ["history"]) == old
    assert words.by_key("00000000") is None


def test_names_in_other_languages(words: Vocabulary) -> None:
    """A country is called in the reader's language."""
    assert words.name(Follow(Of.COUNTRY, "DE"), "fr") == "Allemagne"
    assert words.name(Follow(Of.ENTITY, "gone"), "fr") == "gone"


def test_words_are_made_anew_only_when_rules_change(live: LiveRules) -> None:
    """The same rules give the same words; other rules give others."""
    now = following_words(live)
    first = now()
    assert now() is first
    old, live.matcher = live.matcher, live._folders.load()
    assert now() is not first
    live.matcher = old


def test_without_rules_topics_of_stories_are_known() -> None:
    """A bot whose rules are elsewhere still knows the topics that it has seen."""
    words = Vocabulary()
    assert [n.name for n in words.find(Piece("labs"), ["labs"])] == ["labs"]
    assert words.find(Piece("OpenAI")) == []
    assert [n.name for n in words.near(Piece("lab"), ["labs"])] == ["labs"]
