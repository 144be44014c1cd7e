"""The Connection against servers no one here wrote, over a plain blocking socket: no other room takes part."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.support.xmpp_server import Account, XmppServer
from tui_xmpp.jid import BareJID
from tui_xmpp.xmpp.connection import Connection, InitiatorConfig, Phase, TlsMode
from tui_xmpp.xmpp.events import (
    AuthenticationFailed,
    Bound,
    CredentialsWanted,
    Event,
    KeyDerivationWanted,
    StanzaReceived,
    StreamClosed,
    TlsWanted,
)
from tui_xmpp.xmpp.payload import payload
from tui_xmpp.xmpp.sasl import ChannelBinding, Credentials, Password
from tui_xmpp.xmpp.stanza import Body, Iq, IqType, Message, MessageType, Presence


@payload("urn:xmpp:ping", "ping")
class Ping:
    """XEP-0199."""


class Wire:
    """One connection and its socket; each password is offered once, in order."""

    def __init__(self, server: XmppServer, account: Account, tls_mode: TlsMode, *passwords: str) -> None:
        jid = BareJID.parse(str(account.jid))
        port = server.direct_port if tls_mode is TlsMode.DIRECT else server.starttls_port
        self.socket: socket.socket = socket.create_connection((server.host, port), timeout=10)
        self.connection = Connection(InitiatorConfig(jid.domain, jid, resource="test", tls_mode=tls_mode))
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
def wire(server: XmppServer, account: Account, tls_mode: TlsMode, *passwords: str) -> Iterator[Wire]:
    made = Wire(server, account, tls_mode, *passwords)
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
