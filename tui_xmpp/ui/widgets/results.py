"""What a search found, drawn as lines: who, where, when, the words in their sentence, and the lines around it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.geometry import Offset
from textual.message import Message as UiMessage
from textual.strip import Strip

from tui_xmpp.clock import Clock
from tui_xmpp.core.model import Found, Message
from tui_xmpp.core.search import highlights
from tui_xmpp.core.text import balanced, sanitize_body, sanitize_line
from tui_xmpp.ui.colors import name_color
from tui_xmpp.ui.signs import laid_out, moment_words
from tui_xmpp.ui.theme import Inks, inks
from tui_xmpp.ui.widgets.lines import DrawnLines
from tui_xmpp.ui.wrapping import Span, fit, wrap
from tui_xmpp.values import dataclass

WHEEL = 3
SMALL_WIDTH, SMALL_HEIGHT = 50, 10
"""Below these a result is told in its head and one line of text."""
MOST_ROWS = 3
"""Rows of a text shown; of a longer one those around the first word found."""
AHEAD = 10
"""Results left below the one chosen when more are asked for."""

Pieces = list[tuple[str, Style]]
Card = list[tuple[Pieces, Pieces]]
"""One result as rows: what stands at the left, what at the right."""


class ResultList(DrawnLines):
    """Results to choose from; the one chosen is marked and stays in sight."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "ResultList { width: 1fr; height: 1fr; }"

    @dataclass
    class Chosen(UiMessage):
        """A result was clicked."""

        found: Found

    class MoreWanted(UiMessage):
        """The end of what was found so far is near."""

    def __init__(self, title: Callable[[Message], str], clock: Clock, time_format: str) -> None:
        super().__init__()
        self._title = title
        self._clock = clock
        self._time_format = time_format
        self._found: tuple[Found, ...] = ()
        self._phrases: Sequence[str] = ()
        self._cards: list[Card] = []
        self._starts: list[int] = [0]  # the first line of each card, and the number of lines
        self._top = 0
        self._words: Sequence[tuple[str, str]] = ()
        self.index = 0

    def show(self, found: tuple[Found, ...], phrases: Sequence[str], index: int | None = None) -> None:
        """Show these results, of which those already shown stay as they are."""
        is_more = bool(self._found) and found[: len(self._found)] == self._found and phrases == self._phrases
        self._found, self._phrases = found, phrases
        if not is_more:
            self._forget()
            self.index = self._top = 0
        if index is not None:
            self.index = index
        self._lay_out()
        self._keep_in_sight()

    def explain(self, words: Sequence[tuple[str, str]]) -> None:
        """Show rows of words (an example, what it does) where no results are."""
        self._words = words
        self.repaint()

    @property
    def chosen(self) -> Found | None:
        """The result that is marked."""
        return self._found[self.index] if self.index < len(self._found) else None

    def move(self, step: int) -> None:
        """Mark another result."""
        self.index = max(0, min(len(self._found) - 1, self.index + step))
        self._keep_in_sight()

    def page(self, pages: int) -> None:
        """Move by about as many results as fit."""
        rows = max(1, len(self._cards[self.index])) if self._cards else 1
        self.move(pages * max(1, self.size.height // rows))

    # -- laying out -----------------------------------------------------------------------------------------------

    @property
    def _is_small(self) -> bool:
        return self.size.width < SMALL_WIDTH or self.size.height < SMALL_HEIGHT

    def _forget(self) -> None:
        self._cards, self._starts = [], [0]

    def _lay_out(self) -> None:
        if self.size.width < 4:
            return
        ink = inks(self.app.current_theme)
        for found in self._found[len(self._cards) :]:
            card = self._card(found, ink)
            self._cards.append(card)
            self._starts.append(self._starts[-1] + len(card))

    def _card(self, found: Found, ink: Inks) -> Card:
        message = found.message
        ground = self.background_colors[1].hex6
        chat = self._title(message)
        own = sanitize_line(message.account.local or message.account.domain, 40)
        who, key = (own, str(message.account)) if message.is_outgoing else (chat, str(message.peer))
        head: Pieces = [(who, Style(color=name_color(key, ground), bold=True))]
        if message.is_outgoing:
            head.append((f" → {chat}", ink.text))
        if chat != str(message.peer) and self.size.width >= 90:
            head.append((f"  {message.peer}", ink.dim))
        when = moment_words(message.stamp, self._clock.now(), self._time_format)
        card: Card = [(head, [(f" {when} ", ink.dim)])]
        if not self._is_small:
            card += [(self._around(each, ink), []) for each in found.before]
        card += [(row, []) for row in self._text(message, ink)]
        if not self._is_small:
            card += [(self._around(each, ink), []) for each in found.after]
            card.append(([], []))
        return card

    def _around(self, message: Message, ink: Inks) -> Pieces:
        who = message.account.local or message.account.domain if message.is_outgoing else self._title(message)
        return [(f"{sanitize_line(who, 24)}: {balanced(sanitize_line(message.body, 200))}", ink.dim)]

    def _text(self, message: Message, ink: Inks) -> list[Pieces]:
        width = max(4, self.size.width - 4)
        text = " ".join(sanitize_body(message.body).expandtabs(1).split("\n"))
        found = highlights(text, self._phrases)
        rows = wrap(text, width)
        most = 1 if self._is_small else MOST_ROWS
        if len(rows) > most:
            first = next((n for n, (_, end) in enumerate(rows) if found and end > found[0][0]), 0)
            start = max(0, min(first - most // 2, len(rows) - most))
            rows = rows[start : start + most]
            if rows[-1][1] < len(text):
                rows[-1] = (rows[-1][0], len(text))  # cut with an ellipsis where it is laid out
        return [self._marked(text, row, found, ink) for row in rows]

    def _marked(self, text: str, row: Span, found: list[Span], ink: Inks) -> Pieces:
        pieces: Pieces = []
        position, end = row[0], min(row[1], row[0] + 4 * self.size.width)
        marked = ink.strong + self._mark
        for first, last in found:
            first, last = max(first, position), min(last, end)
            if first < last:
                pieces += [(balanced(text[position:first]), ink.text), (balanced(text[first:last]), marked)]
                position = last
        return [*pieces, (balanced(text[position:end]), ink.text)]

    @property
    def _mark(self) -> Style:
        accent = Color.parse(self.app.theme_variables["accent"])
        return Style(bgcolor=self.background_colors[1].blend(accent, 0.45).hex6)

    # -- the window -----------------------------------------------------------------------------------------------

    @property
    def cursor_place(self) -> Offset:
        """Where the terminal's cursor is to stand: on the result that is chosen."""
        start = self._starts[min(self.index, len(self._starts) - 1)]
        return self.content_region.offset + Offset(0, max(0, start - self._top))

    def _keep_in_sight(self) -> None:
        if self._cards and self.index < len(self._cards):
            start, stop = self._starts[self.index], self._starts[self.index + 1]
            self._top = max(stop - self.size.height, min(start, self._top))
        self._scroll(0)

    def _scroll(self, lines: int) -> None:
        self._top = max(0, min(self._top + lines, self._starts[-1] - self.size.height))
        self.repaint()
        is_near = self._top + 2 * self.size.height >= self._starts[-1] or self.index >= len(self._found) - AHEAD
        if self._found and is_near:
            self.post_message(self.MoreWanted())

    def _at(self, line: int) -> int | None:
        """Return the card a line belongs to."""
        index = bisect_right(self._starts, line) - 1
        return index if line >= 0 and index < len(self._cards) else None

    def draw_lines(self, lines: Sequence[int]) -> list[Strip]:
        """Draw rows of the window."""
        ink = inks(self.app.current_theme)
        return [self._drawn_line(y, ink) for y in lines]

    def _drawn_line(self, y: int, ink: Inks) -> Strip:
        width = self.size.width
        ground = Style(bgcolor=self.background_colors[1].hex6)
        index = self._at(self._top + y)
        if not self._found:
            return self._explained(y, ink, ground)
        if index is None:
            return Strip.blank(width, ground)
        card = self._cards[index]
        row = self._top + y - self._starts[index]
        left, right = card[row]
        is_chosen = index == self.index and bool(left)
        indent = "" if row == 0 else "  "
        edge = ("▌" if is_chosen else " ", ink.accent)
        strip = laid_out([edge, (indent, ink.text), *left], right, width)
        if is_chosen:
            ground = ink.resting_cursor
        # What is marked keeps its own ground.
        return Strip([Segment(text, ground + (style or Style())) for text, style, _ in strip], strip.cell_length)

    def _explained(self, y: int, ink: Inks, ground: Style) -> Strip:
        width = self.size.width
        column = max((cell_len(left) for left, right in self._words if right), default=0) + 3
        rows: list[Pieces] = []
        for left, right in self._words:
            if not right:
                rows += [[(" ", ink.text), (left[start:end], ink.text)] for start, end in wrap(left, max(8, width - 2))]
            elif column > width // 2:
                rows.append([("  ", ink.text), (left, ink.accent)])
            else:
                rows.append([("  ", ink.text), (fit(left, column), ink.accent), (right, ink.dim)])
        return laid_out(rows[y] if y < len(rows) else [], [], width, ground)

    # -- Textual's events -----------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self._forget()
        self._lay_out()
        self._keep_in_sight()

    def notify_style_update(self) -> None:
        """Forget the colours: the theme changed."""
        super().notify_style_update()
        if self.is_attached and self._cards:
            self.call_later(self.on_resize)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._scroll(-WHEEL)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._scroll(WHEEL)

    def on_click(self, event: events.Click) -> None:
        index = self._at(self._top + event.y)
        if index is not None:
            self.index = index
            self.repaint()
            self.post_message(self.Chosen(self._found[index]))
