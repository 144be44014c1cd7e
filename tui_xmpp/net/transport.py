"""Bytes to and from a peer: sockets that are upgraded to TLS in place, and pairs in memory for tests."""

from __future__ import annotations

import asyncio
import socket
import sys
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import cast

from tui_xmpp.net.identity import CertificateFacts
from tui_xmpp.net.steps import NetError
from tui_xmpp.net.tls import (
    ChainRefusedError,
    ServerTls,
    TlsError,
    TlsFacts,
    TlsPolicy,
    TlsSession,
    accepted,
    refused_chain,
    served,
    tls_context,
)
from tui_xmpp.values import dataclass

READ_SIZE = 65536
CLOSE_DEADLINE = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end's numeric address."""

    address: str
    port: int


class ConnectionLostError(NetError):
    """The connection broke without an orderly end."""


class Transport(ABC):
    """A reliable byte stream. One task reads; any may write."""

    @property
    @abstractmethod
    def peer(self) -> Peer: ...

    @property
    @abstractmethod
    def tls(self) -> TlsFacts | None:
        """Give what TLS agreed on, None while the stream is in the clear."""

    @abstractmethod
    async def read(self) -> bytes:
        """Wait for 1 … 65536 bytes; b"" is the end of the stream, the peer's or ours.

        Raise ``ConnectionLostError`` when it broke, ``TlsError`` for bytes that are no TLS.
        """

    @abstractmethod
    async def gather(self, seconds: float) -> None:
        """Leave what comes to the system for so long, so that one read brings more of it; may do nothing."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Queue bytes; a stream that is already lost swallows them (``drain`` and ``read`` tell)."""

    @abstractmethod
    async def drain(self) -> None:
        """Wait until the queue is short. Raise ``ConnectionLostError`` when the stream is lost."""

    @abstractmethod
    async def start_tls(self, tls: TlsPolicy | ServerTls, *, is_direct: bool = False) -> TlsFacts:
        """Encrypt from here on, as initiator for a ``TlsPolicy``, as receiver for ``ServerTls``.

        ``is_direct``: TLS is the first thing on the wire, so ALPN is used (XEP-0368). On any failure the transport is
        aborted and ``TlsError`` raised. Not a byte received in the clear is read afterwards, nor one sent before the
        peer is verified; an initiator that has unread bytes refuses (RFC 6120 §5.4.2.3). Bound it with a timeout.
        """

    @abstractmethod
    async def close(self) -> None:
        """End politely: what is queued is sent first, within a short deadline."""

    @abstractmethod
    def abort(self) -> None:
        """Cut at once."""


class SocketTransport(Transport, asyncio.Protocol):
    """A transport over a TCP socket, for either side."""

    def __init__(self, on_made: Callable[[SocketTransport], None] | None = None) -> None:
        self._on_made = on_made
        self._socket: asyncio.Transport | None = None
        self._peer = Peer("", 0)
        self._received: deque[bytes] = deque()
        self._received_size = 0
        self._is_ended = False
        self._lost: ConnectionLostError | None = None
        self._news = asyncio.Event()
        self._writable = asyncio.Event()
        self._closed = asyncio.Event()
        self._session: TlsSession | None = None
        self._tls: TlsFacts | None = None

    # What the event loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._socket = cast(asyncio.Transport, transport)
        name = transport.get_extra_info("peername")
        if isinstance(name, tuple):
            self._peer = Peer(str(name[0]), int(name[1]))
        self._writable.set()
        if self._on_made is not None:
            self._on_made(self)

    def data_received(self, data: bytes) -> None:
        self._received.append(data)
        self._received_size += len(data)
        if self._received_size > READ_SIZE and self._socket is not None:
            self._socket.pause_reading()
        self._news.set()

    def eof_received(self) -> bool:
        self._is_ended = True
        self._news.set()
        return True  # our own last words may still be sent

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            reason = getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
            self._lost = ConnectionLostError(f"The connection to {self._peer.address} was lost: {reason}.")
            self._lost.__cause__ = exc
        self._is_ended = True
        for event in (self._news, self._writable, self._closed):
            event.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    # What the owner asks.

    @property
    def peer(self) -> Peer:
        return self._peer

    @property
    def tls(self) -> TlsFacts | None:
        return self._tls

    async def read(self) -> bytes:
        if self._session is None:
            return await self._receive()
        while (data := self._session.read()) is None:
            self._session.receive(await self._receive())
        self._send_pending(self._session)  # an answer to a key update
        return data

    async def gather(self, seconds: float) -> None:
        if self._socket is None or self._is_ended:
            return
        self._socket.pause_reading()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._socket.resume_reading()

    async def _receive(self) -> bytes:
        """Wait for bytes off the wire."""
        while not self._received:
            if self._lost is not None:
                raise self._lost
            if self._is_ended:
                return b""
            self._news.clear()
            await self._news.wait()
        data = self._received.popleft()
        if len(data) > READ_SIZE:
            self._received.appendleft(data[READ_SIZE:])
            data = data[:READ_SIZE]
        self._received_size -= len(data)
        if self._received_size <= READ_SIZE and self._socket is not None and not self._is_ended:
            self._socket.resume_reading()
        return data

    def write(self, data: bytes) -> None:
        if self._session is not None:
            try:
                self._session.write(data)
            except TlsError:
                # The peer broke off inside TLS, which takes nothing more; whoever reads has been told, or will be.
                self._lost = self._lost or ConnectionLostError(f"The connection to {self._peer.address} broke off.")
                self._news.set()
            self._send_pending(self._session)
        else:
            self._send(data)

    def _send(self, data: bytes) -> None:
        if self._socket is not None and not self._socket.is_closing():
            self._socket.write(data)

    def _send_pending(self, session: TlsSession) -> None:
        if pending := session.pending():
            self._send(pending)

    async def drain(self) -> None:
        await self._writable.wait()
        if self._closed.is_set():
            raise self._lost or ConnectionLostError(f"The connection to {self._peer.address} is closed.")

    async def start_tls(self, tls: TlsPolicy | ServerTls, *, is_direct: bool = False) -> TlsFacts:
        try:
            if self._session is not None:
                raise TlsError("TLS is already on.")
            if self._received and isinstance(tls, TlsPolicy):
                raise TlsError(f"{tls.domain} sent data where TLS should begin: someone may be tampering.")
            context = await asyncio.to_thread(tls_context, tls, is_direct=is_direct)
            session = context.open()
            await self._shake_hands(session)
            if isinstance(tls, TlsPolicy):
                facts = accepted(tls, session.agreement(), is_direct=is_direct)
            else:
                facts = served(tls, session.agreement())
        except ChainRefusedError as error:
            self.abort()
            if isinstance(tls, TlsPolicy):
                raise refused_chain(tls, error) from error
            raise TlsError(f"The client's certificate is not valid: {error.text}.") from error
        except BaseException:
            self.abort()
            raise
        self._session, self._tls = session, facts
        asyncio.get_running_loop().call_soon(self._hasten_answer)  # after the caller has written the stream's header
        return facts

    def _hasten_answer(self) -> None:
        """Have what comes next acknowledged at once, where the system can do that.

        A server may keep its stream's header back until the tickets before it are acknowledged (Nagle), for which the
        system would wait 40 ms: as long as all of a login takes.
        """
        connection = self._socket.get_extra_info("socket") if self._socket is not None else None
        if connection is not None and sys.platform == "linux":
            with suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    async def _shake_hands(self, session: TlsSession) -> None:
        try:
            while not session.handshake():
                self._send_pending(session)
                data = await self._receive()
                if not data:
                    raise TlsError("The connection ended before TLS was agreed on.")
                session.receive(data)
        except ConnectionLostError as error:
            raise TlsError("The connection broke before TLS was agreed on.") from error
        finally:
            self._send_pending(session)  # the last flight, or the alert that says why not

    async def close(self) -> None:
        if self._socket is None or self._closed.is_set():
            return
        if self._session is not None:
            self._session.end()
            self._send_pending(self._session)
        self._socket.close()
        try:
            async with asyncio.timeout(CLOSE_DEADLINE):
                await self._closed.wait()
        except TimeoutError:
            self.abort()

    def abort(self) -> None:
        if self._socket is not None:
            self._socket.abort()


async def dial(address: str, port: int) -> Transport:
    """Open a TCP connection to a numeric address; raise ``OSError``."""
    _, transport = await asyncio.get_running_loop().create_connection(SocketTransport, address, port)
    return transport


class Server:
    """A listening socket and the tasks that serve its connections."""

    def __init__(self, handler: Callable[[Transport], Awaitable[None]], direct_tls: ServerTls | None) -> None:
        self._handler = handler
        self._direct_tls = direct_tls
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None
        self.port = 0

    async def listen(self, host: str, port: int) -> None:
        factory = partial(SocketTransport, self._made)
        self._listener = await asyncio.get_running_loop().create_server(factory, host, port)
        self.port = int(self._listener.sockets[0].getsockname()[1])

    def _made(self, transport: SocketTransport) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(transport))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, transport: SocketTransport) -> None:
        try:
            if self._direct_tls is not None:
                await transport.start_tls(self._direct_tls, is_direct=True)
            await self._handler(transport)
            await transport.close()
        except NetError:
            pass  # this client is gone; the others stay
        finally:
            transport.abort()

    async def close(self) -> None:
        """Stop listening and end every connection."""
        if self._listener is not None:
            self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._listener is not None:
            await self._listener.wait_closed()


async def serve(
    handler: Callable[[Transport], Awaitable[None]],
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    direct_tls: ServerTls | None = None,
) -> Server:
    """Listen, and call ``handler`` for each connection, after the handshake when ``direct_tls`` is given.

    The connection is closed when the handler returns. Port 0 takes a free one.
    """
    server = Server(handler, direct_tls)
    await server.listen(host, port)
    return server


@dataclass(slots=True, eq=False)
class Faults:
    """What befalls the bytes that one side of a memory pair sends.

    ``cut_after`` breaks the connection once so many bytes in all have been sent; ``chunk`` is the most one read gives;
    ``delay`` is the seconds that bytes, and the end of the stream, travel.
    """

    cut_after: int | None = None
    chunk: int = READ_SIZE
    delay: float = 0.0
    is_stalled: bool = False


class _Pipe:
    """One direction of a memory pair."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.waiting = bytearray()
        self.sent = 0
        self.is_ended = False
        self.is_cut = False
        self.has_agreed_on_tls = False
        self.news = asyncio.Event()

    @property
    def is_readable(self) -> bool:
        return bool(self.waiting) and not self.faults.is_stalled

    def carry(self, data: bytes | None) -> None:
        """Take bytes, or None for the end, over to the reading side."""
        if self.faults.delay:
            asyncio.get_running_loop().call_later(self.faults.delay, self._deliver, data)
        else:
            self._deliver(data)

    def _deliver(self, data: bytes | None) -> None:
        if data is None:
            self.is_ended = True
        else:
            self.waiting += data
        self.news.set()

    def cut(self) -> None:
        self.is_cut = True
        self.news.set()


class MemoryTransport(Transport):
    """One side of a pair without sockets. ``faults`` befall what this side sends."""

    def __init__(self, name: str, outgoing: _Pipe, incoming: _Pipe, facts: TlsFacts) -> None:
        self._name = name
        self._outgoing = outgoing
        self._incoming = incoming
        self._facts = facts
        self._is_encrypted = False
        self._is_closed = False

    @property
    def faults(self) -> Faults:
        return self._outgoing.faults

    def release(self) -> None:
        """End a stall: what was held back is delivered."""
        self.faults.is_stalled = False
        self._outgoing.news.set()

    @property
    def peer(self) -> Peer:
        return Peer(self._name, 0)

    @property
    def tls(self) -> TlsFacts | None:
        return self._facts if self._is_encrypted else None

    async def read(self) -> bytes:
        pipe = self._incoming
        await self._until(pipe, lambda: pipe.is_readable or (pipe.is_ended and not pipe.waiting))
        data = bytes(pipe.waiting[: pipe.faults.chunk])
        del pipe.waiting[: len(data)]
        pipe.news.set()
        return data

    async def _until(self, pipe: _Pipe, is_done: Callable[[], bool]) -> None:
        """Wait for news of a pipe; a cut is told only after what came before it was read."""
        while not is_done():
            if pipe.is_cut:
                raise ConnectionLostError(f"The connection to {self._name} was lost: cut.")
            pipe.news.clear()
            await pipe.news.wait()

    async def gather(self, seconds: float) -> None:
        """Do nothing: in memory a read costs little."""

    def write(self, data: bytes) -> None:
        pipe = self._outgoing
        if pipe.is_cut or pipe.is_ended or self._is_closed:
            return
        cut_after = pipe.faults.cut_after
        room = len(data) if cut_after is None else max(0, cut_after - pipe.sent)
        pipe.carry(data[:room])
        pipe.sent += min(room, len(data))
        if room < len(data):
            self.abort()

    async def drain(self) -> None:
        pipe = self._outgoing
        if pipe.is_cut or pipe.is_ended:
            raise ConnectionLostError(f"The connection to {self._name} is closed.")
        await self._until(pipe, lambda: len(pipe.waiting) <= READ_SIZE)

    async def start_tls(self, tls: TlsPolicy | ServerTls, *, is_direct: bool = False) -> TlsFacts:
        incoming, outgoing = self._incoming, self._outgoing
        if isinstance(tls, TlsPolicy) and incoming.waiting:
            self.abort()
            raise TlsError(f"{tls.domain} sent data where TLS should begin: someone may be tampering.")
        outgoing.has_agreed_on_tls = True
        outgoing.news.set()
        try:
            await self._until(incoming, lambda: incoming.has_agreed_on_tls)
        except ConnectionLostError as error:
            raise TlsError("The connection broke before TLS was agreed on.") from error
        self._is_encrypted = True
        return self._facts

    async def close(self) -> None:
        self._is_closed = True
        self._outgoing.carry(None)
        self._incoming.carry(None)

    def abort(self) -> None:
        self._outgoing.cut()
        self._incoming.cut()


def memory_pair(facts: TlsFacts | None = None) -> tuple[MemoryTransport, MemoryTransport]:
    """Join an initiator and a receiver without sockets or encryption; ``start_tls`` on both sides gives ``facts``."""
    there, back = _Pipe(), _Pipe()
    agreed = facts or _memory_facts()
    return MemoryTransport("receiver", there, back, agreed), MemoryTransport("initiator", back, there, agreed)


def _memory_facts() -> TlsFacts:
    always = datetime(2000, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)
    certificate = CertificateFacts("memory", "memory", *always, sha256="0" * 64)
    return TlsFacts("TLSv1.3", "none (in memory)", None, certificate, {"tls-server-end-point": bytes(32)})
