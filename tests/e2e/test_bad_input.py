"""Bad input, on the whole program: each a clear error with the next step, and the rest goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.e2e.program import Program
from tests.fakes import feedfaults
from tests.fakes.feedhost import FeedHost
from tests.fakes.telegram import Telegram

CHAT = 7


async def test_ten_bad_feeds_do_not_hold_up_a_good_one(tmp_path: Path) -> None:
    """Slow, huge, packed, looping, wrong, empty, binary: the good feed alerts, and each bad one has its reason in the listing."""
    async with FeedHost() as host, Telegram() as telegram:
        faults = {
            "hangs": feedfaults.hang(), "huge": feedfaults.huge(64), "bomb": feedfaults.gzip_bomb(300), "page": feedfaults.page(),
            "empty": feedfaults.empty(), "binary": feedfaults.garbage(), "down": feedfaults.status(500), "blocked": feedfaults.status(403),
            "busy": feedfaults.status(429, retry_after=3), "broken": feedfaults.reset_midway(),
        }  # fmt: skip
        good = host.feed("good")
        for name, fault in faults.items():
            host.feed(name).fault = fault
        loops = host.feed("loops")
        loops.fault = feedfaults.redirect(loops.url)
        names = [*faults, "loops", "good"]
        program = Program(tmp_path, telegram_token=telegram.token, telegram_api_url=telegram.url)
        program.sources(*({"id": n, "url": host.feed(n).url, "every": "1s"} for n in names))
        await program.run("subscribers", "add", "--telegram", str(CHAT))
        await program.start()
        await program.ready()
        await host.until(lambda: 200 in good.statuses, 90)
        good.publish("1", "Anthropic was awarded a contract by NASA for programme Gildun worth $12 million")
        await telegram.until(lambda: telegram.to(CHAT), 90)
        await host.until(lambda: all(host.feed(n).requests for n in names), 90)
        assert await program.stop() == 0
        _, listing, _ = await program.run("sources", "list", "--json")
    assert '"health": "blocked"' in listing
    assert '"health": "slow"' in listing
    for said in ("no robot", "larger than 10 MB", "redirected more than 5 times", "binary data", "empty", "HTTP 500"):
        assert said in listing, said


async def test_sources_check_says_what_is_wrong(tmp_path: Path) -> None:
    """One line with the reason, exit 1; a healthy one shows its entries, exit 0."""
    program = Program(tmp_path)
    async with FeedHost() as host:
        page = host.page("/", "<!doctype html><html><body>News</body></html>")
        code, out, _ = await program.run("sources", "check", page)
        assert code == 1
        assert "web page, not a feed" in out
        feed = host.feed("press")
        feed.publish("1", "A headline")
        code, out, _ = await program.run("sources", "check", feed.url)
        assert code == 0
        assert "A headline" in out


async def test_a_private_address_is_refused_with_the_way_to_allow_it(tmp_path: Path) -> None:
    """Without the setting no source reaches this machine."""
    program = Program(tmp_path, allow_private_addresses="false")
    async with FeedHost() as host:
        code, out, _ = await program.run("sources", "check", host.feed("press").url)
    assert code == 1
    assert "CONCORDAT_ALLOW_PRIVATE_ADDRESSES" in "".join(out.split())
    assert host.requests == []


async def test_a_wrong_token_is_said_and_polling_goes_on(tmp_path: Path) -> None:
    """Telegram refuses the token: health and log say what to set, without the token; items are read all the same."""
    secret = "99:WRONGWRONGWRONGWRONGWRONGWRONGWRONG"
    async with FeedHost() as host, Telegram() as telegram:
        feed = host.feed("press")
        program = Program(tmp_path, telegram_token=secret, telegram_api_url=telegram.url)
        program.sources({"id": "press", "url": feed.url, "every": "1s"})
        await program.start()
        await program.ready()
        await host.until(lambda: len(feed.requests) >= 2, 90)
        async with asyncio.timeout(90):
            while "CONCORDAT_TELEGRAM_TOKEN" not in program.log:
                await asyncio.sleep(0.1)
        assert await program.stop() == 0
        code, out, _ = await program.run("doctor")
    assert code == 1
    assert "CONCORDAT_TELEGRAM_TOKEN" in "".join(out.split())
    assert secret not in program.log + out


async def test_ten_mistakes_in_a_rule_file_come_at_once(tmp_path: Path) -> None:
    """rules check names each with its place and exits 2; up refuses to start on them, in the same words."""
    program = Program(tmp_path)
    program.sources()
    (tmp_path / "rules").mkdir()
    bad = Path(__file__).parent.parent / "data" / "rules" / "bad" / "ten-mistakes.yaml"
    (tmp_path / "rules" / "mine.yaml").write_text(bad.read_text(encoding="utf-8"), encoding="utf-8")
    code, _, err = await program.run("rules", "check")
    lines = [line for line in err.splitlines() if "mine.yaml:" in line]
    assert code == 2
    assert len(lines) >= 10
    code, _, err = await program.run("up")
    assert code == 2
    assert all(line in err for line in lines)


async def test_an_unreachable_redis_is_one_clear_line(tmp_path: Path) -> None:
    """up ends with 2 and says which setting to look at."""
    program = Program(tmp_path, redis_url=f"unix://{tmp_path}/none.sock")
    program.sources()
    code, _, err = await program.run("up")
    assert code == 2
    assert "CONCORDAT_REDIS_URL" in err
    assert "Traceback" not in err


async def test_a_home_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    """A file where the data folder should be: the path is named, with what to do."""
    (tmp_path / "data").write_text("in the way")
    code, _, err = await Program(tmp_path).run("once")
    assert code == 2
    assert str(tmp_path / "data") in err
    assert "Traceback" not in err
