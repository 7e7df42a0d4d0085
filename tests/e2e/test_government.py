"""Registers through the whole program: `concordat once` reads them, and people are told who buys what from whom, for how much."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.e2e.program import Program
from tests.fakes.offices import offices
from tests.fakes.telegram import Telegram

CHAT = 7
KEY = "k3y-that-nobody-may-see"


async def test_an_award_rings_with_its_sum_and_its_parties(tmp_path: Path) -> None:
    """What stood there is quiet; of what comes then each award is an alert with buyer, supplier, vendor, sum and number."""
    async with offices(KEY) as world, Telegram() as telegram:
        program = Program(tmp_path, telegram_token=telegram.token, telegram_api_url=telegram.url, sam_api_key=KEY)
        program.sources(*world.sources())
        await program.run("subscribers", "add", "--telegram", str(CHAT))
        world.publish(1, datetime.now(UTC) - timedelta(hours=5))
        code, out, err = await program.run("once")
        assert code == 0, out + err
        assert telegram.to(CHAT) == []
        world.publish(2, datetime.now(UTC))
        code, out, err = await program.run("once")
        assert code == 0, out + err
        texts = [m.text for m in telegram.shown(CHAT)]
    told = {line: text for text in texts for line in text.splitlines()}
    buyer = "Department of Defense (Department of the Army)"
    assert "award W9124P2" in told[f"{buyer} → CARAHSOFT TECHNOLOGY CORP (OpenAI)"]
    assert "$24 million" in told[f"{buyer} → CARAHSOFT TECHNOLOGY CORP (OpenAI)"]
    assert "$2 million" in told["DEPT OF DEFENSE, DEPT OF THE ARMY, AMC → Four Points Technology (Anthropic)"]
    assert "£6 million · award ocds-b5fd17-000003/1" in told["Home Office → Softcat plc (Palantir)"]
    assert "€8 million" in told["Ministère des Armées → Mistral AI"]
    assert KEY not in out + err + "".join(texts)


async def test_a_look_at_a_register_shows_what_it_gives_or_what_to_change(tmp_path: Path) -> None:
    """`sources check` reads one once, and exits 1 with one plain line where it is refused; the key is in neither."""
    async with offices(KEY) as world:
        program = Program(tmp_path, sam_api_key=KEY)
        program.sources(*world.sources())
        world.publish(1, datetime.now(UTC) - timedelta(minutes=5))
        for row in world.sources():
            code, out, err = await program.run("sources", "check", row["id"], "--json")
            assert (code, err) == (0, ""), out
            assert len(json.loads(out)["entries"]) == 1
        world.sam.key = "another"
        code, out, err = await program.run("sources", "check", "sam")
    assert code == 1
    assert "does not take the key in CONCORDAT_SAM_API_KEY" in out + err
    assert KEY not in out + err
