"""A real XMPP server as a private process on loopback: ports, life cycle, readiness and logs."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, NamedTuple, Self

from tests.support.certificates import Authority

LOOPBACK = "127.0.0.1"
START_DEADLINE = 60.0  # seconds; both servers need about one, many on a busy machine
STOP_DEADLINE = 10.0


class ServerMissingError(Exception):
    """The server's program is not installed here."""


class Watchdog:
    """Kills `process` when this process dies without a word: only then does the watchdog's input end."""

    def __init__(self, process: subprocess.Popen[Any]) -> None:
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", f"read -r _; kill -KILL {process.pid}"],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """Watch no more; call it once the process has been reaped."""
        self._shell.kill()
        self._shell.communicate()


class Account(NamedTuple):
    """A login on a test server."""

    jid: str
    password: str


class XmppServer(ABC):
    """One server process that serves one domain over STARTTLS and direct TLS.

    All its files live in `folder`. Every method blocks: call `restart` and `stop` through
    `asyncio.to_thread` from a coroutine that has other work meanwhile.
    """

    domain: str
    keeps_its_word_when_stopped: ClassVar[bool] = True
    """What it acknowledged, be it a moment before it is told to stop, is there when it starts again."""

    def __init__(self, folder: Path, authority: Authority, domain: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.domain = domain
        self.host = LOOPBACK
        self.ca_file = authority.ca_file
        self.starttls_port = free_port()
        self.direct_port = free_port()
        self.log_file = folder / "server.log"
        self.started_in = 0.0  # seconds the last start took
        self._output_file = folder / "output.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: Watchdog | None = None
        self._account_numbers = itertools.count(1)

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return the command that runs the server in the foreground."""

    @abstractmethod
    def register(self, name: str, password: str) -> None:
        """Create the account `name`; the server must be running."""

    def environment(self) -> Mapping[str, str]:
        """Return what the server's process needs beside this process's environment."""
        return {}

    def ports(self) -> tuple[int, ...]:
        """Return the ports that accept connections once the server is ready."""
        return (self.starttls_port, self.direct_port)

    def user(self, name: str = "user") -> Account:
        """Create a fresh account whose localpart starts with `name`, never given out before."""
        account = Account(f"{name}{next(self._account_numbers)}@{self.domain}", "Obstinate, headstrong girl!")
        self.register(account.jid.partition("@")[0], account.password)
        return account

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process and return once every port accepts a connection."""
        began = time.monotonic()
        with self._output_file.open("ab") as output:
            process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                env={**os.environ, "HOME": str(self.folder), **self.environment()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._process = process
        self._watchdog = Watchdog(process)
        try:
            for port in self.ports():
                self._wait_until_open(port, process, began + START_DEADLINE)
        except BaseException:
            self.kill()
            raise
        self.started_in = time.monotonic() - began

    def stop(self) -> None:
        """Ask the server to shut down (it says good-bye to its clients) and wait until it has."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_DEADLINE)
            except subprocess.TimeoutExpired:
                self._process.kill()
            self._reap()

    def kill(self) -> None:
        """End the server at once, as a power cut would, its sockets reset."""
        if self._process is not None:
            self._process.kill()
            self._reap()

    def restart(self) -> None:
        """Stop and start again on the same ports with the same accounts."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def log_size(self) -> int:
        """Return the log's length in bytes, for `log_since`."""
        return self.log_file.stat().st_size if self.log_file.exists() else 0

    def log_since(self, offset: int, limit: int = 20_000) -> str:
        """Return at most the last `limit` bytes of what was logged after `offset`."""
        if not self.log_file.exists():
            return ""
        with self.log_file.open("rb") as log:
            log.seek(max(offset, self.log_size() - limit))
            return log.read().decode(errors="replace")

    def _reap(self) -> None:
        assert self._process is not None
        self._process.wait(STOP_DEADLINE)
        self._process = None
        if self._watchdog is not None:
            self._watchdog.dismiss()
            self._watchdog = None

    def _wait_until_open(self, port: int, process: subprocess.Popen[bytes], deadline: float) -> None:
        while True:
            try:
                socket.create_connection((self.host, port), timeout=1).close()
                return
            except OSError:
                pass
            if process.poll() is not None or time.monotonic() > deadline:
                output = self._output_file.read_text(errors="replace")[-4000:]
                fate = "is not ready" if process.returncode is None else f"ended with {process.returncode}"
                raise RuntimeError(f"{self.command()[0]} {fate}:\n{output}\n{self.log_since(0, 4000)}")
            try:
                process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue


def free_port() -> int:
    """Return a loopback port nobody listens on, outside the range the kernel gives to outgoing sockets.

    A server may leave and return to such a port: no connection of anyone else takes it meanwhile.
    """
    for _ in range(100):
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port found on loopback")


def program(name: str) -> str:
    """Return the path of a server's program, also where only root's PATH would find it."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if path is None:
        raise ServerMissingError(f"{name} is not installed")
    return path
