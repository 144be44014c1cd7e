"""Intents: what the user wants, in the imperative. Each is answered exactly once, done or failed with a sentence."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from pathlib import Path

from tui_xmpp.core.model import Gap, OwnPresence, Reply
from tui_xmpp.core.settings import AccountSettings
from tui_xmpp.jid import JID, BareJID, FullJID
from tui_xmpp.values import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    account: BareJID


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command, or without one a change of the settings, ended; ``failure`` None means done."""

    ticket: int
    command: Command | None
    failure: str | None = None


# -- accounts -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AddAccount(Command):
    """Take the account into this run and connect it. It is kept for the next run by :class:`SaveAccount`."""

    settings: AccountSettings


@dataclass(frozen=True, slots=True)
class SaveAccount(Command):
    """Write the account into the settings file; never a password."""

    settings: AccountSettings


@dataclass(frozen=True, slots=True)
class RemoveAccount(Command):
    """Disconnect the account and take it out of this run; if ``is_forgotten``, out of settings and keyring too."""

    is_forgotten: bool = False


@dataclass(frozen=True, slots=True)
class Connect(Command):
    """Connect now: from offline, from waiting, or after a stop the user has mended."""


@dataclass(frozen=True, slots=True)
class Disconnect(Command):
    """Say goodbye and stay offline."""


@dataclass(frozen=True, slots=True)
class ProvidePassword(Command):
    """Answer a password prompt. ``is_remembered``: keep it in the keyring."""

    password: str = field(repr=False)
    is_remembered: bool = False


@dataclass(frozen=True, slots=True)
class PinCertificate(Command):
    """Trust exactly this certificate (SHA-256, hex) for this account from now on."""

    sha256: str


@dataclass(frozen=True, slots=True)
class UnpinCertificate(Command):
    """Trust the account's server by certificate authorities again."""


@dataclass(frozen=True, slots=True)
class AllowWeakerLogin(Command):
    """Forget what the server proved at earlier logins, after the user was warned (XEP-0474 §5)."""


# -- presence -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SetPresence(Command):
    """Show this to everyone who may see it; ``Show.OFFLINE`` disconnects.

    ``is_automatic``: set by idleness, so not remembered as the user's own choice.
    """

    presence: OwnPresence
    is_automatic: bool = False
    idle_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class SendDirectedPresence(Command):
    """Show this to one address only (RFC 6121 §4.6); ``Show.OFFLINE`` takes it back."""

    peer: JID
    presence: OwnPresence


# -- roster and subscriptions -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AddContact(Command):
    """Put a contact on the roster and, if ``is_asking``, ask to see their presence."""

    peer: BareJID
    name: str = ""
    groups: tuple[str, ...] = ()
    is_asking: bool = True


@dataclass(frozen=True, slots=True)
class UpdateContact(Command):
    """Rename a contact or move it between groups; both fields are sent whole (RFC 6121 §2.4)."""

    peer: BareJID
    name: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoveContact(Command):
    """Take a contact off the roster, which ends both subscriptions (RFC 6121 §2.5)."""

    peer: BareJID


@dataclass(frozen=True, slots=True)
class RequestSubscription(Command):
    """Ask to see the peer's presence."""

    peer: BareJID
    text: str = ""


@dataclass(frozen=True, slots=True)
class Unsubscribe(Command):
    """Stop seeing the peer's presence, or take back a request."""

    peer: BareJID


@dataclass(frozen=True, slots=True)
class ApproveSubscription(Command):
    """Let the peer see our presence; ``is_asking_back`` adds them and asks in return."""

    peer: BareJID
    is_asking_back: bool = False


@dataclass(frozen=True, slots=True)
class DenySubscription(Command):
    """Refuse a request, or stop letting the peer see our presence (RFC 6121 §3.2)."""

    peer: BareJID


@dataclass(frozen=True, slots=True)
class PreApproveSubscription(Command):
    """Approve a request before it comes (RFC 6121 §3.4)."""

    peer: BareJID


@dataclass(frozen=True, slots=True)
class BlockPeer(Command):
    """Hear nothing more from the peer (XEP-0191); a waiting request is refused."""

    peer: BareJID


@dataclass(frozen=True, slots=True)
class UnblockPeer(Command):
    peer: BareJID


# -- messages -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendMessage(Command):
    """Send text to a peer, maybe in answer to a message. ``to_resource`` only for what is bound to one device."""

    peer: BareJID
    body: str
    subject: str = ""
    to_resource: str | None = None
    reply: Reply | None = None


@dataclass(frozen=True, slots=True)
class ResendMessage(Command):
    """Send a failed message, or a correction of one by the correction's key, again under its own id."""

    peer: BareJID
    key: str


@dataclass(frozen=True, slots=True)
class CorrectMessage(Command):
    """Say one of one's own messages anew (XEP-0308); the former text stays to be seen."""

    peer: BareJID
    key: str
    body: str


@dataclass(frozen=True, slots=True)
class React(Command):
    """Let exactly these emoji of ours stand under a message (XEP-0444); none takes all back."""

    peer: BareJID
    key: str
    emojis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadReactionRules(Command):
    """Learn which emoji the peer's devices take, for ``ConversationView.reaction_rules`` (XEP-0444 §2.2)."""

    peer: BareJID


@dataclass(frozen=True, slots=True)
class DiscardMessage(Command):
    """Give up a failed or still waiting message, or correction of one by the correction's key."""

    peer: BareJID
    key: str


@dataclass(frozen=True, slots=True)
class OpenConversation(Command):
    """Load the newest stored messages and follow the conversation; or those around ``at``, where it was left.

    ``at`` is the key of a message; one that is gone, or among the newest, changes nothing.
    """

    peer: BareJID
    at: str | None = None


@dataclass(frozen=True, slots=True)
class CloseConversation(Command):
    peer: BareJID


@dataclass(frozen=True, slots=True)
class LoadOlder(Command):
    """Load the page before the oldest message shown."""

    peer: BareJID


@dataclass(frozen=True, slots=True)
class LoadLatest(Command):
    """Return to the newest messages after scrolling far back."""

    peer: BareJID


@dataclass(frozen=True, slots=True)
class LoadNewer(Command):
    """Load the page after the newest message shown, after a jump or scrolling far back."""

    peer: BareJID


@dataclass(frozen=True, slots=True)
class JumpTo(Command):
    """Show the messages around one, in place of the window shown."""

    peer: BareJID
    key: str


@dataclass(frozen=True, slots=True)
class JumpToDate(Command):
    """Show the messages around a moment (aware), in place of the window shown."""

    peer: BareJID
    moment: datetime


@dataclass(frozen=True, slots=True)
class MarkRead(Command):
    """Take all of a conversation for read; ``is_told``: the peer may know it, if anyone may (XEP-0333)."""

    peer: BareJID
    is_told: bool = True


@dataclass(frozen=True, slots=True)
class MarkUnread(Command):
    """Let the conversation be unread from a message on; other devices are not told."""

    peer: BareJID
    key: str


@dataclass(frozen=True, slots=True)
class NotifyTyping(Command):
    """Let the peer see that something is being written, or no longer; what pauses is noticed by itself."""

    peer: BareJID
    is_typing: bool


@dataclass(frozen=True, slots=True)
class SetActivity(Command):
    """Say whether the user looks at the program; while they do not, the server may send less (XEP-0352)."""

    is_active: bool


@dataclass(frozen=True, slots=True)
class SaveDraft(Command):
    peer: BareJID
    text: str


# -- history ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SearchMessages(Command):
    """Search all that is stored, of this account or of all, newest first; the result is ``Views.search()``.

    Words must all occur, "quoted ones" together; ``from:`` (an address, part of one, or ``me``), ``in:`` (a
    conversation), ``before:``, ``after:`` (a date, ``2026-11-21``) and ``has:link`` narrow the search. ``more`` is
    what the page before gave.
    """

    query: str
    is_in_all_accounts: bool = True
    more: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class ReadLastMessages(Command):
    """Have the newest message of each of the account's conversations at hand, for ``Views.last_message``."""


@dataclass(frozen=True, slots=True)
class StopCatchUp(Command):
    """Leave what was missed at the server; the hole is shown and filled on demand."""


@dataclass(frozen=True, slots=True)
class FillGap(Command):
    """Fetch what is missing in a gap, or as much of it as comes in a few pages."""

    peer: BareJID
    gap: Gap


@dataclass(frozen=True, slots=True)
class FetchOlder(Command):
    """Fetch the page before an entry of the server's archive (None: the newest) of a conversation.

    The engine's own: :class:`LoadOlder` comes to it when nothing older is stored.
    """

    peer: BareJID
    before: str | None


@dataclass(frozen=True, slots=True)
class ExportConversation(Command):
    """Write what is stored of a conversation into a new file: JSON lines if its name ends in ``.jsonl``, else text."""

    peer: BareJID
    path: Path


@dataclass(frozen=True, slots=True)
class PurgeConversation(Command):
    """Delete what is stored here of a conversation; the server keeps its archive."""

    peer: BareJID


# -- questions to a peer's client ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DescribeEntity(Command):
    """Ask a peer's client for its name, time and round trip (XEP-0092, XEP-0202, XEP-0199)."""

    peer: FullJID
