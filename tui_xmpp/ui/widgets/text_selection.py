"""What a selection with the mouse covers of a conversation's lines: the messages' own text and nothing around it."""

from __future__ import annotations

from textual.geometry import Offset
from textual.selection import Selection

from tui_xmpp.ui.blocks import Block, Row, RowKind
from tui_xmpp.ui.widgets.message_window import MessageWindow


def selected_text(window: MessageWindow, selection: Selection) -> str:
    """Return the selected text of the messages alone: no times, names, marks, and no breaks where rows wrap."""
    parts: list[str] = []
    current: Block | None = None
    start = end = 0

    def finish() -> None:
        if current is not None and end > start:
            parts.append(current.said.copied(start, end))

    # An end left open is the edge of the window, not of what happens to be wrapped beyond it.
    first_line = window.top if selection.start is None else max(0, selection.start.y - window.base)
    last_line = window.top + window.height if selection.end is None else selection.end.y + 1 - window.base
    for line in range(first_line, min(last_line, len(window.lines))):
        block, index = window.lines[line]
        span = selection.get_span(window.base + line)
        row = block.rows[index]
        if span is None or block.message is None:
            continue
        if row.kind is RowKind.BODY:
            first, last = _chosen(row, row.end - row.start, span)
            if block is not current:
                finish()
                current, start, end = block, row.start + first, row.start + last
            else:
                end = max(end, row.start + last)
        elif row.kind in (RowKind.SUBJECT, RowKind.FAILURE, RowKind.NOTE):
            finish()
            current = None
            first, last = _chosen(row, len(row.text), span)
            parts.append(row.text[first:last])
    finish()
    return "\n".join(part for part in parts if part)


def whole_message(window: MessageWindow, y: int) -> Selection | None:
    """Return the selection of the whole message on a row of the window."""
    line = window.top + y
    if not 0 <= line < len(window.lines):
        return None
    block, index = window.lines[line]
    if block.message is None:
        return None
    start = window.base + line - index
    last = block.rows[-1]
    return Selection(Offset(0, start), Offset(last.end - last.start + len(last.text), start + len(block.rows) - 1))


def _chosen(row: Row, length: int, span: tuple[int, int]) -> tuple[int, int]:
    """Return the characters of a row that a selection covers."""
    first = min(length, max(0, span[0]))
    last = length if span[1] == -1 else min(length, max(first, span[1]))
    return first, last
