"""Is the terminal dark or light? Its answer to OSC 11 says so; the environment hints at it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual._xterm_parser import XTermParser
from textual.message import Message

from tui_xmpp.patterns import late
from tui_xmpp.ui.colors import RGB, luminance

QUESTION = "\x1b]11;?\x1b\\"
"""Asks the terminal for its background (XTerm Control Sequences, "Operating System Commands", Ps = 11)."""

_ANSWER = late(r"\x1b\]11;rgba?:([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})[^\x07\x1b]*(?:\x07|\x1b\\)")
_BEGINNING = "\x1b]11;"
_LONGEST = 48
_MIDDLE = 0.18
"""The luminance at which black and white ink can be read equally well."""


class BackgroundTold(Message):
    """The terminal said what its background is."""

    def __init__(self, *, is_dark: bool) -> None:
        super().__init__()
        self.is_dark = is_dark


class Listener(XTermParser):
    """Textual's parser of what comes from the terminal, which would take the answer for keys."""

    _held = ""
    """What is, or may become, an answer whose rest has not come yet."""

    def feed(self, data: str) -> Iterable[Message]:
        data, self._held = self._held + data, ""
        if _BEGINNING in data:
            while (found := _ANSWER.search(data)) is not None:
                data = data[: found.start()] + data[found.end() :]
                yield BackgroundTold(is_dark=is_dark(*found.groups()))
            start = data.find(_BEGINNING)
            if start >= 0 and len(data) - start < _LONGEST:
                data, self._held = data[:start], data[start:]
        if not self._held and (begun := _begun(data)):
            data, self._held = data[:-begun], data[-begun:]
        if data:
            yield from super().feed(data)

    def tick(self) -> Iterable[Message]:
        """Take it for keys what might have begun an answer, as Escape and Alt+] do: its rest has not come in time."""
        if self._held and len(self._held) < len(_BEGINNING):
            held, self._held = self._held, ""
            yield from super().feed(held)
            self._timeout_time = 0.0  # it has waited long enough here
        yield from super().tick()


def _begun(data: str) -> int:
    """Return how many letters at the end of a text may begin an answer."""
    return next((n for n in range(len(_BEGINNING) - 1, 0, -1) if data.endswith(_BEGINNING[:n])), 0)


def is_dark(*channels: str) -> bool:
    """Say whether a background of so much red, green and blue, in hexadecimal digits, is dark."""
    red, green, blue = (int(channel, 16) / (16 ** len(channel) - 1) for channel in channels)
    color: RGB = (red, green, blue)
    return luminance(color) < _MIDDLE


def hint(environ: Mapping[str, str]) -> bool | None:
    """Say whether the environment calls the terminal dark (``COLORFGBG``, as rxvt and others set it); None: nothing."""
    number = environ.get("COLORFGBG", "").rpartition(";")[2]
    return int(number) not in (7, *range(9, 16)) if number.isascii() and number.isdecimal() else None
