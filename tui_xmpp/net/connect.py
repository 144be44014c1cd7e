"""From endpoints to one open transport, racing addresses (RFC 8305, XEP-0495)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui_xmpp.net.resolve import Endpoint, Resolver
from tui_xmpp.net.steps import NetError, OnStep, Step, unwatched
from tui_xmpp.net.tls import TlsFacts, TlsPolicy
from tui_xmpp.net.transport import Transport


@dataclass(frozen=True, slots=True)
class ConnectLimits:
    """Bounds in seconds (RFC 8305 §8) and addresses for each name."""

    resolution_delay: float = 0.05
    attempt_delay: float = 0.25
    attempt: float = 10.0
    budget: float = 30.0
    addresses: int = 16


class ConnectError(NetError):
    """One step at one host failed."""

    def __init__(self, step: Step, host: str, port: int, reason: str) -> None:
        super().__init__(f"{step.value.capitalize()} failed at {host}:{port}: {reason}.")
        self.step = step
        self.host = host
        self.port = port
        self.reason = reason


class NoConnectionError(NetError):
    """Every endpoint failed; ``failures`` holds each reason in order."""

    def __init__(self, domain: str, failures: Sequence[ConnectError]) -> None:
        super().__init__(f"Could not reach {domain}.")
        self.domain = domain
        self.failures = tuple(failures)


@dataclass(frozen=True, slots=True)
class Connected:
    """An open transport; ``tls`` is set when the endpoint is direct TLS, else STARTTLS must follow.

    ``untried`` are the endpoints left, to pass to ``connect`` again when this one fails before it is logged in.
    """

    transport: Transport
    endpoint: Endpoint
    tls: TlsFacts | None
    untried: tuple[Endpoint, ...]


async def connect(
    endpoints: Sequence[Endpoint],
    *,
    tls: TlsPolicy,
    resolver: Resolver,
    on_step: OnStep = unwatched,
    limits: ConnectLimits = ConnectLimits(),
) -> Connected:
    """Open a transport to the first endpoint that answers, with TLS already on where it is direct TLS.

    Raise ``NoConnectionError`` when none answers, ``CertificateRefusedError`` when what kept us out is a certificate.
    """
    raise NotImplementedError
