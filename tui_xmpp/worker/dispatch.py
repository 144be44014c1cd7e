"""From a stanza to the features that handle it. Nothing a peer sends gets past this raising (S-29)."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from types import MappingProxyType
from typing import Final

from tui_xmpp.core.commands import Command
from tui_xmpp.core.events import Event
from tui_xmpp.core.model import Severity
from tui_xmpp.features.feature import (
    Arrival,
    CommandRoute,
    Context,
    Feature,
    MessageDecorator,
    MessageRoute,
    NoteRoute,
    PresenceDecorator,
    PresenceRoute,
    RefusedError,
    RequestRoute,
    UnwrapRoute,
)
from tui_xmpp.jid import JID, FullJID
from tui_xmpp.values import dataclass
from tui_xmpp.worker.requests import Requests
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.payload import PayloadError
from tui_xmpp.xmpp.stanza import Iq, IqType, Message, MessageType, Presence, PresenceType, Stanza
from tui_xmpp.xmpp.stanza_errors import ErrorCondition

_log = logging.getLogger(__name__)
_NO_NOTES: Final = MappingProxyType[type[object], object]({})
_C = ErrorCondition


class Dispatcher:
    """The routes of all features, in tables. One serves every account."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self.use(features)

    def use(self, features: Sequence[Feature]) -> None:
        """Have exactly these features from now on, in the order of the list."""
        self.features = tuple(features)
        self.commands: dict[type[Command], CommandRoute] = {}
        self.followers: dict[type[Event], list[Callable[[Context, Event], None]]] = {}
        self._requests: dict[tuple[IqType, str], Callable[[Context, Iq], object | None]] = {}
        self._unwraps: dict[object, Callable[[Context, Message], Message | None]] = {}
        self._notes: dict[object, list[Callable[[Context, Message | Presence], object | None]]] = {}
        self._messages: dict[MessageType, list[Callable[[Context, Arrival[Message]], None]]] = {}
        self._presences: dict[PresenceType, list[Callable[[Context, Arrival[Presence]], None]]] = {}
        self._message_decorators: list[Callable[[Context, Message], Message]] = []
        self._presence_decorators: list[Callable[[Context, Presence], Presence]] = []
        for feature in self.features:
            self._add(feature)

    def _add(self, feature: Feature) -> None:
        for route in feature.inbound:
            match route:
                case RequestRoute(type_, tag, answer):
                    self._requests[type_, tag] = answer
                case UnwrapRoute(tag, unwrap):
                    self._unwraps[tag] = unwrap
                case NoteRoute(tag, annotate):
                    self._notes.setdefault(tag, []).append(annotate)
                case MessageRoute(message_types, derive):
                    for message_type in message_types:
                        self._messages.setdefault(message_type, []).append(derive)
                case PresenceRoute(presence_types, derive_presence):
                    for presence_type in presence_types:
                        self._presences.setdefault(presence_type, []).append(derive_presence)
        for decorator in feature.outbound:
            match decorator:
                case MessageDecorator(decorate):
                    self._message_decorators.append(decorate)
                case PresenceDecorator(decorate_presence):
                    self._presence_decorators.append(decorate_presence)
        for command in feature.commands:
            self.commands[command.command] = command
        for fact in feature.facts:
            self.followers.setdefault(fact.fact, []).append(fact.follow)

    # -- out ------------------------------------------------------------------------------------------------------

    def decorate(self, ctx: Context, stanza: Stanza) -> Stanza:
        """Return the stanza with all that the features add to it."""
        if isinstance(stanza, Message):
            for decorate in self._message_decorators:
                stanza = decorate(ctx, stanza)
        elif isinstance(stanza, Presence):
            for decorate_presence in self._presence_decorators:
                stanza = decorate_presence(ctx, stanza)
        return stanza

    # -- in -------------------------------------------------------------------------------------------------------

    def handle(self, ctx: Context, stanza: Stanza, requests: Requests, guard: Guard) -> bool:
        """Take one stanza; say whether it answered a request, whose asker then goes on first."""
        try:
            if stanza.raw_from is not None or (stanza.flaw is not None and not isinstance(stanza, Iq)):
                # Whoever sent it cannot be answered, and must not pass for the account itself (C-STZ-01).
                guard.complain(ctx, f"A broken stanza was ignored: {stanza.flaw}.")
            elif isinstance(stanza, Message):
                self._take_message(ctx, stanza)
            elif isinstance(stanza, Presence):
                self._take_presence(ctx, stanza)
            elif not stanza.is_request:
                return requests.settle(stanza)
            else:
                self._take_request(ctx, stanza, guard)
        except Exception:
            _log.exception("a handler failed")
            guard.complain(ctx, f"A stanza from {stanza.from_ or 'the server'} could not be handled; it was ignored.")
        return False

    def _take_message(self, ctx: Context, message: Message) -> None:
        parts: dict[object, Element] = {child.tag: child for child in message.children}
        is_copy = False
        envelope = next((tag for tag in parts if tag in self._unwraps), None)
        if envelope is not None:  # an envelope in an envelope is not opened (S-01)
            unwrapped = self._unwraps[envelope](ctx, message)
            if unwrapped is None:
                return
            message = unwrapped
            parts = {child.tag: child for child in message.children}
            is_copy = True
        if routes := self._messages.get(message.type):
            arrival = Arrival(message, parts, self._annotate(ctx, message, parts), is_copy)
            for derive in routes:
                derive(ctx, arrival)

    def _take_presence(self, ctx: Context, presence: Presence) -> None:
        parts: dict[object, Element] = {child.tag: child for child in presence.children}
        if routes := self._presences.get(presence.type):
            arrival = Arrival(presence, parts, self._annotate(ctx, presence, parts))
            for derive in routes:
                derive(ctx, arrival)

    def _annotate(
        self, ctx: Context, stanza: Message | Presence, parts: Mapping[object, Element]
    ) -> Mapping[type[object], object]:
        routes = self._notes
        # One that takes several payloads is asked once.
        annotators = {annotate: None for tag in parts if tag in routes for annotate in routes[tag]}
        if not annotators:
            return _NO_NOTES
        notes: dict[type[object], object] = {}
        for annotate in annotators:
            try:
                note = annotate(ctx, stanza)
            except PayloadError as error:
                _log.info("a payload was ignored: %s", error)
                continue
            if note is not None:
                notes[type(note)] = note
        return notes

    def _take_request(self, ctx: Context, iq: Iq, guard: Guard) -> None:
        """Answer a get or set exactly once (C-STZ-03)."""
        if iq.id is None:
            guard.complain(ctx, "A request without an id was ignored.")
            return
        if not guard.admits(ctx, iq.from_):
            if guard.answers_refusal(ctx):
                ctx.send(iq.error_reply(_C.RESOURCE_CONSTRAINT))
            return
        ctx.send(self._answer(ctx, iq))

    def _answer(self, ctx: Context, iq: Iq) -> Iq:
        if iq.flaw is not None:
            return iq.error_reply(_C.BAD_REQUEST, iq.flaw)
        answer = self._requests.get((iq.type, iq.children[0].tag))
        if answer is None:
            return iq.error_reply(_C.SERVICE_UNAVAILABLE)
        try:
            payload = answer(ctx, iq)
        except RefusedError as refusal:
            return iq.error_reply(refusal.condition, refusal.text)
        except PayloadError as error:
            return iq.error_reply(_C.BAD_REQUEST, str(error))
        except Exception:
            _log.exception("a request's handler failed")
            return iq.error_reply(_C.INTERNAL_SERVER_ERROR)
        return iq.result() if payload is None else iq.result(payload)


@dataclass(slots=True)
class Bucket:
    """A token bucket: ``burst`` at once, ``rate`` a second in the long run."""

    rate: float
    burst: float
    level: float = field(init=False)
    at: float | None = None

    def __post_init__(self) -> None:
        self.level = self.burst

    def take(self, now: float) -> bool:
        """Take one token; False when there is none."""
        if self.at is not None:
            self.level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


class Guard:
    """Bound what strangers can make one account do: answers a peer, answers in all, lines in the log (S-52)."""

    PEERS: Final = 256

    def __init__(self) -> None:
        self._peers: OrderedDict[JID, Bucket] = OrderedDict()
        self._all = Bucket(rate=50, burst=200)
        self._refusals = Bucket(rate=1, burst=10)
        self._complaints = Bucket(rate=0.2, burst=5)

    def admits(self, ctx: Context, peer: JID | None) -> bool:
        """Tell whether a request is answered; the own account and server always are."""
        if peer is None or peer.bare == ctx.jid.bare or str(peer) == ctx.jid.domain:
            return True
        # A stranger has as many resources as they like: those of one account share.
        key = peer.bare if isinstance(peer, FullJID) else peer
        bucket = self._peers.get(key)
        if bucket is None:
            bucket = self._peers[key] = Bucket(rate=2, burst=20)
            if len(self._peers) > self.PEERS:
                self._peers.popitem(last=False)
        else:
            self._peers.move_to_end(key)
        now = ctx.clock.monotonic()
        return bucket.take(now) and self._all.take(now)

    def answers_refusal(self, ctx: Context) -> bool:
        """Tell whether a refusal is worth an answer; in a flood silence is cheaper."""
        return self._refusals.take(ctx.clock.monotonic())

    def complain(self, ctx: Context, text: str) -> None:
        """Log one line, unless there were too many."""
        if self._complaints.take(ctx.clock.monotonic()):
            ctx.log(text, Severity.WARNING)
