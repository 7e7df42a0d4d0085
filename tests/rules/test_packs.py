"""The packs that ship: their own cases and traps, and the sentences that people expect of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from rules.cases import run
from rules.load import load_ruleset
from rules.matcher import Matcher
from rules.model import MatchResult
from rules.spec import SEVERITIES
from watcher import yamlfile
from watcher.model import Item

DEALS = yamlfile.parse((Path(__file__).parent.parent / "data" / "rules" / "deals.yaml").read_text(encoding="utf-8"), "deals.yaml").data


@cache
def packs() -> Matcher:
    """A matcher over the built-in packs alone."""
    return Matcher(load_ruleset())


def match(title: str, summary: str = "", lang: str = "") -> MatchResult:
    """What the packs make of an item."""
    return packs().match(Item(id="1", title=title, summary=summary, lang=lang))


def test_every_rule_passes_its_own_cases() -> None:
    """A built-in rule fires and stays quiet where its author said, and no trap of the packs catches anything."""
    report = run(packs())
    assert [(c.rule, c.text) for c in report.cases if not c.passed] == []
    assert [(t.text, t.missing, t.mistaken) for t in report.traps if not t.passed] == []


@pytest.mark.parametrize("vendor", ["OpenAI", "Meta", "Oracle", "Scale AI", "Hewlett Packard Enterprise", "NVIDIA", "Aleph Alpha"])
@pytest.mark.parametrize("body", ["NATO", "the National Science Foundation", "Idaho National Laboratory", "the Government of Japan"])
@pytest.mark.parametrize(
    "deed", ["signed a partnership with", "was awarded a contract by", "announced a collaboration with", "will deploy its models at"]
)
def test_plain_deals_ring(vendor: str, body: str, deed: str) -> None:
    """Any vendor, any public body, any plain deed: the topic is partnerships, and the severity normal at least."""
    matches = match(f"{vendor} {deed} {body} for programme Velomi").matches
    severities = [SEVERITIES.index(m.severity) for m in matches if "partnerships" in m.topics]
    assert max(severities, default=-1) >= SEVERITIES.index("normal")


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("en", "Los Alamos' Venado machine to run OpenAI's reasoning models"),
        ("fr", "Le supercalculateur Venado de Los Alamos accueille les modèles de raisonnement d'OpenAI"),
        ("de", "OpenAI-Modelle laufen künftig auf dem Supercomputer Venado in Los Alamos"),
        ("es", "OpenAI llega al superordenador Venado del Laboratorio Nacional de Los Álamos"),
        ("it", "OpenAI e Los Alamos: i modelli di ragionamento girano sul supercomputer Venado"),
        ("pt", "OpenAI vai rodar seus modelos no supercomputador Venado, de Los Alamos"),
        ("nl", "OpenAI brengt redeneermodellen naar supercomputer Venado van Los Alamos"),
        ("pl", "Modele OpenAI trafią na superkomputer Venado w Los Alamos"),
        ("sv", "OpenAI:s modeller ska köras på superdatorn Venado i Los Alamos"),
        ("ja", "OpenAI、ロスアラモス国立研究所のスパコン「Venado」に推論モデルを導入へ"),
        ("ko", "로스앨러모스 국립연구소 슈퍼컴퓨터 '베나도'에 오픈AI 추론 모델 올린다"),
        ("zh", "OpenAI推理模型将在洛斯阿拉莫斯国家实验室超级计算机Venado上运行"),
        ("ar", "نماذج OpenAI تعمل على الحاسوب العملاق في مختبر لوس ألاموس الوطني"),
        ("tr", "OpenAI modelleri Los Alamos'taki Venado süper bilgisayarında çalışacak"),
        ("vi", "Mô hình OpenAI sẽ chạy trên siêu máy tính Venado của Phòng thí nghiệm Los Alamos"),
        ("uk", "Моделі OpenAI запрацюють на суперкомп'ютері Venado в Лос-Аламосі"),
    ],
)
def test_the_seed_event_rings_high_in_every_language(lang: str, title: str) -> None:
    """OpenAI's models on Los Alamos' Venado: high, whatever the language and whether or not it is declared."""
    for declared in (lang, ""):
        assert "high" in [m.severity for m in match(title, lang=declared).matches if "partnerships" in m.topics]


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("en", "Los Alamos hikers spot a deer"),
        ("en", "Pentagon ends contract with Anthropic, blacklists Claude"),
        ("en", "Opinion: The Department of Energy should not partner with OpenAI"),
        ("en", "Oak Ridge National Laboratory scientists simulate turbulence on Frontier"),
        ("en", "NASA is hiring a machine learning engineer with experience of Gemini and Copilot"),
        ("en", "Anthropic and Deloitte sign alliance for 470,000 employees"),
        ("fr", "La CNIL inflige une amende à Google"),
        ("de", "Umfrage: Jeder dritte Beamte nutzt ChatGPT heimlich"),
        ("es", "El Gobierno de España prohíbe DeepSeek en móviles oficiales"),
        ("it", "Il Garante blocca ChatGPT"),
        ("pt", "ANPD suspende treino de IA da Meta"),
        ("ja", "日本政府、DeepSeekの利用を禁止"),
        ("ko", "정부, 딥시크 접속 차단"),
        ("zh", "欧盟对Meta展开反垄断调查"),
        ("id", "Pemerintah blokir Grok sementara"),
    ],
)
def test_other_stories_are_no_partnerships(lang: str, title: str) -> None:
    """Bans, fines, opinion, surveys, vacancies and private deals do not ring as partnerships."""
    assert not [m.rule for m in match(title, lang=lang).matches if "partnerships" in m.topics]



def test_the_packs_cover_the_world() -> None:
    """Issue 4 asks for 900 entities, public bodies of 60 countries, 120 supercomputers."""
    entities = [e for e in packs().ruleset.entities.values() if not (e.is_made or e.is_role or e.is_open)]
    assert len(entities) >= 1500
    assert len({e.country for e in entities if e.type == "gov_body"}) >= 80
    assert sum(e.type == "supercomputer" for e in entities) >= 150
    assert len({alias.lang for e in entities for alias in e.aliases if alias.lang}) >= 12


@pytest.mark.parametrize("lang", sorted(DEALS))
def test_plain_headlines_are_told_apart_in_every_language(lang: str) -> None:
    """Purchases, choices, letters of intent and roll-outs ring in each language; denials, talks, bans, fines and vacancies do not."""
    wrong = [
        title
        for said, titles in DEALS[lang].items()
        for title in titles
        if any("partnerships" in m.topics for m in match(title, lang=lang).matches) is not (said == "fires")
    ]
    assert wrong == []
