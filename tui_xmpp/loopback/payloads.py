"""The payloads a small server reads and writes, declared apart from the client's so that neither proves itself."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from tui_xmpp.jid import JID, BareJID, parse_jid
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.payload import attribute, child, children, payload, rest, text

ROSTER: Final = "jabber:iq:roster"
DISCO_INFO: Final = "http://jabber.org/protocol/disco#info"
DISCO_ITEMS: Final = "http://jabber.org/protocol/disco#items"
PING: Final = "urn:xmpp:ping"
VERSION: Final = "jabber:iq:version"
TIME: Final = "urn:xmpp:time"
BLOCKING: Final = "urn:xmpp:blocking"
BLOCKING_ERRORS: Final = "urn:xmpp:blocking:errors"
DELAY: Final = "urn:xmpp:delay"
STANZA_IDS: Final = "urn:xmpp:sid:0"
RSM: Final = "http://jabber.org/protocol/rsm"
DATA_FORMS: Final = "jabber:x:data"
MAM: Final = "urn:xmpp:mam:2"
FORWARD: Final = "urn:xmpp:forward:0"
CARBONS: Final = "urn:xmpp:carbons:2"
REACTIONS: Final = "urn:xmpp:reactions:0"
HINTS: Final = "urn:xmpp:hints"
RECEIPTS: Final = "urn:xmpp:receipts"
MARKERS: Final = "urn:xmpp:chat-markers:0"
CHAT_STATES: Final = "http://jabber.org/protocol/chatstates"
CAPS: Final = "http://jabber.org/protocol/caps"
PUBSUB: Final = "http://jabber.org/protocol/pubsub"
PUBSUB_EVENT: Final = "http://jabber.org/protocol/pubsub#event"
PUBSUB_ERRORS: Final = "http://jabber.org/protocol/pubsub#errors"
DISPLAYED: Final = "urn:xmpp:mds:displayed:0"
PUBLISH_OPTIONS: Final = "http://jabber.org/protocol/pubsub#publish-options"


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


@payload(STANZA_IDS, "stanza-id")
class StanzaId:
    """XEP-0359: what an archive calls a message."""

    id: str = attribute()
    by: BareJID = attribute()


@payload(RSM, "before")
class PageBefore:
    """XEP-0059 §2.3; without an id the last page."""

    id: str = text(default="")


@payload(RSM, "first")
class PageFirst:
    """XEP-0059 §2.6."""

    id: str = text(default="")
    index: int | None = attribute(default=None)


@payload(RSM, "set")
class PageSet:
    """XEP-0059: the page that is asked for, or which it was."""

    max: int | None = child(default=None)
    after: str | None = child(default=None)
    asked_before: PageBefore | None = child(default=None)
    first: PageFirst | None = child(default=None)
    last: str | None = child(default=None)
    count: int | None = child(default=None)

    @property
    def before(self) -> str | None:
        return None if self.asked_before is None else self.asked_before.id


@payload(DATA_FORMS, "field")
class FormField:
    """XEP-0004 §3.2."""

    var: str | None = attribute(default=None)
    values: tuple[str, ...] = children("value", default=())


@payload(DATA_FORMS, "x")
class Form:
    """XEP-0004."""

    type: str = attribute()
    fields: tuple[FormField, ...] = children(default=())


@payload(MAM, "query")
class ArchiveQuery:
    """XEP-0313 §4."""

    queryid: str | None = attribute(default=None)
    form: Form | None = child(default=None)
    page: PageSet | None = child(default=None)

    @property
    def peer(self) -> BareJID | None:
        """With whom; raise ``JIDError``."""
        fields = self.form.fields if self.form is not None else ()
        named = [field.values[0] for field in fields if field.var == "with" and field.values]
        return parse_jid(named[0]).bare if named else None


@payload(FORWARD, "forwarded")
class Forwarded:
    """XEP-0297."""

    delay: Delay | None = child(default=None)
    stanzas: tuple[Element, ...] = rest(default=())


@payload(MAM, "result")
class ArchiveResult:
    """XEP-0313 §4.2."""

    id: str = attribute()
    forwarded: Forwarded = child()
    queryid: str | None = attribute(default=None)


@payload(MAM, "fin")
class ArchiveFin:
    """XEP-0313 §4.2: the end of a page."""

    complete: bool = attribute(default=False)
    page: PageSet | None = child(default=None)


@payload(CARBONS, "enable")
class CopiesOn:
    """XEP-0280 §4."""


@payload(CARBONS, "disable")
class CopiesOff:
    """XEP-0280 §5."""


@payload(CARBONS, "received")
class CopyReceived:
    """XEP-0280 §6."""

    forwarded: Forwarded = child()


@payload(CARBONS, "sent")
class CopySent:
    """XEP-0280 §7."""

    forwarded: Forwarded = child()


@payload(RECEIPTS, "request")
class ReceiptRequest:
    """XEP-0184 §5.1."""


@payload(RECEIPTS, "received")
class Receipt:
    """XEP-0184 §5.2."""

    id: str = attribute()


@payload(MARKERS, "markable")
class Markable:
    """XEP-0333 §4.1."""


@payload(MARKERS, "displayed")
class DisplayedMarker:
    """XEP-0333 §4.3."""

    id: str = attribute()


@payload(CHAT_STATES, "active")
class Active:
    """XEP-0085."""


@payload(CHAT_STATES, "composing")
class Composing:
    """XEP-0085."""


@payload(CHAT_STATES, "paused")
class Paused:
    """XEP-0085."""


@payload(CAPS, "c")
class Caps:
    """XEP-0115 §4: what a client can do, by its hash."""

    node: str = attribute()
    ver: str = attribute()


@payload(DISPLAYED, "displayed")
class DisplayedHere:
    """XEP-0490 §3: up to which entry of the archive a device of the account has shown a conversation."""

    stanza_id: StanzaId = child()


@payload(PUBSUB, "item")
class NodeItem:
    """XEP-0060 §7.1: what is published, or the name of what is asked for."""

    id: str | None = attribute(default=None)
    parts: tuple[Element, ...] = rest(default=())


@payload(PUBSUB, "items")
class NodeItems:
    """XEP-0060 §6.5."""

    node: str = attribute()
    items: tuple[NodeItem, ...] = children(default=())


@payload(PUBSUB, "publish")
class Publish:
    """XEP-0060 §7.1."""

    node: str = attribute()
    items: tuple[NodeItem, ...] = children(default=())


@payload(PUBSUB, "publish-options")
class PublishOptions:
    """XEP-0060 §7.1.5: how the node must be; one that is not there is made so."""

    form: Form = child()


@payload(PUBSUB, "pubsub")
class PubSub:
    """XEP-0060, as far as XEP-0163 needs it."""

    items: NodeItems | None = child(default=None)
    publish: Publish | None = child(default=None)
    options: PublishOptions | None = child(default=None)


@payload(PUBSUB_ERRORS, "precondition-not-met")
class PreconditionNotMet:
    """XEP-0060 §7.1.5: the node is there, and is another kind of node."""


@payload(PUBSUB_EVENT, "item")
class EventItem:
    """XEP-0060 §7.1.2.1."""

    id: str | None = attribute(default=None)
    parts: tuple[Element, ...] = rest(default=())


@payload(PUBSUB_EVENT, "items")
class EventItems:
    """XEP-0060 §7.1.2.1."""

    node: str = attribute()
    items: tuple[EventItem, ...] = children(default=())


@payload(PUBSUB_EVENT, "event")
class PubSubEvent:
    """XEP-0060 §7.1.2.1: news of a node."""

    items: EventItems | None = child(default=None)


@payload(REACTIONS, "reactions")
class Reactions:
    """XEP-0444 §3: all that its sender wants under the message of this id."""

    id: str = attribute()
    emojis: tuple[str, ...] = children("reaction", default=())


@payload(HINTS, "store")
class KeepThis:
    """XEP-0334 §4.4: to be archived though it has no body."""
