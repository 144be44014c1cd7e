"""The presence dialog: show, status text and priority."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Input

from tui_xmpp.core.model import OwnPresence, Show
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.desk import ALL_ACCOUNTS, Desk, VerbError
from tui_xmpp.ui.presence import read_priority
from tui_xmpp.ui.screens.dialog import Dialog, Tick, button, buttons, field, line, problem, words
from tui_xmpp.ui.signs import SHAPES, WORDS, laid_out
from tui_xmpp.ui.theme import inks

_SHOWS = (Show.CHAT, Show.ONLINE, Show.AWAY, Show.XA, Show.DND, Show.OFFLINE)
_CELL = 21


class ShowPicker(Widget, can_focus=True):
    """Choose one of the six shows with the arrow keys, a digit or the mouse."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "Previous", show=False),
        Binding("right", "move(1)", "Next", show=False),
        Binding("up", "row(-1)", "Up", show=False),
        Binding("down", "row(1)", "Down", show=False),
        *(Binding(str(number), f"pick({number})", "Pick", show=False) for number in range(1, 7)),
        Binding("enter", "take", "Set", show=False),
    ]

    DEFAULT_CSS = "ShowPicker { height: auto; margin-bottom: 1; }"

    class Taken(Message):
        """The choice is made and nothing else is to be changed."""

    def __init__(self, chosen: Show) -> None:
        super().__init__()
        self.chosen = chosen

    @property
    def _columns(self) -> int:
        return max(1, self.size.width // _CELL)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return -(-len(_SHOWS) // max(1, width // _CELL))

    def render_line(self, y: int) -> Strip:
        """Draw a row of shows."""
        ink = inks(self.app.current_theme)
        pieces = []
        for show in _SHOWS[y * self._columns : (y + 1) * self._columns]:
            is_chosen = show is self.chosen
            style = ink.strong if is_chosen else ink.text
            if is_chosen:
                style += ink.cursor if self.has_focus else Style(underline=True)
            mark = "(•)" if is_chosen else "( )"
            shape = "" if getattr(self.app, "plain_signs", None) else f"{SHAPES[show]} "
            label = f"{mark} {shape}{WORDS[show]}"
            pieces += [(label, style), (" " * (_CELL - len(label)), ink.text)]
        return laid_out(pieces, [], self.size.width, ink.panel)

    def _choose(self, index: int) -> None:
        self.chosen = _SHOWS[max(0, min(len(_SHOWS) - 1, index))]
        self.refresh()

    def action_move(self, step: int) -> None:
        """Choose the show so many further on."""
        self._choose(_SHOWS.index(self.chosen) + step)

    def action_row(self, step: int) -> None:
        """Choose the show above or below."""
        index = _SHOWS.index(self.chosen) + step * self._columns
        if 0 <= index < len(_SHOWS):
            self._choose(index)
        elif step > 0:
            self.screen.focus_next()

    def action_pick(self, number: int) -> None:
        """Choose by number."""
        self._choose(number - 1)

    def action_take(self) -> None:
        """Let the dialog set what is chosen."""
        self.post_message(self.Taken())

    def on_click(self, event: events.Click) -> None:
        self._choose(event.y * self._columns + min(event.x // _CELL, self._columns - 1))


class PresenceScreen(Dialog[None]):
    """Choose how one is shown, on one account or on all."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f5", "recent", "Recent status", show=False)]

    DEFAULT_CSS = """
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
        yield ShowPicker(own.show)
        yield field("Status", line(own.status, placeholder="what others read beside your name", id="status"))
        if self._recent:
            recent = " · ".join(sanitize_line(text, 30) for text in self._recent)
            yield words(f"F5 takes one used lately: {recent}", "words dim")
        priority = field("Priority", line(str(own.priority), id="priority"))
        yield priority
        yield words("Messages go to your device with the highest priority; below 0 none come here.", "words dim")
        yield problem()
        if len(self._desk.views.accounts()) > 1:
            yield Tick("All accounts", self._desk.client.recall(ALL_ACCOUNTS) is not False, id="all")
        yield buttons(button("Cancel", "cancel"), button("Set", "set", "main"))

    def on_mount(self) -> None:
        self.query_one(ShowPicker).focus()

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

    @on(ShowPicker.Taken)
    @on(Input.Submitted)
    @on(Button.Pressed, "#set")
    def _set(self) -> None:
        try:
            priority = read_priority(self.query_one("#priority", Input).value.strip() or "0")
        except VerbError as error:
            self.tell(str(error))
            self.query_one("#priority", Input).focus()
            return
        show = self.query_one(ShowPicker).chosen
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
