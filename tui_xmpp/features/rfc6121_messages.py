"""RFC 6121 §5: messages, from the composer to the wire and back, and the errors that answer them.

An outgoing message is kept before it is sent and its key is the stanza's ``id``; what is written offline waits in
order and leaves after the next login. What the server may have lost is sent again, by the same id, with the time it was
written (XEP-0198 §5, XEP-0203).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta

from tui_xmpp.core.commands import CorrectMessage, DiscardMessage, React, ResendMessage, SendMessage
from tui_xmpp.core.correction import correction_of
from tui_xmpp.core.events import (
    DeliveryChanged,
    Event,
    MessageCorrected,
    MessageDiscarded,
    MessageQueued,
    MessageReacted,
    MessageReceived,
)
from tui_xmpp.core.model import Delivery, Direction, MessageKind, Reaction, Severity, Version
from tui_xmpp.core.model import Message as Said
from tui_xmpp.core.reactions import emojis_by, emojis_of, id_for_reactions
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.features import (
    stand_ins,
    xep0066_oob,
    xep0308_correction,
    xep0393_styling,
    xep0444_reactions,
    xep0461_reply,
)
from tui_xmpp.features.conditions import explain, failure_of
from tui_xmpp.features.feature import (
    Arrival,
    Context,
    Feature,
    FeatureError,
    Kept,
    carries_out,
    derives_from_messages,
)
from tui_xmpp.features.rfc6121_roster import Roster
from tui_xmpp.features.xep0082_datetime import write_datetime
from tui_xmpp.features.xep0203_delay import Delay, Delayed
from tui_xmpp.features.xep0359_ids import Ids
from tui_xmpp.jid import JID, BareJID
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.payload import tag_of
from tui_xmpp.xmpp.stanza import Body, Message, MessageType, Stanza, Subject, Thread
from tui_xmpp.xmpp.stream_management import MODULUS, UnackedStanza

_BODY, _SUBJECT, _THREAD = tag_of(Body), tag_of(Subject), tag_of(Thread)
_REMEMBERED = 4096
_MOST_SENT = 20_000
"""More than may go unacknowledged."""
_MOST_QUOTED = 200
"""Messages sent of which it can still be told what they said, should they come back."""
_LONGEST_HEADLINE = 1000
"""Characters of a headline that are shown."""
_SKEW = timedelta(minutes=2)
_FRESH = timedelta(minutes=10)
_REACTING = (MessageType.CHAT, MessageType.NORMAL)
_KINDS = {
    MessageType.CHAT: MessageKind.CHAT,
    MessageType.NORMAL: MessageKind.NORMAL,
}


@dataclass(slots=True)
class Outbox:
    """What waits to be sent, in order, and to whom the latest messages went.

    ``again`` are those that a lost session may not have delivered, as they were sent: they leave before the others.
    ``doubtful`` are messages the last run's session may have lost, with their numbers in it; ``late`` are the keys of
    those that are sent again, ``latest`` the ones that may still be quoted, ``refused`` those that came back.
    """

    waiting: OrderedDict[str, Said] = field(default_factory=OrderedDict)
    again: deque[Message] = field(default_factory=deque)
    sent: OrderedDict[str, BareJID] = field(default_factory=OrderedDict)
    doubtful: dict[str, tuple[int, Said]] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)
    latest: OrderedDict[str, Said] = field(default_factory=OrderedDict)
    refused: set[str] = field(default_factory=set)

    def remember(self, message: Said) -> None:
        self.refused.discard(message.key)
        self.sent[message.key] = message.peer
        if len(self.sent) > _MOST_SENT:
            self.sent.popitem(last=False)
        self.latest[message.key] = message
        if len(self.latest) > _MOST_QUOTED:
            self.latest.popitem(last=False)


def restore(ctx: Context, kept: Kept) -> None:
    """Take up what earlier runs left: a message already sent is not sent twice, one that waited still goes out."""
    outbox = ctx.state(Outbox)
    for message in kept.outbox:
        if message.key in kept.placed:
            outbox.doubtful[message.key] = (kept.placed[message.key], message)
        elif message.delivery is Delivery.QUEUED:
            outbox.waiting[message.key] = message
        else:
            outbox.remember(message)


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
        reply=command.reply,
    )
    _post(ctx, message, command.to_resource, MessageQueued(ctx.account, message))
    await ctx.record()


async def resend_message(ctx: Context, command: ResendMessage) -> None:
    message = _find_own(ctx, command.peer, command.key)
    if message is None:
        raise FeatureError("This message is no longer here to be sent again.")
    if message.delivery is not Delivery.FAILED:
        raise FeatureError("Only a message that failed is sent again.")
    queued = DeliveryChanged(ctx.account, message.peer, message.key, Delivery.QUEUED, ctx.clock.now())
    _post(ctx, replace(message, delivery=Delivery.QUEUED, failure=None), None, queued)
    await ctx.record()


async def correct_message(ctx: Context, command: CorrectMessage) -> None:
    """Say a message anew (XEP-0308): the correction waits in the outbox like any message."""
    original = ctx.message(command.peer, command.key)
    if original is None:
        raise FeatureError("This message is no longer here to be corrected.")
    if not original.is_outgoing or original.kind is not MessageKind.CHAT:
        raise FeatureError("Only what you said yourself can be corrected.")
    if original.delivery in (Delivery.QUEUED, Delivery.FAILED) or not command.body:
        raise FeatureError("This message cannot be corrected.")
    if command.body == original.body and original.failed_correction is None:
        raise FeatureError("This message reads like that already.")
    if (failed := original.failed_correction) is not None:  # what is said now takes the place of what did not arrive
        ctx.emit(MessageDiscarded(ctx.account, command.peer, failed.id))
    version = Version(ctx.clock.now(), command.body, ctx.new_id())
    correction = correction_of(original, version)
    _post(ctx, correction, None, MessageCorrected(ctx.account, correction))
    await ctx.record()


async def react(ctx: Context, command: React) -> None:
    """Put emoji under a message (XEP-0444); what still waits to be put there is not sent before them."""
    message = ctx.message(command.peer, command.key)
    if message is None:
        raise FeatureError("This message is no longer here to react to.")
    id_ = id_for_reactions(message)
    if id_ is None:
        raise FeatureError("This message came without an id, so that no reaction could name it.")
    if message.delivery is Delivery.FAILED:
        raise FeatureError("This message did not arrive, so that nobody could see a reaction to it.")
    emojis = emojis_of(command.emojis)
    if emojis == emojis_by(message, Direction.OUTGOING):
        return
    outbox = ctx.state(Outbox)
    for key, waiting in list(outbox.waiting.items()):
        if waiting.peer == command.peer and waiting.reaction is not None and waiting.reaction.to == id_:
            del outbox.waiting[key]
            ctx.emit(MessageDiscarded(ctx.account, command.peer, key))
    reaction = Said(
        key=ctx.new_id(),
        account=ctx.account,
        peer=command.peer,
        direction=Direction.OUTGOING,
        stamp=ctx.clock.now(),
        body="",
        author=ctx.account,
        delivery=Delivery.QUEUED,
        reaction=Reaction(id_, emojis),
    )
    _post(ctx, reaction, None, MessageReacted(ctx.account, reaction))
    await ctx.record()


async def discard_message(ctx: Context, command: DiscardMessage) -> None:
    outbox = ctx.state(Outbox)
    message = outbox.waiting.pop(command.key, None) or _find_own(ctx, command.peer, command.key)
    if message is None or message.delivery not in (Delivery.QUEUED, Delivery.FAILED):
        raise FeatureError("Only a message that did not go out can be given up.")
    await ctx.record(MessageDiscarded(ctx.account, command.peer, command.key))


def _find_own(ctx: Context, peer: BareJID, key: str) -> Said | None:
    """Return a message of ours, or a correction by its own key, as far as it is on the screen's side."""
    message = ctx.message(peer, key)
    if message is None:
        return None
    failed = message.failed_correction
    if failed is not None and failed.id == key:
        return replace(correction_of(message, failed), delivery=Delivery.FAILED)
    return message if message.key == key and message.is_outgoing else None


def _post(ctx: Context, message: Said, resource: str | None, queued: Event) -> None:
    """Keep a message and send it now, or let it wait."""
    outbox = ctx.state(Outbox)
    if ctx.takes_messages and not outbox.again and not outbox.waiting:
        _send(ctx, message, resource, queued)
    else:
        outbox.waiting[message.key] = message
        ctx.emit(queued)


def _send(ctx: Context, message: Said, resource: str | None, *facts: Event) -> None:
    outbox = ctx.state(Outbox)
    to: JID = message.peer.with_resource(resource) if resource else message.peer
    payloads: list[object] = [Body(message.body)] if message.reaction is None else []
    if message.reaction is not None:
        payloads += xep0444_reactions.payloads_of(message.reaction)
    if message.subject:
        payloads.insert(0, Subject(message.subject))
    if message.reply is not None:
        payloads += xep0461_reply.payloads_of(message.reply)
    if message.replaces is not None:
        payloads.append(xep0308_correction.Replace(message.replaces))
    if message.key in outbox.late:
        outbox.late.discard(message.key)
        payloads.append(Delay(write_datetime(message.stamp), str(ctx.jid)))
    outbox.remember(message)
    sent = DeliveryChanged(ctx.account, message.peer, message.key, Delivery.SENT, ctx.clock.now())
    ctx.post(Message(to=to, id=message.key, type=MessageType.CHAT).with_payloads(*payloads), *facts, sent)


def _drain(ctx: Context) -> None:
    """Send what waits, as far as the stream takes it."""
    outbox = ctx.state(Outbox)
    while outbox.again and ctx.takes_messages:
        again = outbox.again.popleft()
        key, peer = again.id or "", outbox.sent.get(again.id or "")
        if peer is not None:
            sent = DeliveryChanged(ctx.account, peer, key, Delivery.SENT, ctx.clock.now())
            ctx.post(again, sent, is_decorated=True)
    while outbox.waiting and ctx.takes_messages:
        _, message = outbox.waiting.popitem(last=False)
        _send(ctx, message, None)


async def empty_outbox(ctx: Context) -> None:
    _drain(ctx)


# -- what became of it (XEP-0198) ---------------------------------------------------------------------------------


def take_acknowledged(ctx: Context, stanzas: Sequence[Stanza]) -> None:
    for stanza in stanzas:
        if isinstance(stanza, Message) and stanza.id is not None:
            _acknowledge(ctx, stanza.id)
    _drain(ctx)


def _acknowledge(ctx: Context, key: str) -> None:
    peer = ctx.state(Outbox).sent.get(key)
    if peer is not None:
        ctx.emit(DeliveryChanged(ctx.account, peer, key, Delivery.ACKNOWLEDGED, ctx.clock.now()))


def go_on(ctx: Context, h: int | None) -> None:
    """The session goes on: what was written meanwhile follows what it had not got."""
    _judge(ctx, h)
    _drain(ctx)


def send_again(ctx: Context, h: int | None, unacked: Sequence[UnackedStanza]) -> None:
    """The session is lost: send its messages again, but no word of what was true only then (X-198-04)."""
    _judge(ctx, h)
    outbox = ctx.state(Outbox)
    again: list[Message] = []
    for one in unacked:
        message = one.stanza
        if isinstance(message, Message) and message.id is not None and message.id in outbox.sent:
            delay = Delay(write_datetime(one.sent_at), str(ctx.jid))
            again.append(message if _has_delay(message) else message.with_payloads(delay))
            _queue(ctx, message.id)
    outbox.again = deque([*again, *outbox.again])
    _drain(ctx)


def _queue(ctx: Context, key: str) -> None:
    """Let a message wait again: should this program die, its next run sends it."""
    peer = ctx.state(Outbox).sent[key]
    ctx.emit(DeliveryChanged(ctx.account, peer, key, Delivery.QUEUED, ctx.clock.now()))


def _has_delay(message: Message) -> bool:
    return any(child.tag == tag_of(Delay) for child in message.children)


def _judge(ctx: Context, h: int | None) -> None:
    """Decide by the server's count which of the last run's messages it has; the others wait before all else."""
    outbox = ctx.state(Outbox)
    doubtful, outbox.doubtful = outbox.doubtful, {}
    lost = OrderedDict[str, Said]()
    for key, (number, message) in doubtful.items():
        outbox.remember(message)
        if h is not None and (h - number) % MODULUS < MODULUS // 2:
            _acknowledge(ctx, key)
        else:
            lost[key] = message
            outbox.late.add(key)
            _queue(ctx, key)
    if lost:
        outbox.waiting = OrderedDict([*lost.items(), *outbox.waiting.items()])


# -- incoming -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Heard:
    """When each of those who wrote lately was last heard."""

    latest: OrderedDict[BareJID, datetime] = field(default_factory=OrderedDict)

    def place(self, peer: BareJID, stamp: datetime) -> datetime:
        """Return when something was said, never before what the same peer said shortly before.

        One stream brings what one sender says in order (RFC 6120 §10.1). A server's stamp on what it sends again
        after a cut may be rounded down to the second, and is of another clock.
        """
        latest = self.latest.get(peer)
        if latest is not None and latest - _SKEW < stamp < latest:
            stamp = latest
        self.latest[peer] = stamp
        self.latest.move_to_end(peer)
        if len(self.latest) > _REMEMBERED:
            self.latest.popitem(last=False)
        return stamp


def is_fresh(ctx: Context, arrival: Arrival[Message]) -> bool:
    """Tell whether a message came to this client now: no copy, and no older than a cut may last (X-184/333-01)."""
    delayed = arrival.note(Delayed)
    return not arrival.is_copy and (delayed is None or ctx.clock.now() - delayed.stamp < _FRESH)


def take_message(ctx: Context, arrival: Arrival[Message]) -> None:
    heard = None if arrival.is_copy else ctx.state(Heard)
    said = said_of(ctx, arrival.stanza, arrival.parts, arrival.note(Ids), arrival.note(Delayed), heard)
    if said is None:
        return
    fact = MessageReceived if said.replaces is None else MessageCorrected
    ctx.emit((fact if said.reaction is None else MessageReacted)(ctx.account, said))


def take_headline(ctx: Context, arrival: Arrival[Message]) -> None:
    """Show what is told to many in the log: it passes, and nobody answers it (RFC 6121 §5.2.2, C-MSG-02).

    Those the user knows, and the own server, may call for attention with it.
    """
    message = arrival.stanza
    sender = message.from_ or ctx.account
    parts = (message.subject(*ctx.languages), message.body(*ctx.languages))
    text = " · ".join(part.strip() for part in parts if part and part.strip())
    if arrival.is_copy or not text:
        return
    is_known = str(sender) == ctx.account.domain or sender.bare in ctx.state(Roster).items
    severity = Severity.NOTICE if is_known else Severity.INFO
    ctx.log(f"{sender.bare} announces: {text[:_LONGEST_HEADLINE]}", severity, peer=sender)


def said_of(
    ctx: Context,
    message: Message,
    parts: Mapping[object, Element],
    ids: Ids | None = None,
    delayed: Delayed | None = None,
    heard: Heard | None = None,
    *,
    key: str | None = None,
    stamp: datetime | None = None,
) -> Said | None:
    """Return what a message says; None when there is nothing to read (C-MSG-07).

    It was said just now, or when it was ``delayed``, or at its ``stamp`` in an archive.
    What comes from the account itself was sent by another of the user's devices, and has reached the server. ``heard``
    is given for what others say to this device.
    """
    first = parts.get(_BODY)
    if first is None and xep0444_reactions.TAG not in parts and stand_ins.TAGS.isdisjoint(parts):
        return None
    bodies: tuple[tuple[str, str], ...] = ()
    if len(parts) == len(message.children):
        body = None if first is None else first.text
    else:
        body = message.body(*ctx.languages)
        bodies = tuple((lang or message.lang or "", text) for lang, text in message.bodies.items())
    reaction = None
    if xep0444_reactions.TAG in parts and message.type in _REACTING:
        reaction = xep0444_reactions.reaction_of(message.children, body or "")
        body = body if reaction is None else ""
    elif not body or stand_ins.is_unreadable(body):
        body = stand_ins.stand_in(parts, body or "")
    if not body and reaction is None:
        return None
    author = message.from_ or ctx.account
    is_own = author.bare == ctx.account and message.to is not None
    peer = message.to.bare if is_own and message.to is not None else author.bare
    if stamp is None:
        stamp = ctx.clock.now() if delayed is None else delayed.stamp
    if heard is not None and not is_own:
        stamp = heard.place(peer, stamp)
    thread = parts.get(_THREAD)
    return Said(
        key=key or ctx.new_id(),
        account=ctx.account,
        peer=peer,
        direction=Direction.OUTGOING if is_own else Direction.INCOMING,
        stamp=stamp,
        body=body or "",
        kind=_KINDS[message.type],
        author=author,
        stanza_id=message.id,
        subject=(message.subject(*ctx.languages) or "") if _SUBJECT in parts else "",
        thread=(thread.text or "") if thread is not None else "",
        bodies=bodies if len(bodies) > 1 and reaction is None else (),
        files=xep0066_oob.files_of(message.children) if xep0066_oob.TAG in parts else (),
        is_unstyled=xep0393_styling.TAG in parts,
        replaces=xep0308_correction.replaced_by(parts) if reaction is None else None,
        reply=xep0461_reply.reply_of(message.children, body or "") if xep0461_reply.TAG in parts else None,
        reaction=reaction,
        delivery=Delivery.ACKNOWLEDGED if is_own else Delivery.RECEIVED,
        is_delayed=delayed is not None,
        archive_id=None if ids is None else ids.archive_id,
        origin_id=None if ids is None else ids.origin_id,
    )


def take_error(ctx: Context, arrival: Arrival[Message]) -> None:
    """Match an error to the message it answers by id and sender; others say nothing to us (C-MSG-01, S-04)."""
    message = arrival.stanza
    error = message.error
    if message.id is None or error is None:
        return
    peer = message.from_.bare if message.from_ else ctx.account
    outbox = ctx.state(Outbox)
    said = outbox.latest.get(message.id)
    if outbox.sent.get(message.id) != peer:
        said = ctx.message(peer, message.id)
        if said is None or not said.is_outgoing:
            return
    if message.id in outbox.refused:
        return  # ejabberd says twice that it refuses what goes to someone who blocks the sender
    outbox.refused.add(message.id)
    what, which = _lost(said)
    who = message.from_ or ctx.account
    failure = failure_of(error, who, f"{what} was not delivered.")
    ctx.emit(DeliveryChanged(ctx.account, peer, message.id, Delivery.FAILED, ctx.clock.now(), failure))
    told = explain(error, who, f"{which} was not delivered.")
    words = f"{told} It says: “{sanitize_line(error.text, 200)}”" if error.text else told
    ctx.log(words, Severity.ERROR, peer, message=message.id)


def _lost(said: Said | None) -> tuple[str, str]:
    """Name what came back: where it stands, and in the log, where its words tell it from others."""
    if said is None:
        return "The message", "A message"
    if said.reaction is not None:
        return "The reaction", f"Your reaction {' '.join(said.reaction.emojis)}".rstrip()
    words = sanitize_line(said.body, 60)
    if said.replaces is not None:
        return "The correction", f"The correction “{words}”"
    return "The message", f"“{words}”"


FEATURE = Feature(
    spec="RFC 6121 §5",
    title="Messages",
    inbound=(
        derives_from_messages(MessageType.CHAT, MessageType.NORMAL, handler=take_message),
        derives_from_messages(MessageType.HEADLINE, handler=take_headline),
        derives_from_messages(MessageType.ERROR, handler=take_error),
    ),
    commands=(
        carries_out(SendMessage, send_message, works_offline=True),
        carries_out(ResendMessage, resend_message, works_offline=True),
        carries_out(CorrectMessage, correct_message, works_offline=True),
        carries_out(React, react, works_offline=True),
        carries_out(DiscardMessage, discard_message, works_offline=True),
    ),
    on_restored=restore,
    on_online=empty_outbox,
    on_resumed=go_on,
    on_lost=send_again,
    on_acknowledged=take_acknowledged,
)
