"""Keys and commands, read from the one registry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, TypeAlias

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Static

from tui_xmpp.ui.actions import ACTIONS, BY_SLASH, Action, Place, key_words
from tui_xmpp.ui.keymap import Keymap
from tui_xmpp.ui.screens.dialog import Dialog, button, buttons, two_columns, words
from tui_xmpp.ui.screens.inbox import InboxList
from tui_xmpp.ui.widgets.composer import Composer
from tui_xmpp.ui.widgets.conversation_log import ConversationLog
from tui_xmpp.ui.widgets.roster import Roster
from tui_xmpp.ui.widgets.status import StatusPane

_Row: TypeAlias = tuple[str | Text, str | Text]

_WIDGETS: dict[Place, type[Widget]] = {
    Place.ROSTER: Roster,
    Place.MESSAGES: ConversationLog,
    Place.WRITING: Composer,
    Place.STATUS: StatusPane,
    Place.INBOX: InboxList,
}
"""What has keys of its own beside the registry's: a key without words is one every program has."""
_TYPED = {
    Place.ROSTER: (("/", "Narrow the list by typing, or type a command"),),
    Place.WRITING: (
        ("Tab", "Take what is offered; else to the messages"),
        ("Ctrl+X Ctrl+E", "Write in your own editor"),
        ("@ :", "Offer names behind @, and emoji by their names: :smile"),
    ),
}
"""Keys that are no bindings, because those would come too late for a fast typist."""


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

    def __init__(self, keymap: Keymap, command: str = "") -> None:
        super().__init__()
        self._keymap = keymap
        self._action = BY_SLASH.get(command.strip().casefold())
        self._unknown = command.strip() if command.strip() and self._action is None else ""
        self.title_words = self._action.usage if self._action else "Keys and commands"

    def content(self) -> ComposeResult:
        if self._action is not None:
            yield words(_about(self._action, self._keymap.keys(self._action)))
        else:
            if self._unknown:
                yield words("There is no such command; these there are.")
            yield Static(two_columns(self._keys(), 30))
            yield Static(two_columns(self._commands(), 30))
        yield buttons(button("Close", "cancel"))

    def _keys(self) -> Iterator[_Row]:
        for place in Place:
            yield Text(place.value, "bold"), ""
            for action in ACTIONS:
                if action.place is place and (keys := self._keymap.keys(action)):
                    yield " ".join(map(key_words, keys)), action.help
            widget = _WIDGETS.get(place)
            for binding in widget.BINDINGS if widget is not None else ():
                if isinstance(binding, Binding) and binding.description:
                    yield shown_keys(binding), binding.description
            yield from _TYPED.get(place, ())
            yield "", ""

    def _commands(self) -> Iterator[_Row]:
        yield Text("Commands", "bold"), ""
        for action in sorted((action for action in ACTIONS if action.slash), key=lambda action: action.slash):
            yield action.usage, action.help
        yield "//", "Send a text that begins with a slash."

    def on_mount(self) -> None:
        self.query_one(Button).focus(scroll_visible=False)
        self.call_after_refresh(self.query_one(VerticalScroll).scroll_home, animate=False)

    def action_scroll(self, lines: int) -> None:
        """Scroll by so many lines."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    @on(Button.Pressed)
    def _pressed(self) -> None:
        self.dismiss(None)


def shown_keys(binding: Binding) -> str:
    """Return the keys of a binding worth knowing: the first, and others that are a letter."""
    first, *others = binding.key.split(",")
    return " ".join(map(key_words, [first, *(key for key in others if len(key) == 1 and key.islower())]))


def _about(action: Action, keys: tuple[str, ...]) -> str:
    lines = [action.help]
    if keys:
        where = (
            "" if action.place is Place.EVERYWHERE else f" ({action.place.value[0].lower()}{action.place.value[1:]})"
        )
        lines.append(f"Key: {' or '.join(map(key_words, keys))}{where}")
    if action.aliases:
        lines.append("Also: " + ", ".join(f"/{alias}" for alias in action.aliases))
    if action.example:
        lines.append(f"Example: {action.example}")
    return "\n".join(lines)
