"""Where sentences end, in the scripts we read. Pure: text in, positions out; knows nothing of rules.

A full stop ends no sentence after an initial (U.S., J. Smith), an abbreviation (Inc., z.B., EE.UU.), a short number (No. 5, 3. Mai),
or before a small letter. Ideographic and Indic stops, the Arabic question mark and line breaks always end one.
"""

from __future__ import annotations

import re

# One set of all stops comes first, for which the engine skips ahead; then what may follow each kind.
_CANDIDATE = re.compile(
    r"[.!?…。！？｡؟।॥\r\n\u2028\u2029](?:"
    r"(?<=[.!?…])[.!?…]*[\"'’”»)\]]*(?=\s)|(?<=[。！？｡؟।॥])[。！？｡؟।॥]*[」』”’）)\"]*|(?<=[\r\n\u2028\u2029])[\r\n\u2028\u2029]*)"
)
_LAST_WORD = re.compile(r"([^\s(\[\"'“”‘’«»]+)$")
_NEXT_LETTER = re.compile(r"\s*[\"'“”‘’«»(\[¿¡-]*\s*(\S)")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_SHORT_NUMBER = re.compile(r"\d{1,2}")
_ABBREVIATIONS = frozenset(
    """
    inc ltd llc corp co cos bros plc gmbh mbh cie bv nv ag sa srl spa pty dept depts univ assn intl natl govt admin
    mr mrs ms dr prof gen sen rep gov lt col sgt capt cmdr adm maj hon rev sr jr st mt ft messrs supt pres amb sec
    mme mlle me sra srta dra ing lic avv dott dipl mag exmo exma
    no nos nr num núm n° art arts fig sec para pp vol ed eds ca approx est max min tel ext cf vs al etc viz resp
    jan feb mar apr jun jul aug sep sept oct nov dec janv févr avr juil déc ene abr ago dic gen mag giu lug set ott
    mio mrd mill tsd bzw usw evtl ggf inkl exkl zzgl sog abs str bd hrsg vgl bl ff
    ee.uu u.s u.k e.u u.n d.c e.g i.e z.b d.h u.a p.m a.m ph.d s.a s.p.a s.r.l b.v n.v p.ej
    ул г гг им тыс млн млрд т.е т.д т.п т.к руб др проф акад стр
    """.split()  # noqa: SIM905
)


def cuts(text: str) -> list[int]:
    """The positions in `text` at which a new sentence begins, in order; 0 and the end are left out."""
    found = []
    for match in _CANDIDATE.finditer(text):
        end = match.end()
        if end < len(text) and (not match[0].startswith(".") or _ends_sentence(text, match.start(), end)):
            found.append(end)
    return found


def _ends_sentence(text: str, stop: int, end: int) -> bool:
    following = _NEXT_LETTER.match(text, end)
    if following is None or following[1].islower():
        return False
    if text[stop : stop + 2] == "..":
        return True
    before = _LAST_WORD.search(text, max(0, stop - 40), stop)
    if before is None:
        return True
    word = before[1]
    return not (_INITIALS.fullmatch(word) or _SHORT_NUMBER.fullmatch(word) or word.lower() in _ABBREVIATIONS)
