"""XEP-0202: the local time, told to those who ask if the user allows it."""

from __future__ import annotations

from datetime import datetime

from tui_xmpp.features.feature import Context, Feature, answers
from tui_xmpp.features.xep0082_datetime import parse_datetime, parse_offset, write_datetime
from tui_xmpp.jid import JID
from tui_xmpp.xmpp.payload import child, payload
from tui_xmpp.xmpp.stanza import Iq, IqType

TIME = "urn:xmpp:time"


@payload(TIME, "time")
class Time:
    tzo: str | None = child(default=None)
    utc: str | None = child(default=None)


def answer(ctx: Context, iq: Iq, query: Time) -> Time:
    now = ctx.clock.now()
    offset = now.astimezone().strftime("%z") or "+0000"
    return Time(f"{offset[:3]}:{offset[3:5]}", write_datetime(now))


async def ask_time(ctx: Context, peer: JID) -> datetime | None:
    """Return a peer's local time; raise ``RequestError`` when it does not say, None when it makes no sense."""
    reply = await ctx.request(Iq(to=peer, type=IqType.GET).with_payloads(Time()))
    told = reply.payload(Time) or Time()
    moment, zone = parse_datetime(told.utc or ""), parse_offset(told.tzo or "")
    return moment.astimezone(zone) if moment and zone else None


FEATURE = Feature(
    spec="XEP-0202",
    title="Entity Time",
    version="2.0",
    disco=(TIME,),
    inbound=(answers(IqType.GET, Time, answer),),
    is_enabled=lambda privacy: privacy.answers_time,
)
