"""Accounts and their connected resources, as the server keeps them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from datetime import datetime

from tui_xmpp.jid import JID, BareJID, FullJID
from tui_xmpp.loopback.payloads import NodeItem
from tui_xmpp.loopback.roster import Roster
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.stanza import Message, Presence, Stanza


@dataclass(slots=True, eq=False)
class Session:
    """One resource: a stream of a client or an actor. ``deliver`` takes what is for it, ``end`` throws it out."""

    jid: FullJID
    deliver: Callable[[Stanza], None]
    end: Callable[[], None]
    presence: Presence | None = None
    """What it last broadcast; None while it is not available."""
    is_interested: bool = False
    """It has asked for the roster, so it gets pushes (RFC 6121 §2.2)."""
    wants_block_list: bool = False
    """It has asked for the block list, so it gets pushes (XEP-0191 §3.3)."""
    wants_copies: bool = False
    """It has switched carbons on (XEP-0280 §4)."""
    directed: set[JID] = field(default_factory=set)
    """Who else was told that it is available (RFC 6121 §4.6)."""
    caps: str = ""
    """The hash of what it can do (XEP-0115), ``interests`` what that is, ``asked`` the id of the question for it."""
    interests: frozenset[str] = frozenset()
    asked: str | None = None

    @property
    def priority(self) -> int:
        """Give its priority, below every valid one while it is not available."""
        return self.presence.priority if self.presence is not None else -129


@dataclass(frozen=True, slots=True)
class Archived:
    """An entry of an account's archive."""

    id: str
    stamp: datetime
    peer: BareJID
    message: Message


@dataclass(slots=True, eq=False)
class Account:
    """One user of the server."""

    jid: BareJID
    roster: Roster
    sessions: dict[str, Session] = field(default_factory=dict)
    waiting: list[Message] = field(default_factory=list)
    """Messages for when a resource comes online (XEP-0160)."""
    requests: dict[BareJID, Presence] = field(default_factory=dict)
    """Subscription requests not answered yet, told again at every login (RFC 6121 §3.1.3)."""
    blocked: list[JID] = field(default_factory=list)
    archive: list[Archived] = field(default_factory=list)
    """What was said, oldest first (XEP-0313); ``places`` tells where an entry is by its id."""
    places: dict[str, int] = field(default_factory=dict)
    nodes: dict[str, dict[str, NodeItem]] = field(default_factory=dict)
    """What its devices publish for each other, by node and the item's id (XEP-0163)."""
    last_unavailable: Presence | None = None

    def available(self) -> list[Session]:
        """Return the resources that have sent initial presence."""
        return [session for session in self.sessions.values() if session.presence is not None]

    def reachable(self) -> list[Session]:
        """Return the resources that take messages to the bare address, the most available first."""
        willing = [session for session in self.available() if session.priority >= 0]
        return sorted(willing, key=lambda session: -session.priority)

    def blocks(self, peer: JID) -> bool:
        """Tell whether ``peer`` matches the block list (XEP-0191 §6): as it is, bare, or by its domain."""
        if not self.blocked or peer.bare == self.jid:
            return False
        domain = BareJID(None, peer.domain)
        covering: set[JID] = {peer, peer.bare, domain}
        if isinstance(peer, FullJID):
            covering.add(domain.with_resource(peer.resource))
        return not covering.isdisjoint(self.blocked)
