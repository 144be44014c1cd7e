"""What became stale. A change names a view to pull again, never its content, so that equal ones merge in a set."""

from __future__ import annotations

from tui_xmpp.jid import BareJID
from tui_xmpp.values import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    account: BareJID


@dataclass(frozen=True, slots=True)
class AccountListChanged(Change):
    """An account joined or left."""


@dataclass(frozen=True, slots=True)
class AccountChanged(Change):
    """Connection, own presence, prompts or unread total of one account."""


@dataclass(frozen=True, slots=True)
class RosterReset(Change):
    """Every contact of the account may differ."""


@dataclass(frozen=True, slots=True)
class ContactChanged(Change):
    """One contact differs, joined or left the list."""

    peer: BareJID


@dataclass(frozen=True, slots=True)
class ConversationChanged(Change):
    """Messages, unread mark, draft or title of one conversation."""

    peer: BareJID


@dataclass(frozen=True, slots=True)
class MessagesArrived(Change):
    """Messages came that were said just now."""


@dataclass(frozen=True, slots=True)
class RequestsChanged(Change):
    """The inbox of subscription requests."""


@dataclass(frozen=True, slots=True)
class LogChanged(Change):
    """The event log."""


@dataclass(frozen=True, slots=True)
class SearchChanged(Change):
    """The results of the search."""
