"""XEP-0199: pings: answered, and sent to notice that a quiet server is gone."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import field

from tui_xmpp.core.commands import DescribeEntity
from tui_xmpp.core.events import EntityDescribed
from tui_xmpp.core.model import EntityDetails
from tui_xmpp.features.feature import Context, Feature, FeatureError, RequestError, answers, carries_out
from tui_xmpp.features.xep0092_version import ask_version
from tui_xmpp.features.xep0115_caps import capabilities
from tui_xmpp.features.xep0202_time import ask_time
from tui_xmpp.jid import JID
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.payload import payload
from tui_xmpp.xmpp.stanza import Iq, IqType
from tui_xmpp.xmpp.stanza_errors import ErrorCondition

PING = "urn:xmpp:ping"

QUIET = 90.0
"""Seconds of silence after which the server is asked whether it is there (C-STR-15)."""
UNHEARD = 10.0
"""Seconds something we sent may meet with silence before we ask: whoever types must soon learn of a dead link."""
UNANSWERED = 25.0
"""Seconds a server that speaks may take to acknowledge: with more, what we send no longer reaches it."""
SLEPT = 20.0
"""Seconds the wall clock must be ahead of ours to tell that the machine was suspended."""
PATIENCE = 10.0
"""Seconds to wait for the answer."""
HASTE = 3.0
"""The same where there is a reason to think that the link is dead."""


@dataclass(slots=True)
class Doubt:
    """A reason to think that the link is dead: the machine slept, or its network is another."""

    arisen: asyncio.Event = field(default_factory=asyncio.Event)


@payload(PING, "ping")
class Ping:
    pass


def answer(ctx: Context, iq: Iq, query: Ping) -> None:
    return None


async def ping(ctx: Context, peer: JID | None = None, deadline: float = PATIENCE) -> float:
    """Return the seconds an answer took; an error is an answer too. Raise ``RequestError`` when none came."""
    started = ctx.clock.monotonic()
    try:
        await ctx.request(Iq(to=peer, type=IqType.GET).with_payloads(Ping()), deadline=deadline)
    except RequestError as error:
        if error.error is None or error.condition in _ABSENT:
            raise
    return ctx.clock.monotonic() - started


_ABSENT = (
    ErrorCondition.RECIPIENT_UNAVAILABLE,
    ErrorCondition.REMOTE_SERVER_NOT_FOUND,
    ErrorCondition.REMOTE_SERVER_TIMEOUT,
)


async def watch(ctx: Context) -> None:
    """Ask a silent server whether it is there; give the stream up when it is not."""
    doubt = ctx.state(Doubt).arisen
    doubt.clear()
    while True:
        before = ctx.clock.now()
        with suppress(TimeoutError):
            async with asyncio.timeout(UNHEARD / 2):
                await doubt.wait()
        # The machine slept: its own clocks stood still, the server's did not.
        has_slept = (ctx.clock.now() - before).total_seconds() > UNHEARD / 2 + SLEPT
        is_doubtful = has_slept or doubt.is_set()
        doubt.clear()
        if ctx.unanswered >= UNANSWERED:
            ctx.drop(f"{ctx.account.domain} no longer hears us.")
            return
        if ctx.silence < QUIET and ctx.unheard < UNHEARD and not is_doubtful:
            continue
        if not await _is_there(ctx, min(HASTE, PATIENCE) if is_doubtful else PATIENCE):
            ctx.drop(f"{ctx.account.domain} no longer answers.")
            return


async def _is_there(ctx: Context, patience: float) -> bool:
    """Ask the server for any sign of life, by what costs it least."""
    if ctx.is_managed:
        ctx.request_ack()
        await asyncio.sleep(patience)
        return ctx.unheard < patience
    try:
        await ping(ctx, deadline=patience)
    except RequestError:
        return False
    return True


async def describe(ctx: Context, command: DescribeEntity) -> None:
    """Ask a client for its name, its time, a round trip and, if that is not known, what it can do, all at once."""
    software, local_time, round_trip, features = await asyncio.gather(
        ask_version(ctx, command.peer),
        ask_time(ctx, command.peer),
        ping(ctx, command.peer),
        capabilities(ctx, command.peer),
        return_exceptions=True,
    )
    for failure in (software, local_time, round_trip, features):
        if isinstance(failure, BaseException) and not isinstance(failure, FeatureError):
            raise failure
    if isinstance(software, BaseException) and isinstance(round_trip, BaseException):
        raise round_trip
    details = EntityDetails(
        software if isinstance(software, str) else "",
        None if isinstance(local_time, BaseException) else local_time,
        round_trip if isinstance(round_trip, float) else None,
        features if isinstance(features, frozenset) else frozenset(),
    )
    ctx.emit(EntityDescribed(ctx.account, command.peer, details))


FEATURE = Feature(
    spec="XEP-0199",
    title="XMPP Ping",
    version="2.0.1",
    disco=(PING,),
    inbound=(answers(IqType.GET, Ping, answer),),
    commands=(carries_out(DescribeEntity, describe),),
    in_background=watch,
)
