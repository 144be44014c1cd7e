"""How wide does the terminal draw what Unicode joins? It is asked, and what it does otherwise is reckoned with.

All is laid out by the widths of Unicode's newest tables, as Textual counts them. Where a terminal (or tmux before it)
counts otherwise, the rest of the row would stand beside its place. Emoji that it draws in pieces are drawn plainer; and
most terminals give the vowels that stand beside a letter in the scripts of India and their kin a cell of their own, so
that these are counted where it does.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import cast

from rich import cells
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from tui_xmpp.patterns import late
from tui_xmpp.ui.wrapping import extends, graphemes

SAMPLES = ("👨\u200d👩\u200d👧", "👍🏽", "❤\ufe0f", "\u0915\u093f")
"""Two cells each where joined people, tones of skin, and signs asked to be emoji are drawn as one; and where a mark
that stands beside its letter has a cell."""

QUESTION = "\x1b7\x1b[8m" + "".join(f"\x1b[1;1H{sample}\x1b[6n" for sample in SAMPLES) + "\x1b8"
"""Draws each sample in the first row, which is to be painted after that, and asks where the cursor is then (CPR).

They are drawn invisibly (SGR 8), which ends with the way the cursor is put back.
"""

_MARK = "\u093f"
_JOINER, _SELECTOR = "\u200d", "\ufe0f"
_TONES = late("[\U0001f3fb-\U0001f3ff]")
_SPECIAL = late("[\u200d\ufe0f\U0001f3fb-\U0001f3ff]")


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


def count_spacing_marks() -> bool:
    """Give spacing marks (general category Mc) a cell in all that measures text; say whether that is new."""
    try:
        from rich._unicode_data import load as load_cell_table
    except ImportError:  # an older Rich, which has other tables
        return False
    if cell_len(_MARK):
        return False
    widths = cast("list[tuple[int, int, int]]", load_cell_table("auto").widths)
    widths[:] = [span for known in widths for span in (_without_marks(*known) if known[2] == 0 else (known,))]
    forget()
    return True


def forget() -> None:
    """Forget what was measured before the widths changed."""
    for measured in (cells.cached_cell_len, cells.get_character_cell_size, extends, plain):
        measured.cache_clear()


def _without_marks(start: int, end: int, width: int) -> Iterator[tuple[int, int, int]]:
    """Return what is left of a run of characters without its spacing marks; a character in no run has one cell."""
    for code in range(start, end + 1):
        if unicodedata.category(chr(code)) == "Mc":
            if code > start:
                yield start, code - 1, width
            start = code + 1
    if start <= end:
        yield start, end, width
