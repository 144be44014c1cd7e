"""XEP-0319: since when nobody has touched the keys, told if the user allows it."""

from __future__ import annotations

from datetime import datetime

from tui_xmpp.features.feature import Context, Feature, PresenceDecorator, annotates
from tui_xmpp.features.xep0082_datetime import parse_datetime, write_datetime
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.payload import attribute, payload
from tui_xmpp.xmpp.stanza import Message, Presence, PresenceType

IDLE = "urn:xmpp:idle:1"


@payload(IDLE, "idle")
class Idle:
    since: str = attribute()


@dataclass(frozen=True, slots=True)
class IdleSince:
    since: datetime


@dataclass(slots=True)
class OwnIdleness:
    """Since when the user has been idle; None while they are not."""

    since: datetime | None = None


def note(ctx: Context, stanza: Message | Presence, idle: Idle) -> IdleSince | None:
    since = parse_datetime(idle.since)
    return IdleSince(min(since, ctx.clock.now())) if since else None


def decorate(ctx: Context, presence: Presence) -> Presence:
    since = ctx.state(OwnIdleness).since
    if since is None or presence.type is not PresenceType.AVAILABLE or not ctx.privacy.tells_idle:
        return presence
    return presence.with_payloads(Idle(write_datetime(since)))


FEATURE = Feature(
    spec="XEP-0319",
    title="Last User Interaction in Presence",
    version="1.0.2",
    disco=(IDLE,),
    inbound=(annotates(Idle, note),),
    outbound=(PresenceDecorator(decorate),),
)
