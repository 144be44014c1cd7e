"""XEP-0184: whether a message reached the other side's client."""

from __future__ import annotations

from tui_xmpp.core.events import DeliveryChanged
from tui_xmpp.core.model import Delivery
from tui_xmpp.core.settings import PrivacySettings
from tui_xmpp.features.feature import Arrival, Context, Feature, MessageDecorator, derives_from_messages
from tui_xmpp.features.rfc6121_messages import is_fresh
from tui_xmpp.features.rfc6121_roster import Roster
from tui_xmpp.features.xep0334_hints import Store
from tui_xmpp.jid import BareJID
from tui_xmpp.xmpp.payload import PayloadError, attribute, decode, payload, tag_of
from tui_xmpp.xmpp.stanza import Body, Message, MessageType

RECEIPTS = "urn:xmpp:receipts"


@payload(RECEIPTS, "request")
class Request: ...


@payload(RECEIPTS, "received")
class Received:
    id: str = attribute()


_BODY, _REQUEST, _RECEIVED = tag_of(Body), tag_of(Request), tag_of(Received)


def is_for_a_contact(ctx: Context, message: Message) -> bool:
    """Tell whether a message says something to a contact, whichever device they use."""
    is_chat = message.type is MessageType.CHAT and message.id is not None and isinstance(message.to, BareJID)
    return is_chat and message.to in ctx.state(Roster).items and any(part.tag == _BODY for part in message.children)


def sees_us(ctx: Context, peer: BareJID) -> bool:
    """Tell whether someone knows anyway when we are here: nothing else tells anyone so (S-16)."""
    item = ctx.state(Roster).items.get(peer)
    return item is not None and item.subscription.seen_by_them


def decorate(ctx: Context, message: Message) -> Message:
    return message.with_payloads(Request()) if is_for_a_contact(ctx, message) else message


def answer(ctx: Context, arrival: Arrival[Message]) -> None:
    message = arrival.stanza
    if _REQUEST not in arrival.parts or _BODY not in arrival.parts or message.id is None or message.from_ is None:
        return
    if is_fresh(ctx, arrival) and sees_us(ctx, message.from_.bare):
        received = Message(to=message.from_, id=ctx.new_id(), type=message.type)
        ctx.send(received.with_payloads(Received(message.id), Store()))


def take(ctx: Context, arrival: Arrival[Message]) -> None:
    """Believe a receipt only of whom the message was sent to: the disk and the screen know it by its peer."""
    element, sender = arrival.parts.get(_RECEIVED), arrival.stanza.from_
    if element is None or sender is None or arrival.is_copy:
        return
    try:
        key = decode(Received, element).id
    except PayloadError:
        return
    ctx.emit(DeliveryChanged(ctx.account, sender.bare, key, Delivery.DELIVERED, ctx.clock.now()))


def _is_enabled(privacy: PrivacySettings) -> bool:
    return privacy.sends_receipts


FEATURE = Feature(
    spec="XEP-0184",
    title="Message Delivery Receipts",
    version="1.4.0",
    disco=(RECEIPTS,),
    inbound=(
        derives_from_messages(MessageType.CHAT, MessageType.NORMAL, handler=answer),
        derives_from_messages(MessageType.CHAT, MessageType.NORMAL, handler=take),
    ),
    outbound=(MessageDecorator(decorate),),
    is_enabled=_is_enabled,
)
