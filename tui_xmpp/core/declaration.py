"""How a setting is declared: what it takes, what it does, where it stands in the file."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache
from typing import Any

from tui_xmpp.core.text import sanitize_line
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.values import dataclass

_DECLARED = "setting"


class UnfitValueError(TuiXmppError):
    """A value is not what its setting takes; the text says what that is."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a setting takes: how a value of the file is read, how a typed text is, and what stands for it on screen.

    ``words`` go after "must be". ``choices`` are all values there are; none where there are too many.
    """

    words: str
    read: Callable[[object], object]
    parse: Callable[[str], object]
    choices: tuple[str, ...] = ()

    @property
    def is_switch(self) -> bool:
        """Say whether the value is a plain yes or no."""
        return self.read is _read_switch

    def show(self, value: object) -> str:
        """Return a value as one types it; "" for none."""
        if isinstance(value, bool):
            return "on" if value else "off"
        return "" if value is None else sanitize_line(str(value), 200)


def _unfit(words: str) -> UnfitValueError:
    return UnfitValueError(f"must be {words}.")


_SWITCHES = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}


def _read_switch(value: object) -> object:
    if not isinstance(value, bool):
        raise _unfit("true or false")
    return value


def _parse_switch(text: str) -> object:
    value = _SWITCHES.get(text.strip().casefold())
    if value is None:
        raise _unfit("on or off")
    return value


SWITCH = Form("true or false", _read_switch, _parse_switch, ("on", "off"))


def whole(low: int, high: int) -> Form:
    """A whole number from ``low`` to ``high``."""
    words = f"a whole number from {low} to {high}"

    def read(value: object) -> object:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise _unfit(words)
        return value

    def parse(text: str) -> object:
        digits = text.strip().replace("−", "-")
        if not digits.removeprefix("-").isascii() or not digits.removeprefix("-").isdecimal() or len(digits) > 12:
            raise _unfit(words)
        return read(int(digits))

    return Form(words, read, parse)


def choice(*choices: str) -> Form:
    """One of a few words."""
    words = f"one of {', '.join(choices)}"

    def read(value: object) -> object:
        if value not in choices:
            raise _unfit(words)
        return value

    return Form(words, read, lambda text: read(text.strip().casefold()), choices)


def text(words: str = "text in quotes", check: Callable[[str], object] = lambda value: None) -> Form:
    """Any text of one line; ``check`` raises ``UnfitValueError`` for one that will not do."""

    def read(value: object) -> object:
        if not isinstance(value, str):
            raise _unfit(words)
        if any(ord(character) < 32 or 0xD800 <= ord(character) < 0xE000 for character in value):
            raise UnfitValueError("must be one line of plain text.")
        check(value)
        return value

    return Form(words, read, lambda typed: read(typed.strip()))


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. ``table`` and ``key`` are its place in the file, ``attribute`` its name in the values here."""

    table: str
    key: str
    attribute: str
    form: Form
    default: object
    help: str
    title: str
    """What it is called on screen."""
    group: str = ""
    is_dialled: bool = False
    """A connection is made by it: a change connects the account anew."""

    @property
    def name(self) -> str:
        """The name one types: ``ui.theme``."""
        return f"{self.table}.{self.key}"

    @property
    def is_optional(self) -> bool:
        """Say whether it may be left empty."""
        return self.default is None

    def parse(self, typed: str) -> object:
        """Return the value a typed text stands for; raise ``UnfitValueError`` for a text that stands for none."""
        if not typed.strip() and self.is_optional:
            return None
        return self.form.parse(typed)


def setting(
    default: object,
    form: Form,
    help_: str,
    *,
    key: str = "",
    title: str = "",
    group: str = "",
    is_dialled: bool = False,
) -> Any:
    """Declare a field of a settings value to be a setting."""

    def place(table: str, attribute: str) -> Setting:
        name = key or attribute
        shown = title or name.replace("_", " ").capitalize()
        return Setting(table, name, attribute, form, default, help_, shown, group, is_dialled)

    return dataclasses.field(default=default, metadata={_DECLARED: place})


@cache
def declared(kind: type, table: str) -> tuple[Setting, ...]:
    """Return the settings a class of values declares, in order."""
    fields = [each for each in dataclasses.fields(kind) if _DECLARED in each.metadata]
    return tuple(each.metadata[_DECLARED](table, each.name) for each in fields)
