"""XEP-0191: whom the user wants to hear nothing from; the list lives on the server."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from tui_xmpp.core.commands import BlockPeer, UnblockPeer
from tui_xmpp.core.events import BlockListReplaced, SubscriptionRequestSettled
from tui_xmpp.features.feature import Context, Feature, RefusedError, RequestError, answers, carries_out, is_own_account
from tui_xmpp.jid import JID, BareJID, JIDError, parse_jid
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.payload import attribute, children, payload
from tui_xmpp.xmpp.stanza import Iq, IqType
from tui_xmpp.xmpp.stanza_errors import ErrorCondition

BLOCKING = "urn:xmpp:blocking"


@payload(BLOCKING, "item")
class Item:
    jid: str = attribute()


@payload(BLOCKING, "blocklist")
class BlockList:
    items: tuple[Item, ...] = children(default=())


@payload(BLOCKING, "block")
class Block:
    items: tuple[Item, ...] = children(default=())


@payload(BLOCKING, "unblock")
class Unblock:
    items: tuple[Item, ...] = children(default=())


@dataclass(slots=True)
class Blocked:
    jids: set[JID] = field(default_factory=set)


def _jids(items: Iterable[Item]) -> set[JID]:
    found: set[JID] = set()
    for item in items:
        try:
            found.add(parse_jid(item.jid))
        except JIDError:
            continue
    return found


def _tell(ctx: Context) -> None:
    peers = frozenset(jid for jid in ctx.state(Blocked).jids if isinstance(jid, BareJID))
    ctx.emit(BlockListReplaced(ctx.account, peers))


async def fetch(ctx: Context) -> None:
    """Ask for the list, which also asks for its changes (XEP-0191 §3.2)."""
    try:
        reply = await ctx.request(Iq(type=IqType.GET).with_payloads(BlockList()))
    except RequestError:
        return  # this server cannot block
    blocklist = reply.payload(BlockList)
    ctx.state(Blocked).jids = _jids(blocklist.items) if blocklist else set()
    _tell(ctx)


def take_block(ctx: Context, iq: Iq, block: Block) -> None:
    _check(ctx, iq)
    if not (jids := _jids(block.items)):
        raise RefusedError(ErrorCondition.BAD_REQUEST, "nobody to block")
    ctx.state(Blocked).jids |= jids
    _tell(ctx)


def take_unblock(ctx: Context, iq: Iq, unblock: Unblock) -> None:
    _check(ctx, iq)
    blocked = ctx.state(Blocked)
    blocked.jids = blocked.jids - _jids(unblock.items) if unblock.items else set()
    _tell(ctx)


def _check(ctx: Context, iq: Iq) -> None:
    if not is_own_account(ctx, iq.from_):
        raise RefusedError(ErrorCondition.SERVICE_UNAVAILABLE)  # S-03


async def block(ctx: Context, command: BlockPeer) -> None:
    request = Iq(type=IqType.SET).with_payloads(Block((Item(str(command.peer)),)))
    await ctx.request(request, f"{command.peer} was not blocked.")
    ctx.state(Blocked).jids.add(command.peer)  # jabberd 2.7 tells it to nobody
    _tell(ctx)
    ctx.emit(SubscriptionRequestSettled(ctx.account, command.peer))


async def unblock(ctx: Context, command: UnblockPeer) -> None:
    request = Iq(type=IqType.SET).with_payloads(Unblock((Item(str(command.peer)),)))
    await ctx.request(request, f"{command.peer} is still blocked.")
    ctx.state(Blocked).jids.discard(command.peer)
    _tell(ctx)


FEATURE = Feature(
    spec="XEP-0191",
    title="Blocking Command",
    version="1.3",
    disco=(BLOCKING,),
    inbound=(answers(IqType.SET, Block, take_block), answers(IqType.SET, Unblock, take_unblock)),
    commands=(carries_out(BlockPeer, block), carries_out(UnblockPeer, unblock)),
    on_online=fetch,
)
