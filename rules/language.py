"""Which languages a text may be in, from its script and its commonest small words. Pure; a guess that may be several.

A declared language is trusted. The guess is used where none is declared, to keep words of one language from counting in another
("firma" signs in Spanish and is a company in German). An empty answer means "cannot tell", and then words of every language count.
"""

from __future__ import annotations

import re
from bisect import bisect_right

_SAME = {"iw": "he", "in": "id", "nb": "no", "nn": "no", "jp": "ja", "kr": "ko", "cn": "zh", "ua": "uk", "gr": "el", "fil": "tl"}
_MIN_WORDS = 3  # fewer different small words than this prove nothing: a wrong guess loses alerts, none at all loses little
_NEAR = 0.5  # of the best count: languages so close stay plausible

_SMALL_WORDS = {
    "en": "the of and to in for with on is at by from its will has be that as are this an it was their after over",
    "fr": "le la les a de des du et en un une pour au aux avec sur est dans par que qui son ses ce cette s l d sera ont",
    "de": "der die das und in den von zu mit ist im für fur ein eine auf dem des sich als auch an wird bei nach aus sind soll",
    "es": "el la los las de del y en un una para con por se su que es al como sus sera ha lo entre tras",
    "it": "il la lo gli le di del della dei delle e in un una per con che si da al alla nel nella sul e i ha sara dell l",
    "pt": "o a os as de do da dos das e em um uma para com por que se no na nos nas ao seu sua sera foi pelo pela",
    "nl": "de het een en van in op te voor met is dat die zijn aan bij door naar wordt om uit als ook over",
    "pl": "i w z na do o sie jest oraz przez dla od ze jako po za nie to ktory ma beda we",
    "sv": "och i att en ett pa for med av som ar till den det om fran har de ska vid kan inte sin",
    "da": "og i at en et pa for med af som er til den det om fra har de skal ved kan ikke sin",
    "no": "og i at en et pa for med av som er til den det om fra har de skal ved kan ikke sin",
    "fi": "ja on se etta ei oli mukaan kanssa myos ovat sen han kuin tai joka vuonna ovat yhteistyossa",
    "tr": "ve bir bu ile icin da de olarak olan daha gibi kadar sonra yeni ise nin icinde uzere",
    "id": "dan yang di dengan untuk dari ke pada ini itu akan dalam oleh sebagai adalah telah juga",
    "vi": "va cua la cac cho voi trong duoc mot nhung co se tai tu ve nay den da nam",
    "ro": "si de la in cu pe un o din pentru care este a al ale va prin sa mai fost",
    "cs": "a v na se s z do o k je pro od ze jako po za i by ktery podle jeho jsou",
    "hu": "a az es egy hogy nem is van a meg lesz szerint kozott ezt volt altal",
    "el": "και το η ο του της την με για απο στο στη που τα των θα ειναι",
    "ru": "и в на с по для не что из к о от как это его за при будет",
    "uk": "і в у на з та для що не до про від як за із це його буде",
    "bg": "и в на с за от се да е по към като че със са",
    "ar": "في من على مع الي عن ان التي هذا بين",
    "fa": "در از به با که این را است برای می",
    "ur": "کے کی میں نے سے اور کا ہے کو پر",
    "ca": "el la els les de del dels i en un una per amb que es al als ha no entre seva seu aquest",
    "gl": "o a os as de do da dos das e en un unha para con por que ao co coa no na nos nas seu sua",
    "eu": "eta da du bat izan dira ez dute baina ere zuen egin duen beste",
    "is": "og i ad a um til med sem er vid hefur fyrir ekki verdur thad af fra",
    "ms": "dan yang di dengan untuk dari ke pada ini itu akan dalam oleh sebagai adalah telah juga bagi bahawa",
    "tl": "ang ng sa mga na at para ay nang kay ni si ito hindi may kasama",
    "sw": "ya na wa kwa la katika za ni cha kuwa hii huo pia yake zaidi hiyo",
    "hr": "i u na za s se je su od da o koji koja iz kao ce bi nije uz",
    "sl": "in v na za s z se je so od da o ki iz kot bo pri ali po tudi",
    "sr": "i u na za s sa se je su od da o koji koja iz kao ce bi nije uz и у на за са се је су од да о који која из као ће није уз",
    "mk": "и во на за со се е да од ќе го ги со како кои што", "sk": "a v na s sa z do o k je pre od ze ako po za aj by podla jeho su",
    "et": "ja on ei et see ka oma kui aga mis ning eesti voi selle", "lt": "ir i is su kad bus yra del apie tai kaip nuo ar po",
    "lv": "un ar par no ir uz ka tas lai bet gan pie pec", "sq": "dhe ne te e i per me nga qe nje se eshte do ka si",
    "uz": "va bilan uchun bu bir ham da dan ning esa keyin", "az": "ve bir bu ile ucun da de olan kimi ilə və üçün",
    "kk": "мен және бен пен үшін бұл бір осы деп туралы бойынша", "mn": "нь энэ юм байна болон гэж тухай хамтран",
    "ga": "an na agus ar le do i ag go is a de chun leis sa", "ne": "को मा र छ ले लागि हो का",
    "hi": "के की में और का है ने को से पर", "mr": "आणि आहे च्या या ला", "he": "של את על עם לא הוא כי גם זה",
}
_VOTERS: dict[str, tuple[str, ...]] = {}
for _language, _words in _SMALL_WORDS.items():
    for _word in set(_words.split()):
        _VOTERS[_word] = (*_VOTERS.get(_word, ()), _language)
SMALL_WORDS = frozenset(_VOTERS)  # words that say nothing of what a text is about

# Script, languages, and the share of all letters it must have: a Japanese name in an English text does not make it Japanese, but
# little kana among ideographs does, and ideographs without any may be a Japanese headline all the same.
_SCRIPTS = (
    (re.compile("[\u3041-\u30ff]"), frozenset({"ja"}), 0.04),
    (re.compile("[\uac00-\ud7af]"), frozenset({"ko"}), 0.2),
    (re.compile("[\u0e01-\u0e5b]"), frozenset({"th"}), 0.2),
    (re.compile("[\u3400-\u9fff]"), frozenset({"zh", "ja"}), 0.2),
)
# Scripts that write one language, or a few that are kin: the first character of each and its languages.
_OWN_SCRIPTS = {
    "\u0531": "hy", "\u0980": "bn as", "\u0a01": "pa", "\u0a81": "gu", "\u0b01": "or", "\u0b82": "ta", "\u0c01": "te", "\u0c81": "kn",
    "\u0d01": "ml", "\u0d82": "si", "\u0e81": "lo", "\u1000": "my", "\u10a0": "ka", "\u1200": "am ti", "\u1780": "km",
}  # fmt: skip
_FIRSTS = tuple(_OWN_SCRIPTS)
_LETTER_OF_ITS_OWN = re.compile("[\u0531-\u0587\u0980-\u0dff\u0e81-\u0eff\u1000-\u10ff\u1200-\u137f\u1780-\u17ff]")
_OWN_SHARE = 0.2  # of all letters, as above
_UNKNOWN: frozenset[str] = frozenset()


def base(tag: str) -> str:
    """The two-letter language of a tag such as `fr-FR`, `zh_Hant` or `nb`; empty when there is none."""
    first = re.split(r"[-_.]", tag.strip().lower(), maxsplit=1)[0]
    return _SAME.get(first, first)


def guess(folded: str) -> frozenset[str]:
    """The languages that folded text may be in; empty when it cannot be told."""
    letters = len(folded) - folded.count(" ")
    if not letters:
        return _UNKNOWN
    if not folded.isascii():
        for script, languages, share in _SCRIPTS:
            if len(script.findall(folded)) >= share * letters:
                return languages
        own = _LETTER_OF_ITS_OWN.findall(folded)
        if len(own) >= max(1, _OWN_SHARE * letters):
            return frozenset(_OWN_SCRIPTS[_FIRSTS[bisect_right(_FIRSTS, own[0]) - 1]].split())
    counts: dict[str, int] = {}
    for word in set(folded.split()):
        for language in _VOTERS.get(word, ()):
            counts[language] = counts.get(language, 0) + 1
    best = max(counts.values(), default=0)
    if best < _MIN_WORDS:
        return _UNKNOWN
    return frozenset(language for language, count in counts.items() if count >= _NEAR * best)
