"""A program in a real pseudo-terminal: what a person at a keyboard would type and see."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

PAGE_KIB = os.sysconf("SC_PAGE_SIZE") / 1024
_CPU_CLOCK = 2  # of the whole process: CPUCLOCK_SCHED in Linux's numbering of clocks


class Terminal:
    """Run a command in a pty of the given size and read its raw output.

    ``output`` gathers every byte written; times are :func:`time.perf_counter` seconds.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 40,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name in ("PATH", "HOME", "LANG", "PYTHONPATH", "XDG_RUNTIME_DIR")
        }
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={
                "TERM": "xterm-256color",
                "COLORTERM": "truecolor",
                "LANG": "C.UTF-8",
                **inherited,
                **(environment or {}),
            },
        )
        os.close(slave)
        os.set_blocking(self._master, False)
        self.output = bytearray()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the program, roughly if it must be."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.hang_up()

    def hang_up(self) -> None:
        """Close the terminal's window."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def send(self, keys: str | bytes) -> None:
        """Type."""
        os.write(self._master, keys.encode() if isinstance(keys, str) else keys)

    def resize(self, columns: int, rows: int) -> None:
        """Change the window's size, as a person dragging its corner."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.killpg(self.process.pid, signal.SIGWINCH)

    def pump(self, seconds: float) -> bool:
        """Wait up to ``seconds`` for output and take all there is; say whether there was any."""
        ready, _, _ = select.select([self._master], [], [], max(0.0, seconds))
        if not ready:
            return False
        found = False
        while True:
            try:
                data = os.read(self._master, 1 << 16)
            except BlockingIOError:
                return found
            except OSError:
                # The program has closed its side.
                return found
            if not data:
                return found
            found = True
            self.output += data

    def wait_for(self, text: str | bytes, *, timeout: float = 40.0, start: int = 0) -> float:
        """Return the moment at which ``text`` had been written at or after offset ``start``; TimeoutError if it is not.

        Raw output: only text written in one go is found, so look for short words.
        """
        wanted = text.encode() if isinstance(text, str) else text
        deadline = time.perf_counter() + timeout
        searched = start
        while True:
            if self.output.find(wanted, searched) >= 0:
                return time.perf_counter()
            searched = max(start, len(self.output) - len(wanted))
            remaining = deadline - time.perf_counter()
            if remaining <= 0 or (self.process.poll() is not None and not self.pump(0.05)):
                raise TimeoutError(f"{text!r} was not shown; the end of the output: {bytes(self.output[-400:])!r}")
            self.pump(min(remaining, 0.2))

    def quiet(self, seconds: float, *, timeout: float = 40.0) -> None:
        """Return when nothing was written for ``seconds``."""
        deadline = time.perf_counter() + timeout
        while self.pump(seconds):
            if time.perf_counter() > deadline:
                raise TimeoutError("the screen does not come to rest")

    def wait_for_end(self, timeout: float = 40.0) -> int:
        """Return the exit status once the program has ended; its output is read meanwhile."""
        deadline = time.perf_counter() + timeout
        while self.process.poll() is None:
            if time.perf_counter() > deadline:
                raise TimeoutError(f"the program does not end: {bytes(self.output[-400:])!r}")
            if not self.pump(0.02):
                time.sleep(0.002)
        return self.process.returncode

    @property
    def resident(self) -> float:
        """Resident memory, MiB."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * PAGE_KIB / 1024

    @property
    def cpu(self) -> float:
        """Processor time used so far by all threads, seconds; finer than the ticks of /proc."""
        return time.clock_gettime(~self.process.pid << 3 | _CPU_CLOCK)
