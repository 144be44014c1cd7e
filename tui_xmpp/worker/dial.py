"""How a session gets an open transport: over the network, or over whatever a test gives it."""

from __future__ import annotations

from typing import Protocol

from tui_xmpp.net.connect import Connected, connect
from tui_xmpp.net.resolve import Endpoint, Override, Resolver, SystemResolver, TlsMode, find_endpoints
from tui_xmpp.net.steps import OnStep, unwatched
from tui_xmpp.net.tls import TlsPolicy
from tui_xmpp.values import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """Where to go. ``endpoints``, when any, are what an earlier dial left untried."""

    policy: TlsPolicy
    override: Override | None = None
    tls: TlsMode | None = None
    endpoints: tuple[Endpoint, ...] = ()
    on_step: OnStep = unwatched


class Dialer(Protocol):
    """Give a transport to a server of the target's domain, with TLS on already where the endpoint is direct TLS."""

    async def __call__(self, target: Target) -> Connected: ...


class NetDialer:
    """Find the server by DNS (or the user's override) and connect."""

    def __init__(self, resolver: Resolver | None = None) -> None:
        self._resolver = resolver or SystemResolver()

    async def __call__(self, target: Target) -> Connected:
        endpoints = target.endpoints or await find_endpoints(
            target.policy.domain,
            resolver=self._resolver,
            override=target.override,
            tls=target.tls,
            on_step=target.on_step,
        )
        return await connect(endpoints, tls=target.policy, resolver=self._resolver, on_step=target.on_step)
