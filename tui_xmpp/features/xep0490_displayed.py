"""XEP-0490: how far the user has read, on all devices, in a private node of the account's own PEP service."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import field
from typing import Final

from tui_xmpp.core.events import ConversationRead, DisplayedElsewhere
from tui_xmpp.core.model import Severity
from tui_xmpp.features.feature import (
    Arrival,
    Context,
    Feature,
    RequestError,
    derives_from_messages,
    follows,
    is_own_account,
)
from tui_xmpp.features.xep0004_forms import Field, Form
from tui_xmpp.features.xep0115_caps import offered
from tui_xmpp.features.xep0359_ids import StanzaId
from tui_xmpp.jid import BareJID, JIDError
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.payload import PayloadError, attribute, child, children, decode, payload, tag_of
from tui_xmpp.xmpp.stanza import Iq, IqType, Message, MessageType
from tui_xmpp.xmpp.stanza_errors import ErrorCondition

NODE = "urn:xmpp:mds:displayed:0"
PUBSUB = "http://jabber.org/protocol/pubsub"
PUBSUB_EVENT = "http://jabber.org/protocol/pubsub#event"
PUBLISH_OPTIONS = "http://jabber.org/protocol/pubsub#publish-options"

NODE_CONFIG = "http://jabber.org/protocol/pubsub#node_config"
MANY: Final = "1000"
"""Conversations remembered by servers that want a number."""

PAUSE: Final = 0.5
"""Seconds in which further reading is gathered before it is told."""


@payload(NODE, "displayed")
class Displayed:
    stanza_id: StanzaId = child()


@payload(PUBSUB, "item")
class Item:
    id: str | None = attribute(default=None)
    displayed: Displayed | None = child(default=None)


@payload(PUBSUB, "items")
class Items:
    node: str = attribute()
    items: tuple[Item, ...] = children(default=())


@payload(PUBSUB, "publish")
class Publish:
    node: str = attribute()
    item: Item = child()


@payload(PUBSUB, "publish-options")
class Options:
    form: Form = child()


@payload(PUBSUB, "create")
class Create:
    node: str = attribute()


@payload(PUBSUB, "configure")
class Configure:
    form: Form = child()


@payload(PUBSUB, "pubsub")
class PubSub:
    items: Items | None = child(default=None)
    publish: Publish | None = child(default=None)
    options: Options | None = child(default=None)
    create: Create | None = child(default=None)
    configure: Configure | None = child(default=None)


@payload(PUBSUB_EVENT, "item")
class EventItem:
    id: str | None = attribute(default=None)
    displayed: Displayed | None = child(default=None)


@payload(PUBSUB_EVENT, "items")
class EventItems:
    node: str = attribute()
    items: tuple[EventItem, ...] = children(default=())


@payload(PUBSUB_EVENT, "event")
class Event:
    items: EventItems | None = child(default=None)


_EVENT = tag_of(Event)


_WHITELIST = (Field("pubsub#persist_items", None, ("true",)), Field("pubsub#access_model", None, ("whitelist",)))
_NEVER = Field("pubsub#send_last_published_item", None, ("never",))


def _form(form_type: str, *fields: Field) -> Form:
    """Return the form that keeps a node to the account's own devices."""
    return Form("submit", (Field("FORM_TYPE", "hidden", (form_type,)), *_WHITELIST, *fields))


@dataclass(slots=True)
class Reading:
    """What is known of how far was read, by peer."""

    known: dict[BareJID, str] = field(default_factory=dict)
    """What the node says."""
    untold: dict[BareJID, str] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)


async def learn(ctx: Context) -> None:
    """Ask how far was read elsewhere (X-490-01)."""
    if PUBLISH_OPTIONS not in (await offered(ctx)).account:
        return
    try:
        reply = await ctx.request(Iq(type=IqType.GET).with_payloads(PubSub(items=Items(NODE))))
        answer = reply.payload(PubSub)
    except (RequestError, PayloadError):
        return  # nothing was ever published
    if answer is not None and answer.items is not None and answer.items.node == NODE:
        _take(ctx, answer.items.items)


def take_event(ctx: Context, arrival: Arrival[Message]) -> None:
    """Take news of the node from the own account; from anybody else it is none (S-06)."""
    element = arrival.parts.get(_EVENT)
    if element is None or arrival.is_copy or not is_own_account(ctx, arrival.stanza.from_):
        return
    try:
        event = decode(Event, element)
    except PayloadError:
        return
    if event.items is not None and event.items.node == NODE:
        _take(ctx, event.items.items)


def _take(ctx: Context, items: tuple[Item, ...] | tuple[EventItem, ...]) -> None:
    reading = ctx.state(Reading)
    for item in items:
        if item.displayed is None or item.displayed.stanza_id.by != str(ctx.account):
            continue  # a room's, or none of ours
        try:
            peer = BareJID.parse(item.id or "")
        except JIDError:
            continue
        archive_id = item.displayed.stanza_id.id
        if reading.known.get(peer) != archive_id:
            reading.known[peer] = archive_id
            ctx.emit(DisplayedElsewhere(ctx.account, peer, archive_id))


def note_read(ctx: Context, event: ConversationRead) -> None:
    reading = ctx.state(Reading)
    if event.archive_id is not None and reading.known.get(event.peer) != event.archive_id:
        reading.untold[event.peer] = event.archive_id
        reading.news.set()


async def tell(ctx: Context) -> None:
    """Publish how far was read here, for as long as the stream lasts."""
    if PUBLISH_OPTIONS not in (await offered(ctx)).account:
        return
    reading = ctx.state(Reading)
    if reading.untold:
        reading.news.set()  # the last stream broke off before it was told
    while True:
        await reading.news.wait()
        await asyncio.sleep(PAUSE)
        reading.news.clear()
        for peer in list(reading.untold):
            archive_id = reading.untold[peer]
            try:
                await _publish(ctx, peer, archive_id)
            except RequestError as error:
                ctx.log(f"Your other devices were not told what you have read. {error}", Severity.WARNING)
                if error.condition in (ErrorCondition.FORBIDDEN, ErrorCondition.CONFLICT, ErrorCondition.NOT_ALLOWED):
                    return
            reading.known[peer] = archive_id
            if reading.untold.get(peer) == archive_id:
                del reading.untold[peer]


async def _publish(ctx: Context, peer: BareJID, archive_id: str) -> None:
    publish = Publish(NODE, Item(str(peer), Displayed(StanzaId(archive_id, str(ctx.account)))))
    best = _form(PUBLISH_OPTIONS, Field("pubsub#max_items", None, ("max",)), _NEVER)
    try:
        await _set(ctx, PubSub(publish=publish, options=Options(best)))
    except RequestError as error:
        if error.error is None:
            raise
        # Older servers take the number of items only where a node is made, and there not as a word.
        made = _form(NODE_CONFIG, Field("pubsub#max_items", None, (MANY,)), _NEVER)
        with suppress(RequestError):
            await _set(ctx, PubSub(create=Create(NODE), configure=Configure(made)))
        await _set(ctx, PubSub(publish=publish, options=Options(_form(PUBLISH_OPTIONS))))


async def _set(ctx: Context, request: PubSub) -> None:
    await ctx.request(Iq(type=IqType.SET).with_payloads(request))


FEATURE = Feature(
    spec="XEP-0490",
    title="Message Displayed Synchronization",
    version="1.0.1",
    disco=(f"{NODE}+notify",),
    inbound=(derives_from_messages(MessageType.HEADLINE, MessageType.NORMAL, handler=take_event),),
    facts=(follows(ConversationRead, note_read),),
    on_online=learn,
    in_background=tell,
)
