"""The keys in force: the registry's own, vi's where wanted, and over both what the user has chosen.

Widgets bind the registry's keys once (:func:`bindings_of`), each under its action's id; Textual puts others in their
place when it is given a map of what differs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.keys import Keys, _character_to_key

from tui_xmpp.core.settings import KeyChoice, Settings
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.ui.actions import ACTIONS, BY_ID, Action, Place, by_the_widget, key_words
from tui_xmpp.values import dataclass

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui_xmpp.ui.desk import Desk

VI: Mapping[str, tuple[str, ...]] = {
    "page-up": ("pageup", "ctrl+u"),
    "page-down": ("pagedown", "ctrl+d"),
    "to-writing": ("escape", "i"),
    "write": ("escape", "i"),
    "details": ("I",),
    "message-details": ("I",),
    "next-unread": ("alt+a", "n"),
    "last-chat": ("alt+l", "N"),
    "order": ("S",),
}
"""What ``ui.keys = "vi"`` changes, by the id of an action. j, k, g and G move in any case."""

_MODIFIERS = ("ctrl", "alt", "shift", "super", "meta", "hyper")
_OTHER_NAMES = {
    "esc": "escape", "del": "delete", "ins": "insert", "return": "enter", "pgup": "pageup", "pgdn": "pagedown",
    "page_up": "pageup", "page_down": "pagedown", "control": "ctrl", "option": "alt", "cmd": "super", "plus": "plus",
}  # fmt: skip
_TAKEN_EVERYWHERE = ("enter", "tab", "shift+tab", "space", "backspace", "slash", "up", "down", "left", "right")
"""Keys that every pane needs, beside those its class binds."""
EDITING = frozenset(
    (
        *("left", "right", "home", "end", "enter", "backspace", "delete", "shift+left", "shift+right", "shift+home"),
        *("shift+end", "ctrl+left", "ctrl+right", "ctrl+shift+left", "ctrl+shift+right", "ctrl+shift+a", "super+c"),
        *("ctrl+delete", "ctrl+backspace", "alt+backspace", "super+backspace"),
        *(f"ctrl+{letter}" for letter in "acdefkuvwx"),
    )
)
"""Keys that mean something to a text field."""
LISTS = (Place.ROSTER, Place.MESSAGES, Place.STATUS, Place.INBOX)
"""The places that are lists to move in."""
_WHILE_TYPING = " while typing"
"""Behind a move's id, in a list that is narrowed by typing: there its keys are those that write and edit nothing."""
_BEFORE_TYPING = ("ctrl+k", "alt+left", "alt+right")
"""Keys that mean something to a text field too, but more here."""


def bindings_of(place: Place, *, is_first: bool = False) -> list[BindingType]:
    """Return what binds the keys of a place to the registry's actions; ``is_first``: before any widget has them."""
    return [
        Binding(
            key,
            f"screen.perform('{action.id}')",
            show=False,
            priority=is_first or key in _BEFORE_TYPING,
            id=action.id,
        )
        for action in ACTIONS
        if action.place is place and action.run is not by_the_widget
        for key in action.keys or (_unbound(action.id),)
    ]


def moves(ways: Mapping[str, str], *, is_typing: bool = False, is_first: bool = False) -> list[BindingType]:
    """Return what binds the keys of actions to a widget's own ways to do them, by the actions' ids.

    ``is_typing``: the list is narrowed by typing, and its keys come before the text field's.
    """
    return [
        Binding(key, way, show=False, priority=is_typing or is_first, id=id_ + _WHILE_TYPING if is_typing else id_)
        for id_, way in ways.items()
        for key in (_typing(BY_ID[id_].keys) if is_typing else BY_ID[id_].keys)
    ]


def _typing(keys: Iterable[str]) -> tuple[str, ...]:
    """Return the keys with which one moves while typing: those that mean nothing to a text field."""
    return tuple(key for key in keys if key not in EDITING and not _writes(key))


def _writes(key: str) -> bool:
    """Say whether a key puts a character where one writes."""
    return len(key) == 1 or _is_character_name(key)


def _unbound(action: str) -> str:
    """Return a key that no keyboard has: Textual's map can move a binding, but neither make nor remove one."""
    return f"unbound-{action}"


def read_key(text: str) -> str | None:
    """Return Textual's name for a key as a person writes it (``Ctrl+T``, ``?``, ``PgUp``); None for what is none."""
    text = text.strip()
    if text.endswith("+") and (text == "+" or text.endswith("++")):
        text = f"{text[:-1]}plus"
    *modifiers, last = text.split("+")
    parts = [_OTHER_NAMES.get(part.strip().casefold(), part.strip().casefold()) for part in modifiers]
    if not last or len(set(parts)) != len(parts) or any(part not in _MODIFIERS for part in parts):
        return None
    if len(last) > 1:
        last = _OTHER_NAMES.get(last.casefold(), last.casefold())
    elif not last.isprintable() or len(last.lower()) != 1 or len(last.upper()) != 1:
        return None
    elif parts == ["shift"] and last.isalpha():
        return last.upper()
    else:
        last = _character_to_key(last.lower() if parts else last)
    if len(last) > 1 and last not in _named_keys() and not _is_character_name(last):
        return None
    return "+".join([*(each for each in _MODIFIERS if each in parts), last])


@cache
def _named_keys() -> frozenset[str]:
    return frozenset(key.value.split("+")[-1] for key in Keys if not key.value.startswith("<"))


def _is_character_name(name: str) -> bool:
    try:
        return _character_to_key(unicodedata.lookup(name.replace("_", " "))) == name
    except KeyError:
        return name in ("plus", "minus", "slash", "question_mark")


@dataclass(frozen=True, slots=True)
class Clash:
    """A key that means something else already: to an ``action``, or (None) to moving and writing at a ``place``."""

    key: str
    action: Action | None
    place: Place

    def __str__(self) -> str:
        at = "" if self.place is Place.EVERYWHERE else f" {self.place.value[0].lower()}{self.place.value[1:]}"
        what = f'"{self.action.title}"' if self.action is not None else "moving or writing"
        return f"{key_words(self.key)} is for {what}{at} already"


class Keymap:
    """The keys of all actions as they hold now; ``problems`` says in sentences what of the user's choice does not."""

    def __init__(self, settings: Settings) -> None:
        self._is_vi = settings.ui.keys == "vi"
        self._written = settings.keys
        self._keys: dict[str, tuple[str, ...]] = {action.id: self.usual(action) for action in ACTIONS}
        self.chosen: dict[str, tuple[str, ...]] = {}
        self.problems = tuple(self._take(settings.keys))

    def usual(self, action: Action) -> tuple[str, ...]:
        """Return an action's keys where the user has chosen none."""
        return VI.get(action.id, action.keys) if self._is_vi else action.keys

    def keys(self, action: Action | str) -> tuple[str, ...]:
        """Return an action's keys, the one to show first."""
        return self._keys[action if isinstance(action, str) else action.id]

    def words(self, action: Action | str) -> str:
        """Return how one calls an action: its key as it stands on a keyboard, else its command, else nothing."""
        known = BY_ID[action] if isinstance(action, str) else action
        keys = self.keys(known)
        return key_words(keys[0]) if keys else known.usage.split(" ")[0]

    def overrides(self) -> dict[str, str]:
        """Return what differs from the bindings the widgets were made with, as ``App.set_keymap`` takes it."""
        differing = {id_: keys for id_, keys in self._keys.items() if keys != BY_ID[id_].keys}
        found = {id_: ",".join(keys) or _unbound(id_) for id_, keys in differing.items()}
        for id_, keys in differing.items():
            if BY_ID[id_].place is Place.LISTS:
                # Nobody is to be left in such a list without a way to move.
                found[id_ + _WHILE_TYPING] = ",".join(_typing(keys) or _typing(BY_ID[id_].keys)) or _unbound(id_)
        return found

    def clashes(self, action: Action, keys: tuple[str, ...]) -> Iterator[Clash]:
        """Yield what else each of the keys means where the action's keys work."""
        for key in keys:
            for other in ACTIONS:
                is_near = action.place in _reach(other.place) or other.place in _reach(action.place)
                if other.id != action.id and is_near and key in self._keys[other.id]:
                    yield Clash(key, other, other.place)
            if key in action.keys:
                continue
            for place in _reach(action.place):
                is_written = action.place is Place.WRITING and _writes(key)
                is_given = any(key in each.keys for each in ACTIONS if each.place is place)
                if is_written or (key in _taken(place) and not is_given):
                    yield Clash(key, None, place)
                    break

    def with_keys(self, action: Action, keys: tuple[str, ...] | None) -> tuple[KeyChoice, ...]:
        """Return the user's choice with that of an action changed; None gives it its usual keys back.

        What cannot hold stays among them: it is the user's to mend.
        """
        others = tuple(choice for choice in self._written if choice.action != action.id)
        return others if keys is None or keys == self.usual(action) else (*others, KeyChoice(action.id, keys))

    def _take(self, choices: tuple[KeyChoice, ...]) -> Iterator[str]:
        """Let hold what can hold of a choice: all of it at once, so that two actions may change their keys."""
        where: dict[str, str] = {}
        for choice in choices:
            start = f"{choice.where}: " if choice.where else ""
            if choice.action not in BY_ID:
                shown = sanitize_line(choice.action, 40)
                yield f"{start}keys.{shown}: there is no such action.{_nearest(choice.action)}"
                continue
            keys = [read_key(key) for key in choice.keys]
            for written, key in zip(choice.keys, keys, strict=True):
                if key is None:
                    yield f"{start}keys.{choice.action}: {sanitize_line(written, 40)} is not a key."
            known = tuple(dict.fromkeys(key for key in keys if key is not None))
            if known or not choice.keys:
                self._keys[choice.action] = self.chosen[choice.action] = known
                where[choice.action] = start
        # One that must give way may leave its key to another: look again until nothing clashes.
        is_settled = False
        while not is_settled:
            is_settled = True
            for id_ in tuple(self.chosen):
                clash = next(self.clashes(BY_ID[id_], self._keys[id_]), None)
                if clash is not None:
                    yield f"{where[id_]}keys.{id_}: {clash}. Give that one another key first."
                    del self.chosen[id_]
                    self._keys[id_] = self.usual(BY_ID[id_])
                    is_settled = False


def _reach(place: Place) -> tuple[Place, ...]:
    """Return the places where the keys of a place work."""
    if place is Place.EVERYWHERE:
        return tuple(Place)
    return (place, *LISTS) if place is Place.LISTS else (place,)


def keymap_of(widget: Widget) -> Keymap:
    """Return the keys in force in the app a widget is in."""
    desk: Desk | None = getattr(widget.app, "desk", None)
    return desk.keymap if desk is not None else Keymap(Settings())


def key_of(widget: Widget, action: str) -> str:
    """Return how one calls an action in the app a widget is in, for its words."""
    return keymap_of(widget).words(action)


def _nearest(id_: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(id_.casefold(), BY_ID, n=1)
    return f" Did you mean {near[0]}?" if near else ""


@cache
def _taken(place: Place) -> frozenset[str]:
    """Return the keys a place needs for itself."""
    from tui_xmpp.ui.widgets.composer import Composer
    from tui_xmpp.ui.widgets.conversation_log import ConversationLog
    from tui_xmpp.ui.widgets.roster import Roster
    from tui_xmpp.ui.widgets.status import StatusPane

    widgets: dict[Place, type[DOMNode]] = {
        Place.ROSTER: Roster,
        Place.WRITING: Composer,
        Place.MESSAGES: ConversationLog,
        Place.STATUS: StatusPane,
    }
    keys = {
        key
        for binding in (widgets[place].BINDINGS if place in widgets else ())
        if isinstance(binding, Binding) and binding.id not in BY_ID
        for key in binding.key.split(",")
    }
    return frozenset(keys | set(_TAKEN_EVERYWHERE))
