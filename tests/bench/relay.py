"""A wire with a watch: hands bytes on between the program and the server and notes when a flood begins."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType

from tests.support.xmpp_server import LOOPBACK

FLOOD = 16 * 1024
"""Bytes within a moment that no login sends."""
MOMENT = 0.2


class Relay:
    """Carry one connection at a time to ``target``; ``at_flood`` is called in its thread when much arrives at once."""

    def __init__(self, target: int, at_flood: Callable[[], None]) -> None:
        self._target = target
        self._at_flood = at_flood
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Relay:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection((LOOPBACK, self._target))
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            up = threading.Thread(target=self._carry, args=(near, far), daemon=True)
            up.start()
            self._carry(far, near, is_watched=True)
            up.join()
            near.close()
            far.close()

    def _carry(self, source: socket.socket, sink: socket.socket, *, is_watched: bool = False) -> None:
        began, count, is_told = 0.0, 0, False
        try:
            while data := source.recv(1 << 16):
                if is_watched and not is_told:
                    now = time.perf_counter()
                    if now - began > MOMENT:
                        began, count = now, 0
                    count += len(data)
                    if count > FLOOD:
                        is_told = True
                        self._at_flood()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return
