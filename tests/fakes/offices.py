"""Every register of governments at once, and one notice for each, so that a whole home can be pointed at them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.fakes.registers import FederalRegister, Sam, USAspending
from tests.fakes.tenders import ContractsFinder, FindATender, Ted


@dataclass(frozen=True, slots=True)
class Offices:
    """The registers, each a server of its own."""

    federal: FederalRegister
    spending: USAspending
    sam: Sam
    finder: ContractsFinder
    tenders: FindATender
    ted: Ted

    def sources(self) -> list[dict[str, Any]]:
        """A source for each, as an operator writes it; its id is its kind."""
        rows: dict[str, dict[str, Any]] = {
            "federal_register": {"url": self.federal.url, "term": "artificial intelligence"},
            "usaspending": {"url": self.spending.url, "keywords": ["ChatGPT"]},
            "sam": {"url": self.sam.url, "types": ["award"]},
            "contracts_finder": {"url": self.finder.url, "words": ["Palantir"]},
            "find_a_tender": {"url": self.tenders.url, "words": ["Anthropic"]},
            "ted": {"url": self.ted.url, "words": ["Mistral"]},
        }
        return [{"id": kind.replace("_", "-"), "kind": kind, "tags": ["procurement"], **keys} for kind, keys in rows.items()]

    def publish(self, number: int, at: datetime) -> None:
        """One notice in each register; `number` tells the rounds apart."""
        day, moment, size = f"{at:%Y-%m-%d}", f"{at:%Y-%m-%dT%H:%M:%SZ}", number * 1_000_000
        agencies = {"energy-department": "Energy Department"}
        self.federal.publish(f"Agreement {number} on artificial intelligence", on=day, agencies=agencies)
        self.spending.award(f"W9124P{number}", "CARAHSOFT TECHNOLOGY CORP", f"CHATGPT LICENSES, LOT {number}", 12.0 * size, changed=day)
        award = {"number": f"S{number}", "amount": f"{size}", "awardee": {"name": "Four Points Technology", "ueiSAM": "X1"}}
        self.sam.publish(f"Claude seats {number}", on=day, kind="a", award=award)
        for register, what in ((self.finder, "Palantir platform"), (self.tenders, "Anthropic assistant")):
            suppliers = [{"id": "GB-1", "name": "Softcat plc"}]
            awards = [{"id": "1", "value": {"amount": 3 * size, "currency": "GBP"}, "suppliers": suppliers}]
            register.publish(f"{what} {number}", at=moment, tag=["award"], buyer="Home Office", awards=awards)
            register.publish(f"Bridge {number}", at=moment)
        self.ted.publish(
            {"eng": f"France – Mistral AI assistant {number}"}, on=day, kind="can-standard", total_value=[f"{4 * size}"],
            total_value_cur=["EUR"], winner_name={"fra": ["Mistral AI"]}, buyer_name={"fra": ["Ministère des Armées"]},
        )  # fmt: skip


@asynccontextmanager
async def offices(key: str) -> AsyncIterator[Offices]:
    """All of them for the length of a block; `key` is the one that SAM.gov takes."""
    world = Offices(FederalRegister(), USAspending(), Sam(key), ContractsFinder(), FindATender(), Ted())
    async with world.federal, world.spending, world.sam, world.finder, world.tenders, world.ted:
        yield world
