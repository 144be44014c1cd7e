"""Which key does what, and how to change that: press the new key, swap with what has it, or go back to the usual."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from tui_xmpp.core.settings import KeyChoice
from tui_xmpp.ui.actions import ACTIONS, Action, Place, key_words
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.keymap import Clash, Keymap, read_key
from tui_xmpp.ui.screens.catalogue import Catalogue
from tui_xmpp.ui.screens.dialog import Dialog, words
from tui_xmpp.ui.theme import Inks


class KeysScreen(Catalogue[Action]):
    """Every action with its keys, by the place where these work."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("insert", "add", "One more key", show=False, priority=True),
        Binding("backspace", "unbind", "No key", show=False, priority=True),
    ]

    title_words = "Keys"
    placeholder = "find an action"

    def __init__(self, desk: Desk, query: str = "") -> None:
        super().__init__(desk)
        self._query = query

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#query", Input).value = self._query

    # -- the rows -------------------------------------------------------------------------------------------------

    def groups(self) -> Iterable[tuple[str, list[Action]]]:
        for place in Place:
            if actions := [action for action in ACTIONS if action.place is place]:
                yield place.value, actions

    def find_words(self, row: Action) -> str:
        return f"{row.title} {row.id} {row.help} {row.slash} {self._shown_keys(row)} {row.place.value}"

    def columns(self, row: Action, ink: Inks) -> tuple[str, str, bool]:
        return row.title, self._shown_keys(row) or "–", row.id in self._desk.keymap.chosen

    def about(self, row: Action, ink: Inks) -> Text:
        usual = " ".join(map(key_words, self._desk.keymap.usual(row))) or "no key"
        text = Text(row.help, ink.text)
        text.append(f"\n{row.id} · usually {usual}", ink.dim)
        return text.append("\nEnter change · Ins add · Bksp none · Del usual · Esc", ink.dim)

    def _shown_keys(self, row: Action) -> str:
        return " ".join(map(key_words, self._desk.keymap.keys(row)))

    # -- changing -------------------------------------------------------------------------------------------------

    def act(self, row: Action) -> None:
        self._desk.ask(_PressScreen(row), lambda key: self._take(row, (key,)))

    def reset(self, row: Action) -> None:
        self._take(row, None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return super().check_action("reset" if action in ("add", "unbind") else action, parameters)

    def action_add(self) -> None:
        """Give the action under the cursor one key more."""
        if (row := self.row) is not None:
            kept = self._desk.keymap.keys(row)
            self._desk.ask(_PressScreen(row), lambda key: self._take(row, tuple(dict.fromkeys((*kept, key)))))

    def action_unbind(self) -> None:
        """Take all keys away from the action under the cursor."""
        if (row := self.row) is not None:
            self._take(row, ())

    def _take(self, row: Action, keys: tuple[str, ...] | None) -> None:
        keymap = self._desk.keymap
        wanted = keymap.usual(row) if keys is None else keys
        clash = next(keymap.clashes(row, wanted), None)
        if clash is None:
            self._hold(keymap.with_keys(row, keys))
        elif clash.action is None:
            self.tell(f"{clash}. Choose another key.")
        else:
            self._offer_swap(row, wanted, clash, clash.action)

    def _offer_swap(self, row: Action, keys: tuple[str, ...], clash: Clash, other: Action) -> None:
        from tui_xmpp.ui.screens.confirm import ConfirmScreen

        keymap = self._desk.keymap
        freed = tuple(key for key in keymap.keys(row) if key not in keys)[:1]
        theirs = (*(key for key in keymap.keys(other) if key not in keys), *freed)
        left = " ".join(map(key_words, theirs)) or "no key"
        choices = {each.action: each for each in keymap.with_keys(row, keys)}
        choices[other.id] = KeyChoice(other.id, theirs)
        self._desk.ask(
            ConfirmScreen(f"Take {key_words(clash.key)}?", f'{clash}; "{other.title}" gets {left} then.', yes="Swap"),
            lambda is_wanted: self._hold(tuple(choices.values())),
        )

    def _hold(self, choices: tuple[KeyChoice, ...]) -> None:
        problems = Keymap(self._desk.client.settings.with_keys(choices)).problems
        fresh = [problem for problem in problems if problem not in self._desk.keymap.problems]
        if fresh:
            self.tell(fresh[0])
            return
        self._desk.preferences.set_keys(choices)
        self.fill()

    def action_cancel(self) -> None:
        """Leave the search, then the screen."""
        query = self.query_one("#query", Input)
        if query.value:
            query.value = ""
        else:
            super().action_cancel()


class _PressScreen(Dialog[str], inherit_bindings=False):
    """Wait for the next key, whatever it is; Escape leaves everything as it is."""

    takes_every_key = True
    DEFAULT_CSS = "_PressScreen > VerticalScroll { width: 52; }"

    def __init__(self, action: Action) -> None:
        super().__init__()
        self.title_words = f"Press a key for: {action.title}"

    def content(self) -> ComposeResult:
        yield words("The next key is taken. Esc leaves things as they are.", "dim")

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self.action_cancel()
        elif (key := read_key(event.key)) is not None:
            self.dismiss(key)
