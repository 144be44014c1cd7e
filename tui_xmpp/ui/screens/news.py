"""What the main screen does when the doorbell rings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tui_xmpp.core.changes import (
    AccountChanged,
    AccountListChanged,
    ContactChanged,
    ConversationChanged,
    LogChanged,
    RequestsChanged,
    RosterReset,
)
from tui_xmpp.core.model import LogEntry, Prompt, PromptKind, Severity
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.core.views import AccountView
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.desk import Chat
from tui_xmpp.worker.doorbell import Batch

if TYPE_CHECKING:
    from tui_xmpp.ui.screens.main import MainScreen
    from tui_xmpp.ui.widgets.conversation import ConversationPane

_NOTICE_SECONDS = 15.0


class News:
    """Tell each widget of the main screen once what became stale."""

    def __init__(self, main: MainScreen) -> None:
        self._main = main
        self._desk = main.desk
        self._asked: dict[tuple[BareJID, PromptKind], Prompt] = {}
        self._drawn: dict[BareJID, AccountView | None] = {}
        log = self._desk.views.log()
        self._last_entry = log[-1] if log else None

    def follow(self, batch: Batch) -> None:
        """Read anew what the batch names and the main screen shows."""
        panes = self._main.splits.panes
        chats = {pane.chat: pane for pane in panes if pane.chat is not None}
        stale: set[ConversationPane] = set()
        contacts: set[Chat] = set()
        accounts: set[BareJID] = set()
        is_roster_reset = is_account_stale = False
        for change in batch.changes:
            if isinstance(change, ContactChanged | ConversationChanged):
                if isinstance(change, ContactChanged):
                    contacts.add((change.account, change.peer))
                if (pane := chats.get((change.account, change.peer))) is not None:
                    stale.add(pane)
            elif isinstance(change, AccountChanged | RosterReset):
                stale.update(pane for chat, pane in chats.items() if chat[0] == change.account)
                if isinstance(change, RosterReset):
                    self._main.roster.update_roster(change.account)
                else:
                    accounts.add(change.account)
            elif isinstance(change, RequestsChanged):
                self._main.roster.update_requests()
                is_account_stale = True
            elif isinstance(change, LogChanged):
                self._follow_log()
            elif isinstance(change, AccountListChanged):
                is_roster_reset = is_account_stale = True
        if is_roster_reset:
            self._main.roster.reset()
            if any(self._desk.views.account(account) is None for account, _ in chats):
                self._main.forget_chats()
        for pane in stale:
            pane.refresh_from(self._desk.views)
            if pane.chat is not None and pane.log_lines.is_being_read:
                # A batch that says so follows at once, with this contact and account: till then no number may flicker.
                contacts.discard(pane.chat)
                accounts.discard(pane.chat[0])
        self._bring_back(contacts)
        if contacts and not is_roster_reset:
            self._main.roster.update_contacts(contacts)
        accounts = {account for account in accounts if self._looks_other(account)}
        for account in accounts:
            self._main.roster.update_account(account)
        if accounts or is_account_stale:
            is_account_stale = True
            self._main.show_speaker()
            self.ask_prompts()
            self._desk.app.show_unread()
        if is_account_stale or any(isinstance(change, LogChanged) for change in batch.changes):
            self._main.status_pane.update()
        if stale or contacts:
            self._main.tell_title()
        if self._main.announcer is not None:
            self._main.announcer.follow(batch)

    def _looks_other(self, account: BareJID) -> bool:
        """Take an account's view; say whether it is another one than was drawn."""
        old, new = self._drawn.get(account), self._desk.views.account(account)
        self._drawn[account] = new
        return new != old

    def _bring_back(self, chats: Iterable[Chat]) -> None:
        """Take chats in which something came out of the archive, the muted ones excepted."""
        for chat in chats:
            marks = self._desk.marks.of(*chat)
            if marks.is_archived and not marks.is_muted:
                old, new = self._main.roster.rows.view(*chat), self._desk.views.contact(*chat)
                if new is not None and new.unread > (old.unread if old is not None else 0):
                    self._desk.marks.archive(*chat, is_archived=False)

    def _follow_log(self) -> None:
        fresh: list[LogEntry] = []
        log = self._desk.views.log()
        for entry in reversed(log):
            if entry is self._last_entry:
                break
            fresh.append(entry)
        self._last_entry = log[-1] if log else None
        errors = [entry for entry in fresh if entry.severity is Severity.ERROR and not self._is_told_in_chat(entry)]
        for entry in reversed(errors[:2]):
            self._desk.complain(sanitize_line(entry.text, 400))
        notices = [entry for entry in fresh if entry.severity is Severity.NOTICE]
        for entry in reversed(notices[:2]):
            self._desk.app.say(entry.text, seconds=_NOTICE_SECONDS)

    def _is_told_in_chat(self, entry: LogEntry) -> bool:
        """Say whether an open chat shows what the entry says below the message it is about."""
        if entry.account is None or entry.peer is None or entry.message is None:
            return False
        if self._main.splits.showing((entry.account, entry.peer.bare)) is None:
            return False
        messages = self._desk.views.conversation(entry.account, entry.peer.bare).messages
        return any(message.failure and message.key == entry.message for message in messages[-20:])

    def ask_prompts(self) -> None:
        """Put the sessions' questions to the user, each once."""
        waiting = {
            (prompt.account, prompt.kind): prompt for view in self._desk.views.accounts() for prompt in view.prompts
        }
        self._asked = {key: prompt for key, prompt in self._asked.items() if waiting.get(key) is prompt}
        for key, prompt in waiting.items():
            if key not in self._asked and not self._desk.app.is_answering(prompt.account):
                self._asked[key] = prompt
                self._desk.app.put_question(prompt)
