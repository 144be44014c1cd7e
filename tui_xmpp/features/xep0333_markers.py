"""XEP-0333: up to which message the other side has read, and telling it the same."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import field

from tui_xmpp.core.events import ConversationRead, DeliveryChanged, DisplayedElsewhere
from tui_xmpp.core.model import Delivery
from tui_xmpp.core.settings import PrivacySettings
from tui_xmpp.features.feature import Arrival, Context, Feature, MessageDecorator, derives_from_messages, follows
from tui_xmpp.features.rfc6121_messages import Outbox, is_fresh
from tui_xmpp.features.xep0184_receipts import is_for_a_contact, sees_us
from tui_xmpp.features.xep0334_hints import Store
from tui_xmpp.jid import BareJID
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.payload import PayloadError, attribute, decode, payload, tag_of
from tui_xmpp.xmpp.stanza import Body, Message, MessageType

MARKERS = "urn:xmpp:chat-markers:0"
_MOST_PEERS = 1000


@payload(MARKERS, "markable")
class Markable: ...


@payload(MARKERS, "displayed")
class Displayed:
    id: str = attribute()


_BODY, _MARKABLE, _DISPLAYED = tag_of(Body), tag_of(Markable), tag_of(Displayed)


@dataclass(slots=True)
class Unread:
    """The latest message of each peer that asks to be told once it is read."""

    latest: OrderedDict[BareJID, str] = field(default_factory=OrderedDict)


def decorate(ctx: Context, message: Message) -> Message:
    return message.with_payloads(Markable()) if is_for_a_contact(ctx, message) else message


def note(ctx: Context, arrival: Arrival[Message]) -> None:
    message = arrival.stanza
    if message.id is None or message.from_ is None or _BODY not in arrival.parts or not is_fresh(ctx, arrival):
        return
    latest = ctx.state(Unread).latest
    latest.pop(message.from_.bare, None)
    if _MARKABLE in arrival.parts and sees_us(ctx, message.from_.bare):
        latest[message.from_.bare] = message.id
        if len(latest) > _MOST_PEERS:
            latest.popitem(last=False)


def tell(ctx: Context, event: ConversationRead) -> None:
    latest = ctx.state(Unread).latest
    if event.is_told and event.peer in latest and ctx.has_room:
        displayed = Message(to=event.peer, id=ctx.new_id(), type=MessageType.CHAT)
        ctx.send(displayed.with_payloads(Displayed(latest.pop(event.peer)), Store()))


def take(ctx: Context, arrival: Arrival[Message]) -> None:
    """Mark a message as displayed, and with it those of this run that went to the same peer before it.

    A copy of what another of the user's devices says to a peer tells what the user has read there.
    """
    element, sender, to = arrival.parts.get(_DISPLAYED), arrival.stanza.from_, arrival.stanza.to
    if element is None or sender is None:
        return
    try:
        key = decode(Displayed, element).id
    except PayloadError:
        return
    if arrival.is_copy:
        if sender.bare == ctx.account and to is not None:
            ctx.emit(DisplayedElsewhere(ctx.account, to.bare, None, key))
        return
    sent = ctx.state(Outbox).sent
    shown = [key]
    if sent.get(key) == sender.bare:
        keys = [each for each, peer in sent.items() if peer == sender.bare]
        shown = keys[: keys.index(key) + 1]
    now = ctx.clock.now()
    for each in shown:
        said = ctx.message(sender.bare, each)
        if said is None or said.delivery.may_become(Delivery.DISPLAYED):
            ctx.emit(DeliveryChanged(ctx.account, sender.bare, each, Delivery.DISPLAYED, now))


def _is_enabled(privacy: PrivacySettings) -> bool:
    return privacy.sends_markers


FEATURE = Feature(
    spec="XEP-0333",
    title="Displayed Markers",
    version="1.0.0",
    disco=(MARKERS,),
    inbound=(
        derives_from_messages(MessageType.CHAT, MessageType.NORMAL, handler=note),
        derives_from_messages(MessageType.CHAT, MessageType.NORMAL, handler=take),
    ),
    outbound=(MessageDecorator(decorate),),
    facts=(follows(ConversationRead, tell),),
    is_enabled=_is_enabled,
)
