"""What the user's verbs act on: the accounts, the open chat, the contact under the cursor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar, runtime_checkable

from textual.screen import Screen

from tui_xmpp.clock import Clock
from tui_xmpp.core.commands import Command, Connect, Disconnect, MarkRead, SetPresence
from tui_xmpp.core.model import Message, OwnPresence, Phase, Show
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.core.views import AccountView, ContactView, Views
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import BareJID, JIDError, parse_jid
from tui_xmpp.ui.bridge import Answered
from tui_xmpp.ui.chat_marks import ChatMarks
from tui_xmpp.ui.preferences import Preferences
from tui_xmpp.ui.trail import Trail
from tui_xmpp.ui.unread import Unread
from tui_xmpp.worker.client import Client

if TYPE_CHECKING:
    from tui_xmpp.ui.app import TuiXmppApp
    from tui_xmpp.ui.keymap import Keymap
    from tui_xmpp.ui.screens.main import MainScreen

Result = TypeVar("Result")
Chat = tuple[BareJID, BareJID]

RECENT_STATUSES = "recent statuses"
ALL_ACCOUNTS = "presence of all accounts"
_RESTING = (Phase.OFFLINE, Phase.STOPPED)


class VerbError(TuiXmppError):
    """A verb cannot be carried out as it was asked."""


@runtime_checkable
class HasSubject(Protocol):
    """A screen with a cursor on a chat or person."""

    @property
    def subject(self) -> ContactView | None:
        """Whom a verb without an address is about."""
        ...


class Desk:
    """Give actions the client, the screens and the subject, in few words."""

    def __init__(self, app: TuiXmppApp, client: Client, clock: Clock) -> None:
        self.app = app
        self.client = client
        self.clock = clock
        self.preferences = Preferences(app)
        self._keymap: Keymap | None = None
        self.marks = ChatMarks(client)
        self.trail = Trail(client, self.marks)
        self.unread = Unread(self)
        self.search_place = 0
        """Which result of the last search was opened."""

    @property
    def main(self) -> MainScreen:
        return self.app.main

    @property
    def views(self) -> Views:
        return self.client.views

    @property
    def keymap(self) -> Keymap:
        """The keys in force."""
        if self._keymap is None:
            from tui_xmpp.ui.keymap import Keymap

            self._keymap = Keymap(self.client.settings)
        return self._keymap

    @property
    def is_linear(self) -> bool:
        """Whether the screen is for who listens to it: plain lines, one after the other."""
        return self.client.settings.ui.is_linear

    def follow_keys(self) -> None:
        """Read anew which keys are in force."""
        self._keymap = None
        self.app.set_keymap(self.keymap.overrides())

    # -- who and whom ---------------------------------------------------------------------------------------------

    @property
    def chat(self) -> Chat | None:
        """The open conversation as (account, peer)."""
        return self.main.chat

    @property
    def account(self) -> BareJID | None:
        """The account the user speaks as: that of the open chat, or the one chosen last."""
        return self.main.speaker

    def need_account(self) -> BareJID:
        """Return the account spoken as; raise ``VerbError`` where there is none."""
        account = self.account
        if account is None:
            raise VerbError(f"There is no account yet: {self.keymap.words('accounts')} adds one.")
        return account

    @property
    def subject(self) -> ContactView | None:
        """The contact a verb without an address is about: under the roster's cursor, or in the open chat."""
        # A screen over the main one may have a cursor of its own on someone.
        screen = self.app.screen
        return screen.subject if isinstance(screen, HasSubject) else self.main.subject

    @property
    def message(self) -> Message | None:
        """The message a verb is about: the one the message cursor stands on."""
        return self.main.conversation.log_lines.chosen

    def find_contact(self, text: str) -> tuple[BareJID, BareJID]:
        """Return (account, peer) for an address, a contact's name, or nothing at all (the subject)."""
        if not text:
            subject = self.subject
            if subject is None:
                raise VerbError("Say whom: put an address after the command, or open a chat first.")
            return subject.account, subject.peer
        account = self.need_account()
        if "@" not in text:
            wanted = text.casefold()
            for view in self.views.accounts():
                for contact in self.views.contacts(view.account):
                    if contact.name.casefold() == wanted:
                        return view.account, contact.peer
        try:
            jid = parse_jid(text)
        except JIDError as error:
            raise VerbError(f"{sanitize_line(text, 60)} is not an address. {error}") from error
        peer = jid.bare
        if self.views.contact(account, peer) is None:
            for view in self.views.accounts():
                if self.views.contact(view.account, peer) is not None:
                    return view.account, peer
        return account, peer

    def title(self, account: BareJID, peer: BareJID) -> str:
        """Return a contact's name for a sentence, made safe to show."""
        contact = self.views.contact(account, peer)
        return sanitize_line(contact.title if contact else str(peer), 80)

    def can_pre_approve(self, account: BareJID) -> bool:
        """Say whether the account's server lets someone in before they ask (RFC 6121 §3.4)."""
        view = self.views.account(account)
        return view is not None and view.connection.facts.can_pre_approve

    def groups(self, account: BareJID) -> list[str]:
        """Return the names of all groups of an account, in order."""
        return self.main.roster.rows.groups(account)

    # -- doing ----------------------------------------------------------------------------------------------------

    def submit(self, command: Command, answered: Answered | None = None) -> None:
        """Hand a command over; its failure reaches the user by itself."""
        self.app.bridge.submit(command, answered)

    def take_for_read(self, account: BareJID, peer: BareJID) -> None:
        """Take all of a chat for read; the one written with knows it unless the user has said no."""
        self.submit(MarkRead(account, peer, self.marks.of(account, peer).is_reading_told))

    def submit_and_say(self, command: Command, done: str) -> None:
        """Hand a command over and say one of two sentences when it ends."""

        def answered(failure: str | None) -> None:
            if failure is None:
                self.say(done)
            else:
                self.complain(failure)

        self.submit(command, answered)

    def say(self, sentence: str, severity: Literal["information", "warning", "error"] = "information") -> None:
        """Show a sentence for a while."""
        self.app.say(sentence, severity)

    def complain(self, sentence: str) -> None:
        """Show what went wrong for a while."""
        self.say(sentence, "error")

    def ask(self, screen: Screen[Result], then: Callable[[Result], None] | None = None) -> None:
        """Open a dialog; ``then`` gets its result unless the user left it."""

        def dismissed(result: Result | None) -> None:
            if result is not None and then is not None:
                then(result)

        self.app.push_screen(screen, dismissed)

    # -- presence -------------------------------------------------------------------------------------------------

    def presence_accounts(self) -> tuple[AccountView, ...]:
        """Return the accounts a presence command is for: all of them, or the one spoken as."""
        accounts = self.views.accounts()
        if self.client.recall(ALL_ACCOUNTS) is False:
            accounts = tuple(view for view in accounts if view.account == self.account)
        if not accounts:
            raise VerbError(f"There is no account yet: {self.keymap.words('accounts')} adds one.")
        return accounts

    def set_presence(self, show: Show | None = None, status: str | None = None, priority: int | None = None) -> None:
        """Change what is given of the own presence and keep the rest."""
        for view in self.presence_accounts():
            own = view.own
            new_show = own.show if show is None else show
            if show is None and not new_show.is_available and view.connection.phase is Phase.ONLINE:
                new_show = Show.ONLINE
            self.show_as(
                view,
                OwnPresence(
                    new_show,
                    own.status if status is None else status,
                    own.priority if priority is None else priority,
                ),
            )
        if status:
            self.remember_status(status)

    def show_as(self, view: AccountView, presence: OwnPresence) -> None:
        """Give one account this presence, and connect it where it has to be for that."""
        self.submit(SetPresence(view.account, presence))
        if presence.show.is_available and view.connection.phase in _RESTING:
            self.submit(Connect(view.account))

    def is_off(self, view: AccountView) -> bool:
        """Tell whether an account rests or waits to be tried again."""
        return view.connection.phase in (*_RESTING, Phase.WAITING)

    def toggle_connection(self, view: AccountView) -> None:
        """Connect what rests or waits, disconnect what is connected or on its way."""
        if self.is_off(view):
            self.connect(view)
        else:
            self.submit(Disconnect(view.account))

    def connect(self, view: AccountView) -> None:
        """Connect an account now."""
        if not view.own.show.is_available:
            self.submit(SetPresence(view.account, replace(view.own, show=Show.ONLINE)))
        self.submit(Connect(view.account))

    def recent_statuses(self) -> list[str]:
        """Return the status texts used lately, latest first."""
        kept = self.client.recall(RECENT_STATUSES)
        return list(kept) if isinstance(kept, list) else []

    def remember_status(self, status: str) -> None:
        """Keep a status text to be offered again."""
        kept = [status, *(text for text in self.recent_statuses() if text != status)]
        self.client.remember(RECENT_STATUSES, kept[:5])
