"""No signs that mean nothing when read aloud: each is drawn as a letter or a blank, in as many cells."""

from __future__ import annotations

from functools import lru_cache

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from tui_xmpp.patterns import late

DECORATION = "[\u2500-\u259f●◐○◌◷✦⊘⊗∅⚲⚑⚠✗✓⇠⇢⇣⋯▸▾▦‹›·•]"
"""Boxes, blocks and shapes: all that the screen draws of its own, save arrows, which are the names of keys."""

_LETTERS = {"·": ",", "•": "x", "✗": "!", "⚠": "!", "▸": "+", "▾": "-", "✓": "v", "│": ",", "⋯": "."}
_decoration = late(DECORATION)


class PlainSigns(LineFilter):
    """Take the decoration out of what is drawn; the words beside it say the same."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments as they are to be written; called for each line drawn."""
        if all(text.isascii() for text, _, _ in segments):
            return segments
        return [Segment(plain(text), style, control) for text, style, control in segments]


PLAIN_SIGNS = PlainSigns()


@lru_cache(maxsize=2048)
def plain(text: str) -> str:
    """Return a text without decoration, as wide as before."""
    return text if text.isascii() else _decoration.sub(lambda found: _LETTERS.get(found[0], " "), text)
