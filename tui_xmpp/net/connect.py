"""From endpoints to one open transport, racing addresses (RFC 8305, XEP-0495)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from socket import AF_INET, AF_INET6, AddressFamily
from typing import Final

from tui_xmpp.net.identity import literal_address
from tui_xmpp.net.resolve import Endpoint, ResolveError, Resolver
from tui_xmpp.net.steps import NetError, OnStep, Step, StepReport, unwatched
from tui_xmpp.net.tls import CertificateRefusedError, Refusal, TlsError, TlsFacts, TlsPolicy
from tui_xmpp.net.transport import Transport, dial
from tui_xmpp.values import dataclass

Dial = Callable[[str, int], Awaitable[Transport]]


@dataclass(frozen=True, slots=True)
class ConnectLimits:
    """Delays and bounds in seconds (RFC 8305 §8), and the most addresses taken of each name."""

    resolution_delay: float = 0.05
    attempt_delay: float = 0.25
    attempt: float = 10.0
    budget: float = 30.0
    addresses: int = 16


DEFAULT_LIMITS: Final = ConnectLimits()
_NO_ANSWER: Final = "no answer"
_NO_ADDRESS: Final = "it has no address"


class ConnectError(NetError):
    """One step failed at one host; ``port`` is 0 where none was chosen yet."""

    def __init__(self, step: Step, host: str, port: int, reason: str) -> None:
        super().__init__(f"{step.value.capitalize()} failed at {host}{f':{port}' if port else ''}: {reason}.")
        self.step = step
        self.host = host
        self.port = port
        self.reason = reason


class NoConnectionError(NetError):
    """Every endpoint failed; ``failures`` holds each step's failure, in order."""

    def __init__(self, domain: str, failures: Sequence[ConnectError]) -> None:
        super().__init__(_sentence(domain, failures))
        self.domain = domain
        self.failures = tuple(failures)


def _sentence(domain: str, failures: Sequence[ConnectError]) -> str:
    start = f"Could not reach {domain}"
    tried = [failure for failure in failures if failure.step is not Step.FIND_ADDRESS]
    if not failures:
        return f"{start}: there was no time to try."
    if len(failures) == 1 or not tried:
        first = failures[0]
        if first.reason == _NO_ADDRESS:
            what = "no server has this name" if first.host == domain else f"its server {first.host} has no address"
            return f"{start}: {what}."
        where = f"{first.host}:{first.port}" if first.port else first.host
        return f"{start}: {first.step.value} failed at {where} ({first.reason})."
    if any(failure.step is Step.TLS for failure in tried):
        return f"{start}: {len(tried)} addresses tried, and TLS failed ({tried[-1].reason})."
    reasons = {failure.reason for failure in tried}
    how = f"each failed: {reasons.pop()}" if len(reasons) == 1 and _NO_ANSWER not in reasons else "none answered"
    return f"{start}: {len(tried)} {'address' if len(tried) == 1 else 'addresses'} tried, {how}."


@dataclass(frozen=True, slots=True)
class Connected:
    """An open transport. ``tls`` is set when the endpoint is direct TLS; else STARTTLS must follow.

    ``untried`` are the endpoints left: pass them to ``connect`` when this one fails before anyone is logged in.
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
    limits: ConnectLimits = DEFAULT_LIMITS,
    dial: Dial = dial,
) -> Connected:
    """Open a transport to the first endpoint that answers, with TLS on already where it is direct TLS.

    Endpoints of one priority race, in their order; the next priority waits until all of them failed. Raise
    ``NoConnectionError``, or ``CertificateRefusedError`` when a refused certificate is what kept us out. A changed pin
    is raised at once: no other endpoint is tried.
    """
    failures: list[ConnectError] = []
    refused: CertificateRefusedError | None = None
    groups = [list(group) for _, group in groupby(endpoints, key=lambda endpoint: endpoint.priority)]
    try:
        async with asyncio.timeout(limits.budget):
            for number, group in enumerate(groups):
                race = _Race(group, resolver, on_step, limits, dial, failures)
                try:
                    while (won := await race.run()) is not None:
                        candidate, transport = won
                        endpoint = candidate.endpoint
                        try:
                            facts = await _encrypted(candidate, transport, tls, on_step, limits)
                        except TlsError as error:
                            if isinstance(error, CertificateRefusedError):
                                if error.refusal is Refusal.PIN_CHANGED:
                                    raise
                                refused = refused or error
                            race.fail(Step.TLS, candidate, str(error).rstrip("."))
                            continue
                        later = [one for rest in groups[number + 1 :] for one in rest]
                        return Connected(transport, endpoint, facts, (*race.untried(endpoint), *later))
                finally:
                    race.close()
    except TimeoutError:
        pass  # what was under way is among the failures
    raise refused or NoConnectionError(tls.domain, failures)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One address of one endpoint; ``rank`` is its turn: endpoint by endpoint, families in turns, IPv6 first."""

    endpoint: Endpoint
    address: str
    rank: tuple[int, int, bool]


async def _encrypted(
    candidate: _Candidate, transport: Transport, tls: TlsPolicy, on_step: OnStep, limits: ConnectLimits
) -> TlsFacts | None:
    endpoint, address = candidate.endpoint, candidate.address
    if not endpoint.is_direct_tls:
        return None
    on_step(StepReport(Step.TLS, endpoint.host, endpoint.port, address))
    try:
        async with asyncio.timeout(limits.attempt):
            facts = await transport.start_tls(tls, is_direct=True)
    except TimeoutError as error:
        raise TlsError("TLS got no answer.") from error
    on_step(StepReport(Step.TLS_READY, endpoint.host, endpoint.port, address))
    return facts


class _Race:
    """Attempts at the endpoints of one priority, the earliest success first; it goes on when a winner disappoints."""

    def __init__(
        self,
        group: Sequence[Endpoint],
        resolver: Resolver,
        on_step: OnStep,
        limits: ConnectLimits,
        dial: Dial,
        failures: list[ConnectError],
    ) -> None:
        self._group = group
        self._resolver = resolver
        self._on_step = on_step
        self._limits = limits
        self._dial = dial
        self._failures = failures
        self._waiting: list[_Candidate] = []
        self._attempts: dict[asyncio.Task[Transport], _Candidate] = {}
        self._lookups: dict[asyncio.Task[list[_Candidate]], Endpoint] = {}
        self._taken = dict.fromkeys(group, 0)
        self._unfound: dict[Endpoint, list[str]] = {}
        self._disproved: set[Endpoint] = set()
        self._is_begun = False

    async def run(self) -> tuple[_Candidate, Transport] | None:
        """Give the next connection that succeeds, None when every address has failed."""
        if not self._is_begun:
            self._is_begun = True
            await self._begin()
        now = asyncio.get_running_loop().time
        next_start = 0.0
        while self._waiting or self._attempts or self._lookups:
            self._waiting.sort(key=lambda candidate: candidate.rank)
            if self._waiting and (not self._attempts or now() >= next_start):
                self._start(self._waiting.pop(0))
                next_start = now() + self._limits.attempt_delay
            pause = max(0.0, next_start - now()) if self._waiting else None
            await asyncio.wait({*self._lookups, *self._attempts}, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            self._take_found()
            ended = [task for task in self._attempts if task.done()]
            won = [success for task in ended if (success := self._result(task)) is not None]
            if won:
                for candidate, transport in won[1:]:
                    transport.abort()
                    self._waiting.append(candidate)
                self._call_off()
                return won[0]
            if ended:
                next_start = 0.0  # the next one need not wait for one that has failed (RFC 8305 §5)
        return None

    async def _begin(self) -> None:
        """Look every name up at once, and give slow answers a moment so that the order of trying holds."""
        for turn, endpoint in enumerate(self._group):
            if (literal := literal_address(endpoint.host)) is not None:
                self._waiting.append(_Candidate(endpoint, str(literal), (turn, 0, False)))
                continue
            self._on_step(StepReport(Step.FIND_ADDRESS, endpoint.host))
            six = asyncio.create_task(self._look_up(turn, endpoint, AF_INET6, None))
            four = asyncio.create_task(self._look_up(turn, endpoint, AF_INET, six))
            self._lookups |= {six: endpoint, four: endpoint}
        if self._lookups:
            await asyncio.wait(self._lookups, timeout=self._limits.resolution_delay)
        self._take_found()

    async def _look_up(
        self, turn: int, endpoint: Endpoint, family: AddressFamily, first: asyncio.Task[list[_Candidate]] | None
    ) -> list[_Candidate]:
        """Find one family's addresses; they are held for a moment while the ``first`` family has none yet."""
        try:
            addresses = await self._resolver.addresses(endpoint.host, family)
            reason = _NO_ADDRESS
        except ResolveError as error:
            addresses, reason = (), str(error).rstrip(".")
        if first is not None and not first.done():
            await asyncio.wait({first}, timeout=self._limits.resolution_delay)
        if not addresses:
            self._not_found(endpoint, reason)
        addresses = addresses[: self._limits.addresses - self._taken[endpoint]]
        self._taken[endpoint] += len(addresses)
        return [
            _Candidate(endpoint, address, (turn, place, family == AF_INET)) for place, address in enumerate(addresses)
        ]

    def _not_found(self, endpoint: Endpoint, reason: str) -> None:
        reasons = self._unfound.setdefault(endpoint, [])
        reasons.append(reason)
        if len(reasons) == 2:  # neither family has one; a failed lookup tells more than an empty answer
            told = next((reason for reason in reasons if reason != _NO_ADDRESS), _NO_ADDRESS)
            self._failures.append(ConnectError(Step.FIND_ADDRESS, endpoint.host, 0, told))
            self._disproved.add(endpoint)
            self._on_step(StepReport(Step.FIND_ADDRESS, endpoint.host, failure=told))

    def _take_found(self) -> None:
        for task in [task for task in self._lookups if task.done()]:
            del self._lookups[task]
            self._waiting += task.result()

    def _start(self, candidate: _Candidate) -> None:
        endpoint = candidate.endpoint
        self._on_step(StepReport(Step.CONNECT, endpoint.host, endpoint.port, candidate.address))
        self._attempts[asyncio.create_task(self._attempt(candidate))] = candidate

    async def _attempt(self, candidate: _Candidate) -> Transport:
        async with asyncio.timeout(self._limits.attempt):
            return await self._dial(candidate.address, candidate.endpoint.port)

    def _result(self, task: asyncio.Task[Transport]) -> tuple[_Candidate, Transport] | None:
        candidate = self._attempts.pop(task)
        try:
            transport = task.result()
        except TimeoutError:
            self.fail(Step.CONNECT, candidate, _NO_ANSWER)
        except OSError as error:
            self.fail(Step.CONNECT, candidate, os.strerror(error.errno).lower() if error.errno else str(error))
        else:
            endpoint = candidate.endpoint
            self._on_step(StepReport(Step.CONNECTED, endpoint.host, endpoint.port, candidate.address))
            return candidate, transport
        return None

    def fail(self, step: Step, candidate: _Candidate, reason: str) -> None:
        """Record that an address failed."""
        endpoint = candidate.endpoint
        self._disproved.add(endpoint)
        self._failures.append(ConnectError(step, endpoint.host, endpoint.port, reason))
        self._on_step(StepReport(step, endpoint.host, endpoint.port, candidate.address, reason))

    def untried(self, winner: Endpoint) -> tuple[Endpoint, ...]:
        """List the endpoints of this priority that neither won nor failed."""
        return tuple(endpoint for endpoint in self._group if endpoint != winner and endpoint not in self._disproved)

    def _call_off(self) -> None:
        """Cancel the attempts that are under way; their addresses may be tried again."""
        for task, candidate in self._attempts.items():
            task.add_done_callback(_discard)
            task.cancel()
            self._waiting.append(candidate)
        self._attempts = {}

    def close(self) -> None:
        """Leave nothing running; what is still under way had no answer in time."""
        for candidate in self._attempts.values():
            self.fail(Step.CONNECT, candidate, _NO_ANSWER)
        for endpoint in dict.fromkeys(self._lookups.values()):
            if not self._taken[endpoint]:
                self._failures.append(ConnectError(Step.FIND_ADDRESS, endpoint.host, 0, _NO_ANSWER))
                self._on_step(StepReport(Step.FIND_ADDRESS, endpoint.host, failure=_NO_ANSWER))
        self._call_off()
        for task in self._lookups:
            task.cancel()


def _discard(task: asyncio.Task[Transport]) -> None:
    """Drop a connection that was made in the very moment its attempt was called off."""
    if not task.cancelled() and task.exception() is None:
        task.result().abort()
