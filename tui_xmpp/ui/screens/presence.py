"""The presence dialog: show, status text and priority."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button, Checkbox, Input, RadioButton, RadioSet

from tui_xmpp.core.model import OwnPresence, Show
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.actions import read_priority
from tui_xmpp.ui.desk import ALL_ACCOUNTS, Desk, VerbError
from tui_xmpp.ui.screens.dialog import Dialog, button, buttons, field, line, problem, words
from tui_xmpp.ui.signs import SHAPES, WORDS

_SHOWS = (Show.CHAT, Show.ONLINE, Show.AWAY, Show.XA, Show.DND, Show.OFFLINE)


class PresenceScreen(Dialog[None]):
    """Choose how one is shown, on one account or on all."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f5", "recent", "Recent status", show=False)]

    DEFAULT_CSS = """
    PresenceScreen RadioSet { margin-bottom: 1; layout: grid; grid-size: 3; grid-rows: 1; grid-gutter: 0 1; }
    PresenceScreen RadioSet.-tall { grid-size: 2; }
    PresenceScreen #priority { width: 8; }
    PresenceScreen .hint { width: 1fr; color: $foreground 70%; padding-left: 2; height: auto; }
    """

    def __init__(self, desk: Desk, account: BareJID) -> None:
        super().__init__()
        self._desk = desk
        self._account = account
        self._recent = desk.recent_statuses()
        self._offered = -1
        self.title_words = f"Presence · {account}"

    def content(self) -> ComposeResult:
        view = self._desk.views.account(self._account)
        own = view.own if view else OwnPresence()
        with RadioSet(id="show"):
            for show in _SHOWS:
                yield RadioButton(f"{SHAPES[show]} {WORDS[show]}", own.show is show, name=show.value)
        yield field("Status", line(own.status, placeholder="what others read beside your name", id="status"))
        if self._recent:
            recent = " · ".join(sanitize_line(text, 30) for text in self._recent)
            yield words(f"F5 takes one used lately: {recent}", "words dim")
        priority = field("Priority", line(str(own.priority), id="priority"))
        yield priority
        yield words("Messages go to your device with the highest priority; below 0 none come here.", "words dim")
        yield problem()
        if len(self._desk.views.accounts()) > 1:
            yield Checkbox("All accounts", self._desk.client.recall(ALL_ACCOUNTS) is not False, id="all")
        yield buttons(button("Cancel", "cancel"), button("Set", "set", "main"))

    def on_mount(self) -> None:
        shows = self.query_one(RadioSet)
        shows.set_class(self.app.size.width < 64, "-tall")
        shows.focus()

    @on(Input.Changed, "#priority")
    def _priority_typed(self, event: Input.Changed) -> None:
        try:
            if event.value.strip() not in ("", "-"):
                read_priority(event.value)
            self.tell("")
        except VerbError as error:
            self.tell(str(error))

    def action_recent(self) -> None:
        """Put the next of the texts used lately into the field."""
        if self._recent:
            self._offered = (self._offered + 1) % len(self._recent)
            status = self.query_one("#status", Input)
            status.value = self._recent[self._offered]
            status.focus()

    @on(Input.Submitted)
    @on(Button.Pressed, "#set")
    def _set(self) -> None:
        try:
            priority = read_priority(self.query_one("#priority", Input).value.strip() or "0")
        except VerbError as error:
            self.tell(str(error))
            self.query_one("#priority", Input).focus()
            return
        pressed = self.query_one(RadioSet).pressed_button
        show = Show(pressed.name) if pressed is not None and pressed.name else Show.ONLINE
        status = self.query_one("#status", Input).value.strip()
        wanted = OwnPresence(show, status, priority)
        accounts = self._desk.views.accounts()
        if len(accounts) > 1:
            is_for_all = self.query_one("#all", Checkbox).value
            self._desk.client.remember(ALL_ACCOUNTS, is_for_all)
            if not is_for_all:
                accounts = tuple(view for view in accounts if view.account == self._account)
        for view in accounts:
            self._desk.show_as(view, wanted)
        if status:
            self._desk.remember_status(status)
        self.dismiss(None)

    @on(Button.Pressed, "#cancel")
    def _cancelled(self) -> None:
        self.action_cancel()
