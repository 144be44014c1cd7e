"""The way into the loopback, with the facts of a road through a real network, always the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from tui_xmpp.loopback.server import LoopbackServer
from tui_xmpp.net.connect import Connected
from tui_xmpp.net.identity import CertificateFacts
from tui_xmpp.net.resolve import Endpoint
from tui_xmpp.net.steps import Step, StepReport
from tui_xmpp.net.tls import CertificateRefusedError, Refusal, ServerTls, TlsFacts, TlsPolicy
from tui_xmpp.net.transport import Peer, Transport
from tui_xmpp.worker.dial import Target

ADDRESS = "198.51.100.7"
CERTIFICATE = CertificateFacts(
    "longbourn.lit",
    "Hertfordshire Authority",
    datetime(2026, 10, 1, tzinfo=UTC),
    datetime(2026, 12, 30, tzinfo=UTC),
    sha256="5f0c7d2a91be43d8" * 4,
    dns_names=("longbourn.lit", "xmpp.longbourn.lit"),
)
STRANGE_CERTIFICATE = CertificateFacts(
    "meryton.lit",
    "meryton.lit",
    datetime(2026, 11, 18, tzinfo=UTC),
    datetime(2036, 11, 15, tzinfo=UTC),
    sha256="c41e8a0d73f2965b" * 4,
    dns_names=("meryton.lit",),
)


class Road(Transport):
    """A transport in memory that tells of a server far away."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    @property
    def peer(self) -> Peer:
        return Peer(ADDRESS, 5222)

    @property
    def tls(self) -> TlsFacts | None:
        return self._inner.tls

    async def read(self) -> bytes:
        return await self._inner.read()

    async def gather(self, seconds: float) -> None:
        await self._inner.gather(seconds)

    def write(self, data: bytes) -> None:
        self._inner.write(data)

    async def drain(self) -> None:
        await self._inner.drain()

    async def start_tls(self, tls: TlsPolicy | ServerTls, *, is_direct: bool = False) -> TlsFacts:
        agreed = await self._inner.start_tls(tls, is_direct=is_direct)
        return replace(agreed, cipher="TLS_AES_256_GCM_SHA384", certificate=CERTIFICATE)

    async def close(self) -> None:
        await self._inner.close()

    def abort(self) -> None:
        self._inner.abort()


class RoadDialer:
    """A ``Dialer`` to one server; a domain in ``refused`` shows a certificate that proves nothing."""

    def __init__(self, server: LoopbackServer, refused: Mapping[str, CertificateFacts]) -> None:
        self._server = server
        self._refused = refused

    async def __call__(self, target: Target) -> Connected:
        domain = target.policy.domain
        host = f"xmpp.{domain}"
        for step in (
            StepReport(Step.FIND_SERVICE, domain),
            StepReport(Step.FIND_ADDRESS, host),
            StepReport(Step.CONNECT, host, 5222, ADDRESS),
        ):
            target.on_step(step)
        if domain in self._refused:
            raise CertificateRefusedError(
                f"The certificate of {domain} is signed by itself, by no authority this system knows.",
                Refusal.SELF_SIGNED,
                self._refused[domain],
            )
        return Connected(Road(self._server.connect_memory()), Endpoint(host, 5222, is_direct_tls=False), None, ())
