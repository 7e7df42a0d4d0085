"""Sums of money and other quantities, read out of text in the languages that the packs speak. Pure, no I/O.

A quantity is a number with what scales it ("2,5 Mrd", "200 million", "3億5000万") and, where one stands beside it, a
currency. Years and single digits are left out: they tell two events apart too rarely. Nothing here is exact
bookkeeping; stories compare the figures.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from rules.numerals import in_digits

if TYPE_CHECKING:
    from collections.abc import Iterable

SCALES = {
    1e3: "thousand k mille mil mila duizend tusen tusind tausend тыс тысяч tysięcy bin nghìn ribu 千 천",
    1e4: "万 萬 만",
    1e5: "lakh लाख",
    1e6: "million millions millionen millón millones milhão milhões milione milioni miljoen "
    "miljon miljoner milyon mln mio m mm millioner miljonit miljoona миллион миллиона "
    "миллионов мільйон мільйонів млн milion miliony milionów milionů εκατομμύρια εκατ مليون "
    "ملايين triệu juta मिलियन ล้าน 百万 백만",
    1e7: "crore करोड़ 千万 천만",
    1e8: "億 亿 억",
    1e9: "billion billions milliard milliards milliarde milliarden mrd md mds bn b miliardo "
    "miliardi miljard miljarder milyar bilhão bilhões миллиард миллиарда миллиардов мільярд "
    "мільярдів млрд miliard miliardy miliardów miliardů mld δισεκατομμύρια δισ مليار "
    "مليارات tỷ tỉ miliar बिलियन 十亿",
    1e12: "trillion trillions billones billionen trilhão trilhões 兆 조",
}
CURRENCIES = {
    "$": "$ us$ usd dollar dollars dólar dólares dollari dólares usd. доллар доллара долларов "
    "доларів доллары δολάρια دولار ドル 美元 美金 달러 dolar dolarów dolarů डॉलर đô",
    "€": "€ eur euro euros euroa евро євро ευρώ يورو ユーロ 欧元 歐元 유로 यूरो",
    "£": "£ gbp pound pounds livres libras sterline pfund ポンド 英镑 파운드",
    "¥": "¥ jpy yen 円",
    "CNY": "cny rmb yuan 元 人民币",
    "₩": "₩ krw won 원",
    "₹": "₹ inr rs rupees रुपये रुपए",
    "CAD": "c$ ca$ cad",
    "AUD": "a$ au$ aud",
    "SGD": "s$ sgd",
    "BRL": "r$ brl reais",
    "AED": "aed dirham dirhams درهم",
    "SAR": "sar riyal riyals ريال",
    "SEK": "sek",
    "NOK": "nok",
    "DKK": "dkk",
    "CHF": "chf",
    "PLN": "pln zł złotych",
    "TRY": "tl lira",
}
UNITS = {  # what is measured rather than paid; "W" and "FLOPS" stand where a currency would
    (1e6, "W"): "mw megawatt megawatts mégawatt mégawatts megavatio megavatios megavatt megawatów мегаватт ميغاواط ميجاواط メガワット 兆瓦 "
    "메가와트 मेगावाट",
    (1e9, "W"): "gw gigawatt gigawatts gigavatio gigavatios gigavatt gigawatów гигаватт غيغاواط جيجاواط ギガワット 吉瓦 기가와트 गीगावाट",
    (1e15, "FLOPS"): "petaflops petaflop pflops petaflop/s петафлопс ペタフロップス 페타플롭스",
    (1e18, "FLOPS"): "exaflops exaflop eflops exaflop/s экзафлопс エクサフロップス 엑사플롭스",
}
MEASURES = frozenset(unit for _, unit in UNITS)
_SCALE = {word: scale for scale, words in SCALES.items() for word in words.split()}
_CURRENCY = {word: code for code, words in CURRENCIES.items() for word in words.split()}
_UNIT = {word: unit for unit, words in UNITS.items() for word in words.split()}


def _either(words: Iterable[str]) -> str:
    """One group for all words, longest first; those of letters end at a border unless their script has none."""
    longest_first = sorted(words, key=len, reverse=True)
    return "|".join(re.escape(w) + (_BORDER if w[-1].isalpha() and w[-1] < "\u0e00" else "") for w in longest_first)


_BORDER = r"(?![^\W\d_])"
_GAP = r"[ \u00a0\u202f]?"
_NUMBER = r"\d{1,3}(?:[ \u00a0\u202f.,'’]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d{1,15}(?:[.,]\d{1,4})?"
_QUANTITY = re.compile(
    rf"(?<![0-9a-z\u00c0-\u0dff_.,-])(?P<number>{_NUMBER})"
    rf"(?:{_GAP}-?(?P<scale>{_either(_SCALE)})(?P<more>(?:\d{{1,4}}[千천万萬만億亿억])*(?:\d{{1,4}}(?![\d.,]))?))?\.?"
    rf"(?:(?:{_GAP}(?:de|of|d'|di|us)?{_GAP}-?)?(?P<after>{_either({**_CURRENCY, **_UNIT})}))?",
)
_BEFORE = re.compile(rf"(?<![^\W\d_])(?P<currency>{_either(_CURRENCY)}){_GAP}$")
_WIDEST = max(map(len, _CURRENCY)) + 1  # characters before a number in which its currency stands
_DIGIT = re.compile(r"\d")
_MORE = re.compile(r"(\d{1,4})([千천万萬만億亿억]?)")
_THOUSANDS = re.compile(r"[ \u00a0\u202f'’]")
_GROUPED = re.compile(r"\d{1,3}([.,])\d{3}(?:\1\d{3})*")
_YEARS = range(1990, 2050)
LEAST = 10  # smaller numbers count nothing apart


class Quantity(NamedTuple):
    """A number of something; `currency` is a sign, an ISO 4217 code or one of MEASURES, or "" when nobody said."""

    value: float
    currency: str = ""

    @property
    def money(self) -> bool:
        """Whether it is a sum of money."""
        return bool(self.currency) and self.currency not in MEASURES


def quantities(text: str) -> tuple[Quantity, ...]:
    """What is counted or paid in `text`, in order, each once."""
    plain = in_digits(_plain_digits(text))
    if not _DIGIT.search(plain):
        return ()
    found: dict[Quantity, None] = {}
    for match in _QUANTITY.finditer(plain):
        quantity = _quantity(match)
        if quantity.currency or (quantity.value >= LEAST and not (quantity.value in _YEARS and not match["scale"])):
            found[quantity] = None
    return tuple(found)


def _quantity(match: re.Match[str]) -> Quantity:
    scale, after = match["scale"], match["after"] or ""
    factor, unit = _UNIT.get(after, (1.0, ""))
    step = _SCALE[scale] if scale else 1.0
    value = _number(match["number"], decimals=step > 1e7 or (bool(unit) and "," not in match["number"])) * step
    value += sum(int(digits) * _SCALE.get(each, 1.0) for digits, each in _MORE.findall(match["more"] or ""))
    return Quantity(value * factor, unit or _CURRENCY.get(after) or _before(match.string, match.start()))


def _before(text: str, number: int) -> str:
    """The currency that stands before the number at that place; "" for none."""
    found = _BEFORE.search(text, max(0, number - _WIDEST), number)
    return _CURRENCY[found["currency"]] if found else ""


def _plain_digits(text: str) -> str:
    """`text` in lower case, with the digits of every script as ASCII ones; full-width signs become plain."""
    return unicodedata.normalize("NFKC", text).translate(_DIGITS).lower()


_ZEROS = (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50)  # Arabic, Persian, Devanagari, Bengali, Thai
_DIGITS = {zero + n: str(n) for zero in _ZEROS for n in range(10)} | {0x066B: ".", 0x066C: ","}


def _number(written: str, *, decimals: bool) -> float:
    """The number, whichever of point and comma comes before decimals.

    "1.234" is a thousand and more, unless `decimals`: "1.234 billion" is told apart from "1.500 millones" by its scale.
    """
    plain = _THOUSANDS.sub("", written)
    if _GROUPED.fullmatch(plain) and (not decimals or plain.count(".") + plain.count(",") > 1):
        return float(re.sub(r"[.,]", "", plain))
    point = max(plain.rfind("."), plain.rfind(","))
    return float(plain if point < 0 else re.sub(r"[.,]", "", plain[:point]) + "." + plain[point + 1 :])
