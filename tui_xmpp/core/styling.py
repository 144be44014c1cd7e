"""XEP-0393: which parts of a text are strong, stressed, struck, preformatted or quoted. Nothing is taken out of it.

A text is parsed line by line in one pass, in time that grows with its length alone. Line ends are ``\\n``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Flag

from tui_xmpp.patterns import late
from tui_xmpp.values import dataclass


class Look(Flag):
    """How a span is to be shown."""

    PLAIN = 0
    STRONG = 1
    EMPHASIS = 2
    STRIKE = 4
    PRE = 8


@dataclass(frozen=True, slots=True)
class Span:
    """``text[start:end]``, its directives included, has this look beside what encloses it."""

    start: int
    end: int
    look: Look


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a text: ``text[start:end]``, of which the marks of ``depth`` quotations reach to ``content``.

    ``code`` is None outside a preformatted block, inside it the language named behind the opening mark (often none).
    ``is_fence``: the line is such a mark. ``spans`` are in order, outer ones before those inside them.
    """

    start: int
    content: int
    end: int
    depth: int = 0
    code: str | None = None
    is_fence: bool = False
    spans: tuple[Span, ...] = ()


DEEPEST = 8
"""Quotations told apart; a mark beyond is text."""

_FENCE = "```"
_LOOKS = {"*": Look.STRONG, "_": Look.EMPHASIS, "~": Look.STRIKE, "`": Look.PRE}
_DIRECTIVES = late(r"[*_~`]")
_LANGUAGE = late(r"[\w+#.-]{1,24}", re.ASCII)


def is_styled(text: str) -> bool:
    """Say whether a text may have any style at all; most have none."""
    return "*" in text or "_" in text or "~" in text or "`" in text or text.startswith(">") or "\n>" in text


def parse(text: str) -> tuple[Line, ...]:
    """Return the lines of a text, however it is written (XEP-0393 §4)."""
    lines: list[Line] = []
    start = 0
    block: tuple[int, str] | None = None  # the depth of the preformatted block that is open, and its language
    for row in text.split("\n"):
        end = start + len(row)
        depth, content = _quoted(text, start, end, DEEPEST if block is None else block[0])
        if block is not None and depth == block[0]:
            is_fence = text[content:end] == _FENCE
            lines.append(Line(start, content, end, depth, block[1], is_fence))
            block = None if is_fence else block
        else:  # also where a quotation ends, and with it the block inside
            if block is not None:
                depth, content = _quoted(text, start, end, DEEPEST)
            block = (depth, _language(text[content + 3 : end])) if text.startswith(_FENCE, content, end) else None
            if block is not None:
                lines.append(Line(start, content, end, depth, block[1], is_fence=True))
            else:
                lines.append(Line(start, content, end, depth, spans=tuple(_spans(text, content, end))))
        start = end + 1
    return tuple(lines)


def _quoted(text: str, start: int, end: int, most: int) -> tuple[int, int]:
    """Return how many quotations a line stands in, up to ``most``, and where what is quoted begins (§4.1.3)."""
    depth = 0
    while depth < most and start < end and text[start] == ">":
        depth += 1
        start += 1
        if start < end and text[start].isspace():
            start += 1
    return depth, start


def _language(words: str) -> str:
    found = _LANGUAGE.match(words.strip())
    return found[0].lower() if found else ""


def _spans(text: str, start: int, end: int) -> Iterator[Span]:
    """Find the spans of a line from left to right; each directive ends at the nearest one that may close it (§4.2)."""
    found = _DIRECTIVES.search(text, start, end)
    if found is None:
        return
    closers: dict[str, list[int]] = {directive: [] for directive in _LOOKS}
    for one in _DIRECTIVES.finditer(text, found.start() + 1, end):
        if not text[one.start() - 1].isspace():
            closers[one[0]].append(one.start())
    for places in closers.values():
        places.reverse()  # the nearest last: what lies behind is dropped in passing
    parents = [end]  # where the spans end that enclose the place looked at
    index, is_first = found.start(), found.start() == start
    while index < end:
        if index >= parents[-1]:
            index, is_first = parents.pop() + 1, False
            continue
        directive = text[index]
        may_open = directive in _LOOKS and (is_first or text[index - 1].isspace())
        close = _close(text, index, parents[-1], closers[directive]) if may_open else 0
        if close:
            yield Span(index, close + 1, _LOOKS[directive])
        if close and directive != "`":
            parents.append(close)
            index, is_first = index + 1, True
        else:
            following = _DIRECTIVES.search(text, max(close, index) + 1, parents[-1])
            index, is_first = following.start() if following else parents[-1], False


def _close(text: str, index: int, end: int, places: list[int]) -> int:
    """Return where the span that opens at ``index`` closes, 0 where it does not before ``end``."""
    if index + 1 >= end or text[index + 1].isspace() or text[index + 1] == text[index]:
        return 0
    while places and places[-1] <= index:
        places.pop()
    return places[-1] if places and places[-1] < end else 0
