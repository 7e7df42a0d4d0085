"""The seed event, the first thing the product must get right: in five languages, however many outlets report it, one alert."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.program import Program
from tests.fakes.feedhost import FeedHost
from tests.fakes.telegram import Telegram

CHAT = 7
TELLINGS = {
    "fr": ("OpenAI s'associe au laboratoire national de Los Alamos",
           "Ses modèles tourneront sur Venado, supercalculateur à puces NVIDIA Grace Hopper, pour la sécurité nationale."),
    "en": ("OpenAI models to run on Los Alamos supercomputer Venado",
           "Under an agreement with the laboratory, Los Alamos, Livermore and Sandia will share access to the NVIDIA machine."),
    "es": ("El laboratorio de Los Álamos firma un acuerdo con OpenAI para usar sus modelos en Venado",
           "El superordenador, construido por HPE con procesadores NVIDIA Grace Hopper, trabajará para los tres laboratorios de la NNSA."),
    "de": ("OpenAI und das Los Alamos National Laboratory vereinbaren Zusammenarbeit",
           "Die Modelle sollen auf dem Supercomputer Venado mit Grace-Hopper-Chips von NVIDIA laufen."),
    "ja": ("OpenAI、ロスアラモス国立研究所と提携 スパコン「Venado」でモデルを運用",
           "NVIDIAのGrace Hopperを搭載したスーパーコンピューターVenadoで、国家安全保障の研究に使う。"),
}  # fmt: skip


async def test_five_languages_and_ten_outlets_are_one_alert(tmp_path: Path) -> None:
    """Each language by two outlets: one message, which names both parties and the machine; the others join in place."""
    async with FeedHost() as host, Telegram() as telegram:
        outlets = {f"{lang}-{i}": lang for lang in TELLINGS for i in (1, 2)}
        feeds = {name: host.feed(name) for name in outlets}
        program = Program(tmp_path, telegram_token=telegram.token, telegram_api_url=telegram.url)
        program.sources(*({"id": name, "url": feed.url, "every": "1s", "lang": outlets[name]} for name, feed in feeds.items()))
        await program.run("subscribers", "add", "--telegram", str(CHAT))
        await program.start()
        await program.ready()
        await host.until(lambda: all(f.statuses for f in feeds.values()))
        for name, lang in outlets.items():
            title, summary = TELLINGS[lang]
            feeds[name].publish(f"{name}-seed", title, summary, url=f"https://{name}.example/venado")
        await telegram.until(lambda: any("+9" in m.text for m in telegram.shown(CHAT)), 90)
        assert await program.stop() == 0
        assert len(telegram.to(CHAT)) == 1
        (shown,) = telegram.shown(CHAT)
        assert all(name in shown.text for name in ("OpenAI", "Los Alamos", "Venado"))


async def test_each_language_alone_matches_high(tmp_path: Path) -> None:
    """Without any other telling to lean on, each one fires with topic partnerships, and the deer fires nothing."""
    program = Program(tmp_path)
    rows = [{"id": lang, "lang": lang, "title": t, "summary": s} for lang, (t, s) in TELLINGS.items()]
    rows.append({"id": "deer", "lang": "es", "title": "Venado corre por la carretera en Santa Fe", "summary": "Nadie resultó herido."})
    code, out, err = await program.run("match", stdin="\n".join(json.dumps(r) for r in rows))
    assert (code, err) == (0, "")
    answers = {a["id"]: a for a in map(json.loads, out.splitlines())}
    assert answers["deer"]["matches"] == []
    for lang in TELLINGS:
        matches = answers[lang]["matches"]
        assert any("partnerships" in m["topics"] and m["severity"] in {"high", "critical"} for m in matches), lang
        assert {"openai", "lanl", "venado"} <= {e["id"] for e in answers[lang]["entities"]}, lang
