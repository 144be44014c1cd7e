"""RFC 6121 §4: presence, one's own and that of every resource of a contact."""

from __future__ import annotations

from dataclasses import field

from tui_xmpp.core.commands import SendDirectedPresence
from tui_xmpp.core.events import PeerLeft, PresenceChanged
from tui_xmpp.core.model import OwnPresence, Show
from tui_xmpp.core.model import Presence as Seen
from tui_xmpp.features.feature import Arrival, Context, Feature, carries_out, derives_from_presences
from tui_xmpp.features.rfc6121_roster import Roster
from tui_xmpp.features.xep0203_delay import Delayed
from tui_xmpp.features.xep0319_idle import IdleSince
from tui_xmpp.jid import JID, BareJID, FullJID
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp import stanza as wire
from tui_xmpp.xmpp.stanza import Presence, PresenceType, Priority, ShowPayload, Status

MOST_STRANGERS = 200
SETTLING = 10.0
"""Seconds after login in which presences paint the first picture instead of being news."""

_WORDS = {
    Show.CHAT: "free to chat",
    Show.ONLINE: "online",
    Show.AWAY: "away",
    Show.XA: "away for long",
    Show.DND: "busy",
    Show.OFFLINE: "offline",
}
_REACH = (Show.CHAT, Show.ONLINE, Show.AWAY, Show.XA, Show.DND)

_WIRE_SHOWS = {
    Show.CHAT: wire.Show.CHAT,
    Show.AWAY: wire.Show.AWAY,
    Show.XA: wire.Show.XA,
    Show.DND: wire.Show.DND,
}
_SHOWS = {on_wire: show for show, on_wire in _WIRE_SHOWS.items()}


@dataclass(slots=True)
class Directed:
    """Who was shown presence besides the roster (RFC 6121 §4.6.3); a stream's end forgets them."""

    peers: set[JID] = field(default_factory=set)


def presence_of(own: OwnPresence, to: JID | None = None) -> Presence:
    """Return what the user wants to show as a stanza; ``Show.OFFLINE`` is ``unavailable``."""
    payloads: list[object] = []
    if own.show in _WIRE_SHOWS:
        payloads.append(ShowPayload(_WIRE_SHOWS[own.show]))
    if own.status:
        payloads.append(Status(own.status))
    if own.show is Show.OFFLINE:
        return Presence(to=to, type=PresenceType.UNAVAILABLE).with_payloads(*payloads)
    if own.priority:
        payloads.append(Priority(own.priority))
    return Presence(to=to).with_payloads(*payloads)


@dataclass(slots=True)
class Strangers:
    """Who is neither on the roster nor shown our presence, and sent theirs all the same (S-53)."""

    peers: set[BareJID] = field(default_factory=set)

    def admit(self, peer: BareJID) -> bool:
        if peer not in self.peers and len(self.peers) >= MOST_STRANGERS:
            return False
        self.peers.add(peer)
        return True


@dataclass(slots=True)
class Comings:
    """How each contact was last seen on each device, so that the event log tells changes and nothing else."""

    began: float = 0.0
    shows: dict[BareJID, dict[str, Show]] = field(default_factory=dict)

    def begin(self, now: float) -> None:
        self.began = now
        self.shows.clear()

    def best(self, peer: BareJID) -> Show:
        here = self.shows.get(peer, {}).values()
        return min(here, key=_REACH.index) if here else Show.OFFLINE


def _note_coming(ctx: Context, peer: JID, show: Show, status: str) -> None:
    """Log that a contact became more or less reachable; several devices count as the most reachable of them."""
    item = ctx.state(Roster).items.get(peer.bare)
    if item is None:
        return
    comings, bare = ctx.state(Comings), peer.bare
    before = comings.best(bare)
    if show is not Show.OFFLINE:
        comings.shows.setdefault(bare, {})[peer.resource if isinstance(peer, FullJID) else ""] = show
    elif isinstance(peer, FullJID):
        comings.shows.get(bare, {}).pop(peer.resource, None)
    else:
        comings.shows.pop(bare, None)
    after = comings.best(bare)
    if after is not before and ctx.clock.monotonic() - comings.began >= SETTLING:
        ctx.log(f"{item.name or bare} is {_WORDS[after]}" + (f" · {status}" if status else "."), peer=bare)


def broadcast(ctx: Context) -> None:
    """Tell everyone who may know what the user wants to show now."""
    ctx.send(presence_of(ctx.own))


async def say_hello(ctx: Context) -> None:
    ctx.state(Directed).peers.clear()
    ctx.state(Strangers).peers.clear()
    ctx.state(Comings).begin(ctx.clock.monotonic())
    broadcast(ctx)


async def send_directed(ctx: Context, command: SendDirectedPresence) -> None:
    ctx.send(presence_of(command.presence, command.peer))
    if command.presence.show.is_available:
        ctx.state(Directed).peers.add(command.peer)
    else:
        ctx.state(Directed).peers.discard(command.peer)


def take_available(ctx: Context, arrival: Arrival[Presence]) -> None:
    presence = arrival.stanza
    peer = presence.from_
    if peer is None:
        return
    if not _is_known(ctx, peer) and not ctx.state(Strangers).admit(peer.bare):
        return
    delayed = arrival.note(Delayed)
    idle = arrival.note(IdleSince)
    shown = presence.show
    seen = Seen(
        show=Show.ONLINE if shown is None else _SHOWS[shown],
        status=presence.status(*ctx.languages) or "",
        priority=presence.priority,
        idle_since=idle.since if idle else None,
        since=delayed.stamp if delayed else ctx.clock.now(),
    )
    _note_coming(ctx, peer, seen.show, seen.status)
    ctx.emit(PresenceChanged(ctx.account, peer, seen))


def _is_known(ctx: Context, peer: JID) -> bool:
    bare, shown = peer.bare, ctx.state(Directed).peers
    return bare in ctx.state(Roster).items or bare == ctx.jid.bare or peer in shown or bare in shown


def take_unavailable(ctx: Context, arrival: Arrival[Presence]) -> None:
    presence = arrival.stanza
    peer = presence.from_
    if peer is None:
        return
    status = presence.status(*ctx.languages) or ""
    _note_coming(ctx, peer, Show.OFFLINE, status)
    if isinstance(peer, FullJID):
        ctx.emit(PresenceChanged(ctx.account, peer, None))
    else:
        ctx.emit(PeerLeft(ctx.account, peer, status))


FEATURE = Feature(
    spec="RFC 6121 §4",
    title="Presence",
    inbound=(
        derives_from_presences(PresenceType.AVAILABLE, handler=take_available),
        derives_from_presences(PresenceType.UNAVAILABLE, handler=take_unavailable),
    ),
    commands=(carries_out(SendDirectedPresence, send_directed),),
    on_online=say_hello,
)
