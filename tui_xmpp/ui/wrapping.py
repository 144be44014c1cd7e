"""How wide a text is on a terminal, and where it breaks: by whole graphemes, in the cells that Textual counts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from rich.cells import cell_len

TAB = 4
_LEAST_WIDTH = 8

Span = tuple[int, int]


def graphemes(text: str) -> Iterator[str]:
    """Split into what a reader sees as one character: with its marks, joined emoji, flags (UAX 29 in short)."""
    start = 0
    has_joined = is_half_flag = False
    for index, character in enumerate(text):
        is_regional = "\U0001f1e6" <= character <= "\U0001f1ff"
        if index > start and not (has_joined or extends(character) or (is_regional and is_half_flag)):
            yield text[start:index]
            start = index
            is_half_flag = is_regional
        else:
            is_half_flag = is_regional and not is_half_flag
        has_joined = character == "\u200d"
    if start < len(text):
        yield text[start:]


@lru_cache(maxsize=8192)
def extends(character: str) -> bool:
    """Say whether a character belongs to the one before it, with a cell of its own or without."""
    return cell_len(character) == 0 or unicodedata.category(character) == "Mc"


@lru_cache(maxsize=8192)
def _is_wide(cluster: str) -> bool:
    """Say whether a row may end on either side: ideographs and emoji, not letters that are wide by their marks."""
    return cell_len(cluster[0]) > 1 or not cluster[0].isalpha()


def fit(text: str, width: int) -> str:
    """Cut or pad to exactly ``width`` cells; a cut one ends with an ellipsis."""
    length = cell_len(text)
    if length <= width:
        return text + " " * (width - length)
    if width < 1:
        return ""
    kept, used = [], 1
    for cluster in graphemes(text):
        used += cell_len(cluster)
        if used > width:
            break
        kept.append(cluster)
    shown = "".join(kept) + "…"
    return shown + " " * (width - cell_len(shown))


def wrap(text: str, width: int) -> list[Span]:
    """Return where the rows of ``text`` begin and end, none wider than ``width`` cells (at least 2).

    Rows break at ``\\n``, at spaces, which belong to no row then, between wide characters, and else anywhere.
    """
    spans: list[Span] = []
    start = 0
    for line in text.split("\n"):
        if len(line) <= width and line.isascii():
            spans.append((start, start + len(line)))
        elif line.isascii():
            _wrap_narrow(line, width, start, spans)
        else:
            _wrap_wide(line, width, start, spans)
        start += len(line) + 1
    return spans


def rows_of(text: str, width: int) -> list[str]:
    """Return the rows themselves, without the spaces they break at; in less than 8 cells nothing can be read."""
    return [text[start:end] for start, end in wrap(text, max(width, _LEAST_WIDTH))]


def chop(text: str, width: int) -> list[Span]:
    """Return where rows of one line begin and end that break nowhere but at ``width`` cells: for code."""
    if text.isascii():
        return [(start, min(start + width, len(text))) for start in range(0, len(text), width)] or [(0, 0)]
    spans: list[Span] = []
    row = used = index = 0
    for cluster in graphemes(text):
        cells = cell_len(cluster)
        if used + cells > width and index > row:
            spans.append((row, index))
            row, used = index, 0
        used += cells
        index += len(cluster)
    return [*spans, (row, index)]


def _wrap_narrow(line: str, width: int, offset: int, spans: list[Span]) -> None:
    """Wrap a line whose characters take one cell each."""
    start, end = 0, len(line)
    while end - start > width:
        cut = line.rfind(" ", start + 1, start + width + 1)
        if cut <= start or not line[start:cut].strip():
            cut = after = start + width
        else:
            after = cut + 1
            while cut > start + 1 and line[cut - 1] == " ":
                cut -= 1
        spans.append((offset + start, offset + cut))
        start = after
        while start < end and line[start] == " ":
            start += 1
    if start < end or not end:
        spans.append((offset + start, offset + end))


def _wrap_wide(line: str, width: int, offset: int, spans: list[Span]) -> None:
    """Wrap a line of any characters, whole graphemes at a time."""
    row = used = 0  # where the row begins, and its cells so far
    cut = after = rest = 0  # where it may end, where the next one would begin then, and the cells since
    index = 0
    was_wide = False
    for cluster in graphemes(line):
        cells = cell_len(cluster)
        if cluster == " ":
            if used >= width and cut <= row and not line[row:index].strip():
                spans.append((offset + row, offset + index))
                row, used = index, 0
            if after != index or cut <= row:
                cut = index
            after, rest = index + 1, 0
            was_wide = False
            used += 1
        else:
            is_wide = cells > 1 and _is_wide(cluster)
            if (is_wide or was_wide) and after != index and cluster[0] not in _NEVER_FIRST:
                cut = after = index
                rest = 0
            if used + cells > width and index > row:
                if cut <= row:
                    cut = after = index
                    rest = 0
                spans.append((offset + row, offset + cut))
                row, used = after, rest
                cut = after
            was_wide = is_wide
            used += cells
            rest += cells
        index += len(cluster)
    if row < index or not index:
        spans.append((offset + row, offset + (cut if used > width else index)))


_NEVER_FIRST = frozenset("、。，．！？：；）」』】…")
