"""Open patterns and roles: names that no list holds, and the bodies that every country has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import runs
from rules.files import Text
from rules.load import build
from rules.matcher import Matcher
from watcher.errors import OperatorError
from watcher.model import Item

PACK = """
lists:
  name-links-en: [of, the, and, for]
  name-links-fr: [de, la, et, l]
  name-stops: [the, signs, fach]
  name-articles: [the]
  name-joints: [and, et]
  not-countries: [New Britain]
countries:
  - {id: fr, name: France, adjectives: [French, "français*"], capitals: [Paris], home: fr}
  - {id: gb, name: the United Kingdom, names: [United Kingdom, Britain], adjectives: [British]}
  - {id: de, name: Germany, adjectives: [German, "deutsch*"], capitals: [Berlin], home: de}
entities:
  - {id: openai, name: OpenAI, type: ai_org}
  - {id: elysee, name: Government of France, type: gov_body, country: FR, role: government}
  - id: government
    name: Government of {country}
    type: gov_body
    patterns:
      - "{adjective} government"
      - {text: "governments of {country}", several: true}
      - "gouvernement {adjective}"
      - {text: "{country}", needs: [{next: [signs]}]}
  - id: defence
    name: "Ministry of Defence ({country})"
    type: gov_body
    lone: true
    patterns: [defence ministry, Verteidigungsministerium]
  - {id: army, name: "{adjective} Army", type: gov_body, patterns: ["{adjective} army"]}
  - id: ministry
    name: Ministry
    type: gov_body
    patterns:
      - "Ministry of {name}"
      - {text: "ministère de la {name}", lang: fr}
      - "{name} County Council"
      - "{name}ministerium"
      - "{name}시청"
      - "{name}市政府"
      - "وزارة {name}"
  - {id: council, name: Council, type: gov_body, unnamed: true, aliases: [county council]}
rules:
  - id: french-body
    when: {all: [{entity: {type: gov_body, country: FR}}]}
    cases: [{fires: x}, {quiet: y}]
  - id: any-body
    when: {all: [{entity: gov_body}]}
    cases: [{fires: x}, {quiet: y}]
"""
MATCHER = Matcher(build([Text("pack.yaml", PACK)]))


def names(text: str, lang: str = "") -> dict[str, str]:
    """Entity id → its name, for all that a text names."""
    return {e.id: e.name for e in MATCHER.match(Item(id="1", title=text, lang=lang)).entities}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The Ministry of Tourism signs a deal", "Ministry of Tourism"),
        ("Ministry of Economy, Trade and Industry, OpenAI", "Ministry of Economy, Trade and Industry"),
        ("Ministry of Health and OpenAI sign", "Ministry of Health"),
        ("The Kent County Council", "Kent County Council"),
        ("Das Innovationsministerium prüft", "Innovationsministerium"),
        ("Le ministère de la Culture et de la Mer", "ministère de la Culture et de la Mer"),
        ("수원시청은 오늘", "수원시청"),
        ("今天，深圳市政府宣布", "深圳市政府"),
        ("وزارة الاتصالات وتقنية المعلومات توقع", "وزارة الاتصالات وتقنية المعلومات"),
    ],
)
def test_an_open_name_reaches_as_far_as_the_name_does(text: str, name: str) -> None:
    """It is called what the text calls it, and ends where the name ends or a known name begins."""
    assert name in names(text).values()


@pytest.mark.parametrize("text", ["a ministry of silly walks", "the county council", "Das Fachministerium prüft", "Ministry of"])
def test_no_name_is_made_of_common_words(text: str) -> None:
    """Without a name beside its words a pattern reads nothing."""
    assert names(text) == {}


def test_two_open_names_are_two_entities() -> None:
    """Stories can tell them apart: each has an id of its own, made of the name."""
    assert names("Ministry of Tourism, Ministry of Fisheries") == {
        "ministry.ministry-of-tourism": "Ministry of Tourism", "ministry.ministry-of-fisheries": "Ministry of Fisheries",
    }


@pytest.mark.parametrize(
    ("text", "lang", "found"),
    [
        ("the British government", "", {"government.gb": "Government of the United Kingdom"}),
        ("le gouvernement français", "", {"elysee": "Government of France"}),
        ("British, French and German government", "", {"government.gb", "elysee", "government.de"}),
        ("governments of the United Kingdom and France", "", {"government.gb", "elysee"}),
        ("Germany signs", "", {"government.de"}),
        ("Germany in autumn", "", set()),
        ("New Britain signs", "", set()),
        ("the British army", "", {"army.gb": "British Army"}),
        ("the defence ministry in Paris", "", {"defence.fr": "Ministry of Defence (France)"}),
        ("Das Verteidigungsministerium", "de", {"defence.de"}),
        ("the defence ministry", "en", {"defence": "Ministry of Defence"}),
    ],
)
def test_a_role_belongs_to_the_country_that_the_text_speaks_of(text: str, lang: str, found: dict[str, str] | set[str]) -> None:
    """By a slot, by the nearest word for a country, or by the home of the language; a written entity plays it where there is one."""
    got = names(text, lang)
    assert (got if isinstance(found, dict) else set(got)) == found


def test_rules_count_open_names_roles_and_bodies_without_a_name() -> None:
    """By type and by country; a body that is not named is counted, and shown to nobody."""
    def fired(text: str) -> set[str]:
        return {m.rule for m in MATCHER.match(Item(id="1", title=text)).matches}

    assert fired("the French army") == {"french-body", "any-body"}
    assert fired("the British army") == fired("Ministry of Tourism") == fired("the county council") == {"any-body"}


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("'{nam} Council'", "has a slot that is not known"),
        ("'{name} of {name}'", "has more than one slot"),
        ("'{name}'", "would take every name"),
        ("'{country} Council'", "its entity plays no role"),
    ],
)
def test_a_pattern_that_cannot_be_read_is_a_mistake(pattern: str, problem: str) -> None:
    """The place and what to write are told."""
    with pytest.raises(OperatorError, match=problem):
        build([Text("f.yaml", f"entities:\n  - {{id: x, name: X, type: gov_body, patterns: [{pattern}]}}\n")])


@pytest.mark.parametrize("text", ["وزارة", "أبرمت OpenAI عقدا مع وزارة", "Η υπουργός", "市政府"])
def test_words_that_announce_a_name_may_end_the_text(text: str) -> None:
    """No name follows the last word of a text, whatever the script, and nothing breaks."""
    texts = [Text("f.yaml", PACK), Text("g.yaml", 'entities:\n  - {id: g, name: G, type: gov_body, patterns: ["υπουργός {name}"]}\n')]
    item = Item(id="1", title=text)
    assert not {e.id for e in Matcher(build(texts)).match(item).entities} & {"ministry", "g"}


@given(st.text(max_size=200), st.integers(0, 200))
def test_a_run_stays_inside_its_text(text: str, at: int) -> None:
    """Whatever the text, a name is found beside the place that was asked about, within the bound."""
    at = min(at, len(text))
    end, start = runs.after(text, at, {"of"}, {"the"}), runs.before(text, at, {"of"}, {"the"})
    assert end is None or at < end <= min(len(text), at + runs.MAX_CHARACTERS)
    assert start is None or max(0, at - runs.MAX_CHARACTERS) <= start < at


MORE = """
lists:
  name-joints: [and, und]
  name-endings-pl: [em]
  name-endings-de: [s]
countries: [{id: ca, name: Canada}, {id: jp, name: Japan}, {id: de, name: Germany, home: de}]
entities:
  - {id: palantir, name: Palantir, type: ai_org}
  - {id: deepseek, name: DeepSeek, type: ai_org}
  - {id: r1, name: DeepSeek-R1, type: ai_model, parent: deepseek}
  - {id: maker, name: "Maker of {model}", type: ai_org, patterns: ["maker of {model}", "{model} Entwickler"]}
  - id: government
    name: "Government of {country}"
    type: gov_body
    patterns:
      - {text: "{country}", needs: [{next: [{type: ai_org}]}, {prev: [{type: ai_org}]}]}
      - {text: Regierung, lang: de, home: true}
"""
READER = Matcher(build([Text("more.yaml", MORE)]))


@pytest.mark.parametrize(
    ("text", "lang", "found"),
    [
        ("List z Palantirem", "pl", {"palantir"}),
        ("Palantirs Software", "de", {"palantir"}),
        ("Palantirem", "de", set()),
        ("Palantirism", "pl", set()),
        ("the maker of DeepSeek-R1", "en", {"deepseek", "r1"}),
        ("DeepSeek-R1 Entwickler", "de", {"deepseek", "r1"}),
        ("DeepSeek-R1", "en", {"deepseek", "r1"}),
        ("Canada and Palantir agree", "en", {"government.ca", "palantir"}),
        ("Japan, Palantir agree", "en", {"government.jp", "palantir"}),
        ("A tour of Japan, Palantir says", "en", {"palantir"}),
        ("Die Regierung lobt Canada", "de", {"government.de"}),
    ],
)
def test_names_take_endings_models_name_makers_and_countries_act_beside_companies(text: str, lang: str, found: set[str]) -> None:
    """Endings are those of the item's language; a country beside a company acts; a role may always be at home."""
    assert {e.id for e in READER.match(Item(id="1", title=text, lang=lang)).entities} == found
