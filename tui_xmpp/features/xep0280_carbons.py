"""XEP-0280: what other devices of the user send and receive, copied here by the server and by nobody else."""

from __future__ import annotations

from collections.abc import Sequence

from tui_xmpp.features.feature import Context, Feature, RequestError, is_own_account, unwraps
from tui_xmpp.features.xep0115_caps import offered
from tui_xmpp.features.xep0297_forwarding import Forwarded
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.payload import child, payload, tag_of
from tui_xmpp.xmpp.stanza import Iq, IqType, Message
from tui_xmpp.xmpp.stream_management import UnackedStanza


@payload(ns.CARBONS, "enable")
class Enable: ...


@payload(ns.CARBONS, "received")
class Received:
    forwarded: Forwarded = child()


@payload(ns.CARBONS, "sent")
class Sent:
    forwarded: Forwarded = child()


_ENVELOPES = frozenset((tag_of(Received), tag_of(Sent)))


@dataclass(slots=True)
class Carbons:
    """Whether copies come, in the present session. Whoever switched them on while binding says so here."""

    are_on: bool = False


async def enable(ctx: Context) -> None:
    carbons = ctx.state(Carbons)
    if carbons.are_on or ns.CARBONS not in (await offered(ctx)).server:
        return
    try:
        await ctx.request(Iq(type=IqType.SET).with_payloads(Enable()))
    except RequestError as error:
        ctx.log(f"Messages of your other devices will not be seen here. {error}")
        return
    carbons.are_on = True


def forget(ctx: Context, h: int | None, unacked: Sequence[UnackedStanza]) -> None:
    ctx.state(Carbons).are_on = False


def unwrap_received(ctx: Context, message: Message, envelope: Received) -> Message | None:
    inner = _open(ctx, message, envelope.forwarded)
    if inner is None or (inner.to is not None and inner.to.bare != ctx.account):
        return None
    return inner


def unwrap_sent(ctx: Context, message: Message, envelope: Sent) -> Message | None:
    inner = _open(ctx, message, envelope.forwarded)
    if inner is None or inner.from_ is None or inner.from_.bare != ctx.account or inner.to is None:
        return None
    return inner


def _open(ctx: Context, message: Message, forwarded: Forwarded) -> Message | None:
    """Return what is in an envelope of the own account; one from anybody else is dropped whole (S-01, X-280-01)."""
    if not is_own_account(ctx, message.from_):
        return None
    inner = forwarded.message()
    if inner is None or any(part.tag in _ENVELOPES for part in inner.children):
        return None
    return inner


FEATURE = Feature(
    spec="XEP-0280",
    title="Message Carbons",
    version="1.0.1",
    inbound=(unwraps(Received, unwrap_received), unwraps(Sent, unwrap_sent)),
    on_online=enable,
    on_lost=forget,
)
