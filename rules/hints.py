"""Which countries and which kinds of deal a text speaks of: hints for stories. Pure, no I/O.

A hint is weaker than a recognised entity: "Athens signs" and "el Gobierno griego firma" name Greece, whoever signs there. Nothing
here decides what matches. The words for countries are those of the packs; here they are read more freely than where a body must be
told exactly: an ending may follow a long name.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from rules.fold import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rules.automaton import Phrase
    from rules.ruleset import RuleSet

# Kinds of deal by the beginnings of their words ("_" is a space or the end of a word; fewer than four letters are a whole word).
ACTS = {
    "memorandum": "mou mous memorand memorando protocole_d_ent protocolo_de_ent protocolo_de_int absichtserkl letter_of_int lettre_d_int "
    "carta_de_int intentieverkl avsiktsforkl list_intencyj мемуаранд меморанд μνημονι 覚書 了解覚書 谅解备忘录 備忘錄 备忘录 양해각서 "
    "업무협약 업무_협약 مذكره_تفاهم مذكره समझौता_ज्ञापन מזכר",
    "framework": "framework_agr framework_deal framework_con framework_cont accord_cadre rahmenver rahmenabk acuerdo_marco "
    "contrato_marco accordo_quadro acordo_quadro raamover raamcontr ramavtal rammeavt umow_ramow рамоч 枠組み協定 框架协议 기본협정 "
    "اتفاق_اطاري اتفاقيه_اطاريه",
    "opening": "inaugur opens_ opened_ opening eingeweih einweih eroffn otwart invigd invigning indvie avattiin открыт запущен εγκαινι "
    "開所 稼働 運用開始 启用 揭牌 개소 가동 افتتح افتتاح تدشين",
    "award": "award contract contrat contrato contratto vertrag auftrag bekommt_zuschlag zuschlag adjudic marche_public aggiudic "
    "opdracht upphandl tildel контракт тендер договор συμβασ 落札 受注 契約 中标 合同 수주 계약 عقد_ العقد अनुबंध ठेका חוזה gunt_",
    "pilot": "pilot_ pilote pilotproj pilotvers pilote_ piloto pilota proefproj proef_ пилот πιλοτ 実証 試行 試験導入 试点 試點 시범 "
    "실증 تجريب पायलट",
    "order": "orders_ commande bestell encarg encomend bestelt bestall заказ παραγγελ 発注 調達 采购 採購 발주 구매 طلبيه",
}
MOST_SHARED = {
    "US": 0.35, "GB": 0.1, "FR": 0.06, "DE": 0.05, "JP": 0.05, "KR": 0.05, "IN": 0.05, "CN": 0.05, "AE": 0.04, "CA": 0.04, "SA": 0.03,
}  # fmt: skip
SELDOM = 0.02  # the share of stories that speak of any other country, before the window has shown it
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # scripts that set no spaces
_KATAKANA_LETTER = "[\u3099-\u309a\u30a1-\u30ff]"
_KATAKANA = re.compile(f"{_KATAKANA_LETTER}+")

_KEY = 4  # letters of a word by which its beginnings are found
_LONG = 7  # letters of a name that keeps its meaning when the last one changes: Estonia, Estonian
_NOT = "not a country"
_SHORT = 3  # letters of a word that is something else in too many languages (Vietnamese "Mỹ"), unless its case is exact
_ELSEWHERE = frozenset({"servi", "chin", "island", "federal", "franci"})  # beginnings that speak of a country in one language only


class _Needle(NamedTuple):
    text: str  # what must stand in the folded text
    hint: str
    exact: re.Pattern[str] | None  # what must stand in the text as it is written


class Hints:
    """The words to look for, ready to be looked up."""

    def __init__(self, countries: Iterable[tuple[Phrase, str]] = (), longer: Iterable[Phrase] = ()) -> None:
        """`countries` are words with the codes they speak of, `longer` names that hold such a word and speak of no country."""
        self._needles: dict[str, list[_Needle]] = {}
        for act, stems in ACTS.items():
            for stem in stems.split():
                core = fold(stem.replace("_", " ")).decode().strip()
                self._add(core, act, whole=stem.endswith("_") or len(core) < _KEY)
        for phrase, country in countries:
            core, exact = phrase.core, re.compile(rf"(?<!\w){re.escape(_bare(phrase.text))}(?!\w)") if phrase.exact else None
            if exact is None and _misleads(core):
                continue
            free = not exact and " " not in core and len(core) >= _LONG
            self._add(core[:-1] if free and not phrase.prefix else core, country, whole=not (free or phrase.prefix), exact=exact)
        for phrase in longer:
            self._add(phrase.core, _NOT, whole=True)

    @classmethod
    def of(cls, ruleset: RuleSet) -> Hints:
        """Those of a rule set's table of countries."""
        table: Mapping[int, tuple[tuple[str, str], ...]] = ruleset.patterns.table.words
        words = [(ruleset.phrases[number], country) for number, found in table.items() for _, country in found]
        return cls(words, [ruleset.phrases[number] for number in ruleset.patterns.table.longer.numbers])

    def _add(self, core: str, hint: str, *, whole: bool, exact: re.Pattern[str] | None = None) -> None:
        if UNSPACED.match(core):
            if _KATAKANA.fullmatch(core):  # インド is no part of ディープマインド
                exact = re.compile(f"(?<!{_KATAKANA_LETTER}){_bare(core)}(?!{_KATAKANA_LETTER})")
            if len(core) > 1:  # a single ideograph is part of too many words
                self._needles.setdefault(core[:2], []).append(_Needle(core, hint, exact))
        elif core:
            text = f" {core} " if whole else f" {core}"
            self._needles.setdefault(core.split(maxsplit=1)[0][:_KEY], []).append(_Needle(text, hint, exact))

    def read(self, folded: str, words: Iterable[str], written: str) -> tuple[frozenset[str], frozenset[str]]:
        """Countries (two capital letters) and kinds of deal (keys of ACTS) in a text; `words` are those of `folded`."""
        found = [n for word in words for n in self._needles.get(word[:_KEY], ()) if n.text in folded]
        for name in [n.text for n in found if n.hint == _NOT]:
            folded = folded.replace(name, "  ")
        hints = {n.hint for n in found if n.text in folded and (n.exact is None or n.exact.search(_bare(written)))}
        return frozenset(h for h in hints if h.isupper()), frozenset(h for h in hints if h in ACTS)


def _misleads(core: str) -> bool:
    """Whether the word, or what its beginning would take in, is something else in other languages."""
    short = len(core) <= _SHORT and not UNSPACED.match(core)
    return short or core in _ELSEWHERE or (len(core) == _LONG and core[:-1] in _ELSEWHERE)


def _bare(written: str) -> str:
    """A text without its accents, case kept."""
    return written if written.isascii() else re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", written))
