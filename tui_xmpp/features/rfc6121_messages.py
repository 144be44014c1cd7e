"""RFC 6121 §5: messages, from the composer to the wire and back, and the errors that answer them.

An outgoing message is kept before it is sent and its key is the stanza's ``id``; what is written offline waits in
order and leaves after the next login.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace

from tui_xmpp.core.commands import DiscardMessage, ResendMessage, SendMessage
from tui_xmpp.core.events import DeliveryChanged, MessageDiscarded, MessageQueued, MessageReceived
from tui_xmpp.core.model import Delivery, Direction, MessageKind, Severity
from tui_xmpp.core.model import Message as Said
from tui_xmpp.features.conditions import failure_of
from tui_xmpp.features.feature import (
    Arrival,
    Context,
    Feature,
    FeatureError,
    Kept,
    carries_out,
    derives_from_messages,
)
from tui_xmpp.features.xep0203_delay import Delayed
from tui_xmpp.jid import JID, BareJID
from tui_xmpp.xmpp.payload import tag_of
from tui_xmpp.xmpp.stanza import Body, Message, MessageType, Subject, Thread

_BODY, _SUBJECT, _THREAD = tag_of(Body), tag_of(Subject), tag_of(Thread)
_REMEMBERED = 4096
_KINDS = {
    MessageType.CHAT: MessageKind.CHAT,
    MessageType.NORMAL: MessageKind.NORMAL,
    MessageType.HEADLINE: MessageKind.HEADLINE,
}


@dataclass(slots=True)
class Outbox:
    """What waits to be sent, in order, and to whom the latest messages went."""

    waiting: OrderedDict[str, Said] = field(default_factory=OrderedDict)
    sent: OrderedDict[str, BareJID] = field(default_factory=OrderedDict)

    def remember(self, key: str, peer: BareJID) -> None:
        self.sent[key] = peer
        if len(self.sent) > _REMEMBERED:
            self.sent.popitem(last=False)


def restore(ctx: Context, kept: Kept) -> None:
    """Take up what earlier runs left: a message already sent is not sent twice, one that waited still goes out."""
    outbox = ctx.state(Outbox)
    for message in kept.outbox:
        if message.delivery is Delivery.QUEUED:
            outbox.waiting[message.key] = message
        else:
            outbox.remember(message.key, message.peer)


# -- outgoing -----------------------------------------------------------------------------------------------------


async def send_message(ctx: Context, command: SendMessage) -> None:
    if not command.body:
        raise FeatureError("An empty message is not sent.")
    message = Said(
        key=ctx.new_id(),
        account=ctx.account,
        peer=command.peer,
        direction=Direction.OUTGOING,
        stamp=ctx.clock.now(),
        body=command.body,
        subject=command.subject,
        author=ctx.account,
        delivery=Delivery.QUEUED,
    )
    await ctx.record(MessageQueued(ctx.account, message))
    _post(ctx, message, command.to_resource)


async def resend_message(ctx: Context, command: ResendMessage) -> None:
    message = ctx.message(command.peer, command.key)
    if message is None or not message.is_outgoing:
        raise FeatureError("This message is no longer here to be sent again.")
    if message.delivery is not Delivery.FAILED:
        raise FeatureError("Only a message that failed is sent again.")
    await ctx.record(DeliveryChanged(ctx.account, message.peer, message.key, Delivery.QUEUED, ctx.clock.now()))
    _post(ctx, replace(message, delivery=Delivery.QUEUED, failure=None))


async def discard_message(ctx: Context, command: DiscardMessage) -> None:
    outbox = ctx.state(Outbox)
    message = outbox.waiting.pop(command.key, None) or ctx.message(command.peer, command.key)
    if message is None or not message.is_outgoing or message.delivery not in (Delivery.QUEUED, Delivery.FAILED):
        raise FeatureError("Only a message that did not go out can be given up.")
    await ctx.record(MessageDiscarded(ctx.account, command.peer, command.key))


def _post(ctx: Context, message: Said, resource: str | None = None) -> None:
    """Send a kept message now, or let it wait for the next login."""
    outbox = ctx.state(Outbox)
    if not ctx.is_online or outbox.waiting:
        outbox.waiting[message.key] = message
        return
    to: JID = message.peer.with_resource(resource) if resource else message.peer
    payloads: list[object] = [Body(message.body)]
    if message.subject:
        payloads.insert(0, Subject(message.subject))
    ctx.send(Message(to=to, id=message.key, type=MessageType.CHAT).with_payloads(*payloads))
    outbox.remember(message.key, message.peer)
    ctx.emit(DeliveryChanged(ctx.account, message.peer, message.key, Delivery.SENT, ctx.clock.now()))


async def empty_outbox(ctx: Context) -> None:
    outbox = ctx.state(Outbox)
    waiting, outbox.waiting = outbox.waiting, OrderedDict()
    for message in waiting.values():
        _post(ctx, message)


# -- incoming -----------------------------------------------------------------------------------------------------


def take_message(ctx: Context, arrival: Arrival[Message]) -> None:
    message, parts = arrival.stanza, arrival.parts
    first = parts.get(_BODY)
    if first is None:
        return  # C-MSG-07: nothing to read
    bodies: tuple[tuple[str, str], ...] = ()
    if len(parts) == len(message.children):
        body = first.text
    else:
        body = message.body(*ctx.languages)
        bodies = tuple((lang or message.lang or "", text) for lang, text in message.bodies.items())
    if not body:
        return
    author = message.from_ or ctx.account
    delayed = arrival.note(Delayed)
    thread = parts.get(_THREAD)
    said = Said(
        key=ctx.new_id(),
        account=ctx.account,
        peer=author.bare,
        direction=Direction.INCOMING,
        stamp=delayed.stamp if delayed else ctx.clock.now(),
        body=body,
        kind=_KINDS[message.type],
        author=author,
        stanza_id=message.id,
        subject=(message.subject(*ctx.languages) or "") if _SUBJECT in parts else "",
        thread=(thread.text or "") if thread is not None else "",
        bodies=bodies if len(bodies) > 1 else (),
        is_delayed=delayed is not None,
    )
    ctx.emit(MessageReceived(ctx.account, said))


def take_error(ctx: Context, arrival: Arrival[Message]) -> None:
    """Match an error to the message it answers by id and sender; others say nothing to us (C-MSG-01, S-04)."""
    message = arrival.stanza
    error = message.error
    if message.id is None or error is None:
        return
    peer = message.from_.bare if message.from_ else ctx.account
    outbox = ctx.state(Outbox)
    if outbox.sent.get(message.id) != peer:
        said = ctx.message(peer, message.id)
        if said is None or not said.is_outgoing:
            return
    failure = failure_of(error, message.from_ or ctx.account, "The message was not delivered.")
    ctx.emit(DeliveryChanged(ctx.account, peer, message.id, Delivery.FAILED, ctx.clock.now(), failure))
    ctx.log(failure.sentence, Severity.ERROR, peer)


FEATURE = Feature(
    spec="RFC 6121 §5",
    title="Messages",
    inbound=(
        derives_from_messages(MessageType.CHAT, MessageType.NORMAL, MessageType.HEADLINE, handler=take_message),
        derives_from_messages(MessageType.ERROR, handler=take_error),
    ),
    commands=(
        carries_out(SendMessage, send_message, works_offline=True),
        carries_out(ResendMessage, resend_message, works_offline=True),
        carries_out(DiscardMessage, discard_message, works_offline=True),
    ),
    on_restored=restore,
    on_online=empty_outbox,
)
