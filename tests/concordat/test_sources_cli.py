"""`concordat sources …` as people and scripts run it: real processes against a host on loopback."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.program import Program
from tests.fakes.feedfaults import PAGE, empty, garbage, gzip_bomb, huge, page, redirect, reset_midway, status
from tests.fakes.feedhost import FeedHost
from watcher.sources.files import write_file
from watcher.sources.load import load_roster, load_sources


@pytest_asyncio.fixture
async def host() -> AsyncIterator[FeedHost]:
    """A host of feeds."""
    async with FeedHost() as running:
        yield running


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A home without built-in sources, which may read loopback."""
    (tmp_path / "sources").mkdir()
    return Program(tmp_path)


async def asked(program: Program, *args: str, code: int = 0) -> str:
    """What a command says that ends with this code: its standard output, or of a mistake in usage its standard error."""
    ended, out, err = await program.run("sources", *args)
    assert ended == code, out + err
    return out if code != 2 else err


async def asked_failing(program: Program, *args: str) -> str:
    """Standard error of a command that answers no."""
    ended, _, err = await program.run("sources", *args)
    assert ended == 1
    return err


async def asked_json(program: Program, *args: str, code: int = 0) -> Any:
    """As `asked`, with --json."""
    return json.loads(await asked(program, *args, "--json", code=code))


def builtin(program: Program) -> Program:
    """The same home with the catalogue."""
    program.env["CONCORDAT_BUILTIN_SOURCES"] = "true"
    return program


async def test_list_shows_health_and_reason(program: Program, host: FeedHost) -> None:
    """After a round each source says how it is and why; filters leave some of them, and the last line counts them."""
    good, bad = host.feed("good"), host.feed("bad")
    good.publish("1", "A title")
    bad.fault = status(404)
    program.sources(
        {"id": "good", "url": good.url, "tags": ["lab"], "group": "labs"},
        {"id": "bad", "url": bad.url},
        {"id": "off", "url": good.url + "?x", "enabled": False},
    )
    rows = await asked_json(program, "list")
    assert [(r["id"], r["health"]) for r in rows] == [("good", "new"), ("bad", "new"), ("off", "off")]
    await program.run("once")
    rows = {r["id"]: r for r in await asked_json(program, "list")}
    assert (rows["good"]["health"], rows["good"]["items"], rows["good"]["group"], rows["good"]["tags"]) == ("ok", 1, "labs", ["lab"])
    assert rows["bad"]["health"] == "broken"
    assert "404" in rows["bad"]["why"]
    assert "switched off at" in rows["off"]["why"]
    text = await asked(program, "list")
    assert text.splitlines()[-1] == "3 sources: 1 broken, 1 ok, 1 off"
    assert (await asked(program, "list", "--health", "broken")).splitlines()[-1] == "1 source: 1 broken"
    assert [r["id"] for r in await asked_json(program, "list", "--tag", "lab", "--group", "labs", "--kind", "feed")] == ["good"]
    assert "did you mean 'labs'" in await asked(program, "list", "--group", "lasb", code=2)
    assert "no source is 'ill'" in await asked(program, "list", "--health", "ill", code=2)


async def test_list_fits_a_narrow_terminal(program: Program, host: FeedHost) -> None:
    """No line is wider than the terminal, and the ids stay whole."""
    program.sources({"id": "a-rather-long-name-of-a-source", "url": host.base, "group": "labs", "enabled": False})
    program.env["COLUMNS"] = "60"
    text = await asked(program, "list")
    assert "a-rather-long-name-of-a-source" in text
    assert max(map(len, text.splitlines())) <= 60


async def test_check_says_what_is_wrong_and_what_to_try(program: Program, host: FeedHost) -> None:
    """A good feed is shown with what would follow; a bad one ends with 1 and two lines; --all does both at once."""
    good, bad = host.feed("good", title="Good news"), host.feed("bad")
    good.publish("1", "A title")
    good.headers["Link"] = f'<https://hub.example/>; rel="hub", <{good.url}>; rel="self"'
    bad.fault = status(403)
    program.sources({"id": "good", "url": good.url, "every": "7m"}, {"id": "bad", "url": bad.url})
    text = await asked(program, "check", "good")
    assert text.startswith("good: 1 entry, “Good news”\n")
    assert "read again after: 7m (as `every` says)" in text
    assert f"pushes through: https://hub.example/ (topic {good.url})" in text
    assert "A title" in text
    found = await asked_json(program, "check", "good")
    assert (found["ok"], found["title"], found["read_again_after"], found["entries"][0]["title"]) == (True, "Good news", "7m", "A title")
    first, second = (await asked(program, "check", "bad", code=1)).splitlines()
    assert "403" in first
    assert second.startswith("try: set CONCORDAT_PUBLIC_URL")
    reports = await asked_json(program, "check", "--all", code=1)
    assert [(r["id"], r["ok"], r["reason"]) for r in reports] == [("good", True, None), ("bad", False, "blocked")]
    assert "2 sources: 1 can be read, 1 cannot" in await asked(program, "check", "--all", code=1)
    assert "did you mean 'good'" in await asked(program, "check", "godo", code=2)
    assert "write the id of a source, an address, or --all" in await asked(program, "check", code=2)


FAULTS = {
    "missing": (status(404), "not_found"),
    "refused": (status(403), "blocked"),
    "gone": (status(410), "gone"),
    "hurried": (status(429, retry_after=60), "rate_limited"),
    "failing": (status(503), "rate_limited"),
    "erring": (status(500), "http"),
    "page": (page(), "blocked"),
    "empty": (empty(), "not_a_feed"),
    "noise": (garbage(), "not_a_feed"),
    "huge": (huge(), "too_large"),
    "bomb": (gzip_bomb(), "too_large"),
    "torn": (reset_midway(), "connection"),
}


async def test_check_all_says_of_each_fault_what_to_try(program: Program, host: FeedHost) -> None:
    """Twelve sorts of trouble at one host: each has its reason and its advice, and none keeps another from being asked."""
    for name, (fault, _) in FAULTS.items():
        host.feed(name).fault = fault
    loop = host.feed("loop")
    loop.fault = redirect(loop.url)
    program.sources(*({"id": f.name, "url": f.url} for f in host.feeds.values()))
    reports = await asked_json(program, "check", "--all", code=1)
    assert {r["id"]: r["reason"] for r in reports} == {**{name: reason for name, (_, reason) in FAULTS.items()}, "loop": "redirects"}
    assert [r["id"] for r in reports if not r["try"] or not r["message"] or "\n" in r["message"] + r["try"]] == []


async def test_groups_are_switched_and_a_running_watcher_follows(program: Program, host: FeedHost) -> None:
    """Disable writes a file of its own, is live at once, and enable takes it back; the operator's file stays as it was."""
    feed = host.feed("press")
    program.sources({"id": "press", "url": feed.url, "every": "1s", "group": "papers"})
    own = program.home / "sources" / "test.yaml"
    before = own.read_bytes()
    await program.start("--only", "watcher,console")
    await program.ready()
    await host.until(lambda: len(feed.requests) > 1, 60)
    assert (await asked(program, "disable", "papers")).startswith("papers is off: 1 source not read\n")
    async with asyncio.timeout(60):
        while "sources=0" not in program.log:
            await asyncio.sleep(0.05)
    (group,) = await asked_json(program, "groups")
    assert (group["group"], group["on"], group["sources"], group["read"], group["ids"]) == ("papers", False, 1, 0, ["press"])
    assert (await asked(program, "enable", "papers")).startswith("papers is on: 1 of 1 source read\n")
    assert not (program.home / "sources" / "switches.yaml").exists()
    count = len(feed.requests)
    await host.until(lambda: len(feed.requests) > count, 60)
    assert own.read_bytes() == before
    assert "did you mean 'papers'" in await asked(program, "disable", "paperz", code=2)
    assert await program.stop() == 0


async def test_add_finds_the_feed_of_a_site(program: Program, host: FeedHost) -> None:
    """A site's address is enough: its feed is found, each address asked one time, shown, and written behind what was added before."""
    feed = host.feed("news", title="Lab: news")
    feed.publish("1", "A title")
    host.page("/", f"<html><head><link rel='alternate' type='application/rss+xml' href='{feed.url}'></head></html>")
    path = program.home / "sources" / "added.yaml"
    write_file(path, "# mine\nsources:\n  - id: first   # stays\n    url: https://first.example/\n")
    text = await asked(program, "add", host.base, "--tags", "lab,us", "--group", "labs")
    assert "1 entry" in text
    assert sorted(a.path for a in host.requests) == ["/", "/f/news"]
    assert path.read_text() == (
        "# mine\nsources:\n  - id: first   # stays\n    url: https://first.example/\n\n"
        f'  - id: lab-news\n    title: "Lab: news"\n    url: {feed.url}\n    tags: [lab, us]\n    group: labs\n'
    )
    assert "there already as lab-news" in await asked_failing(program, "add", feed.url)
    assert "there is a source 'first' already" in await asked(program, "add", host.base + "/f/x", "--no-check", "--id", "first", code=2)


async def test_add_refuses_what_cannot_be_read(program: Program, host: FeedHost) -> None:
    """Nothing is written, the exit code is 1, and the reason is told; --no-check writes it all the same and asks nobody."""
    host.page("/", PAGE.decode())
    code, _, err = await program.run("sources", "add", host.base)
    assert (code, "--no-check" in err) == (1, True)
    assert not (program.home / "sources" / "added.yaml").exists()
    before = len(host.requests)
    await asked(program, "add", f"{host.base}/f/later", "--no-check", "--title", "Later", "--every", "1h")
    assert len(host.requests) == before
    (source,) = load_sources(program.home / "sources", builtin=False)
    assert (source.id, source.title, str(source.every)) == ("later", "Later", "1:00:00")
    assert "not a duration" in await asked(program, "add", host.base, "--no-check", "--every", "often", code=2)
    assert "is not an address" in await asked(program, "add", "nonsense", code=2)
    assert "there is no kind 'fed'" in await asked(program, "add", host.base, "--kind", "fed", code=2)


async def test_add_takes_accounts_and_interfaces(program: Program) -> None:
    """An address that shows what it is, and a kind with keys of its own, become entries with ids that say what they are."""
    account = "https://bsky.app/profile/ec.europa.eu"
    await asked(program, "add", account, "--no-check")
    await asked(program, "add", "--kind", "hackernews", "--with", 'search="national lab"', "--with", "points=5", "--no-check")
    assert (program.home / "sources" / "added.yaml").read_text().endswith(
        "\n\nsources:\n  - id: ec-europa-eu-bluesky\n    kind: bluesky\n    actor: ec.europa.eu\n\n"
        "  - id: national-lab-hackernews\n    kind: hackernews\n    search: national lab\n    points: 5\n"
    )
    assert "there already as ec-europa-eu-bluesky" in await asked_failing(program, "add", account, "--no-check")
    assert "unknown key 'pionts'" in await asked(program, "add", "--kind", "hackernews", "--with", "pionts=5", "--no-check", code=2)
    assert "write key=value" in await asked(program, "add", "--kind", "hackernews", "--with", "points", "--no-check", code=2)
    assert "give an address" in await asked(program, "add", code=2)


OPML = """<opml version="2.0"><head><title>x</title></head><body>
<outline text="Labs"><outline text="One" xmlUrl="https://one.example/feed"/></outline>
<outline text="Two" xmlUrl="https://two.example/feed"/>
<outline text="Bad" xmlUrl="ftp://bad.example/"/>
</body></opml>"""


async def test_import_and_export_bring_sources_there_and_back(program: Program, tmp_path: Path) -> None:
    """A dry run writes nothing; the import writes what it showed, says what it passed over, and the export of one home fills another."""
    file = tmp_path / "My Feeds.opml"
    file.write_text(OPML)
    shown = await asked(program, "import", str(file), "--dry-run", code=1)
    assert list((program.home / "sources").iterdir()) == []
    code, out, err = await program.run("sources", "import", str(file))
    assert (code, "2 new sources, 0 known already, 1 not usable" in out) == (1, True)
    assert f"{file}:4:1: 'ftp://bad.example/' is not an address" in err
    assert (program.home / "sources" / "my-feeds.yaml").read_text() == shown
    again = await asked_json(program, "import", str(file), code=1)
    assert [k["id"] for k in again["known"]] == ["one", "two"]
    await asked(program, "disable", "two")
    exported = await asked(program, "export")
    assert ("one.example" in exported, "two.example" in exported) == (True, False)
    await asked(program, "export", "--all", str(tmp_path / "all.opml"))
    other = Program(tmp_path / "other")
    (tmp_path / "other").mkdir()
    await asked(other, "import", str(tmp_path / "all.opml"))
    found = [each.source for each in load_roster(tmp_path / "other" / "sources", builtin=False).listed]
    assert {(s.id, s.url, s.group, s.enabled) for s in found} == {
        ("one", "https://one.example/feed", "labs", None),
        ("two", "https://two.example/feed", None, False),
    }


async def test_sources_that_wait_say_for_what(program: Program) -> None:
    """A source without its credential is off and not broken; doctor names the setting; with it the source is read."""
    program.sources({"id": "posts", "kind": "bluesky", "search": "national laboratory"})
    (row,) = await asked_json(program, "list")
    assert (row["health"], row["why"]) == ("off", "waits for CONCORDAT_BLUESKY_HANDLE and CONCORDAT_BLUESKY_PASSWORD")
    code, out, _ = await program.run("doctor", "--json")
    found = {f["what"]: (f["ok"], f["text"]) for f in json.loads(out)}
    assert code == 1
    assert found["source credentials"] == (False, f"these sources wait: posts {row['why'].removeprefix('waits ')}")
    assert "; the others wait for CONCORDAT_X_BEARER_TOKEN\n" in await asked(builtin(program), "enable", "x")
    program.env |= {"CONCORDAT_BUILTIN_SOURCES": "false", "CONCORDAT_BLUESKY_HANDLE": "a.example", "CONCORDAT_BLUESKY_PASSWORD": "secret"}
    assert (await asked_json(program, "list"))[0]["health"] == "new"


async def test_the_shell_completes_names(program: Program, tmp_path: Path) -> None:
    """Groups and ids, of the home that is typed."""
    program.sources({"id": "press", "url": "https://a.example/", "group": "pressing"})
    script = "import sys; sys.argv = ['concordat']; from concordat.cli import main; main()"
    for words, found in ((f"disable --home {tmp_path} pre", ["pressing", "press"]), (f"check --home {tmp_path} pre", ["press"])):
        line = f"concordat sources {words}"
        env = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1), "_CONCORDAT_COMPLETE": "complete_bash"}
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, env=program.env | env, stdout=asyncio.subprocess.PIPE)
        assert (await process.communicate())[0].decode().split() == found


async def test_new_sources_in_a_group_that_is_off_are_told(program: Program, tmp_path: Path) -> None:
    """A folder may be called as a group that is off: the operator hears that its feeds are not read."""
    (tmp_path / "my.opml").write_text(OPML.replace("Labs", "Reddit").replace("ftp:", "https:"))
    code, _, err = await builtin(program).run("sources", "import", str(tmp_path / "my.opml"))
    assert code == 0
    assert "not read: 1 source in the group reddit, which is off; `concordat sources enable reddit` switches it on" in err
    text = await asked(program, "add", "https://three.example/", "--no-check", "--group", "x")
    assert "not read: 1 source in the group x" in text


async def test_commands_that_write_want_a_home(tmp_path: Path) -> None:
    """A mistyped home is not made on the way."""
    program = Program(tmp_path)
    program.env["CONCORDAT_HOME"] = str(tmp_path / "nowhere")
    assert "`concordat init" in await asked(program, "add", "https://a.example/", "--no-check", code=2)
    assert not (tmp_path / "nowhere").exists()
