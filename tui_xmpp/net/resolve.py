"""From an account's domain to the places its server may be reached at (RFC 6120 §3.2, XEP-0368)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random
from socket import AddressFamily
from typing import Protocol

from tui_xmpp.net.steps import NetError


class TlsMode(StrEnum):
    STARTTLS = "starttls"
    DIRECT = "direct"


class Source(StrEnum):
    """Where an endpoint came from."""

    SRV = "SRV record"
    FALLBACK = "domain itself"
    OVERRIDE = "setting"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host and port to try; ``host`` is a name or an IP address, never an identity to verify (C-CRT-01)."""

    host: str
    port: int
    is_direct_tls: bool
    priority: int = 0
    weight: int = 0
    source: Source = Source.OVERRIDE


@dataclass(frozen=True, slots=True)
class Override:
    """The user's own host and port; the identity stays the account's domain (RFC 6120 §3.2.3)."""

    host: str
    port: int | None = None
    tls: TlsMode | None = None


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """One SRV record (RFC 2782); ``target`` "." says the service is not offered."""

    priority: int
    weight: int
    port: int
    target: str


class ResolveError(NetError):
    """A name server failed to answer, or the answer is that there is nothing to connect to."""


class ServiceAbsentError(ResolveError):
    """The domain declares that it offers no XMPP service (RFC 6120 §3.2.1, SRV target ".")."""


class Resolver(Protocol):
    """Look names up; an empty answer means "no such records", a failure raises ``ResolveError``."""

    async def services(self, name: str) -> tuple[ServiceRecord, ...]: ...

    async def addresses(self, host: str, family: AddressFamily) -> tuple[str, ...]: ...


class SystemResolver:
    """SRV records over DNS (dnspython), addresses through the system (so /etc/hosts holds)."""

    async def services(self, name: str) -> tuple[ServiceRecord, ...]:
        raise NotImplementedError

    async def addresses(self, host: str, family: AddressFamily) -> tuple[str, ...]:
        raise NotImplementedError


async def find_endpoints(
    domain: str,
    *,
    resolver: Resolver,
    override: Override | None = None,
    tls: TlsMode | None = None,
    random: Random | None = None,
) -> tuple[Endpoint, ...]:
    """List where to connect for ``domain`` (A-labels), in order of trying; raise ``ResolveError`` when nowhere.

    ``tls`` restricts the list to one way of starting TLS (the account's ``tls`` setting).
    """
    raise NotImplementedError
