"""RFC 6121 §3: who may see whose presence. The roster push is the truth, the presence stanza the news (C-SUB-06)."""

from __future__ import annotations

from dataclasses import field

from tui_xmpp.core.commands import (
    AddContact,
    ApproveSubscription,
    DenySubscription,
    PreApproveSubscription,
    RequestSubscription,
    Unsubscribe,
)
from tui_xmpp.core.events import SubscriptionRequested, SubscriptionRequestSettled
from tui_xmpp.core.model import Severity, SubscriptionRequest
from tui_xmpp.features.conditions import explain
from tui_xmpp.features.feature import Arrival, Context, Feature, FeatureError, carries_out, derives_from_presences
from tui_xmpp.features.rfc6121_roster import Item, Roster, distinct, set_item
from tui_xmpp.jid import BareJID
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.payload import payload, text
from tui_xmpp.xmpp.stanza import Presence, PresenceType, Status

_REMEMBERED = 500


@payload("http://jabber.org/protocol/nick", "nick")
class Nick:
    """The name a stranger gives with a request (XEP-0172 §4.2)."""

    text: str = text()


@dataclass(slots=True)
class Asked:
    """The subscription stanzas sent, by id, so that an error can be told from anyone's (S-04)."""

    by_id: dict[str, BareJID] = field(default_factory=dict)


def _send(ctx: Context, peer: BareJID, type_: PresenceType, words: str = "") -> None:
    stanza = Presence(to=peer, id=ctx.new_id(), type=type_)
    ctx.send(stanza.with_payloads(Status(words)) if words else stanza)
    asked = ctx.state(Asked).by_id
    asked[stanza.id or ""] = peer
    if len(asked) > _REMEMBERED:
        del asked[next(iter(asked))]


# -- what others ask and answer -----------------------------------------------------------------------------------


def _peer(ctx: Context, presence: Presence) -> BareJID | None:
    """Return who sent it; None for the account itself, whose own stanzas some servers reflect."""
    peer = presence.from_.bare if presence.from_ else None
    return None if peer == ctx.jid.bare else peer


def take_request(ctx: Context, arrival: Arrival[Presence]) -> None:
    presence = arrival.stanza
    peer = _peer(ctx, presence)
    if peer is None or ctx.state(Roster).subscription(peer).seen_by_them:
        return
    nick = presence.payload(Nick)
    words = presence.status(*ctx.languages) or ""
    request = SubscriptionRequest(ctx.account, peer, ctx.clock.now(), words, nick.text if nick else "")
    ctx.emit(SubscriptionRequested(ctx.account, request))
    ctx.log(f"{peer} asks to see when you are online.", peer=peer)


def take_withdrawal(ctx: Context, arrival: Arrival[Presence]) -> None:
    if peer := _peer(ctx, arrival.stanza):
        ctx.emit(SubscriptionRequestSettled(ctx.account, peer))
        ctx.log(f"{peer} no longer wants to see your presence.", peer=peer)


def take_approval(ctx: Context, arrival: Arrival[Presence]) -> None:
    if peer := _peer(ctx, arrival.stanza):
        ctx.log(f"{peer} lets you see their presence.", peer=peer)


def take_denial(ctx: Context, arrival: Arrival[Presence]) -> None:
    if peer := _peer(ctx, arrival.stanza):
        ctx.log(f"{peer} does not let you see their presence.", peer=peer)


def take_error(ctx: Context, arrival: Arrival[Presence]) -> None:
    presence = arrival.stanza
    asked = ctx.state(Asked).by_id
    if presence.from_ is None or presence.id is None or asked.get(presence.id) != presence.from_.bare:
        return
    del asked[presence.id]
    if error := presence.error:
        ctx.log(explain(error, presence.from_, "Your request did not arrive."), Severity.ERROR, presence.from_)


# -- what the user wants ------------------------------------------------------------------------------------------


async def ask(ctx: Context, command: RequestSubscription) -> None:
    _send(ctx, command.peer, PresenceType.SUBSCRIBE, command.text)


async def add_contact(ctx: Context, command: AddContact) -> None:
    item = Item(str(command.peer), command.name, groups=distinct(command.groups))
    await set_item(ctx, item, f"{command.peer} was not added.")
    if command.is_asking and not ctx.state(Roster).subscription(command.peer).sees_them:
        _send(ctx, command.peer, PresenceType.SUBSCRIBE)


async def unsubscribe(ctx: Context, command: Unsubscribe) -> None:
    _send(ctx, command.peer, PresenceType.UNSUBSCRIBE)


async def approve(ctx: Context, command: ApproveSubscription) -> None:
    _send(ctx, command.peer, PresenceType.SUBSCRIBED)
    ctx.emit(SubscriptionRequestSettled(ctx.account, command.peer))
    if not command.is_asking_back:
        return
    roster = ctx.state(Roster)
    if command.peer not in roster.items:
        await set_item(ctx, Item(str(command.peer)), f"{command.peer} was not added.")
    if not roster.subscription(command.peer).sees_them:
        _send(ctx, command.peer, PresenceType.SUBSCRIBE)


async def deny(ctx: Context, command: DenySubscription) -> None:
    _send(ctx, command.peer, PresenceType.UNSUBSCRIBED)
    ctx.emit(SubscriptionRequestSettled(ctx.account, command.peer))


async def pre_approve(ctx: Context, command: PreApproveSubscription) -> None:
    if not ctx.stream.has_subscription_pre_approval:
        raise FeatureError(f"{ctx.account.domain} cannot approve a request before it comes.")
    _send(ctx, command.peer, PresenceType.SUBSCRIBED)


FEATURE = Feature(
    spec="RFC 6121 §3",
    title="Presence subscriptions",
    inbound=(
        derives_from_presences(PresenceType.SUBSCRIBE, handler=take_request),
        derives_from_presences(PresenceType.UNSUBSCRIBE, handler=take_withdrawal),
        derives_from_presences(PresenceType.SUBSCRIBED, handler=take_approval),
        derives_from_presences(PresenceType.UNSUBSCRIBED, handler=take_denial),
        derives_from_presences(PresenceType.ERROR, handler=take_error),
    ),
    commands=(
        carries_out(AddContact, add_contact),
        carries_out(RequestSubscription, ask),
        carries_out(Unsubscribe, unsubscribe),
        carries_out(ApproveSubscription, approve),
        carries_out(DenySubscription, deny),
        carries_out(PreApproveSubscription, pre_approve),
    ),
)
