"""Numbers written in words before a thousand, a million and so on, put into digits: "three million", "deux cents millions", 十万. Pure.

Only what scales something up is read ("three million", not "three"), because small counts tell no two events apart. Forms are folded
to lower case by the caller; what cannot be read stays as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_UNITS = {
    1: "one ein eine einer un une una um uma",
    2: "two zwei deux dos due dois duas twee två to dwa два две два два kaksi iki",
    3: "three drei trois tres tre três drie trzy три tri kolme üç",
    4: "four vier quatre cuatro quattro quatro fyra fire cztery четыре чотири neljä dört",
    5: "five fünf cinq cinco cinque vijf fem pięć пять п'ять viisi beş",
    6: "six sechs seis sei zes sex seks sześć шесть шість kuusi altı",
    7: "seven sieben sept siete sette sete zeven sju syv siedem семь сім yedi",
    8: "eight acht huit ocho otto oito åtta otte osiem восемь вісім kahdeksan sekiz",
    9: "nine neun neuf nueve nove negen nio ni dziewięć девять дев'ять dokuz",
    10: "ten zehn dix diez dieci dez tien tio ti dziesięć десять kymmenen on",
    11: "eleven elf onze once undici", 12: "twelve zwölf douze doce dodici doze twaalf",
    15: "fifteen fünfzehn quinze quince quindici vijftien",
    20: "twenty zwanzig vingt veinte venti vinte twintig tjugo dwadzieścia двадцать двадцять yirmi",
    30: "thirty dreißig trente treinta trenta trinta dertig", 40: "forty vierzig quarante cuarenta quaranta quarenta veertig",
    50: "fifty fünfzig cinquante cincuenta cinquanta cinquenta vijftig femtio пятьдесят elli",
    60: "sixty sechzig soixante sesenta sessanta sessenta zestig", 70: "seventy siebzig setenta settanta zeventig",
    80: "eighty achtzig ochenta ottanta oitenta tachtig", 90: "ninety neunzig noventa novanta negentig",
    200: "zweihundert tweehonderd doscientos doscientas duecento duzentos duzentas двести двісті dwieście",
    300: "dreihundert driehonderd trescientos trescientas trecento trezentos trezentas триста trzysta",
    400: "vierhundert vierhonderd cuatrocientos quattrocento quatrocentos четыреста чотириста czterysta",
    500: "fünfhundert vijfhonderd quinientos quinientas cinquecento quinhentos пятьсот п'ятсот pięćset",
    600: "sechshundert seiscientos seicento seiscentos шестьсот", 700: "siebenhundert setecientos settecento setecentos семьсот",
    800: "achthundert ochocientos ottocento oitocentos восемьсот", 900: "neunhundert novecientos novecento novecentos девятьсот",
}  # fmt: skip
_HUNDREDS = "hundred hundert honderd cent cents ciento cien cento cem hundra hundre hundrede sto сто yüz sata sataa"
_HUNDRED = frozenset(_HUNDREDS.split())
_BEFORE = (
    "thousand million billion trillion tausend million millionen milliarde milliarden mille milliers millions milliard milliards mil "
    "millón millones mila milione milioni miliardo miliardi milhão milhões bilhões bilhão duizend miljoen miljard miljoner miljarder "
    "millioner milliarder tusen tusind tysięcy tysiące miliony milionów miliardy miliardów тысячи тысяч миллиона миллионов миллиарда "
    "миллиардов тисяч мільйони мільйонів мільярди мільярдів miljoonaa miljardia bin milyon milyar"
)
_VALUE = {word: value for value, words in _UNITS.items() for word in words.split()}
_WORDS = "|".join(sorted({*_VALUE, *_HUNDRED}, key=len, reverse=True))


def _grouped(words: Iterable[str]) -> str:
    """An expression for one of the words, longest first, that looks at a beginning once."""
    groups: dict[str, list[str]] = {}
    for word in sorted(words, key=len, reverse=True):
        groups.setdefault(word[:3], []).append(re.escape(word[3:]))
    return "|".join(f"{re.escape(beginning)}(?:{'|'.join(endings)})" for beginning, endings in groups.items())


_SCALED = re.compile(rf"(?:{_grouped(_BEFORE.split())})(?![^\W\d_])")
_SPELLED = re.compile(rf"(?<![^\W_])(?P<number>(?:{_WORDS})(?:(?:[ -]|[ -](?:and|und|et|y|e|en)[ -])(?:{_WORDS}))*)[ -]?$")
_LONGEST = 60  # characters before a scale in which the number must begin

_DIGITS = {c: n for n, pair in enumerate(("〇零", "一壱", "二两", "三参", "四", "五", "六", "七", "八", "九")) for c in pair} | {"兩": 2}
_STEPS = {"十": 10, "百": 100, "千": 1000}
_IDEOGRAPHS = re.compile(f"[{''.join(_DIGITS)}{''.join(_STEPS)}]+(?=[万萬億亿兆])")


def in_digits(text: str) -> str:
    """`text`, in lower case, with what is spelled out before a thousand and more as digits."""
    if not text.isascii():
        text = _IDEOGRAPHS.sub(lambda m: str(_ideographs(m[0])), text)
    for scale in reversed(list(_SCALED.finditer(text))):
        number = _SPELLED.search(text, max(0, scale.start() - _LONGEST), scale.start())
        if number:
            text = f"{text[: number.start()]}{_value(number['number'])} {text[scale.start() :]}"
    return text


def _value(written: str) -> int:
    total = 0
    for word in re.split("[ -]", written):
        total = max(total, 1) * 100 if word in _HUNDRED else total + _VALUE.get(word, 0)
    return total


def _ideographs(written: str) -> int:
    total = unit = 0
    for c in written:
        if c in _STEPS:
            total, unit = total + max(unit, 1) * _STEPS[c], 0
        else:
            unit = unit * 10 + _DIGITS[c]
    return total + unit
