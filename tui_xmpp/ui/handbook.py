"""What help, the README and the manual page say of keys and commands, each row read from where it is declared."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from textual.binding import Binding
from textual.widget import Widget

from tui_xmpp.ui.actions import ACTIONS, Action, Place, by_the_widget, key_words
from tui_xmpp.ui.keymap import Keymap
from tui_xmpp.ui.screens.inbox import InboxList
from tui_xmpp.ui.widgets.composer import Composer
from tui_xmpp.ui.widgets.conversation_log import ConversationLog
from tui_xmpp.ui.widgets.roster import Roster
from tui_xmpp.ui.widgets.status import StatusPane
from tui_xmpp.values import dataclass

_WIDGETS: dict[Place, type[Widget]] = {
    Place.ROSTER: Roster,
    Place.MESSAGES: ConversationLog,
    Place.WRITING: Composer,
    Place.STATUS: StatusPane,
    Place.INBOX: InboxList,
}
"""What has keys of its own beside the registry's: a key without words is one every program has."""
_TYPED = {
    Place.ROSTER: (("/", "Type a command"),),
    Place.WRITING: (
        ("Tab", "Take what is offered; else to the messages"),
        ("Ctrl+X Ctrl+E", "Write in your own editor"),
        ("@ :", "Offer names behind @, and emoji by their names: :smile"),
    ),
}
"""Keys that are no bindings, because those would come too late for a fast typist."""


class Kind(Enum):
    """What a row is about."""

    KEY = "key"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Row:
    """One key or one command: how it is written, and what it does. ``action`` is what stands behind it, if one does."""

    kind: Kind
    name: str
    words: str
    action: Action | None = None

    @property
    def more(self) -> str:
        """What else there is to say of a command: other names and an example."""
        if self.action is None:
            return ""
        also = ", ".join(f"/{alias}" for alias in self.action.aliases)
        parts = [f"Also {also}." if also else "", f"Example: {self.action.example}" if self.action.example else ""]
        return " ".join(filter(None, parts))

    def fits(self, query: str) -> bool:
        """Say whether every word of a casefolded query is found in what the row says."""
        keys = self.action.title if self.action is not None else ""
        text = f"{self.name} {self.words} {keys} {self.more}".casefold()
        return all(word in text for word in query.split())


def keys(keymap: Keymap) -> Iterator[tuple[Place, list[Row]]]:
    """Yield each place with its keys, the registry's first."""
    for place in Place:
        rows = [
            Row(Kind.KEY, _shown(chosen, is_all=action.run is not by_the_widget), action.help, action)
            for action in ACTIONS
            if action.place is place and (chosen := keymap.keys(action)) and not _is_numbered(action, keymap)
        ]
        if place is Place.EVERYWHERE and any(_is_numbered(action, keymap) for action in ACTIONS):
            rows.append(Row(Kind.KEY, "Alt+1…9", "Open the chat that has the number beside it."))
        widget = _WIDGETS.get(place)
        rows += [
            Row(Kind.KEY, _shown(tuple(binding.key.split(","))), binding.description)
            for binding in (widget.BINDINGS if widget is not None else ())
            if isinstance(binding, Binding) and binding.description
        ]
        yield place, rows + [Row(Kind.KEY, name, words) for name, words in _TYPED.get(place, ())]


def _is_numbered(action: Action, keymap: Keymap) -> bool:
    """Say whether an action is one of the nine whose keys are told in one row, unless they were chosen anew."""
    return action.id.removeprefix("chat-").isdecimal() and keymap.keys(action) == action.keys


def commands() -> list[Row]:
    """Return the slash commands by name."""
    known = sorted((action for action in ACTIONS if action.slash), key=lambda action: action.slash)
    rows = [Row(Kind.COMMAND, action.usage, action.help, action) for action in known]
    return [*rows, Row(Kind.COMMAND, "//", "Send a text that begins with a slash.")]


def _shown(keys: tuple[str, ...], *, is_all: bool = False) -> str:
    """Return the keys worth knowing: of ways to move and edit the first, and others that are a letter."""
    first, *others = keys
    return " ".join(map(key_words, [first, *(key for key in others if is_all or len(key) == 1)]))
