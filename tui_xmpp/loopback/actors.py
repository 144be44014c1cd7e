"""Scripted users who live inside the server: they see what is sent to them, and act (no socket, no stream)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from random import Random

from tui_xmpp.jid import JID, BareJID, FullJID
from tui_xmpp.loopback.payloads import (
    DISCO_INFO,
    PING,
    TIME,
    VERSION,
    Active,
    Composing,
    DiscoFeature,
    DiscoInfo,
    DisplayedMarker,
    EntityTime,
    Identity,
    KeepThis,
    Markable,
    Ping,
    Reactions,
    Receipt,
    ReceiptRequest,
    Version,
)
from tui_xmpp.loopback.realm import Realm
from tui_xmpp.loopback.schedule import Schedule
from tui_xmpp.loopback.session import Session
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.payload import tag_of
from tui_xmpp.xmpp.stanza import (
    Body,
    Iq,
    IqType,
    Message,
    MessageType,
    Presence,
    PresenceType,
    Priority,
    Show,
    ShowPayload,
    Stanza,
    Status,
    Subject,
)
from tui_xmpp.xmpp.stanza_errors import ErrorCondition


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why every message to a character comes back."""

    condition: ErrorCondition
    text: str


@dataclass(frozen=True, slots=True)
class Character:
    """Who an actor plays. Delays are in seconds."""

    name: str
    """In one word and lower case: how marks call the character."""
    jid: BareJID
    remarks: tuple[str, ...] = ()
    """What is answered to a statement, in turn and shuffled."""
    answers: tuple[str, ...] = ()
    """What is answered to a question."""
    thanks: str | None = None
    """What is written when a request of the character's is granted."""
    client: str = "Quill"
    approves_after: float | None = 2.0
    """How long a request waits; None: for ever."""
    thinks_for: float = 1.2
    letters_a_second: float = 30.0
    refusal: Refusal | None = None
    delight: str | None = None
    """The emoji that is put under the first thing the character is told (XEP-0444)."""


class Stage:
    """What all actors share: the realm, the time, and marks for what has happened so far.

    A mark reads "darcy answered". Each ``wait_for`` or ``play_until`` uses up one occurrence of its mark.
    """

    def __init__(self, realm: Realm, schedule: Schedule, random: Random) -> None:
        self.realm = realm
        self.are_confirming = False
        """They tell the sender that a message came, and that it was read before they answer (XEP-0184, XEP-0333)."""
        self.schedule = schedule
        self.random = random
        self.on_mark: Callable[[str], None] | None = None
        self._happened: Counter[str] = Counter()
        self._used: Counter[str] = Counter()
        self._news = asyncio.Event()

    def mark(self, name: str) -> None:
        """Note that something has happened."""
        self._happened[name] += 1
        self._news.set()
        if self.on_mark is not None:
            self.on_mark(name)

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Schedule an act."""
        self.schedule.after(seconds, act)
        self._news.set()

    async def wait_for(self, mark: str) -> None:
        """Wait until ``mark`` happens by itself; time of the story stands still."""
        while not self._use(mark):
            self._news.clear()
            await self._news.wait()

    async def play_until(self, mark: str) -> None:
        """Let the story go on until ``mark`` has happened; where time is real, wait for it."""
        while not self._use(mark):
            if self.schedule.step():
                await asyncio.sleep(0)
            else:
                self._news.clear()
                await self._news.wait()

    def _use(self, mark: str) -> bool:
        if self._happened[mark] == self._used[mark]:
            return False
        self._used[mark] += 1
        return True


class Actor:
    """One resource of a character. Every verb sends stanzas at once and leaves its mark."""

    def __init__(self, stage: Stage, character: Character, resource: str) -> None:
        self.stage = stage
        self.character = character
        self.jid: FullJID = character.jid.with_resource(resource)
        self.session: Session | None = None
        self.inbox: list[Stanza] = []
        """Everything that came, for tests."""
        self._decks: dict[tuple[str, ...], list[str]] = {}
        self._is_answering = False
        self._is_delighted = False
        stage.realm.add_account(character.jid)

    # --- what an actor does ---

    def come_online(self, status: str | None = None, *, show: Show | None = None, priority: int = 0) -> None:
        """Connect, if need be, and broadcast presence."""
        was_away = self.session is None
        if self.session is None:
            self.session = self.stage.realm.attach(self.jid, self._see, self._end)
            self.session.is_interested = True
        parts: list[object] = [] if show is None else [ShowPayload(show)]
        parts += [] if status is None else [Status(status)]
        parts += [] if priority == 0 else [Priority(priority)]
        self._send(Presence().with_payloads(*parts))
        if was_away:
            self._mark("came online")
        elif show is None:
            self._mark("is back")
        else:
            self._mark(f"is {show.value}")

    def leave(self, status: str | None = None) -> None:
        """Go offline."""
        if self.session is None:
            return
        presence = Presence(type=PresenceType.UNAVAILABLE)
        self._send(presence if status is None else presence.with_payloads(Status(status)))
        self.stage.realm.detach(self.session)
        self.session = None
        self._mark("left")

    def start_typing(self, to: JID) -> None:
        """Tell that a message is being written (XEP-0085)."""
        self._send(Message(to, type=MessageType.CHAT).with_payloads(Composing()))
        self._mark("is typing")

    def write(self, to: JID, text: str, *, subject: str | None = None, deed: str = "wrote") -> None:
        """Send a message; one with a subject is of type normal."""
        kind = MessageType.CHAT if subject is None else MessageType.NORMAL
        parts: list[object] = [Body(text)]
        parts.append(Active() if subject is None else Subject(subject))
        self._send(Message(to, id=self.stage.realm.new_id(), type=kind).with_payloads(*parts))
        self._mark(deed)

    def type_and_write(self, to: JID, text: str, *, deed: str = "wrote") -> None:
        """Write a message as slowly as the character does."""
        self.start_typing(to)
        pause = 1.0 + min(len(text), 150) / self.character.letters_a_second
        self.stage.after(pause, lambda: self.write(to, text, deed=deed))

    def react(self, to: JID, id_: str, *emojis: str) -> None:
        """Put emoji under a message that was sent to, or by, somebody."""
        reaction = Message(to.bare, id=self.stage.realm.new_id(), type=MessageType.CHAT)
        self._send(reaction.with_payloads(Reactions(id_, emojis), KeepThis()))
        self._mark("reacted")

    def ask(self, to: BareJID, words: str | None = None) -> None:
        """Ask to see somebody's presence."""
        self._subscription(PresenceType.SUBSCRIBE, to, words)
        self._mark("asked")

    def approve(self, peer: BareJID) -> None:
        """Grant a request, and ask back where the character does not see the peer yet."""
        self._subscription(PresenceType.SUBSCRIBED, peer)
        state = self.stage.realm.account(self.jid).roster[peer].state
        if not state.sees_contact and not state.is_asking:
            self._subscription(PresenceType.SUBSCRIBE, peer)
        self._mark("approved")

    def _subscription(self, kind: PresenceType, to: BareJID, words: str | None = None) -> None:
        presence = Presence(to, id=self.stage.realm.new_id(), type=kind)
        self._send(presence if words is None else presence.with_payloads(Status(words)))

    def _send(self, stanza: Stanza) -> None:
        if self.session is not None:
            self.stage.realm.receive(self.session, stanza)

    def _mark(self, deed: str) -> None:
        self.stage.mark(f"{self.character.name} {deed}")

    def _end(self) -> None:
        self.session = None

    # --- what an actor sees ---

    def _see(self, stanza: Stanza) -> None:
        self.inbox.append(stanza)
        if isinstance(stanza, Iq):
            self._answer_iq(stanza)
        elif isinstance(stanza, Presence):
            self._see_presence(stanza)
        elif stanza.type in (MessageType.CHAT, MessageType.NORMAL) and stanza.body() is not None:
            self._hear(stanza)

    def _see_presence(self, presence: Presence) -> None:
        if presence.from_ is None:
            return
        peer = presence.from_.bare
        if presence.type is PresenceType.SUBSCRIBE:
            self._mark("was asked")
            if self.character.approves_after is not None:
                self.stage.after(self.character.approves_after, lambda: self.approve(peer))
        elif presence.type is PresenceType.SUBSCRIBED:
            self._mark("was approved")
            if self.character.thanks is not None:
                thanks = self.character.thanks
                self.stage.after(self.character.thinks_for, lambda: self.type_and_write(peer, thanks))
        elif presence.type is PresenceType.AVAILABLE and peer != self.character.jid:
            self._mark(f"saw {peer}")

    def _hear(self, message: Message) -> None:
        if message.from_ is None:
            return
        self._mark("heard")
        if self.character.refusal is not None:
            self._send(message.error_reply(self.character.refusal.condition, self.character.refusal.text))
            self._mark("refused")
            return
        if self.stage.are_confirming:
            self._confirm(message)
        self._be_delighted(message.from_, message.id)
        peer, line = message.from_.bare, self._line(message.body() or "")
        if line is None or self._is_answering:
            return
        self._is_answering = True
        self.stage.after(self.character.thinks_for, lambda: self._answer(peer, line, message))

    def _be_delighted(self, peer: JID, id_: str | None) -> None:
        delight = self.character.delight
        if delight is not None and id_ is not None and not self._is_delighted:
            self._is_delighted = True
            self.stage.after(self.character.thinks_for, lambda: self.react(peer, id_, delight))

    def _confirm(self, message: Message) -> None:
        if message.id is not None and message.payload(ReceiptRequest) is not None:
            self._send(Message(message.from_, type=message.type).with_payloads(Receipt(message.id)))

    def _answer(self, peer: BareJID, line: str, heard: Message) -> None:
        self._is_answering = False
        if self.stage.are_confirming and heard.id is not None and heard.payload(Markable) is not None:
            self._send(Message(heard.from_, type=heard.type).with_payloads(DisplayedMarker(heard.id)))
        self.type_and_write(peer, line, deed="answered")

    def _line(self, heard: str) -> str | None:
        """Choose what to answer: no line comes again before the others of its kind have come."""
        lines = self.character.answers if heard.rstrip().endswith("?") else self.character.remarks
        lines = lines or self.character.remarks
        if not lines:
            return None
        deck = self._decks.setdefault(lines, [])
        if not deck:
            deck += self.stage.random.sample(lines, len(lines))
        return deck.pop()

    def _answer_iq(self, iq: Iq) -> None:
        if not iq.is_request or iq.child is None:
            return
        tag = iq.child.tag
        is_push = iq.type is IqType.SET and iq.from_ == self.character.jid
        if is_push or tag == tag_of(Ping):
            self._send(iq.result())
        elif tag == tag_of(Version):
            self._send(iq.result(Version(self.character.client, "18.13")))
        elif tag == tag_of(EntityTime):
            self._send(iq.result(EntityTime("+00:00", self.stage.realm.clock.now())))
        elif tag == tag_of(DiscoInfo):
            features = tuple(DiscoFeature(var) for var in sorted((DISCO_INFO, PING, TIME, VERSION)))
            self._send(iq.result(DiscoInfo(None, (Identity("client", "pc", self.character.client),), features)))
        else:
            self._send(iq.error_reply(ErrorCondition.SERVICE_UNAVAILABLE))
