"""A window on the lines of a conversation. Knows no Textual widget: messages go in, lines come out.

Only the messages around the window are wrapped: a run ``[first, last)`` of the messages, which grows as the window
nears its ends. The window either follows the newest line or stands at a line the user chose; what is added above or
below then does not move it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tui_xmpp.core.model import Message
from tui_xmpp.ui.blocks import Block, gap_stop
from tui_xmpp.ui.render import Renderer

CHUNK = 64
"""Messages wrapped at a time when the window nears the end of what is wrapped."""
MOST_LINES = 4000
"""Lines kept while following the newest; beyond, the oldest half is let go and wrapped again when wanted."""

Line = tuple[Block, int]


@dataclass(frozen=True, slots=True)
class Standpoint:
    """A line by its message, which holds when lines are added or wrapped anew. A negative ``row`` is above it."""

    key: str
    row: int


class MessageWindow:
    """Hold the wrapped lines around a window of ``height`` lines; without a ``renderer`` there are none."""

    def __init__(self, on_cut: Callable[[], None]) -> None:
        self._on_cut = on_cut  # called when lines lose the numbers by which a selection knows them
        self.renderer: Renderer | None = None
        self.height = 0
        self.messages: tuple[Message, ...] = ()
        self.unread_line: tuple[str | None, int] = (None, 0)
        """The message the unread line stands above, and the number it says."""
        self.has_newer = False
        """Whether newer messages than the last one are stored: it is not the end then, and is not followed."""
        self.gaps: Mapping[str, str] = {}
        """What is said of each gap, by the key of the message below it (empty: below all)."""
        self.notice = ""
        """What is said above the first message."""
        self.first = self.last = 0
        self.blocks: list[Block] = []
        self.lines: list[Line] = []
        self.base = 0
        """The number of the first line; numbers stay with their lines while a text is selected."""
        self.is_following = True
        self._top = 0  # the first line in the window, where it does not follow

    @property
    def top(self) -> int:
        """The first line in the window, counted among the wrapped ones."""
        return max(0, len(self.lines) - self.height) if self.is_following else self._top

    @property
    def share(self) -> float:
        """How far down among all the messages the window begins: 0 to 1."""
        first, last, line = self.first, self.last, self.top / max(1, len(self.lines))
        return (first + line * (last - first)) / max(1, len(self.messages))

    # -- what is in it --------------------------------------------------------------------------------------------

    def clear(self) -> None:
        """Forget the lines; the place of the window is asked for before."""
        self.blocks, self.lines = [], []

    def rebuild(self, messages: Sequence[Message], place: Standpoint | None = None) -> None:
        """Lay the lines out anew around a place, from blocks already wrapped where they still hold.

        Without a place the window stays where it is, or follows.
        """
        if place is None and not self.is_following:
            place = self.place()
        anchor = self._anchor()
        self.messages = tuple(messages)
        self.clear()
        if self.renderer is None:
            self.first = self.last = 0
            return
        index = self.index(place.key) if place is not None else None
        if index is None or place is None:
            self.is_following = True
            self.first = self.last = len(self.messages)
            self._top = 0
        else:
            self.is_following = False
            self.first = self.last = index
            self._top = place.row
        self.fill()
        if anchor is not None:
            found = self.line_of(anchor[0].key)
            if found is not None:
                self.base = anchor[1] - found - anchor[0].row

    def append(self, messages: tuple[Message, ...]) -> None:
        """Take messages that begin with the ones at hand, all of which are wrapped up to the last."""
        added = len(messages) - len(self.messages)
        self.messages = messages
        self._extend_down(added)
        if self.is_following:
            self._let_go()

    def index(self, key: str) -> int | None:
        """Return the place of a message among the messages."""
        for index in range(len(self.messages) - 1, -1, -1):
            if self.messages[index].key == key:
                return index
        return None

    def line_of(self, key: str) -> int | None:
        """Return the line at which a wrapped message begins."""
        line = len(self.lines)
        for block in reversed(self.blocks):
            line -= len(block.rows)
            if block.stop == key:
                return line
        return None

    def next_stop(self, stop: str | None, step: int) -> str | None:
        """Return the message or gap above (-1) or below (1) one; None below the last, itself above the first."""
        messages, gaps = self.messages, self.gaps
        is_gap = stop is not None and stop.startswith(gap_stop("")) and self.index(stop) is None
        index = None if stop is None else self.index(stop.removeprefix(gap_stop("")) if is_gap else stop)
        index = len(messages) if index is None else index
        if step > 0:
            if is_gap:
                return messages[index].key if index < len(messages) else None
            index += 1
            below = messages[index].key if index < len(messages) else ""
            return gap_stop(below) if below in gaps else below or None
        here = messages[index].key if index < len(messages) else ""
        if not is_gap and here in gaps:
            return gap_stop(here)
        return messages[index - 1].key if index > 0 else stop

    def message_at(self, y: int) -> Message | None:
        """Return the message on a row of the window."""
        line = self.top + y
        return self.lines[line][0].message if 0 <= line < len(self.lines) else None

    def shown(self) -> list[Message]:
        """Return the messages in the window, once for each of their lines."""
        lines = self.lines[self.top : self.top + self.height]
        return [block.message for block, _ in lines if block.message is not None]

    def place(self) -> Standpoint | None:
        """Return where the window stands."""
        top = self.top
        for line in range(top, len(self.lines)):
            block, row = self.lines[line]
            if block.message is not None:
                return Standpoint(block.message.key, row - (line - top))
        return None

    def _anchor(self) -> tuple[Standpoint, int] | None:
        """Return a line of a message in the window, and that line's number."""
        for line in range(self.top, len(self.lines)):
            block, row = self.lines[line]
            if block.message is not None:
                return Standpoint(block.message.key, row), self.base + line
        return None

    # -- moving ---------------------------------------------------------------------------------------------------

    def move(self, lines: int) -> None:
        """Move by lines, up where negative; at the end it follows again."""
        if not self.lines:
            return
        self._top = self.top + lines
        self.is_following = False
        while self._top < 0 and self.first > 0:
            self._top += self._extend_up()
        self._top = max(0, self._top)
        self.fill()
        if not self.has_newer and self.last == len(self.messages) and self._top + self.height >= len(self.lines):
            self.follow()

    def stay(self) -> None:
        """Follow no more: stand where the window is."""
        self._top = self.top
        self.is_following = False

    def follow(self) -> None:
        """Go to the newest message and stay with it."""
        self.is_following = True
        if self.last != len(self.messages):
            self._on_cut()
            self.clear()
            self.first = self.last = len(self.messages)
        self.fill()

    def go_to(self, index: int) -> None:
        """Put a message, by its place among the messages, at the top."""
        self._on_cut()
        self.clear()
        self.first = self.last = index
        self._top = 0
        self.is_following = False
        self.fill()

    def go_to_start(self) -> None:
        """Put the line above the first message at the top."""
        self.go_to(0)
        self._top = 0

    def reveal(self, key: str) -> None:
        """Move no further than needed to show a message."""
        line = self.line_of(key)
        if line is None:
            index = self.index(key)
            if index is None:
                return
            self.go_to(index)
            line = self.line_of(key) or 0
        rows = len(self.lines[line][0].rows)
        top = self.top
        if line < top or rows >= self.height:
            self.move(line - top)
        elif line + rows > top + self.height:
            self.move(line + rows - top - self.height)

    # -- wrapping -------------------------------------------------------------------------------------------------

    def fill(self) -> None:
        """Wrap enough that the window and a page on either side of it have their lines."""
        if self.renderer is None or not self.messages:
            return
        height = max(1, self.height)
        if self.is_following:
            while self.first > 0 and len(self.lines) < 2 * height:
                self._extend_up()
            return
        if self.first == self.last == 0 and not self.lines:
            self.lines = self._notice_lines()
            self._top += len(self.lines)
        while self.last < len(self.messages) and len(self.lines) - self._top < 2 * height:
            self._extend_down()
        while self.first > 0 and self._top < height:
            self._top += self._extend_up()
        self._top = max(0, min(self._top, len(self.lines) - height))

    def _made(self, start: int, stop: int) -> tuple[list[Block], list[Line]]:
        if self.renderer is None:
            return [], []
        key, count = self.unread_line
        blocks = self.renderer.blocks(self.messages, start, stop, first_unread=key, unread=count)
        if self.gaps:
            blocks = list(self._with_gaps(self.renderer, blocks, is_end=stop == len(self.messages)))
        return blocks, [(block, index) for block in blocks for index in range(len(block.rows))]

    def _with_gaps(self, renderer: Renderer, blocks: Sequence[Block], *, is_end: bool) -> Iterator[Block]:
        for block in blocks:
            key = block.message.key if block.message is not None else ""
            if key in self.gaps:
                yield renderer.gap(self.gaps[key], key)
            yield block
        if is_end and "" in self.gaps:
            yield renderer.gap(self.gaps[""], "")

    def _extend_up(self) -> int:
        """Wrap the messages before the run; return how many lines that added."""
        start = max(0, self.first - CHUNK)
        blocks, lines = self._made(start, self.first)
        if start == 0:
            lines[:0] = self._notice_lines()
        self.blocks[:0] = blocks
        self.lines[:0] = lines
        self.first = start
        self.base -= len(lines)
        return len(lines)

    def _extend_down(self, count: int = CHUNK) -> None:
        stop = min(len(self.messages), self.last + count)
        blocks, lines = self._made(self.last, stop)
        self.blocks += blocks
        self.lines += lines
        self.last = stop

    def _notice_lines(self) -> list[Line]:
        if self.renderer is None or not self.notice:
            return []
        block = self.renderer.notice(self.notice)
        return [(block, index) for index in range(len(block.rows))]

    def _let_go(self) -> None:
        if len(self.lines) <= MOST_LINES:
            return
        half = len(self.blocks) // 2
        gone = len(self.lines) - sum(len(block.rows) for block in self.blocks[half:])
        self.first += sum(block.message is not None for block in self.blocks[:half])
        del self.blocks[:half]
        del self.lines[:gone]
        self.base += gone
