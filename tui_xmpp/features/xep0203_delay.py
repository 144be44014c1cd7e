"""XEP-0203: when a delayed stanza was said. Believed from the own server and account only (S-08)."""

from __future__ import annotations

from datetime import datetime

from tui_xmpp.features.feature import Context, Feature, annotates
from tui_xmpp.features.xep0082_datetime import parse_datetime
from tui_xmpp.jid import JIDError, parse_jid
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.payload import attribute, payload
from tui_xmpp.xmpp.stanza import Message, Presence

DELAY = "urn:xmpp:delay"


@payload(DELAY, "delay")
class Delay:
    stamp: str = attribute()
    by: str | None = attribute("from", default=None)


@dataclass(frozen=True, slots=True)
class Delayed:
    """The moment something was really said, never later than now."""

    stamp: datetime


def note(ctx: Context, stanza: Message | Presence, delay: Delay) -> Delayed | None:
    stamp = parse_datetime(delay.stamp)
    if stamp is None or not _is_trusted(ctx, stanza, delay.by):
        return None
    return Delayed(min(stamp, ctx.clock.now()))


def _is_trusted(ctx: Context, stanza: Message | Presence, by: str | None) -> bool:
    if by is None:
        # A server that delays names itself; without a name only what the stamp is about may vouch for it.
        return stanza.from_ is None or isinstance(stanza, Presence)
    try:
        jid = parse_jid(by)
    except JIDError:
        return False
    if isinstance(stanza, Presence) and stanza.from_ is not None and jid.bare == stanza.from_.bare:
        return True
    return jid.bare == ctx.jid.bare or str(jid) == ctx.jid.domain


FEATURE = Feature(
    spec="XEP-0203",
    title="Delayed Delivery",
    version="2.0",
    disco=(DELAY,),
    inbound=(annotates(Delay, note),),
)
