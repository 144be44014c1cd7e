"""The payloads a small server reads and writes, declared apart from the client's so that neither proves itself."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from tui_xmpp.jid import JID, BareJID
from tui_xmpp.xmpp.payload import attribute, child, children, payload, text

ROSTER: Final = "jabber:iq:roster"
DISCO_INFO: Final = "http://jabber.org/protocol/disco#info"
DISCO_ITEMS: Final = "http://jabber.org/protocol/disco#items"
PING: Final = "urn:xmpp:ping"
VERSION: Final = "jabber:iq:version"
TIME: Final = "urn:xmpp:time"
BLOCKING: Final = "urn:xmpp:blocking"
BLOCKING_ERRORS: Final = "urn:xmpp:blocking:errors"
DELAY: Final = "urn:xmpp:delay"
CHAT_STATES: Final = "http://jabber.org/protocol/chatstates"


class Ask(StrEnum):
    """RFC 6121 §2.1.2.2."""

    SUBSCRIBE = "subscribe"


@payload(ROSTER, "item")
class Item:
    """One contact of a roster (RFC 6121 §2.1.2). A set may only say ``subscription='remove'``."""

    jid: BareJID = attribute()
    name: str | None = attribute(default=None)
    subscription: str | None = attribute(default=None)
    ask: Ask | None = attribute(default=None)
    approved: bool = attribute(default=False)
    groups: tuple[str, ...] = children("group", default=())


@payload(ROSTER, "query")
class RosterQuery:
    """RFC 6121 §2.1: a get without items, a result, a set or a push."""

    ver: str | None = attribute(default=None)
    items: tuple[Item, ...] = children(default=())


@payload(DISCO_INFO, "identity")
class Identity:
    """XEP-0030 §3.1."""

    category: str = attribute()
    type: str = attribute()
    name: str | None = attribute(default=None)


@payload(DISCO_INFO, "feature")
class DiscoFeature:
    """XEP-0030 §3.1."""

    var: str = attribute()


@payload(DISCO_INFO, "query")
class DiscoInfo:
    """XEP-0030 §3."""

    node: str | None = attribute(default=None)
    identities: tuple[Identity, ...] = children(default=())
    features: tuple[DiscoFeature, ...] = children(default=())


@payload(DISCO_ITEMS, "query")
class DiscoItems:
    """XEP-0030 §4; this server has no items."""

    node: str | None = attribute(default=None)


@payload(PING, "ping")
class Ping:
    """XEP-0199."""


@payload(VERSION, "query")
class Version:
    """XEP-0092."""

    name: str | None = child("name", default=None)
    version: str | None = child("version", default=None)
    os: str | None = child("os", default=None)


@payload(TIME, "time")
class EntityTime:
    """XEP-0202."""

    tzo: str | None = child("tzo", default=None)
    utc: datetime | None = child("utc", default=None)


@payload(BLOCKING, "item")
class BlockedItem:
    """XEP-0191 §3: a bare or full JID, or a domain."""

    jid: JID = attribute()


@payload(BLOCKING, "blocklist")
class BlockList:
    """XEP-0191 §3.2."""

    items: tuple[BlockedItem, ...] = children(default=())


@payload(BLOCKING, "block")
class Block:
    """XEP-0191 §3.3."""

    items: tuple[BlockedItem, ...] = children(default=())


@payload(BLOCKING, "unblock")
class Unblock:
    """XEP-0191 §3.4; without items everybody is unblocked."""

    items: tuple[BlockedItem, ...] = children(default=())


@payload(BLOCKING_ERRORS, "blocked")
class Blocked:
    """XEP-0191 §3.6: why a stanza to a blocked contact is refused."""


@payload(DELAY, "delay")
class Delay:
    """XEP-0203: when, and at whose place, a stanza waited."""

    stamp: datetime = attribute()
    from_: JID | None = attribute("from", default=None)
    reason: str | None = text(default=None)


@payload(CHAT_STATES, "active")
class Active:
    """XEP-0085."""


@payload(CHAT_STATES, "composing")
class Composing:
    """XEP-0085."""


@payload(CHAT_STATES, "paused")
class Paused:
    """XEP-0085."""
