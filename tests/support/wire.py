"""Two Connections joined in memory, and the small pieces a wire test needs: no sockets, no threads, no waiting."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests.support.sasl import Accounts
from tui_xmpp.jid import BareJID
from tui_xmpp.xmpp.config import InitiatorConfig, ReceiverConfig
from tui_xmpp.xmpp.connection import Connection
from tui_xmpp.xmpp.events import (
    BindWanted,
    CredentialsWanted,
    Event,
    KeyDerivationWanted,
    ResumeWanted,
    StanzaReceived,
    TlsWanted,
)
from tui_xmpp.xmpp.sasl import ChannelBinding, Credentials, FastToken, KeyDerivation, Password, StoredKeys
from tui_xmpp.xmpp.stream_machine import Phase
from tui_xmpp.xmpp.stream_management import ResumptionState

DOMAIN = "im.example.com"
ACCOUNT = BareJID.parse("juliet@im.example.com")
PASSWORD = "r0m30myr0m30"


@dataclass
class KeptAccounts(Accounts):
    """Accounts whose SCRAM keys are derived once, for tests that log in a thousand times."""

    _kept: dict[tuple[str, str], StoredKeys | None] = field(default_factory=dict, repr=False)

    def stored_keys(self, username: str, hash_name: str) -> StoredKeys | None:
        if (username, hash_name) not in self._kept:
            self._kept[username, hash_name] = super().stored_keys(username, hash_name)
        return self._kept[username, hash_name]


def counting_ids(prefix: str) -> Callable[[], str]:
    """Return a maker of ids ``prefix1``, ``prefix2``, … so that transcripts are the same each time."""
    numbers = itertools.count(1)
    return lambda: f"{prefix}{next(numbers)}"


def initiator_config(**changes: object) -> InitiatorConfig:
    """Return Juliet's side, with ids ``c1``, ``c2``, …"""
    values: dict[str, object] = {"domain": DOMAIN, "account": ACCOUNT, "make_id": counting_ids("c"), **changes}
    return InitiatorConfig(**values)  # type: ignore[arg-type]


def receiver_config(**changes: object) -> ReceiverConfig:
    """Return the server's side, with ids ``s1``, ``s2``, …"""
    values: dict[str, object] = {
        "domain": DOMAIN,
        "store": KeptAccounts({"juliet": PASSWORD}),
        "make_id": counting_ids("s"),
        **changes,
    }
    return ReceiverConfig(**values)  # type: ignore[arg-type]


def credentials(
    password: str = PASSWORD, *, is_plain_allowed: bool = False, token: FastToken | None = None
) -> Credentials:
    """Return Juliet's credentials."""
    return Credentials("juliet", Password(password), is_plain_allowed=is_plain_allowed, token=token)


@dataclass
class Side:
    """One end: its connection, every event it told, and the answers it gives by itself.

    ``sessions`` are those a server has kept, by their ids: it resumes them when asked to.
    """

    connection: Connection
    credentials: Credentials
    binding: ChannelBinding
    told: list[Event] = field(default_factory=list)
    derived: dict[KeyDerivation, bytes] = field(default_factory=dict)
    sessions: dict[str, ResumptionState] = field(default_factory=dict)

    def answer(self) -> None:
        """Drain the events, answering those that ask for something."""
        for event in self.connection.events():
            self.told.append(event)
            if isinstance(event, CredentialsWanted):
                self.connection.offer_credentials(self.credentials)
            elif isinstance(event, KeyDerivationWanted):
                password = self.credentials.password
                assert password is not None
                if event.derivation not in self.derived:
                    self.derived[event.derivation] = event.derivation.derive(password.reveal())
                self.connection.key_derived(self.derived[event.derivation])
            elif isinstance(event, BindWanted):
                self.connection.accept_bind(event.account.with_resource(event.resource or "balcony"))
            elif isinstance(event, ResumeWanted):
                state = self.sessions.pop(event.id, None)
                if state is None:
                    self.connection.refuse_resume()
                else:
                    self.connection.accept_resume(state)

    def stanzas(self) -> list[object]:
        """Return the stanzas received so far."""
        return [event.stanza for event in self.told if isinstance(event, StanzaReceived)]

    def saw(self, kind: type[Event]) -> bool:
        """Tell whether an event of this kind was told."""
        return any(isinstance(event, kind) for event in self.told)


class Transcript:
    """A connection under test, with strings in and strings out; over direct TLS, which is pretended."""

    def __init__(self, connection: Connection, binding: ChannelBinding | None = None) -> None:
        self.connection = connection
        connection.open()
        for event in connection.events():
            if isinstance(event, TlsWanted):
                connection.tls_established(binding or ChannelBinding({}, "TLSv1.3"))

    def receives(self, *xml: str) -> list[Event]:
        """Feed the text; return what was told."""
        self.connection.receive_data("".join(xml).encode())
        return list(self.connection.events())

    def sent(self) -> str:
        """Return what is to be written since the last call."""
        return self.connection.data_to_send().decode()


class ConnectionPair:
    """An initiator and a receiver whose bytes reach each other, cut into chunks of any size; TLS is pretended."""

    def __init__(
        self,
        initiator: InitiatorConfig | None = None,
        receiver: ReceiverConfig | None = None,
        *,
        login: Credentials | None = None,
        binding: ChannelBinding | None = None,
        cut: Callable[[bytes], Iterable[bytes]] = lambda data: (data,),
    ) -> None:
        binding = binding or ChannelBinding({}, "TLSv1.3")
        self.client = Side(Connection(initiator or initiator_config()), login or credentials(), binding)
        self.server = Side(Connection(receiver or receiver_config()), login or credentials(), binding)
        self.sent_by_client = b""
        self.sent_by_server = b""
        self._cut = cut

    def open(self) -> None:
        """Open both ends and let them talk until nothing more is to be said."""
        self.server.connection.open()
        self.client.connection.open()
        self.run()

    def run(self) -> None:
        """Carry bytes both ways until both are silent."""
        while True:
            self.client.answer()
            self.server.answer()
            to_server = self.client.connection.data_to_send()
            to_client = self.server.connection.data_to_send()
            self.sent_by_client += to_server
            self.sent_by_server += to_client
            if not to_server and not to_client:
                sides = (self.client, self.server)
                if all(side.connection.phase is Phase.TLS for side in sides):
                    for side in sides:  # both have written and read everything: shake hands
                        side.connection.tls_established(side.binding)
                    continue
                return
            self._carry(self.server, to_server)
            self._carry(self.client, to_client)

    def _carry(self, side: Side, data: bytes) -> None:
        for chunk in self._cut(data):
            if chunk:
                side.connection.receive_data(chunk)
                side.answer()


def established_initiator(**changes: object) -> Connection:
    """Return a client's connection past bind, its output and events already read."""
    pair = ConnectionPair(initiator_config(**changes))
    pair.open()
    assert pair.client.connection.phase is Phase.ESTABLISHED
    return pair.client.connection


def established_receiver(**changes: object) -> Connection:
    """Return a server's connection past bind, its output and events already read."""
    pair = ConnectionPair(receiver=receiver_config(**changes))
    pair.open()
    assert pair.server.connection.phase is Phase.ESTABLISHED
    return pair.server.connection
