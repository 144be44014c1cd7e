"""Frozen pictures of the store, pulled by the screen when the doorbell rings."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from typing import Protocol

from tui_xmpp.core.model import (
    CatchUp,
    ChatState,
    Connection,
    EntityDetails,
    Found,
    Gap,
    LogEntry,
    Message,
    OwnPresence,
    Presence,
    Prompt,
    ReactionRules,
    Show,
    Subscription,
    SubscriptionRequest,
)
from tui_xmpp.jid import BareJID
from tui_xmpp.values import dataclass


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account. ``indexed`` is the percentage of all that is stored which a search can find; it grows to 100."""

    account: BareJID
    connection: Connection
    own: OwnPresence
    prompts: tuple[Prompt, ...]
    unread: int
    catch_up: CatchUp = field(default_factory=CatchUp)
    indexed: int = 100


@dataclass(frozen=True, slots=True)
class ResourceView:
    """One device of a contact; ``resource`` is empty for one that has no devices, as a gateway."""

    resource: str
    presence: Presence
    details: EntityDetails | None


@dataclass(frozen=True, slots=True)
class ContactView:
    """One row of the roster: a contact, or a stranger with an open conversation (``is_in_roster`` False).

    ``show`` and ``status`` are those of the resource that would get a message: highest priority, then most available,
    then most recent. ``mentions`` is how many of the unread messages call the user by name.
    """

    account: BareJID
    peer: BareJID
    name: str
    groups: tuple[str, ...]
    show: Show
    status: str
    subscription: Subscription
    is_ask_pending: bool
    is_approved: bool
    is_in_roster: bool
    is_blocked: bool
    is_requesting: bool
    unread: int
    last_stamp: datetime | None
    resources: tuple[ResourceView, ...]
    mentions: int = 0

    @property
    def title(self) -> str:
        """The name, or the address where there is none."""
        return self.name or str(self.peer)


@dataclass(frozen=True, slots=True)
class GapView:
    """Something may be missing above the message ``before_key``, or below all of them where that is None."""

    before_key: str | None
    gap: Gap


@dataclass(frozen=True, slots=True)
class SearchView:
    """What the last search found in all pages so far, newest first. ``failure`` says what is wrong with the query."""

    query: str = ""
    found: tuple[Found, ...] = ()
    more: tuple[int, int] | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class ConversationView:
    """A bounded window of one conversation, oldest first.

    ``has_older``: more is stored before the window, here or at the server; ``has_newer``: the window was scrolled away
    from the newest. ``gaps`` are the holes in what is held.
    ``first_unread`` is the key of the message the unread line stands above, also after reading, until the conversation
    is left.
    """

    account: BareJID
    peer: BareJID
    contact: ContactView
    messages: tuple[Message, ...]
    is_loaded: bool
    has_older: bool
    has_newer: bool
    unread: int
    first_unread: str | None
    draft: str
    gaps: tuple[GapView, ...] = ()
    chat_state: ChatState = ChatState.ACTIVE
    reaction_rules: ReactionRules = field(default_factory=ReactionRules)


class Views(Protocol):
    """All the screen may ask. Every call is cheap: no view walks more than it shows."""

    def accounts(self) -> tuple[AccountView, ...]: ...

    def account(self, account: BareJID) -> AccountView | None: ...

    def contacts(self, account: BareJID) -> tuple[ContactView, ...]: ...

    def contact(self, account: BareJID, peer: BareJID) -> ContactView | None:
        """Return the row of a peer, None when neither on the roster nor in conversation."""
        ...

    def conversation(self, account: BareJID, peer: BareJID) -> ConversationView: ...

    def conversations(self) -> tuple[tuple[BareJID, BareJID], ...]:
        """Return the (account, peer) of conversations with messages, latest first."""
        ...

    def last_message(self, account: BareJID, peer: BareJID) -> Message | None:
        """Return the newest message of a conversation, None where none is held (``ReadLastMessages`` fetches it)."""
        ...

    def requests(self) -> tuple[SubscriptionRequest, ...]: ...

    def log(self) -> tuple[LogEntry, ...]: ...

    def arrivals(self) -> tuple[Message, ...]:
        """Return the last messages that were heard as they were said, the latest at the end: what may call the user."""
        ...

    def search(self) -> SearchView: ...
