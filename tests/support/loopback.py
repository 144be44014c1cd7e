"""Clients of a loopback realm that speak literal XML, without a stream in between."""

from __future__ import annotations

from random import Random

from lxml import etree

from tui_xmpp.clock import ManualClock
from tui_xmpp.jid import BareJID, FullJID
from tui_xmpp.loopback.realm import Realm
from tui_xmpp.loopback.session import Session
from tui_xmpp.xmpp.element import parse_element
from tui_xmpp.xmpp.stanza import Stanza, decode_stanza, stanza_element

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
    return etree.tostring(element, method="c14n", exclusive=True).decode()


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
    return plain(etree.tostring(element))


def stanzas(*texts: str) -> list[str]:
    """Return literal stanzas, written without their namespace, in the spelling of ``plain``."""
    return [_xml(decode_stanza(parse_element(f"<x xmlns='jabber:client'>{text}</x>")[0])) for text in texts]
