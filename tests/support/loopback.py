"""Clients of the loopback that speak literal XML: on its realm without a stream, or over the whole wire."""

from __future__ import annotations

from random import Random
from typing import TypeVar

from lxml import etree

from tui_xmpp.clock import ManualClock
from tui_xmpp.jid import BareJID, FullJID
from tui_xmpp.loopback.realm import Realm
from tui_xmpp.loopback.session import Session
from tui_xmpp.net.tls import TlsPolicy
from tui_xmpp.net.transport import Transport
from tui_xmpp.xmpp.config import InitiatorConfig, TlsMode
from tui_xmpp.xmpp.connection import Connection
from tui_xmpp.xmpp.element import parse_element, serialize
from tui_xmpp.xmpp.events import Bound, CredentialsWanted, Event, KeyDerivationWanted, StanzaReceived, TlsWanted
from tui_xmpp.xmpp.sasl import ChannelBinding, Credentials
from tui_xmpp.xmpp.stanza import Stanza, decode_stanza, stanza_element
from tui_xmpp.xmpp.stream_machine import Phase

E = TypeVar("E")

DOMAINS = ("capulet.example", "montague.example")


def make_realm() -> Realm:
    """Return a realm with the accounts juliet and nurse @capulet.example, romeo @montague.example."""
    realm = Realm(DOMAINS, ManualClock(), Random(1))
    for account in ("juliet@capulet.example", "nurse@capulet.example", "romeo@montague.example"):
        realm.add_account(BareJID.parse(account))
    return realm


def plain(xml: str | bytes) -> str:
    """Return XML in one spelling: sorted attributes, no white space between elements, no ids of the server's own."""
    element = parse_element(xml)
    for each in element.iter():
        if each.text is not None and not each.text.strip():
            each.text = None
        each.tail = None
    return etree.tostring(etree.fromstring(serialize(element)), method="c14n", exclusive=True).decode()


class Client:
    """One resource; ``sees`` returns what came since the last look."""

    def __init__(self, realm: Realm, jid: str) -> None:
        self.realm = realm
        self.jid = FullJID.parse(jid)
        self.is_ended = False
        self._inbox: list[Stanza] = []
        self.session: Session = realm.attach(self.jid, self._inbox.append, self._end)

    def _end(self) -> None:
        self.is_ended = True

    def send(self, *stanzas: str) -> None:
        """Send stanzas written without their namespace."""
        for text in stanzas:
            element = parse_element(f"<x xmlns='jabber:client'>{text}</x>")[0]
            self.realm.receive(self.session, decode_stanza(element))

    def sees(self) -> list[Stanza]:
        """Return and forget what came."""
        seen = self._inbox[:]
        self._inbox.clear()
        return seen

    def sees_xml(self) -> list[str]:
        """Return and forget what came, in the spelling of ``plain``; ids the server made are ``*``."""
        return [_xml(stanza) for stanza in self.sees()]

    def come_online(self, presence: str = "<presence/>") -> None:
        """Ask for the roster, send initial presence, forget what that brought."""
        self.send("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>", presence)
        self.sees()


def _xml(stanza: Stanza) -> str:
    element = stanza_element(stanza)
    identity = element.get("id", "")
    if len(identity) == 16:
        element.set("id", "*")
    query = element.find("{jabber:iq:roster}query")
    if query is not None and query.get("ver") is not None:
        query.set("ver", "*")
    return plain(serialize(element))


def stanzas(*texts: str) -> list[str]:
    """Return literal stanzas, written without their namespace, in the spelling of ``plain``."""
    return [_xml(decode_stanza(parse_element(f"<x xmlns='jabber:client'>{text}</x>")[0])) for text in texts]


class WireClient:
    """The initiator's ``Connection`` over a transport: the whole stream, and nothing above it."""

    def __init__(self, transport: Transport, policy: TlsPolicy, config: InitiatorConfig, login: Credentials) -> None:
        self.transport = transport
        self.connection = Connection(config)
        self.told: list[Event] = []
        self._policy = policy
        self._is_direct = config.tls_mode is TlsMode.DIRECT
        self._login = login
        self._password = login.password

    async def __aenter__(self) -> WireClient:
        self.connection.open()
        return self

    async def __aexit__(self, *exception: object) -> None:
        self.transport.abort()

    async def until(self, kind: type[E]) -> E:
        """Read until an event of ``kind`` not returned before, and return it."""
        while True:
            for event in self.told:
                if isinstance(event, kind):
                    self.told.remove(event)
                    return event
            await self._read()

    async def _read(self) -> None:
        before = len(self.told)
        for event in self.connection.events():
            if isinstance(event, TlsWanted):
                self.flush()
                facts = await self.transport.start_tls(self._policy, is_direct=self._is_direct)
                self.connection.tls_established(ChannelBinding(facts.channel_bindings, facts.version))
            elif isinstance(event, CredentialsWanted) and event.failure is None:
                self.told.append(event)
                if self.connection.phase is Phase.NEGOTIATING:  # the server may have ended the stream already
                    self.connection.offer_credentials(self._login)
            elif isinstance(event, KeyDerivationWanted):
                assert self._password is not None
                self.connection.key_derived(event.derivation.derive(self._password.reveal()))
            else:
                self.told.append(event)
        self.flush()
        if len(self.told) == before:
            data = await self.transport.read()
            if data:
                self.connection.receive_data(data)
            elif self.connection.phase is Phase.CLOSED:
                raise EOFError(f"the stream is over, and all it told is {self.told}")
            else:
                self.connection.receive_eof()

    def flush(self) -> None:
        """Write what the connection has to say."""
        if data := self.connection.data_to_send():
            self.transport.write(data)

    async def log_in(self) -> FullJID:
        """Negotiate the stream and return the bound address."""
        return (await self.until(Bound)).jid

    async def stanza(self) -> Stanza:
        """Wait for the next stanza."""
        return (await self.until(StanzaReceived)).stanza

    def send(self, *texts: str) -> None:
        """Send stanzas written without their namespace."""
        for text in texts:
            self.connection.send(decode_stanza(parse_element(f"<x xmlns='jabber:client'>{text}</x>")[0]))
        self.flush()
