"""The Connection against servers no one here wrote, over a plain blocking socket: no other room takes part."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.support.prosody import Prosody
from tests.support.xmpp_server import Account, XmppServer
from tui_xmpp.jid import BareJID
from tui_xmpp.xmpp.config import InitiatorConfig, Sasl2Wish, TlsMode
from tui_xmpp.xmpp.connection import Connection
from tui_xmpp.xmpp.events import (
    Acknowledged,
    Authenticated,
    AuthenticationFailed,
    Bound,
    CredentialsWanted,
    Event,
    KeyDerivationWanted,
    Resumed,
    ResumptionFailed,
    StanzaReceived,
    StreamClosed,
    StreamManagementEnabled,
    TlsWanted,
)
from tui_xmpp.xmpp.inline import UserAgent
from tui_xmpp.xmpp.payload import payload
from tui_xmpp.xmpp.sasl import ChannelBinding, Credentials, Password
from tui_xmpp.xmpp.stanza import Body, Iq, IqType, Message, MessageType, Presence
from tui_xmpp.xmpp.stream_machine import Phase
from tui_xmpp.xmpp.stream_management import ResumptionState, StreamManagementWish


@payload("urn:xmpp:ping", "ping")
class Ping:
    """XEP-0199."""


class Wire:
    """One connection and its socket; each password is offered once, in order."""

    def __init__(
        self, server: XmppServer, account: Account, tls_mode: TlsMode, *passwords: str, **changes: object
    ) -> None:
        jid = BareJID.parse(str(account.jid))
        port = server.direct_port if tls_mode is TlsMode.DIRECT else server.starttls_port
        self.socket: socket.socket = socket.create_connection((server.host, port), timeout=40)
        self.connection = Connection(
            InitiatorConfig(jid.domain, jid, resource="test", tls_mode=tls_mode, **changes)  # type: ignore[arg-type]
        )
        self.connection.open()
        self.told: list[Event] = []
        self._context = ssl.create_default_context(cafile=str(server.ca_file))
        self._passwords = list(passwords)
        self._password = ""
        self._local = jid.local or ""

    def until(self, is_reached: Callable[[Event], bool]) -> Event:
        """Carry bytes and answer events until one is as wanted."""
        while True:
            for event in self.connection.events():
                self.told.append(event)
                self._answer(event)
                if is_reached(event):
                    return event
            self.flush()
            data = self.socket.recv(65536)
            if data:
                self.connection.receive_data(data)
            else:
                self.connection.receive_eof()

    def flush(self) -> None:
        if data := self.connection.data_to_send():
            self.socket.sendall(data)

    def _answer(self, event: Event) -> None:
        if isinstance(event, TlsWanted):
            self.flush()
            secured = self._context.wrap_socket(self.socket, server_hostname=event.domain)
            self.socket = secured
            self.connection.tls_established(ChannelBinding({}, secured.version()))
        elif isinstance(event, CredentialsWanted):
            self._password = self._passwords.pop(0)
            self.connection.offer_credentials(Credentials(self._local, Password(self._password)))
        elif isinstance(event, KeyDerivationWanted):
            self.connection.key_derived(event.derivation.derive(self._password))


@contextmanager
def wire(server: XmppServer, account: Account, tls_mode: TlsMode, *passwords: str, **changes: object) -> Iterator[Wire]:
    made = Wire(server, account, tls_mode, *passwords, **changes)
    try:
        yield made
    finally:
        made.socket.close()


@pytest.mark.parametrize("tls_mode", TlsMode)
def test_log_in_talk_to_oneself_and_part_politely(server: XmppServer, tls_mode: TlsMode) -> None:
    account = server.user()
    with wire(server, account, tls_mode, account.password) as client:
        bound = client.until(lambda event: isinstance(event, Bound))
        assert isinstance(bound, Bound)
        assert bound.jid.bare == BareJID.parse(str(account.jid))
        assert not bound.is_other_account
        assert bound.features.has_roster_versioning

        client.connection.send(Iq(id="ping", type=IqType.GET).with_payloads(Ping()))
        pong = client.until(lambda event: isinstance(event, StanzaReceived) and event.stanza.id == "ping")
        assert isinstance(pong, StanzaReceived)
        assert pong.stanza.type is IqType.RESULT

        client.connection.send(Presence())
        text = "Wherefore <art> thou & \N{ROSE}?\n" * 200
        client.connection.send(Message(to=bound.jid, id="m", type=MessageType.CHAT).with_payloads(Body(text)))
        echo = client.until(lambda event: isinstance(event, StanzaReceived) and event.stanza.id == "m")
        assert isinstance(echo, StanzaReceived)
        assert isinstance(echo.stanza, Message)
        assert echo.stanza.body() == text
        assert echo.stanza.from_ == bound.jid

        client.connection.close()
        closed = client.until(lambda event: isinstance(event, StreamClosed))
        assert closed == StreamClosed(is_clean=True, is_by_peer=False)


def test_a_wrong_password_can_be_mended_on_the_same_stream(server: XmppServer) -> None:
    account = server.user()
    with wire(server, account, TlsMode.STARTTLS, "wrong", account.password) as client:
        client.until(lambda event: isinstance(event, Bound))
        [failure] = [event for event in client.told if isinstance(event, AuthenticationFailed)]
        assert failure.condition == "not-authorized"
        assert client.connection.phase is Phase.ESTABLISHED


def test_a_taken_resource_never_ends_in_a_conflict(server: XmppServer) -> None:
    account = server.user()
    with (
        wire(server, account, TlsMode.DIRECT, account.password) as one,
        wire(server, account, TlsMode.DIRECT, account.password) as two,
    ):
        first = one.until(lambda event: isinstance(event, Bound))
        second = two.until(lambda event: isinstance(event, Bound))
        assert isinstance(first, Bound)
        assert isinstance(second, Bound)
        assert first.jid != second.jid
        assert first.jid.resource.startswith("test.")


# --- stream management and the instant login ---

MANAGED = {"stream_management": StreamManagementWish()}
INSTANT = {**MANAGED, "sasl2": Sasl2Wish(UserAgent("d4565fa7-4d72-4749-b3d3-740edbf87770", "tui_xmpp"), "tui_xmpp")}


def is_managed(event: Event) -> bool:
    return isinstance(event, StreamManagementEnabled)


def talk(client: Wire, id_: str) -> None:
    """Send a message to oneself and wait until it is acknowledged and has come back."""
    assert client.connection.jid is not None
    client.connection.send(Message(to=client.connection.jid, id=id_, type=MessageType.CHAT).with_payloads(Body(id_)))
    wanted = {"acknowledged", "received"}

    def is_done(event: Event) -> bool:
        if isinstance(event, Acknowledged) and any(one.id == id_ for one in event.stanzas):
            wanted.discard("acknowledged")
        if isinstance(event, StanzaReceived):
            client.connection.mark_handled()
            if event.stanza.id == id_:
                wanted.discard("received")
        return not wanted

    client.until(is_done)


def lose(client: Wire) -> ResumptionState:
    """Write a message into a link that breaks before it can have been answered."""
    assert client.connection.jid is not None
    client.connection.send(Message(to=client.connection.jid, id="lost", type=MessageType.CHAT).with_payloads(Body("?")))
    client.socket.close()
    client.connection.receive_eof()
    state = client.connection.resumption_state()
    assert state is not None
    assert [one.stanza.id for one in state.unacked] == ["lost"]
    return state


def resumes(server: XmppServer, account: Account, **changes: object) -> Wire:
    """Bind, talk, break off, resume, and see that what was lost arrives once; return the resumed wire."""
    with wire(server, account, TlsMode.DIRECT, account.password, **changes) as client:
        client.until(is_managed)
        talk(client, "first")
        state = lose(client)
    again = Wire(server, account, TlsMode.DIRECT, account.password, **{**changes, "resumption": state})
    resumed = again.until(lambda event: isinstance(event, Resumed))
    assert isinstance(resumed, Resumed)
    assert resumed.jid == state.jid
    assert [one.id for one in resumed.resent] == ["lost"]
    arrived = again.until(lambda event: isinstance(event, StanzaReceived))
    assert isinstance(arrived, StanzaReceived)
    assert arrived.stanza.id == "lost"
    again.connection.mark_handled()
    talk(again, "last")
    assert again.connection.unacked == ()
    assert not any(isinstance(event, Bound | ResumptionFailed) for event in again.told)
    return again


def test_x_198_04_a_session_goes_on_after_a_cut(server: XmppServer) -> None:
    again = resumes(server, server.user(), **MANAGED)
    again.connection.close()
    again.until(lambda event: isinstance(event, StreamClosed))
    again.socket.close()


def test_x_198_04_a_session_that_is_gone_is_replaced(server: XmppServer) -> None:
    account = server.user()
    with wire(server, account, TlsMode.DIRECT, account.password, **MANAGED) as client:
        client.until(is_managed)
        talk(client, "first")
        state = lose(client)
    gone = ResumptionState("never-given", state.jid, state.handled, state.acked, state.unacked)
    with wire(server, account, TlsMode.DIRECT, account.password, **MANAGED, resumption=gone) as again:
        again.until(is_managed)
        kinds = [type(event) for event in again.told if isinstance(event, Bound | ResumptionFailed)]
        assert kinds == [ResumptionFailed, Bound]
        talk(again, "last")


def test_c_bind2_01_bound_in_one_round_trip_and_resumed_after_the_login(instant_prosody: Prosody) -> None:
    account = instant_prosody.user()
    again = resumes(instant_prosody, account, **INSTANT)
    assert [event.channel_binding for event in again.told if isinstance(event, Authenticated)] == [None]
    again.socket.close()
    with wire(instant_prosody, account, TlsMode.STARTTLS, account.password, **INSTANT) as client:
        bound = client.until(lambda event: isinstance(event, Bound))
        assert isinstance(bound, Bound)
        assert bound.inline is not None
        assert bound.inline.has_carbons
        assert bound.jid.resource.startswith("tui_xmpp")
        assert bound.features.has_roster_versioning
