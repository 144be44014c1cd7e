"""Bytes to and from a peer: sockets, upgraded to TLS in place, and pairs in memory for tests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tui_xmpp.net.steps import NetError
from tui_xmpp.net.tls import ServerTls, TlsFacts, TlsPolicy


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
        """Wait for 1 … 65536 bytes; b"" is the peer's end of stream. Raise ``ConnectionLostError`` when it broke."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Queue bytes; a stream that is already lost swallows them (``drain`` and ``read`` tell)."""

    @abstractmethod
    async def drain(self) -> None:
        """Wait until the queue is short. Raise ``ConnectionLostError`` when it will never be."""

    @abstractmethod
    async def start_tls(self, tls: TlsPolicy | ServerTls, *, is_direct: bool = False) -> TlsFacts:
        """Encrypt from here on, as initiator for a ``TlsPolicy``, as receiver for ``ServerTls``.

        ``is_direct``: TLS is the first thing on the wire, so ALPN is used (XEP-0368). On any failure the transport is
        aborted and ``TlsError`` raised; no byte of the application passed. Bytes received before are never mixed in.
        """

    @abstractmethod
    async def close(self) -> None:
        """End politely: what is queued is sent first, bounded by a short deadline."""

    @abstractmethod
    def abort(self) -> None:
        """Cut at once."""


class Server(ABC):
    """A listening socket."""

    @property
    @abstractmethod
    def port(self) -> int: ...

    @abstractmethod
    async def close(self) -> None: ...


async def serve(
    handler: Callable[[Transport], Awaitable[None]],
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    direct_tls: ServerTls | None = None,
) -> Server:
    """Listen and call ``handler`` for each connection, after the handshake when ``direct_tls`` is given."""
    raise NotImplementedError


@dataclass(slots=True)
class Faults:
    """What to do to the bytes one side of a memory pair sends. Change it at any time."""

    cut_after: int | None = None
    is_stalled: bool = False
    chunk: int | None = None


def memory_pair(*, facts: TlsFacts | None = None) -> tuple[Transport, Transport]:
    """Join an initiator and a receiver without a socket; ``start_tls`` on both sides gives ``facts``."""
    raise NotImplementedError
