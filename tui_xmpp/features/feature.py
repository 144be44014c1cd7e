"""What a feature is: one specification, declared in one file as one value.

A feature never sees a socket, a thread or the screen. It is given a :class:`Context`, takes stanzas apart into facts
(``emit``), turns the user's commands into stanzas (``send``, ``request``), and keeps what it must remember of an
account in a state class of its own (``state``). Its routes say what it handles; service discovery, capabilities and the
README's table are generated from the same declaration, so nothing is handled and not advertised.

A message passes three phases: UNWRAP (take a copy out of its envelope, or drop it), ANNOTATE (each payload that has a
route leaves an immutable note on the :class:`Arrival`), DERIVE (facts). A presence passes the last two.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar, cast

from tui_xmpp.clock import Clock
from tui_xmpp.core.commands import Command
from tui_xmpp.core.events import Event
from tui_xmpp.core.model import Gap, OwnPresence, RosterItem, Severity
from tui_xmpp.core.model import Message as Said
from tui_xmpp.core.settings import AccountSettings, PrivacySettings
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import JID, BareJID, FullJID
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.payload import decode, tag_of
from tui_xmpp.xmpp.stanza import Iq, IqType, Message, MessageType, Presence, PresenceType, Stanza
from tui_xmpp.xmpp.stanza_errors import ErrorCondition, StanzaError
from tui_xmpp.xmpp.stream_features import StreamFeatures
from tui_xmpp.xmpp.stream_management import UnackedStanza

P = TypeVar("P")
S = TypeVar("S", Message, Presence)
T = TypeVar("T")
C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Event)
N = TypeVar("N")


class FeatureError(TuiXmppError):
    """A command cannot be carried out; the sentence says why."""


class NotConnectedError(FeatureError):
    """The account is not online, or went offline before the answer came."""


class RefusedError(FeatureError):
    """Raised by a handler to answer a request with an error (RFC 6120 §8.3)."""

    def __init__(self, condition: ErrorCondition, text: str | None = None) -> None:
        super().__init__(text or condition.value)
        self.condition = condition
        self.text = text


class RequestError(FeatureError):
    """A request was answered with an error, or not in time (``error`` None)."""

    def __init__(self, sentence: str, error: StanzaError | None = None) -> None:
        super().__init__(sentence)
        self.error = error

    @property
    def condition(self) -> ErrorCondition | None:
        """The stanza error's condition, None when there was no answer."""
        return self.error.condition if self.error else None


class Context(Protocol):
    """All that a feature may know of and do to the account it serves.

    Facts and stanzas keep their order; those of one read from the network leave together.
    """

    @property
    def account(self) -> BareJID: ...

    @property
    def jid(self) -> FullJID:
        """The bound address; only while online, else ``NotConnectedError``."""
        ...

    @property
    def settings(self) -> AccountSettings: ...

    @property
    def privacy(self) -> PrivacySettings: ...

    @property
    def own(self) -> OwnPresence:
        """What the user wants others to see."""
        ...

    @property
    def stream(self) -> StreamFeatures:
        """What the server offered on the present stream."""
        ...

    @property
    def features(self) -> tuple[Feature, ...]:
        """All features that are switched on."""
        ...

    @property
    def languages(self) -> tuple[str, ...]:
        """The user's languages, best first."""
        ...

    @property
    def clock(self) -> Clock: ...

    @property
    def is_online(self) -> bool: ...

    @property
    def silence(self) -> float:
        """Seconds since the server was last heard."""
        ...

    @property
    def unheard(self) -> float:
        """Seconds for which something we sent has met with silence; 0 when the server was heard since."""
        ...

    @property
    def unanswered(self) -> float:
        """Seconds for which the server has owed an acknowledgement; 0 when it owes none."""
        ...

    def state(self, kind: type[T]) -> T:
        """Return the account's one ``kind``, made by ``kind()`` at first use; it outlives streams, not the run."""
        ...

    @property
    def has_room(self) -> bool:
        """Whether the stream takes another stanza now: it is up, and not too much is waiting for the server's word."""
        ...

    @property
    def takes_messages(self) -> bool:
        """Whether a message that is sent now is certain to arrive, and once, whatever becomes of the stream.

        That is: there is room, and whether the session can be resumed is agreed. ``on_acknowledged`` is called when.
        """
        ...

    @property
    def is_managed(self) -> bool:
        """Whether the server acknowledges what it is sent on this stream (XEP-0198)."""
        ...

    def send(self, stanza: Stanza) -> None:
        """Send, after all features have decorated it; raise ``NotConnectedError`` while offline."""
        ...

    def post(self, message: Message, *facts: Event, is_decorated: bool = False) -> None:
        """Send a message, but only once these facts and its place in the session are on disk.

        Whatever is sent after it waits too. ``is_decorated``: it was sent before.
        """
        ...

    def send_nonza(self, element: Element) -> None:
        """Send what is no stanza; raise ``NotConnectedError`` while offline."""
        ...

    def request_ack(self) -> None:
        """Ask the server what it has taken (XEP-0198 §4); it answers at once if it is there."""
        ...

    async def request(self, iq: Iq, otherwise: str = "", deadline: float = 30.0) -> Iq:
        """Send a get or set (an id is made where it has none) and return its result.

        Raise ``RequestError`` with a sentence that ends in ``otherwise``, or ``NotConnectedError``. The caller goes on
        before any later stanza is handled.
        """
        ...

    def emit(self, *events: Event) -> None:
        """Let facts be known, in order, the durable ones kept first."""
        ...

    async def record(self, *events: Event) -> None:
        """Let facts be known and return when the durable ones are kept."""
        ...

    def log(
        self, text: str, severity: Severity = Severity.INFO, peer: JID | None = None, *, message: str | None = None
    ) -> None:
        """Add a line to the event log; ``message`` is the key of the message it is about."""
        ...

    def new_id(self) -> str:
        """Return an unpredictable id of at least 64 random bits (C-STZ-02)."""
        ...

    @property
    def opened(self) -> tuple[BareJID, ...]:
        """The peers whose conversations are open on the screen."""
        ...

    def message(self, peer: BareJID, key: str) -> Said | None:
        """Return a message on the screen's side, also by the key of a correction of it.

        None when its conversation does not hold it now.
        """
        ...

    def drop(self, reason: str) -> None:
        """Give the stream up as dead and connect anew."""
        ...


@dataclass(frozen=True, slots=True)
class Arrival(Generic[S]):
    """A received message or presence, its children by tag (the last of each), and what the features noted of it.

    ``is_copy``: it was said to, or by, another device of the user, who answers for it (X-280-02).
    """

    stanza: S
    parts: Mapping[object, Element]
    notes: Mapping[type[object], object]
    is_copy: bool = False

    def note(self, kind: type[N]) -> N | None:
        """Return the note of this kind, None when no feature left one."""
        return cast("N | None", self.notes.get(kind))


# -- routes: what a feature handles, made by the verbs below ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RequestRoute:
    type: IqType
    tag: str
    answer: Callable[[Context, Iq], object | None]


@dataclass(frozen=True, slots=True)
class UnwrapRoute:
    tag: str
    unwrap: Callable[[Context, Message], Message | None]


@dataclass(frozen=True, slots=True)
class NoteRoute:
    tag: str
    annotate: Callable[[Context, Message | Presence], object | None]


@dataclass(frozen=True, slots=True)
class MessageRoute:
    types: frozenset[MessageType]
    derive: Callable[[Context, Arrival[Message]], None]


@dataclass(frozen=True, slots=True)
class PresenceRoute:
    types: frozenset[PresenceType]
    derive: Callable[[Context, Arrival[Presence]], None]


@dataclass(frozen=True, slots=True)
class MessageDecorator:
    decorate: Callable[[Context, Message], Message]


@dataclass(frozen=True, slots=True)
class PresenceDecorator:
    decorate: Callable[[Context, Presence], Presence]


@dataclass(frozen=True, slots=True)
class CommandRoute:
    command: type[Command]
    perform: Callable[[Context, Command], Awaitable[None]]
    works_offline: bool


@dataclass(frozen=True, slots=True)
class FactRoute:
    fact: type[Event]
    follow: Callable[[Context, Event], None]


Inbound = RequestRoute | UnwrapRoute | NoteRoute | MessageRoute | PresenceRoute
Outbound = MessageDecorator | PresenceDecorator


def answers(type_: IqType, payload: type[P], handler: Callable[[Context, Iq, P], object | None]) -> RequestRoute:
    """Answer requests that carry ``payload``: with the payload returned, None for an empty result.

    ``RefusedError`` raised by the handler becomes the error, a broken payload ``bad-request``: a request is answered
    exactly once whatever happens (C-STZ-03).
    """
    return RequestRoute(type_, tag_of(payload), lambda ctx, iq: handler(ctx, iq, decode(payload, iq.children[0])))


def unwraps(payload: type[P], handler: Callable[[Context, Message, P], Message | None]) -> UnwrapRoute:
    """Replace a message that carries ``payload`` by the one returned; None drops it whole."""
    tag = tag_of(payload)
    return UnwrapRoute(tag, lambda ctx, message: handler(ctx, message, _first(message, tag, payload)))


def annotates(payload: type[P], handler: Callable[[Context, Message | Presence, P], object | None]) -> NoteRoute:
    """Leave the value returned as a note on each message and presence that carries ``payload``; None leaves nothing."""
    tag = tag_of(payload)
    return NoteRoute(tag, lambda ctx, stanza: handler(ctx, stanza, _first(stanza, tag, payload)))


def derives_from_messages(*types: MessageType, handler: Callable[[Context, Arrival[Message]], None]) -> MessageRoute:
    """Make facts of messages of these types."""
    return MessageRoute(frozenset(types), handler)


def derives_from_presences(
    *types: PresenceType, handler: Callable[[Context, Arrival[Presence]], None]
) -> PresenceRoute:
    """Make facts of presences of these types."""
    return PresenceRoute(frozenset(types), handler)


def carries_out(
    command: type[C], handler: Callable[[Context, C], Awaitable[None]], *, works_offline: bool = False
) -> CommandRoute:
    """Carry out a command; it is done when the handler returns, failed with the sentence of the error it raises."""
    return CommandRoute(command, lambda ctx, given: handler(ctx, cast("C", given)), works_offline)


def follows(fact: type[E], handler: Callable[[Context, E], None]) -> FactRoute:
    """Be told of facts of this type once they are kept and known, online or not."""
    return FactRoute(fact, lambda ctx, given: handler(ctx, cast("E", given)))


def _first(stanza: Message | Presence, tag: str, payload: type[P]) -> P:
    return decode(payload, next(child for child in stanza.children if child.tag == tag))


# -- the feature --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """What earlier runs kept of the account, given to features before its first connection."""

    roster: tuple[RosterItem, ...] = ()
    roster_version: str | None = None
    outbox: tuple[Said, ...] = ()
    archive_head: str | None = None
    archive_gaps: tuple[Gap, ...] = ()
    capabilities: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    """What software can do, by the name of the hash that proves it (XEP-0115)."""
    is_kept: bool = True
    """What is told now is kept for later runs."""
    placed: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """The numbers of those messages that the last session may have lost, by key."""


def _always(privacy: PrivacySettings) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One specification this client implements.

    ``disco`` are the features announced for it (XEP-0030). ``on_online`` is started for each feature in the order of
    the list, so first stanzas leave in that order; ``in_background`` runs for the life of a stream.

    Where a session outlives its stream (XEP-0198) ``on_resumed`` is called in place of ``on_online``; where it did not,
    ``on_lost`` is called before that. Both are given the server's count of our stanzas (None: unknown), the latter also
    what it had not acknowledged. ``on_acknowledged`` is given the stanzas the server has; none when only room was made.
    """

    spec: str
    title: str
    version: str = ""
    disco: tuple[str, ...] = ()
    inbound: tuple[Inbound, ...] = ()
    outbound: tuple[Outbound, ...] = ()
    commands: tuple[CommandRoute, ...] = ()
    facts: tuple[FactRoute, ...] = ()
    on_restored: Callable[[Context, Kept], None] | None = None
    on_online: Callable[[Context], Awaitable[None]] | None = None
    on_resumed: Callable[[Context, int | None], None] | None = None
    on_lost: Callable[[Context, int | None, Sequence[UnackedStanza]], None] | None = None
    on_acknowledged: Callable[[Context, Sequence[Stanza]], None] | None = None
    in_background: Callable[[Context], Awaitable[None]] | None = None
    is_enabled: Callable[[PrivacySettings], bool] = field(default=_always)


def is_own_account(ctx: Context, sender: JID | None) -> bool:
    """Tell whether a stanza comes from the account itself: no ``from``, or its bare JID (C-STZ-01, C-ROS-03)."""
    return sender is None or sender == ctx.jid.bare
