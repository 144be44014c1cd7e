"""The user's own accounts: connect, disconnect, presence, remove, add."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button, Static

from tui_xmpp.core import commands as c
from tui_xmpp.core.changes import AccountChanged, AccountListChanged
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.core.views import AccountView
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.screens.dialog import Choices, Dialog, button, verbs, words
from tui_xmpp.ui.signs import WORDS, account_shape, visible_show
from tui_xmpp.ui.widgets.status import connection_words
from tui_xmpp.worker.doorbell import Batch


class AccountsScreen(Dialog[None]):
    """List the accounts and what can be done with each."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add", show=False),
        Binding("c", "connect", "Connect or disconnect", show=False),
        Binding("p", "presence", "Presence", show=False),
        Binding("delete", "remove", "Remove", show=False),
    ]

    DEFAULT_CSS = """
    AccountsScreen > VerticalScroll { width: 84; }
    AccountsScreen OptionList { margin-bottom: 1; }
    """

    title_words = "Accounts"

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._views: tuple[AccountView, ...] = ()

    def content(self) -> ComposeResult:
        yield Choices()
        yield words("No account yet.", "words dim empty")
        yield verbs(
            button("Enter speak as", "speak", "main"),
            button("C connect", "connect"),
            button("P presence", "presence"),
            button("A add", "add"),
            button("Del remove", "remove", "danger"),
            button("Close", "cancel"),
        )

    def on_mount(self) -> None:
        self._fill()
        if self._views:
            self.query_one(Choices).focus()
        else:
            self.query_one("#add", Button).focus()

    def follow(self, batch: Batch) -> None:
        """Show the accounts as they are now."""
        if any(isinstance(change, (AccountChanged, AccountListChanged)) for change in batch.changes):
            self._fill()

    def _fill(self) -> None:
        self._views = self._desk.views.accounts()
        self.query_one(Choices).fill(map(self._words, self._views))
        self.query_one(".empty", Static).display = not self._views
        for choice in self.query(Button):
            choice.display = bool(self._views) or choice.id in ("add", "cancel")
        self.query_one("#speak", Button).display = len(self._views) > 1
        self._name_connecting()

    @on(Choices.OptionHighlighted)
    def _name_connecting(self) -> None:
        view = self._chosen()
        is_off = view is None or self._desk.is_off(view)
        self.query_one("#connect", Button).label = "C connect" if is_off else "C disconnect"

    def _words(self, view: AccountView) -> Text:
        text = Text()
        text.append(f"{account_shape(view)} {view.account}", "bold")
        if view.account == self._desk.account and len(self._views) > 1:
            text.append("  you speak as this one", "dim")
        shown = WORDS[visible_show(view)]
        status = f" · {sanitize_line(view.own.status, 60)}" if view.own.status else ""
        ui = self._desk.client.settings.ui
        text.append(f"\n  {shown}{status} · {connection_words(view, self._desk.clock, ui.time_format)}", "dim")
        return text

    def _chosen(self) -> AccountView | None:
        index = self.query_one(Choices).highlighted
        return self._views[index] if index is not None and index < len(self._views) else None

    @on(Choices.OptionSelected)
    @on(Button.Pressed, "#speak")
    def _speak(self) -> None:
        if view := self._chosen():
            self.dismiss(None)
            self._desk.main.speak_as(view.account)

    @on(Button.Pressed, "#connect")
    def action_connect(self) -> None:
        """Connect the account, or disconnect it."""
        if view := self._chosen():
            self._desk.toggle_connection(view)

    @on(Button.Pressed, "#presence")
    def action_presence(self) -> None:
        """Change the account's presence."""
        if view := self._chosen():
            from tui_xmpp.ui.screens.presence import PresenceScreen

            self._desk.app.push_screen(PresenceScreen(self._desk, view.account))

    @on(Button.Pressed, "#add")
    def action_add(self) -> None:
        """Add an account."""
        from tui_xmpp.ui.screens.wizard import WizardScreen

        self.dismiss(None)
        self._desk.app.push_screen(WizardScreen(self._desk, is_adding=True))

    @on(Button.Pressed, "#remove")
    def action_remove(self) -> None:
        """Take the account out of the program, once the user has agreed."""
        view = self._chosen()
        if view is None:
            return
        from tui_xmpp.ui.screens.confirm import ConfirmScreen

        account = view.account
        self._desk.ask(
            ConfirmScreen(
                f"Remove {account}?",
                "It is disconnected and leaves the settings, its password leaves the keyring. "
                "The account itself and the messages kept here stay.",
                yes="Remove",
            ),
            lambda yes: (
                self._desk.submit_and_say(c.RemoveAccount(account, is_forgotten=True), f"{account} was removed.")
                if yes
                else None
            ),
        )
