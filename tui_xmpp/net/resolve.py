"""From an account's domain to the places where its server may be reached (RFC 6120 §3.2, RFC 2782, XEP-0368).

DNS answers only say where to connect. Whom to trust there is decided by the domain alone (``tls.accepted``).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import StrEnum
from importlib import import_module
from itertools import groupby
from pathlib import Path
from random import Random, SystemRandom
from socket import AddressFamily
from threading import Thread
from typing import Final, Protocol, TypeVar, cast

from tui_xmpp.net.identity import literal_address
from tui_xmpp.net.steps import NetError, OnStep, Step, StepReport, unwatched
from tui_xmpp.patterns import late
from tui_xmpp.values import dataclass

T = TypeVar("T")

STARTTLS_PORT: Final = 5222
DIRECT_TLS_PORT: Final = 5223
SERVICES: Final = {True: "_xmpps-client._tcp", False: "_xmpp-client._tcp"}  # by is_direct_tls
MOST_ENDPOINTS: Final = 32
LOOKUP_SECONDS: Final = 10.0


class TlsMode(StrEnum):
    STARTTLS = "starttls"
    DIRECT = "direct"


class Source(StrEnum):
    """Where an endpoint came from."""

    SRV = "SRV record"
    DOMAIN = "domain itself"
    OVERRIDE = "setting"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host and port to try; ``host`` is a name or an IP address, never an identity to verify (RFC 6120 §13.7.2.1)."""

    host: str
    port: int
    is_direct_tls: bool
    priority: int = 0
    weight: int = 0
    source: Source = Source.OVERRIDE


@dataclass(frozen=True, slots=True)
class Override:
    """A host and port to use instead of DNS: the user's setting, or a server's see-other-host."""

    host: str
    port: int | None = None
    tls: TlsMode | None = None

    @classmethod
    def parse(cls, text: str, tls: TlsMode | None = None) -> Override:
        """Read ``host[:port]``, an IPv6 address in brackets or bare (RFC 6120 §4.9.3.19). Raise ``ResolveError``."""
        text = text.strip()
        found = _HOST_AND_PORT.fullmatch(text)
        host = (found["address"] or found["name"]) if found else text
        port = int(found["port"]) if found and found["port"] else None
        is_name = found is not None and found["name"] is not None
        if not (is_name or literal_address(host)) or (port is not None and not 0 < port < 65536):
            raise ResolveError("This server address is not host or host:port.")
        return cls(host, port, tls)


# A name or IPv4 address, or an IPv6 address in brackets, then a port of at most five digits.
_HOST_AND_PORT: Final = late(
    r"(?:\[(?P<address>[^\[\]]+)\]|(?P<name>[^\s:/@\[\]\x00-\x1f\x7f]{1,255}))(?::(?P<port>[0-9]{1,5}))?"
)


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """One SRV record (RFC 2782); the target "." says that the service is not offered."""

    priority: int
    weight: int
    port: int
    target: str


class ResolveError(NetError):
    """A name server failed to answer, or answered that there is nowhere to connect to."""


class ServiceAbsentError(ResolveError):
    """The domain declares that it has no XMPP service (RFC 6120 §3.2.1)."""


class Resolver(Protocol):
    """Look names up. An empty answer means "there are no such records"; no answer raises ``ResolveError``."""

    async def services(self, name: str) -> tuple[ServiceRecord, ...]: ...

    async def addresses(self, host: str, family: AddressFamily) -> tuple[str, ...]: ...


class SystemResolver:
    """SRV records over DNS, addresses through the system's own resolver, so that /etc/hosts holds."""

    def __init__(self, hosts_file: Path = Path("/etc/hosts")) -> None:
        self._hosts_file = hosts_file

    async def services(self, name: str) -> tuple[ServiceRecord, ...]:
        # dnspython takes about as long to import as a screen to paint: not before it is needed, nor on the loop.
        await asyncio.to_thread(import_module, "dns.asyncresolver")
        import dns.asyncresolver
        import dns.exception
        import dns.rdatatype
        import dns.resolver

        try:
            resolver = await asyncio.to_thread(dns.asyncresolver.Resolver)
            answer = await resolver.resolve(f"{name}.", "SRV", lifetime=LOOKUP_SECONDS, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except (dns.exception.DNSException, OSError) as error:
            domain = name.split(".", 2)[-1]
            if await asyncio.to_thread(self._is_in_hosts_file, domain):
                return ()  # a name given by this machine's owner needs no name server
            raise ResolveError(f"The name servers did not answer for {domain}: is this machine online?") from error
        return tuple(
            ServiceRecord(record.priority, record.weight, record.port, record.target.to_text())
            for record in answer
            if record.rdtype == dns.rdatatype.SRV
        )

    def _is_in_hosts_file(self, domain: str) -> bool:
        try:
            lines = self._hosts_file.read_text("utf-8", "replace").splitlines()
        except OSError:
            return False
        return any(domain.lower() in line.partition("#")[0].lower().split()[1:] for line in lines)

    async def addresses(self, host: str, family: AddressFamily) -> tuple[str, ...]:
        def look_up() -> tuple[str, ...]:
            found = socket.getaddrinfo(host, None, family, socket.SOCK_STREAM)
            return tuple(dict.fromkeys(str(address[4][0]) for address in found))

        try:
            return await _in_daemon_thread(look_up)
        except socket.gaierror as error:
            if error.errno in _NO_ADDRESS:
                return ()
            raise ResolveError(f"The address of {host} could not be looked up: {error.strerror}.") from error
        except UnicodeError:
            return ()  # a label that is empty or too long names nothing


async def _in_daemon_thread(function: Callable[[], T]) -> T:
    """Run a call that may hang for a minute, in a thread that no one waits for when the program ends."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def tell(value: T | None, error: Exception | None) -> None:
        if result.done():
            return
        if error is not None:
            result.set_exception(error)
        else:
            result.set_result(cast(T, value))

    def run() -> None:
        value: T | None = None
        error: Exception | None = None
        try:
            value = function()
        except Exception as caught:
            error = caught
        with suppress(RuntimeError):  # the loop is closed: no one asks any more
            loop.call_soon_threadsafe(tell, value, error)

    Thread(target=run, name="address lookup", daemon=True).start()
    return await result


_NO_ADDRESS = frozenset(
    getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY") if hasattr(socket, name)
)


async def find_endpoints(
    domain: str,
    *,
    resolver: Resolver,
    override: Override | None = None,
    tls: TlsMode | None = None,
    random: Random | None = None,
    on_step: OnStep = unwatched,
) -> tuple[Endpoint, ...]:
    """List where to connect for ``domain`` (A-labels), in the order of trying.

    With ``override`` only that place is listed. ``tls`` restricts the list to one way of starting TLS. The domain
    itself is listed only where it has no SRV records at all (RFC 6120 §3.2.1, §3.2.2). Raise ``ServiceAbsentError``
    when the domain says that it has no such service, ``ResolveError`` when name servers did not answer.
    """
    if override is not None:
        return (_overridden(override, override.tls or tls),)
    if literal_address(domain) or _is_local(domain):
        return (_domain_itself(domain, tls),)
    on_step(StepReport(Step.FIND_SERVICE, domain))
    kinds = [kind for kind in (True, False) if tls in {None, TlsMode.DIRECT if kind else TlsMode.STARTTLS}]
    answers = await asyncio.gather(*(_services(resolver, f"{SERVICES[kind]}.{domain}") for kind in kinds))
    endpoints: list[Endpoint] = []
    declined: set[bool] = set()
    failures: list[ResolveError] = []
    for kind, answer in zip(kinds, answers, strict=True):
        if isinstance(answer, ResolveError):
            failures.append(answer)
            continue
        if [record.target for record in answer] == ["."]:
            declined.add(kind)
        endpoints += (_served(record, kind) for record in answer if record.target != "." and record.port)
    if endpoints:
        return ordered(endpoints, random or SystemRandom())
    if False in declined or declined == set(kinds):  # "." for direct TLS alone only says that there is none
        failures = [ServiceAbsentError(f"{domain} says that it has no chat service: check the address.")]
    if failures:
        on_step(StepReport(Step.FIND_SERVICE, domain, failure=str(failures[0])))
        raise failures[0]
    return (_domain_itself(domain, tls),)


async def _services(resolver: Resolver, name: str) -> tuple[ServiceRecord, ...] | ResolveError:
    try:
        return await resolver.services(name)
    except ResolveError as error:
        return error


def _served(record: ServiceRecord, is_direct_tls: bool) -> Endpoint:
    host = record.target.removesuffix(".")
    return Endpoint(host, record.port, is_direct_tls, record.priority, record.weight, Source.SRV)


def _overridden(override: Override, tls: TlsMode | None) -> Endpoint:
    is_direct = tls is TlsMode.DIRECT or (tls is None and override.port == DIRECT_TLS_PORT)
    port = override.port or (DIRECT_TLS_PORT if is_direct else STARTTLS_PORT)
    return Endpoint(override.host, port, is_direct)


def _domain_itself(domain: str, tls: TlsMode | None) -> Endpoint:
    host = domain.removeprefix("[").removesuffix("]")
    is_direct = tls is TlsMode.DIRECT
    return Endpoint(host, DIRECT_TLS_PORT if is_direct else STARTTLS_PORT, is_direct, source=Source.DOMAIN)


def _is_local(domain: str) -> bool:
    """Tell the names that no name server is to be asked about (RFC 6761 §6.3)."""
    return domain == "localhost" or domain.endswith(".localhost")


def ordered(endpoints: Iterable[Endpoint], random: Random) -> tuple[Endpoint, ...]:
    """Order by priority, and inside one priority by weighted chance (RFC 2782); at most 32 are kept."""
    by_priority = sorted(endpoints, key=lambda endpoint: endpoint.priority)[:MOST_ENDPOINTS]
    chosen: list[Endpoint] = []
    for _, group in groupby(by_priority, key=lambda endpoint: endpoint.priority):
        rest = sorted(group, key=lambda endpoint: endpoint.weight > 0)  # weight 0 first
        while rest:
            draw = random.randint(0, sum(endpoint.weight for endpoint in rest))
            for endpoint in rest:
                draw -= endpoint.weight
                if draw <= 0:
                    break
            rest.remove(endpoint)
            chosen.append(endpoint)
    return tuple(chosen)
