"""Draw messages as lines of cells. Pure: the same message, width and palette give the same lines.

A message is set into a :class:`Block` of rows when it comes near the window, and a row drawn when it is in it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, tzinfo
from functools import lru_cache
from itertools import groupby

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui_xmpp.core.links import ascii_url
from tui_xmpp.core.model import Delivery, Message
from tui_xmpp.core.styling import Look
from tui_xmpp.core.text import balanced, isolated, isolates
from tui_xmpp.ui.blocks import MARGIN, Block, Palette, Row, RowKind, Speaker, chips_of, edited_words
from tui_xmpp.ui.colors import name_color
from tui_xmpp.ui.highlighting import Highlighter, Part
from tui_xmpp.ui.message_text import BAR, DIRECTIVE, NAME, QUOTED
from tui_xmpp.ui.strips import DrawnStrip
from tui_xmpp.ui.typesetting import BETWEEN_CHIPS, Typesetter
from tui_xmpp.ui.wrapping import Span, extends, fit

MOST_DRAWN = 500
"""Drawn rows kept; each weighs some kilobytes, wrapped ones next to nothing."""
RESEND_HINT, EDIT_HINT, DISCARD_HINT = "Enter resend", "E edit", "Del discard"

_DELIVERIES = {
    Delivery.RECEIVED: "  ",
    Delivery.QUEUED: "… ",
    Delivery.SENT: "↑ ",
    Delivery.ACKNOWLEDGED: "✓ ",
    Delivery.DELIVERED: "✓✓",
    Delivery.DISPLAYED: "✓✓",
    Delivery.FAILED: "✗ ",
}


class Renderer(Typesetter):
    """Draw the messages of one conversation at one width in one palette. Keeps what it has drawn last."""

    def __init__(
        self,
        width: int,
        palette: Palette,
        own: Speaker,
        peer: Speaker,
        *,
        time_format: str = "%H:%M",
        zone: tzinfo | None = None,
        today: Callable[[], date] | None = None,
        unfolded: set[str] | None = None,
        highlighter: Highlighter | None = None,
    ) -> None:
        super().__init__(width, own, peer, time_format=time_format, zone=zone, today=today, unfolded=unfolded)
        self.palette = palette
        self._highlighter = highlighter
        self._drawn_count = 0
        self._plain = Style(color=palette.foreground, bgcolor=palette.background)
        self._colors = {
            name: Style(color=getattr(palette, name))
            for name in ("muted", "faint", "accent", "error", "warning", "quote")
        } | {"code": Style(bgcolor=palette.code), "bar": Style(color=palette.faint)}

    def draw(
        self, block: Block, index: int, y: int, *, selected: Span | None = None, has_cursor: bool = False
    ) -> Strip:
        """Return one row, exactly as wide as the renderer.

        ``y`` is the row's number for the selection of text, ``selected`` the selected characters of its text (an end of
        -1: all), ``has_cursor``: the message cursor stands on this message.
        """
        if selected is None and not has_cursor:
            strip = block.drawn.get((index, y))
            if strip is None:
                self._make_room()
                strip = block.drawn[index, y] = self._drawn(block, index, y, None, has_cursor=False)
            return strip
        return self._drawn(block, index, y, selected, has_cursor=has_cursor)

    def _make_room(self) -> None:
        self._drawn_count += 1
        if self._drawn_count > MOST_DRAWN:
            self._drawn_count = 0
            for block in self._blocks.values():
                block.drawn.clear()

    def _drawn(self, block: Block, index: int, y: int, selected: Span | None, *, has_cursor: bool) -> Strip:
        row = block.rows[index]
        columns = self.columns
        base = self._plain + Style(bgcolor=self.palette.cursor) if has_cursor else self._plain
        message = block.message
        if message is None:
            text, style = row.text, base + self._colors["faint"]
            pad = max(0, (self.width - cell_len(text)) // 2)
            if block.gap is not None:
                style = base + self._colors["warning"] + Style(meta={"gap": block.gap})
                left = [("▌" if has_cursor else " ", base + self._colors["accent"])]
                left.append((f"{'' if index else '⋯':>{pad - 2}} ", style))
                return self._assembled(left, [(text, style)], "", base, base, y, None)
            return self._assembled([(" " * pad, base)], [(text, style)], "", base, base, y, None)
        if row.kind in (RowKind.DAY, RowKind.UNREAD):
            return self._rule(row, base, y)
        is_first = index == 0 or block.rows[index - 1].kind in (RowKind.DAY, RowKind.UNREAD)
        edge = ("▌", base + self._colors["accent"]) if has_cursor else (" ", base)
        if columns.is_stacked:
            left = [edge, (" " * (columns.body_x - 1), base)]
        else:
            left = [edge, *self._left(block, message, base, is_first=is_first)]
        body = self._body(block, message, row, base)
        is_first_text = row.kind in (RowKind.BODY, RowKind.SUBJECT) and (
            is_first or block.rows[index - 1].kind is RowKind.NAME
        )
        tick = _DELIVERIES[message.delivery] if is_first_text and message.is_outgoing else ""
        if row.kind is RowKind.BODY:
            before, after = isolates(block.text[row.start : row.end], _line_around(block.text, row.start))
            left.append((before + row.lead, base + self._colors["bar"]))
            is_last = index + 1 == len(block.rows) or block.rows[index + 1].kind is not RowKind.BODY
            if message.versions and is_last and self.has_room_for_edited(message, block.said, (row,)):
                body.append((f"  {edited_words(message)}", base + self._colors["faint"]))
        else:
            after = ""
        return self._assembled(left, body, tick, self._tick_style(message, base), base, y, selected, after)

    def _left(self, block: Block, message: Message, base: Style, *, is_first: bool) -> list[tuple[str, Style]]:
        """Return the columns of time and name."""
        columns = self.columns
        if not is_first:
            return [(" " * (columns.body_x - 1), base)]
        muted = base + self._colors["faint"]
        late = "◷ " if message.is_delayed else "  "
        time = (fit(block.mark.time, columns.time) + late, muted)
        if not block.mark.has_name:
            return [time, (" " * (columns.name + 2), base)]
        name = fit(self._name(message), columns.name)
        if not name.isascii():
            name = isolated(name.rstrip()) + " " * (len(name) - len(name.rstrip()))
        return [time, (name + "  ", base + self._name_style(message))]

    def _name_style(self, message: Message) -> Style:
        speaker = self.own if message.is_outgoing else self.peer
        return _bold(name_color(speaker.key, self.palette.background))

    def _body(self, block: Block, message: Message, row: Row, base: Style) -> list[tuple[str, Style]]:
        match row.kind:
            case RowKind.NAME:
                late = " ◷" if message.is_delayed else ""
                time = f"  {block.mark.time}{late}"
                name = fit(self._name(message), max(1, self.columns.body - cell_len(time))).rstrip()
                return [(isolated(name), base + self._name_style(message)), (time, base + self._colors["faint"])]
            case RowKind.SUBJECT:
                return [(row.text, base + Style(bold=True))]
            case RowKind.FOLD:
                target = Style(meta={"message": ("fold", message.key)})
                return [(row.text, base + self._colors["accent"] + target)]
            case RowKind.NOTE:
                return [(row.text, base + self._colors["faint"])]
            case RowKind.FAILURE:
                return [(row.text, base + self._colors["error"])]
            case RowKind.HINTS:
                return self._hints(message, base)
            case RowKind.REACTIONS:
                return self._chips(message, row, base)
            case _:
                return self._said(block, message, row, base)

    def _chips(self, message: Message, row: Row, base: Style) -> list[tuple[str, Style]]:
        """Return what stands under a message; a click on one is as choosing it."""
        shown: list[tuple[str, Style]] = []
        for chip in chips_of(message)[row.start : row.end]:
            if shown:
                shown.append((BETWEEN_CHIPS, base))
            style = base + self._colors["accent" if chip.is_own else "muted"]
            shown.append((chip.text, style + Style(meta={"react": chip.emoji})))
        return shown

    def _hints(self, message: Message, base: Style) -> list[tuple[str, Style]]:
        muted = base + self._colors["faint"]
        shown: list[tuple[str, Style]] = []
        for hint, action in ((RESEND_HINT, "resend"), (EDIT_HINT, "edit-message"), (DISCARD_HINT, "discard")):
            if shown:
                shown.append(("· ", muted))
            shown.append((hint + " ", muted + Style(meta={"message": (action, message.key)})))
        return shown

    def _said(self, block: Block, message: Message, row: Row, base: Style) -> list[tuple[str, Style]]:
        """Return a row of what a message says, in pieces that look alike."""
        text, start, end = block.text, row.start, row.end
        links = [link for link in block.said.links if link.start < end and link.end > start]
        if not (block.looks or links or row.is_code):
            return [(text[start:end], base)]
        underlined = {link.url for link in links if not block.said.is_card(link)}
        urls = [""] * (end - start)
        for link in links:
            first, last = max(link.start, start), min(link.end, end)
            urls[first - start : last - start] = [link.url] * (last - first)
        looks = block.looks or bytes(len(text))
        parts = self._parts(block) if row.is_code else bytes(len(text))
        faces = list(zip(looks[start:end], urls, parts[start:end], strict=True))
        if not text.isascii():
            for index in range(1, end - start):
                if extends(text[start + index]) or text[start + index - 1] == "\u200d":
                    faces[index] = faces[index - 1]
        pieces: list[tuple[str, Style]] = []
        for face, run in groupby(faces):
            last = start + sum(1 for _ in run)
            piece = text[start:last].replace(">", "▎") if face[0] & BAR else text[start:last]
            style = self._face(message, base, *face, is_code=row.is_code)
            pieces.append((piece, style + _UNDERLINED if face[1] in underlined else style))
            start = last
        if row.is_code:
            used = cell_len(row.lead) + sum(cell_len(piece) for piece, _ in pieces)
            pieces.append((" " * (self.columns.body - used), base + self._colors["code"]))
        return pieces

    def _face(self, message: Message, base: Style, look: int, url: str, part: int, *, is_code: bool) -> Style:
        """Return how a character looks: its bits, the link it belongs to, and the part of code that it is of."""
        style = base
        if look & QUOTED:
            style += self._colors["quote"]
        if (is_code and not look & BAR) or look & Look.PRE.value:
            style += self._colors["code"]
        if part:
            style += Style(color=self.palette.parts[part - 1], italic=list(Part)[part - 1] is Part.COMMENT)
        if look & (Look.STRONG.value | Look.EMPHASIS.value | Look.STRIKE.value):
            style += Style(
                bold=bool(look & Look.STRONG.value) or None,
                italic=bool(look & Look.EMPHASIS.value) or None,
                strike=bool(look & Look.STRIKE.value) or None,
            )
        if look & NAME:
            style += self._name_style(message)
        if look & (DIRECTIVE | BAR):
            style += self._colors["bar" if look & BAR else "faint"]
        return style + _link_style(url, self.palette.accent) if url else style

    def _parts(self, block: Block) -> bytes:
        """Return for each character of a text the number of the part of code it is of, 0 for none."""
        if block.parts is not None:
            return block.parts
        text, parts = block.text, bytearray(len(block.text))
        places: list[int] = []  # where each character of the code stands in the text
        for line in (*block.said.lines, None):
            if line is not None and line.code and not line.is_fence:
                language = line.code
                places += [*range(line.content, line.end), line.end]
            elif places and self._highlighter is not None:
                code = "".join(text[place] if place < len(text) else "\n" for place in places)
                for start, end, part in self._highlighter.parts(language, code):
                    for place in places[start:end]:
                        if place < len(text):
                            parts[place] = _PART_NUMBERS[part]
                places = []
        if self._highlighter is None or not self._highlighter.has_work:
            block.parts = bytes(parts)
        return bytes(parts)

    def forget_drawn(self) -> None:
        """Draw every row anew: code has been read since."""
        for block in self._blocks.values():
            block.drawn.clear()

    def _tick_style(self, message: Message, base: Style) -> Style:
        match message.delivery:
            case Delivery.FAILED:
                return base + self._colors["error"]
            case Delivery.DISPLAYED:
                return base + self._colors["accent"]
            case _:
                return base + self._colors["faint"]

    def _rule(self, row: Row, base: Style, y: int) -> Strip:
        """Return a line across the pane with its text in the middle."""
        is_unread = row.kind is RowKind.UNREAD
        style = base + self._colors["accent" if is_unread else "faint"]
        inner = self.width - 2
        text = fit(f"{row.text} ", min(inner, cell_len(row.text) + 1))
        rest = inner - cell_len(text)
        line = "─" * (rest // 2 - 1) + " "
        end = "─" * max(0, rest - len(line))
        quiet = style if is_unread else base + Style(color=self.palette.cursor)
        return self._assembled(
            [(" ", base), (line, quiet), (text, style), (end, quiet)],
            [],
            "",
            base,
            base,
            y,
            None,
        )

    def _assembled(
        self,
        left: list[tuple[str, Style]],
        body: list[tuple[str, Style]],
        tick: str,
        tick_style: Style,
        base: Style,
        y: int,
        selected: Span | None,
        after: str = "",
    ) -> Strip:
        """Join the parts to a strip as wide as the renderer, each cell knowing which character of the text it is."""
        segments: list[Segment] = []
        places: list[int] = []
        cells = length = 0
        for text, style in left:
            if text:
                segments.append(Segment(text, style))
                places.append(_BEFORE)
                cells += cell_len(text)
        for text, style in body:
            shown = balanced(text)
            if shown:
                for piece, is_selected in _divided(shown, length, selected):
                    marked = style + Style(bgcolor=self.palette.selection) if is_selected else style
                    segments.append(Segment(piece, marked))
                    places.append(length)
                    length += len(piece)
                cells += cell_len(shown)
        right = max(0, self.width - cells - (MARGIN - 1 if tick else 0))
        ending = [Segment(after + " " * right, base)] if right or after else []
        cells += right
        if tick:
            ending += [Segment(tick, tick_style), Segment(" ", base)]
            cells += 3
        strip = DrawnStrip(segments + ending, cells, places=places + [length] * len(ending), number=y)
        return strip if cells == self.width else strip.adjust_cell_length(self.width, base)


_BEFORE = -10_000
"""The place of what stands before a text, from wherever its selection comes."""
_UNDERLINED = Style(underline=True)
_PART_NUMBERS = {part: number for number, part in enumerate(Part, start=1)}


def _line_around(text: str, place: int) -> str:
    """Return the line of a text a row belongs to, which gives the row its direction."""
    if text.isascii():
        return ""
    end = text.find("\n", place)
    return text[text.rfind("\n", 0, place) + 1 : end if end >= 0 else len(text)]


def _divided(text: str, start: int, selected: Span | None) -> list[tuple[str, bool]]:
    """Split a piece of a row that begins at character ``start`` where the selection begins and ends."""
    if selected is None:
        return [(text, False)]
    first = max(0, selected[0] - start)
    last = len(text) if selected[1] == -1 else max(first, selected[1] - start)
    pieces = ((text[:first], False), (text[first:last], True), (text[last:], False))
    return [piece for piece in pieces if piece[0]]


@lru_cache(maxsize=256)
def _bold(color: str) -> Style:
    return Style(color=color, bold=True)


@lru_cache(maxsize=256)
def _link_style(url: str, color: str) -> Style:
    # The terminal's own hyperlink only for what every terminal reads alike (S-38); a click reaches us in any case.
    return Style(color=color, link=ascii_url(url) or None, meta={"link": url})
