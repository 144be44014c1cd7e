"""RFC 6121 §2: the roster, kept by the server, cached here, changed by pushes only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from tui_xmpp.core.commands import RemoveContact, UpdateContact
from tui_xmpp.core.events import (
    PeerLeft,
    RosterItemChanged,
    RosterItemRemoved,
    RosterReplaced,
    SubscriptionRequestSettled,
)
from tui_xmpp.core.model import RosterItem, Severity, Subscription
from tui_xmpp.features.feature import (
    Context,
    Feature,
    Kept,
    RefusedError,
    RequestError,
    answers,
    carries_out,
    is_own_account,
)
from tui_xmpp.jid import BareJID, JIDError, parse_jid
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.payload import attribute, children, payload
from tui_xmpp.xmpp.stanza import Iq, IqType
from tui_xmpp.xmpp.stanza_errors import ErrorCondition

ROSTER = "jabber:iq:roster"


@payload(ROSTER, "item")
class Item:
    """One contact on the wire; every field as text, so that one bad item costs that item only (S-10)."""

    jid: str = attribute()
    name: str = attribute(default="")
    subscription: str = attribute(default="none")
    ask: str | None = attribute(default=None)
    approved: str = attribute(default="false")
    groups: tuple[str, ...] = children("group", default=())


@payload(ROSTER, "query")
class Query:
    ver: str | None = attribute(default=None)
    items: tuple[Item, ...] = children(default=())


@dataclass(slots=True)
class Roster:
    """The account's contacts as last told by the server, or by the cache until then."""

    items: dict[BareJID, RosterItem] = field(default_factory=dict)
    version: str | None = None

    def subscription(self, peer: BareJID) -> Subscription:
        item = self.items.get(peer)
        return item.subscription if item else Subscription.NONE


_SUBSCRIPTIONS = {one.value: one for one in Subscription}


def _read(item: Item) -> RosterItem | None:
    """Return an item as a contact, None when its address is none."""
    try:
        jid = parse_jid(item.jid).bare
    except JIDError:
        return None
    return RosterItem(
        jid,
        item.name,
        distinct(item.groups),
        _SUBSCRIPTIONS.get(item.subscription, Subscription.NONE),
        item.ask == "subscribe",
        item.approved in ("true", "1"),
    )


def distinct(groups: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(group for group in groups if group))


def restore(ctx: Context, kept: Kept) -> None:
    roster = ctx.state(Roster)
    roster.items = {item.jid: item for item in kept.roster}
    roster.version = kept.roster_version


async def fetch(ctx: Context) -> None:
    """Ask for the roster, or for what changed since the cached version (RFC 6121 §2.6)."""
    roster = ctx.state(Roster)
    version = (roster.version or "") if ctx.stream.has_roster_versioning else None
    try:
        reply = await ctx.request(Iq(type=IqType.GET).with_payloads(Query(version)), "Contacts are not up to date.")
    except RequestError as error:
        if error.condition is ErrorCondition.ITEM_NOT_FOUND:
            ctx.log("This server keeps no contact list.")
        else:
            ctx.log(str(error), Severity.WARNING)
        return
    query = reply.payload(Query)
    if query is None:
        return  # the cache is valid; what differs comes as pushes
    items = tuple(item for one in query.items if (item := _read(one)))
    roster.items = {item.jid: item for item in items}
    roster.version = query.ver
    ctx.emit(RosterReplaced(ctx.account, items, query.ver))


def take_push(ctx: Context, iq: Iq, query: Query) -> None:
    if not is_own_account(ctx, iq.from_):
        raise RefusedError(ErrorCondition.SERVICE_UNAVAILABLE)  # S-03: nobody else has a say in our roster
    if len(query.items) != 1 or (item := _read(query.items[0])) is None:
        raise RefusedError(ErrorCondition.BAD_REQUEST, "a roster push has exactly one item")
    roster = ctx.state(Roster)
    roster.version = query.ver
    was_seen = roster.subscription(item.jid).sees_them
    if query.items[0].subscription == "remove":
        roster.items.pop(item.jid, None)
        ctx.emit(RosterItemRemoved(ctx.account, item.jid, query.ver))
    elif query.items[0].subscription in _SUBSCRIPTIONS:
        roster.items[item.jid] = item
        ctx.emit(RosterItemChanged(ctx.account, item, query.ver))
    if was_seen and not roster.subscription(item.jid).sees_them:
        # Nobody keeps their presence up to date any more, and not every server says so (RFC 6121 §3.3.3).
        ctx.emit(PeerLeft(ctx.account, item.jid))
    if roster.subscription(item.jid).seen_by_them:
        # Approved here or on another device (C-SUB-06).
        ctx.emit(SubscriptionRequestSettled(ctx.account, item.jid))


async def set_item(ctx: Context, item: Item, otherwise: str) -> None:
    """Ask the server to keep an item; the change is seen when it is pushed back (C-ROS-07)."""
    await ctx.request(Iq(type=IqType.SET).with_payloads(Query(items=(item,))), otherwise)


async def update_contact(ctx: Context, command: UpdateContact) -> None:
    item = Item(str(command.peer), command.name, groups=distinct(command.groups))
    await set_item(ctx, item, f"{command.peer} was not changed.")


async def remove_contact(ctx: Context, command: RemoveContact) -> None:
    await set_item(ctx, Item(str(command.peer), subscription="remove"), f"{command.peer} was not removed.")


FEATURE = Feature(
    spec="RFC 6121 §2",
    title="Roster",
    inbound=(answers(IqType.SET, Query, take_push),),
    commands=(
        carries_out(UpdateContact, update_contact),
        carries_out(RemoveContact, remove_contact),
    ),
    on_restored=restore,
    on_online=fetch,
)
