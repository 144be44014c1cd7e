"""Keys and commands, read from the one registry."""

from __future__ import annotations

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Button, Static

from tui_xmpp.ui.actions import ACTIONS, BY_SLASH, Action, Place, key_words
from tui_xmpp.ui.screens.dialog import Dialog, button, buttons, words

_LIST_KEYS = (
    ("↑ ↓ j k", "Move"),
    ("Enter", "Open a chat"),
    ("Space", "Fold or unfold a group"),
    ("/", "Narrow the list by typing; Esc shows all again"),
    ("Home End", "First, last"),
)
_WRITING_KEYS = (
    ("Enter", "Send"),
    ("Alt+Enter", "A new line (Shift+Enter, where the terminal tells it apart)"),
    ("Tab", "Take what is offered"),
    ("Ctrl+U", "Empty the line"),
    ("//", "Send a text that begins with a slash"),
)


class HelpScreen(Dialog[None]):
    """Show every key and command, or one command with its example."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,question_mark,q", "cancel", "Close", show=False),
        Binding("up,k", "scroll(-1)", "Up", show=False),
        Binding("down,j", "scroll(1)", "Down", show=False),
        Binding("pageup", "scroll(-10)", "Page up", show=False),
        Binding("pagedown,space", "scroll(10)", "Page down", show=False),
        Binding("home", "scroll(-9999)", "Top", show=False),
        Binding("end", "scroll(9999)", "Bottom", show=False),
    ]

    DEFAULT_CSS = """
    HelpScreen > VerticalScroll { width: 92; }
    """

    def __init__(self, command: str = "") -> None:
        super().__init__()
        self._action = BY_SLASH.get(command.strip().casefold())
        self._unknown = command.strip() if command.strip() and self._action is None else ""
        self.title_words = self._action.usage if self._action else "Keys and commands"

    def content(self) -> ComposeResult:
        if self._action is not None:
            yield words(_about(self._action))
        else:
            if self._unknown:
                yield words("There is no such command; these there are.")
            yield Static(self._keys())
            yield Static(self._commands())
        yield buttons(button("Close", "cancel"))

    def _keys(self) -> Table:
        table = _table()

        def heading(title: str) -> None:
            if table.row_count:
                table.add_row("", "")
            table.add_row(Text(title, "bold"), "")

        def row(left: str, right: str) -> None:
            table.add_row(Text(left), Text(right))

        for place in Place:
            heading(place.value)
            for action in ACTIONS:
                if action.place is place and action.keys:
                    row(" ".join(map(key_words, action.keys)), action.help)
            if place is Place.ROSTER:
                for keys, does in _LIST_KEYS:
                    row(keys, does)
        heading("While writing")
        for keys, does in _WRITING_KEYS:
            row(keys, does)
        return table

    def _commands(self) -> Table:
        table = _table()
        table.add_row("", "")
        table.add_row(Text("Commands", "bold"), "")
        for action in sorted((action for action in ACTIONS if action.slash), key=lambda action: action.slash):
            table.add_row(Text(action.usage), Text(action.help))
        return table

    def on_mount(self) -> None:
        self.query_one(Button).focus(scroll_visible=False)
        self.call_after_refresh(self.query_one(VerticalScroll).scroll_home, animate=False)

    def action_scroll(self, lines: int) -> None:
        """Scroll by so many lines."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    @on(Button.Pressed)
    def _pressed(self) -> None:
        self.dismiss(None)


def _table() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(max_width=30)
    table.add_column(ratio=1)
    return table


def _about(action: Action) -> str:
    lines = [action.help]
    if action.keys:
        where = (
            "" if action.place is Place.EVERYWHERE else f" ({action.place.value[0].lower()}{action.place.value[1:]})"
        )
        lines.append(f"Key: {' or '.join(map(key_words, action.keys))}{where}")
    if action.aliases:
        lines.append("Also: " + ", ".join(f"/{alias}" for alias in action.aliases))
    if action.example:
        lines.append(f"Example: {action.example}")
    return "\n".join(lines)
