"""A guess at the language of a text."""

from __future__ import annotations

import pytest

from rules.fold import fold
from rules.language import base, guess


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The company will work with the Department of Energy on its new system", "en"),
        ("Le laboratoire s'associe à l'entreprise pour des modèles dans le cadre de la recherche", "fr"),
        ("Das Ministerium und die Firma haben eine Vereinbarung mit dem Land unterzeichnet", "de"),
        ("El ministerio firma un acuerdo con la empresa para el uso de los modelos", "es"),
        ("Il ministero e la società hanno firmato un accordo per il calcolo nel paese", "it"),
        ("O ministério e a empresa assinam um acordo para o uso dos modelos no país", "pt"),
        ("Het ministerie en het bedrijf tekenen een overeenkomst voor het gebruik van de modellen", "nl"),
        ("Ministerstwo i firma podpisały umowę na wykorzystanie modeli w administracji oraz nauce", "pl"),
        ("文部科学省とNVIDIA、連携協定を締結", "ja"),
        ("科技部与英伟达签署合作协议", "zh"),
        ("과기정통부, 오픈AI와 업무협약 체결", "ko"),
        ("கல்வி அமைச்சகம் OpenAI உடன் ஒப்பந்தம்", "ta"),
        ("ბათუმის მერია ChatGPT-ს იყენებს", "ka"),
        ("Serikali ya Kenya na kampuni ya OpenAI zimetia saini mkataba wa huduma kwa shule za umma", "sw"),
        ("Samningur um notkun á gervigreind hefur verið gerður við ráðuneytið til þriggja ára", "is"),
        ("กระทรวงดิจิทัลร่วมมือกับ OpenAI", "th"),
    ],
)
def test_the_language_is_among_the_plausible(text: str, language: str) -> None:
    """Ordinary sentences of a language are taken to be possibly in it, and never in everything."""
    plausible = guess(fold(text).decode())
    assert language in plausible
    assert len(plausible) <= 5


def test_a_few_names_prove_nothing() -> None:
    """Where nothing tells the language, every language stays possible."""
    assert guess(fold("OpenAI Los Alamos Venado").decode()) == frozenset()


def test_tags_are_reduced_to_the_language() -> None:
    """Regions, scripts and old codes are the same language."""
    assert [base(t) for t in ("fr-FR", "zh_Hant", "nb", "iw", "")] == ["fr", "zh", "no", "he", ""]
