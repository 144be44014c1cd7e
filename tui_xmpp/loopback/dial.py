"""A way into the loopback that needs no socket."""

from __future__ import annotations

from tui_xmpp.loopback.server import LoopbackServer
from tui_xmpp.net.connect import Connected
from tui_xmpp.net.resolve import Endpoint
from tui_xmpp.net.transport import ConnectionLostError, MemoryTransport
from tui_xmpp.worker.dial import Target


class LoopbackDialer:
    """A ``Dialer`` that reaches one server through memory; while ``is_down`` nobody gets through."""

    def __init__(self, server: LoopbackServer) -> None:
        self.server = server
        self.is_down = False
        self.transports: list[MemoryTransport] = []
        """Every connection made so far, the client's end, with its ``faults``."""

    async def __call__(self, target: Target) -> Connected:
        if self.is_down:
            raise ConnectionLostError(f"{target.policy.domain} does not answer.")
        transport = self.server.connect_memory()
        self.transports.append(transport)
        return Connected(transport, Endpoint("memory", 0, is_direct_tls=False), None, ())
