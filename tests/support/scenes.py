"""Facts for tests of the screen, and an engine that only writes down what it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tui_xmpp.clock import ManualClock
from tui_xmpp.core import events as e
from tui_xmpp.core.commands import Command
from tui_xmpp.core.model import (
    Certificate,
    Connection,
    Direction,
    LinkFacts,
    LogEntry,
    Message,
    OwnPresence,
    Phase,
    Presence,
    RosterItem,
    Severity,
    Show,
    Subscription,
    SubscriptionRequest,
)
from tui_xmpp.core.settings import Settings
from tui_xmpp.core.store import Store
from tui_xmpp.jid import BareJID, FullJID
from tui_xmpp.worker.client import Client

NOW = datetime(2026, 11, 19, 20, 33, tzinfo=UTC)
ELIZABETH = BareJID.parse("elizabeth@longbourn.lit")
DARCY = BareJID.parse("darcy@pemberley.lit")
JANE = BareJID.parse("jane@longbourn.lit")
BINGLEY = BareJID.parse("bingley@netherfield.lit")
CHARLOTTE = BareJID.parse("charlotte@hunsford.lit")
COLLINS = BareJID.parse("collins@hunsford.lit")
LYDIA = BareJID.parse("lydia@longbourn.lit")
WICKHAM = BareJID.parse("wickham@meryton.lit")

CERTIFICATE = Certificate(
    "longbourn.lit",
    "Hertfordshire CA",
    NOW - timedelta(days=30),
    NOW + timedelta(days=60),
    "ab" * 32,
    ("longbourn.lit",),
)


@dataclass
class RecordingEngine:
    """Write commands down and answer each as told: done, or with ``failure``."""

    failure: str | None = None
    commands: list[Command] = field(default_factory=list)
    adopted: list[Settings] = field(default_factory=list)
    is_started: bool = False
    is_closed: bool = False
    on_command: Callable[[Command], None] | None = None

    def start(self) -> None:
        self.is_started = True

    async def close(self) -> None:
        self.is_closed = True

    def perform(self, command: Command, finish: Callable[[str | None], None]) -> None:
        self.commands.append(command)
        if self.on_command is not None:
            self.on_command(command)
        finish(self.failure)

    def adopt(self, settings: Settings, finish: Callable[[str | None], None]) -> None:
        self.adopted.append(settings)
        finish(self.failure)

    async def settle(self) -> None:
        """Nothing is ever under way."""

    def of(self, kind: type[Command]) -> list[Command]:
        """Return the commands of one kind, oldest first."""
        return [command for command in self.commands if isinstance(command, kind)]


@dataclass
class Scene:
    """A client with no network behind it, to be told facts."""

    settings: Settings = field(default_factory=Settings)
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    engine: RecordingEngine = field(default_factory=RecordingEngine)
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = Client(Store(), self.settings)
        self.client.attach(lambda: self.engine)

    def publish(self, *events: e.Event) -> None:
        self.client.publish(events)

    def add_account(self, account: BareJID = ELIZABETH, own: OwnPresence | None = None) -> None:
        """Add an account that is connected."""
        self.publish(
            e.AccountAdded(account, own or OwnPresence(Show.ONLINE, "touring the countryside", 10)),
            e.ConnectionChanged(account, online(account)),
        )


def online(account: BareJID = ELIZABETH) -> Connection:
    """Return a connection that stands, with all its facts."""
    return Connection(
        Phase.ONLINE,
        facts=LinkFacts(
            host=f"xmpp.{account.domain}",
            address="198.51.100.7",
            port=5222,
            tls_version="TLSv1.3",
            cipher="TLS_AES_256_GCM_SHA384",
            certificate=CERTIFICATE,
            mechanism="SCRAM-SHA-256-PLUS",
            channel_binding="tls-exporter",
            jid=account.with_resource("library"),
            since=NOW - timedelta(hours=2),
            can_pre_approve=True,
        ),
    )


def contact(
    peer: BareJID,
    name: str = "",
    groups: tuple[str, ...] = (),
    subscription: Subscription = Subscription.BOTH,
    *,
    is_asking: bool = False,
) -> RosterItem:
    """Return a roster item in few words."""
    return RosterItem(peer, name, groups, subscription, is_asking)


def presence(peer: BareJID, show: Show, status: str = "", account: BareJID = ELIZABETH) -> e.PresenceChanged:
    """Return the fact that a peer's one device said something."""
    return e.PresenceChanged(account, peer.with_resource("home"), Presence(show, status, since=NOW))


def received(peer: BareJID, body: str, minutes_ago: float = 1, account: BareJID = ELIZABETH) -> e.MessageReceived:
    """Return the fact that a message came in."""
    stamp = NOW - timedelta(minutes=minutes_ago)
    key = f"{peer}-{minutes_ago}-{body[:20]}"
    author: FullJID = peer.with_resource("home")
    return e.MessageReceived(account, Message(key, account, peer, Direction.INCOMING, stamp, body, author=author))


def requested(peer: BareJID, text: str = "", nick: str = "", account: BareJID = ELIZABETH) -> e.SubscriptionRequested:
    """Return the fact that someone asks to see when the user is online."""
    request = SubscriptionRequest(account, peer, NOW - timedelta(minutes=3), text, nick)
    return e.SubscriptionRequested(account, request)


def logged(text: str, severity: Severity = Severity.INFO, account: BareJID = ELIZABETH) -> e.Logged:
    """Return the fact that something is worth a line in the log."""
    return e.Logged(account, LogEntry(NOW, text, severity, account))


def netherfield(settings: Settings | None = None) -> Scene:
    """Return the scene of the pictures: Elizabeth's people, on a busy evening."""
    scene = Scene(settings or Settings())
    scene.add_account()
    scene.publish(
        e.RosterReplaced(
            ELIZABETH,
            (
                contact(DARCY, "Fitzwilliam Darcy", ("Friends",)),
                contact(JANE, "Jane", ("Friends", "Family")),
                contact(BINGLEY, "Bingley", ("Friends",)),
                contact(CHARLOTTE, "Charlotte", ("Friends",), Subscription.TO),
                contact(COLLINS, "Mr. Collins", ("Family",), Subscription.NONE, is_asking=True),
                contact(LYDIA, "Lydia", ("Family",), Subscription.FROM),
            ),
            "1",
        ),
        presence(DARCY, Show.AWAY, "at the ball"),
        presence(JANE, Show.ONLINE),
        presence(BINGLEY, Show.DND, "dancing"),
        received(JANE, "Have you seen Mr. Bingley?", 4),
        received(JANE, "He asked me to dance again!", 3),
        received(DARCY, "What think you of books?", 20),
        requested(WICKHAM, "We met at Mrs. Phillips's.", "George Wickham"),
        logged("Connected to longbourn.lit."),
        logged("wickham@meryton.lit asks to see when you are online."),
        logged("The message to nobody@longbourn.lit was not delivered: there is no such account.", Severity.WARNING),
    )
    return scene
