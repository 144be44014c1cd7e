"""``--demo``: the loopback with its cast, and what the client needs to log in with no question asked."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from random import Random

from tui_xmpp.clock import Clock
from tui_xmpp.core.settings import AccountSettings
from tui_xmpp.loopback.cast import DOMAIN, DOMAINS, ELIZABETH, Cast, make_cast
from tui_xmpp.loopback.schedule import RealTime
from tui_xmpp.loopback.server import LoopbackServer


@dataclass(frozen=True, slots=True, eq=False)
class Demo:
    """A running demo. ``account`` logs in with ``password``; the authority to trust is in ``account.ca_file``."""

    account: AccountSettings
    password: str
    server: LoopbackServer
    cast: Cast
    time: RealTime

    async def close(self) -> None:
        """Let the curtain fall: the story, the server and its certificates end."""
        self.time.close()
        await self.server.close()


async def start_demo(clock: Clock | None = None, random: Random | None = None) -> Demo:
    """Start the server on a free port of this machine (STARTTLS) with everyone in place; the story begins when
    Elizabeth comes online and plays in real time."""
    random = random or Random()  # noqa: S311  it chooses lines and ids, no secrets
    server = LoopbackServer(DOMAIN, other_domains=DOMAINS[1:], clock=clock, random=random)
    password = secrets.token_urlsafe(16)
    server.add_user(ELIZABETH.local or "", password)
    time = RealTime()
    try:
        cast = make_cast(server.realm, time, random)
        port = await server.serve_socket()
    except BaseException:
        time.close()
        await server.close()
        raise
    account = AccountSettings(ELIZABETH, host="127.0.0.1", port=port, tls="starttls", ca_file=str(server.ca_file))
    return Demo(account, password, server, cast, time)
