"""What `concordat rules test` tells of a report: for people, for programs, and as JUnit's XML for build servers. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree as ET

from rules.cases import CaseResult, Report, TrapResult
from rules.coverage import Reach


def lines(report: Report, *, packs: bool, unreached: bool) -> Iterator[str]:
    """The report as text: what failed, and how much is reached, by file with `packs`, word by word with `unreached`."""
    yield from (f"{c.place}: {_case(c)}" for c in report.cases if not c.passed)
    yield from (f"{t.place}: {_trap(t)}" for t in report.traps if not t.passed)
    for covered in report.coverage:
        yield from (f"{covered.place}: {covered.rule}: no case reaches `{clause}`" for clause in covered.unreached)
    if packs:
        yield from (f"{_share([r]):>5}  {r.kind:8} {r.reached} of {r.total}  {r.file}" for r in report.reach)
    if unreached:
        yield from (f"{r.file}: no case or trap reaches {what}" for r in report.reach for what in r.unreached)
    total, missed = sum(c.clauses for c in report.coverage), sum(len(c.unreached) for c in report.coverage)
    kinds = dict.fromkeys(r.kind for r in report.reach)
    reached = [f"{total - missed} of {total} clauses", *(f"{_share(r for r in report.reach if r.kind == k)} of {k}" for k in kinds)]
    yield f"{_tally(report.cases)} cases, {_tally(report.traps)} traps passed; reached: {', '.join(reached)}"


def values(report: Report) -> dict[str, Any]:
    """The report as plain values."""
    return {
        "passed": report.passed,
        "cases": [{**asdict(c), "place": str(c.place), "passed": c.passed} for c in report.cases],
        "traps": [{**asdict(t), "place": str(t.place), "passed": t.passed} for t in report.traps],
        "coverage": [{**asdict(c), "place": str(c.place)} for c in report.coverage],
        "reach": [{**asdict(r), "reached": r.reached} for r in report.reach],
    }


def junit(report: Report) -> bytes:
    """The report as JUnit's XML: a suite of cases, named by rule, and one of traps."""
    root = ET.Element("testsuites")
    cases = [(c.rule, c.text, str(c.place), "" if c.passed else _case(c)) for c in report.cases]
    traps = [("traps", t.text, str(t.place), "" if t.passed else _trap(t)) for t in report.traps]
    for name, results in (("cases", cases), ("traps", traps)):
        failures = sum(bool(wrong) for *_, wrong in results)
        suite = ET.SubElement(root, "testsuite", name=name, tests=str(len(results)), failures=str(failures))
        for group, text, place, wrong in results:
            case = ET.SubElement(suite, "testcase", classname=group, name=_printable(text), file=place.rpartition(":")[0])
            if wrong:
                ET.SubElement(case, "failure", message=_printable(wrong)).text = place
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _case(case: CaseResult) -> str:
    return f"{case.rule} {'did not fire' if case.wanted else 'fired'} on: {case.text}"


def _trap(trap: TrapResult) -> str:
    wrong = [f"missed {i}" for i in trap.missing] + [f"took it for {i}" for i in trap.mistaken]
    return f"{', '.join(wrong)} in: {trap.text}"


def _tally(results: tuple[CaseResult, ...] | tuple[TrapResult, ...]) -> str:
    return f"{sum(r.passed for r in results)} of {len(results)}"


def _share(found: Iterable[Reach]) -> str:
    every = list(found)
    total = sum(r.total for r in every)
    return f"{100 * sum(r.reached for r in every) / total:.0f} %" if total else "none"


def _printable(text: str) -> str:
    """XML holds no control characters, escaped or not."""
    return "".join(c if c >= " " and c not in "\ufffe\uffff" else " " for c in text)
