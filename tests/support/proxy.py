"""A bad network between a client and a server on loopback, whose faults come exactly when asked for."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field
from typing import Literal, Self

from tests.support.xmpp_server import LOOPBACK

Direction = Literal["up", "down"]  # from the client to the server, and back

_CHUNK = 16_384
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, with no time to send what is left


@dataclass(slots=True, eq=False)
class _Lane:
    """What happens to the bytes that go one way, over all connections."""

    passed: int = 0  # bytes handed on since the proxy began
    cut_at: int | None = None  # the value of `passed` at which the connection is reset, once
    swallows: bool = False
    delay: float = 0.0  # seconds each chunk is held back
    is_open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.is_open.set()


class Proxy:
    """A TCP proxy on a loopback port; `async with Proxy(port) as proxy`, then connect to `proxy.port`.

    Faults apply to present and later connections, until `heal`. Nothing is done by the clock but `delay`.
    """

    def __init__(self, target_port: int, target_host: str = LOOPBACK) -> None:
        self.host = LOOPBACK
        self.port = 0
        self.accepted = 0  # connections so far
        self._target = (target_host, target_port)
        self._lanes: dict[Direction, _Lane] = {"up": _Lane(), "down": _Lane()}
        self._refuses = False
        self._connections: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()
        self._server: asyncio.Server | None = None

    def cut_after(self, count: int, direction: Direction) -> None:
        """Reset the connection once `count` more bytes have gone that way; exactly that many arrive."""
        lane = self._lanes[direction]
        lane.cut_at = lane.passed + count

    def stall(self, direction: Direction | None = None) -> None:
        """Stop reading, so that the sender's window fills; what was sent arrives after `heal`."""
        for lane in self._chosen(direction):
            lane.is_open.clear()

    def swallow(self, direction: Direction | None = None) -> None:
        """Read on but hand nothing on, for good: a link that is dead without a word."""
        for lane in self._chosen(direction):
            lane.swallows = True

    def delay(self, seconds: float, direction: Direction | None = None) -> None:
        """Hold each chunk back for so long; order is kept."""
        for lane in self._chosen(direction):
            lane.delay = seconds

    def refuse(self) -> None:
        """Reset each new connection as soon as it is made."""
        self._refuses = True

    def heal(self) -> None:
        """Take back every fault; swallowed bytes stay lost."""
        self._refuses = False
        for lane in self._lanes.values():
            lane.cut_at, lane.swallows, lane.delay = None, False, 0.0
            lane.is_open.set()

    async def cut(self) -> None:
        """Reset every connection now and wait until all are gone."""
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def passed(self, direction: Direction) -> int:
        """Return how many bytes have been handed on that way."""
        return self._lanes[direction].passed

    async def wait_until_passed(self, count: int, direction: Direction) -> None:
        """Wait until `count` bytes in all have been handed on that way."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._lanes[direction].passed >= count)

    async def wait_until_accepted(self, count: int) -> None:
        """Wait until `count` connections in all have been made."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.accepted >= count)

    async def wait_until_idle(self) -> None:
        """Wait until no connection is open."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._connections)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self.cut()
        await self._server.wait_closed()

    def _chosen(self, direction: Direction | None) -> list[_Lane]:
        return [self._lanes[direction]] if direction is not None else list(self._lanes.values())

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        ends = [writer]
        is_reset = True
        self._connections.add(task)
        try:
            async with self._changed:
                self.accepted += 1
                self._changed.notify_all()
            if not self._refuses:
                server_reader, server_writer = await asyncio.open_connection(*self._target)
                ends.append(server_writer)
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._carry(reader, server_writer, self._lanes["up"]))
                    both.create_task(self._carry(server_reader, writer, self._lanes["down"]))
                is_reset = False
        except* (OSError, asyncio.CancelledError):
            pass
        for end in ends:
            if is_reset:
                with contextlib.suppress(OSError):  # this end is closed already
                    end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                end.transport.abort()
            end.close()
        self._connections.remove(task)
        async with self._changed:
            self._changed.notify_all()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lane: _Lane) -> None:
        writer.transport.set_write_buffer_limits(0)  # so that what is drained has left for the other end
        while chunk := await reader.read(_CHUNK):
            if lane.delay:
                await asyncio.sleep(lane.delay)
            await lane.is_open.wait()
            if lane.swallows:
                continue
            if lane.cut_at is not None:
                chunk = chunk[: lane.cut_at - lane.passed]
            writer.write(chunk)
            await writer.drain()
            async with self._changed:
                lane.passed += len(chunk)
                self._changed.notify_all()
            if lane.passed == lane.cut_at:
                lane.cut_at = None
                raise ConnectionResetError("cut by the test")
        if not lane.swallows:
            writer.write_eof()
