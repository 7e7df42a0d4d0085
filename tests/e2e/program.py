"""`concordat` as a process of its own: started, waited for, killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import urllib.request
from pathlib import Path
from typing import Any

ENTRY = "from concordat.cli import main; main()"


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Program:
    """One home, and the `concordat up` that runs on it."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home, self.port = home, free_port()
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("CONCORDAT_")},
            "CONCORDAT_HOME": str(home), "CONCORDAT_CONSOLE_PORT": str(self.port), "CONCORDAT_ALLOW_PRIVATE_ADDRESSES": "true",
            "CONCORDAT_BUILTIN_SOURCES": "false", **{f"CONCORDAT_{k.upper()}": v for k, v in settings.items()},
        }  # fmt: skip
        self.process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> str:
        """Everything that it said so far, in all its lives."""
        return (self.home / "up.log").read_text(encoding="utf-8", errors="replace")

    def sources(self, *sources: dict[str, Any]) -> None:
        """What it reads."""
        (self.home / "sources").mkdir(parents=True, exist_ok=True)
        (self.home / "sources" / "test.yaml").write_text(json.dumps({"sources": sources}), encoding="utf-8")

    async def start(self, *args: str) -> None:
        """Start `up`; does not wait."""
        with (self.home / "up.log").open("ab") as log:
            command = (sys.executable, "-c", ENTRY, "up", *args)
            self.process = await asyncio.create_subprocess_exec(*command, env=self.env, stdout=log, stderr=log)

    async def ready(self, seconds: float = 120) -> None:
        """Wait until /healthz answers 200."""
        async with asyncio.timeout(seconds):
            while not await asyncio.to_thread(self._healthy):
                assert self.process is not None
                assert self.process.returncode is None, self.log[-2000:]
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """SIGKILL: no goodbye."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self, seconds: float = 60) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.terminate()
        async with asyncio.timeout(seconds):
            return await self.process.wait()

    async def run(self, *args: str, stdin: str = "") -> tuple[int, str, str]:
        """Another command on the same home: exit code, standard output, standard error."""
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-c", ENTRY, *args)
        process = await asyncio.create_subprocess_exec(*command, env=self.env, stdin=pipe, stdout=pipe, stderr=pipe)
        out, err = await process.communicate(stdin.encode())
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
