"""``--demo``: the loopback with its cast, and what the client needs to log in with no question asked."""

from __future__ import annotations

import secrets
from random import Random

from tui_xmpp.clock import Clock
from tui_xmpp.core.settings import AccountSettings
from tui_xmpp.loopback import DOMAIN, ELIZABETH
from tui_xmpp.loopback.cast import DOMAINS, Cast, make_cast
from tui_xmpp.loopback.schedule import RealTime, Schedule
from tui_xmpp.loopback.server import LoopbackServer
from tui_xmpp.values import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Demo:
    """A running demo. ``account`` logs in with ``password``; the authority to trust is in ``account.ca_file``."""

    account: AccountSettings
    password: str
    server: LoopbackServer
    cast: Cast
    schedule: Schedule

    async def close(self) -> None:
        """Let the curtain fall: the story, the server and its certificates end."""
        self.schedule.close()
        await self.server.close()


async def start_demo(
    *, clock: Clock | None = None, random: Random | None = None, schedule: Schedule | None = None
) -> Demo:
    """Start the server on a free port of this machine (STARTTLS) with everyone in place.

    The story begins when Elizabeth comes online and plays in real time, or as ``schedule`` is stepped through.
    """
    random = random or Random()  # noqa: S311  it chooses lines and ids, no secrets
    server = LoopbackServer(
        DOMAIN, other_domains=DOMAINS[1:], clock=clock, random=random, is_instant=True, keeps_archives=True
    )
    password = secrets.token_urlsafe(16)
    server.add_user(ELIZABETH.local or "", password)
    schedule = schedule or RealTime()
    try:
        cast = make_cast(server.realm, schedule, random)
        cast.stage.are_confirming = True
        port = await server.serve_socket()
    except BaseException:
        schedule.close()
        await server.close()
        raise
    account = AccountSettings(ELIZABETH, host="127.0.0.1", port=port, tls="starttls", ca_file=str(server.ca_file))
    return Demo(account, password, server, cast, schedule)
