"""Which languages a text may be in, from its script and its commonest small words. Pure; a guess that may be several.

A declared language is trusted. The guess is used where none is declared, to keep words of one language from counting in another
("firma" signs in Spanish and is a company in German). An empty answer means "cannot tell", and then words of every language count.
"""

from __future__ import annotations

import re

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
    counts: dict[str, int] = {}
    for word in set(folded.split()):
        for language in _VOTERS.get(word, ()):
            counts[language] = counts.get(language, 0) + 1
    best = max(counts.values(), default=0)
    if best < _MIN_WORDS:
        return _UNKNOWN
    return frozenset(language for language, count in counts.items() if count >= _NEAR * best)
