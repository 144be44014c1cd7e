"""Which emoji does the terminal draw as one sign? It is asked; what it would draw in pieces is drawn plainer.

All is laid out by the widths of Unicode's newest tables, as Textual counts them. Where a terminal (or tmux before it)
counts otherwise, the rest of the row would stand beside its place.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from tui_xmpp.ui.wrapping import graphemes

SAMPLES = ("👨\u200d👩\u200d👧", "👍🏽", "❤\ufe0f")
"""Two cells each where joined people, tones of skin, and signs asked to be emoji are drawn as one."""

QUESTION = "\x1b7" + "".join(f"\x1b[1;1H{sample}\x1b[6n" for sample in SAMPLES) + "\x1b8"
"""Draws each sample in the first row, which is to be painted after that, and asks where the cursor is then (CPR)."""

_JOINER, _SELECTOR = "\u200d", "\ufe0f"
_TONES = re.compile("[\U0001f3fb-\U0001f3ff]")
_SPECIAL = re.compile("[\u200d\ufe0f\U0001f3fb-\U0001f3ff]")


class PlainEmoji(LineFilter):
    """Draw emoji of several characters as the terminal can, in as many cells as were laid out for them.

    The arguments say what the terminal draws as one sign; nothing, as long as it has not answered.
    """

    def __init__(self, joins: bool = False, tones: bool = False, selects: bool = False) -> None:
        super().__init__(enabled=not (joins and tones and selects))
        self._draws = (joins, tones, selects)
        self.has_changed_any = False

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments as they are to be written; called for each line drawn."""
        if all(text.isascii() or not _SPECIAL.search(text) for text, _, _ in segments):
            return segments
        self.has_changed_any = True
        return [Segment(plain(text, *self._draws), style, control) for text, style, control in segments]


@lru_cache(maxsize=1024)
def plain(text: str, joins: bool, tones: bool, selects: bool) -> str:
    """Return a text as wide as it is laid out on a terminal that draws so much as one sign."""
    if not _SPECIAL.search(text):
        return text
    return "".join(_plain(cluster, joins, tones, selects) for cluster in graphemes(text))


def _plain(cluster: str, joins: bool, tones: bool, selects: bool) -> str:
    kept = cluster
    if not joins and _JOINER in kept and unicodedata.category(kept[0]) == "So":
        kept = kept.partition(_JOINER)[0]
    if not tones and len(kept) > 1:
        kept = kept[0] + _TONES.sub("", kept[1:])
    if not selects:
        kept = kept.replace(_SELECTOR, "")
    return kept + " " * (cell_len(cluster) - cell_len(kept))
