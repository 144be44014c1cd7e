"""Set messages into rows: the separators above, the text wrapped to the width, and what there is to say beneath.

Pure: the same message and width give the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta, tzinfo

from rich.cells import cell_len

from tui_xmpp.core.model import Message, MessageKind
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.ui.blocks import (
    Block,
    Columns,
    Mark,
    Row,
    RowKind,
    Speaker,
    chips_of,
    day_words,
    edited_words,
    failure_words,
    has_failed,
    subject_words,
)
from tui_xmpp.ui.message_text import MessageText, is_action, looks_of, message_text
from tui_xmpp.ui.wrapping import chop, wrap

RUN = timedelta(minutes=5)
"""How long one author's messages count as one run, named once."""
MOST_ROWS, FOLDED_ROWS = 24, 12
"""Rows of a message that are all shown, and how many are shown of one that has more, until it is opened."""
BETWEEN_CHIPS = "  "
_NARROWEST = 12  # cells beside the bars of a quotation; with fewer, they are wrapped with the text


class Typesetter:
    """Set the messages of one conversation at one width. Keeps what it has set."""

    def __init__(
        self,
        width: int,
        own: Speaker,
        peer: Speaker,
        *,
        time_format: str = "%H:%M",
        zone: tzinfo | None = None,
        today: Callable[[], date] | None = None,
        unfolded: set[str] | None = None,
    ) -> None:
        self.width = max(width, 8)
        self.own = own
        self.peer = peer
        self._time_format = time_format
        self._zone = zone
        self._today = today
        self._unfolded = set() if unfolded is None else unfolded
        sample = datetime(2000, 12, 28, 22, 48, 58).strftime(time_format)
        names = max(cell_len(own.name), cell_len(peer.name))
        self.columns = Columns.of(self.width, cell_len(sample), names)
        self._blocks: dict[str, Block] = {}
        self._notices: dict[str, Block] = {}

    def blocks(
        self, messages: Sequence[Message], start: int, stop: int, *, first_unread: str | None = None, unread: int = 0
    ) -> list[Block]:
        """Return the blocks of ``messages[start:stop]``, wrapping only those that changed."""
        made = []
        previous = messages[start - 1] if start else None
        previous_local = previous.stamp.astimezone(self._zone) if previous else None
        known = self._blocks
        for message in messages[start:stop]:
            local = message.stamp.astimezone(self._zone)
            mark = self._mark(message, local, previous, previous_local, unread if message.key == first_unread else 0)
            block = known.get(message.key)
            if block is None or block.message is not message or block.mark != mark:
                block = known[message.key] = self._block(message, mark)
            made.append(block)
            previous, previous_local = message, local
        if len(known) > 6000:
            for key in list(known)[:3000]:
                del known[key]
        return made

    def _mark(
        self, message: Message, local: datetime, previous: Message | None, before: datetime | None, unread: int
    ) -> Mark:
        time = local.strftime(self._time_format)
        if previous is None or before is None or local.date() != before.date():
            return Mark(day_words(local.date(), self._today and self._today()), unread, not is_action(message), time)
        is_run = (
            not unread
            and message.direction is previous.direction
            and message.stamp - previous.stamp < RUN
            and not is_action(previous)
        )
        is_same_minute = is_run and before.strftime(self._time_format) == time
        return Mark("", unread, not (is_run or is_action(message)), "" if is_same_minute else time)

    def _block(self, message: Message, mark: Mark) -> Block:
        columns = self.columns
        said = message_text(message, self._name(message), columns.body)
        rows: list[Row] = []
        if mark.day:
            rows.append(Row(RowKind.DAY, mark.day))
        if mark.unread:
            rows.append(Row(RowKind.UNREAD, f"{mark.unread} unread"))
        if columns.is_stacked and mark.has_name:
            rows.append(Row(RowKind.NAME))
        if message.subject or message.kind is not MessageKind.CHAT:
            rows += self._texts(RowKind.SUBJECT, subject_words(message))
        if said.lines:
            rows += self._folded(message.key, self._styled(said))
        elif said.text:
            rows += self._folded(
                message.key, [Row(RowKind.BODY, "", start, end) for start, end in wrap(said.text, columns.body)]
            )
        if message.versions and not self.has_room_for_edited(message, said, rows):
            rows += self._texts(RowKind.NOTE, edited_words(message))
        if others := [language for language, body in message.bodies[:8] if body != message.body]:
            languages = ", ".join(sanitize_line(language, 16) or "?" for language in others)
            rows += self._texts(RowKind.NOTE, f"also in {languages}")
        if message.reactions:
            rows += self._reactions(message)
        if has_failed(message):
            rows += self._texts(RowKind.FAILURE, failure_words(message))
            rows.append(Row(RowKind.HINTS))
        if not rows or rows[-1].kind in (RowKind.DAY, RowKind.UNREAD, RowKind.NAME):
            rows.append(Row(RowKind.BODY))
        return Block(message, mark, said, tuple(rows), looks_of(said))

    def _reactions(self, message: Message) -> Iterator[Row]:
        """Put what stands under a message into as few rows as it needs."""
        first = cells = 0
        chips = chips_of(message)
        for number, chip in enumerate(chips):
            width = cell_len(chip.text)
            if number > first and cells + width > self.columns.body:
                yield Row(RowKind.REACTIONS, "", first, number)
                first, cells = number, 0
            cells += width + len(BETWEEN_CHIPS)
        if chips:
            yield Row(RowKind.REACTIONS, "", first, len(chips))

    def has_room_for_edited(self, message: Message, said: MessageText, rows: Sequence[Row]) -> bool:
        """Say whether the last row of a text leaves room for the word that it is not the first one."""
        last = rows[-1] if rows else None
        if last is None or last.kind is not RowKind.BODY or last.is_code:
            return False
        used = cell_len(last.lead) + cell_len(said.text[last.start : last.end])
        return used + len(edited_words(message)) + 2 <= self.columns.body

    def _styled(self, said: MessageText) -> list[Row]:
        """Wrap a text with quotations or code: each row of a quotation has its bars, no row of code breaks at words."""
        rows: list[Row] = []
        for line in said.lines:
            lead = said.text[line.start : line.content].replace(">", "▎")
            room = self.columns.body - cell_len(lead)
            if room < _NARROWEST:
                lead, room = "", self.columns.body
            begin = line.content if lead else line.start
            text = said.text[begin : line.end]
            is_code = line.code is not None
            for number, (start, end) in enumerate((chop if is_code else wrap)(text, room)):
                first = line.start if number == 0 else begin + start
                rows.append(Row(RowKind.BODY, "", first, begin + end, lead if number else "", is_code))
        return rows

    def _folded(self, key: str, rows: list[Row]) -> list[Row]:
        """Leave out most of a long message until it is opened."""
        if len(rows) <= MOST_ROWS:
            return rows
        if key in self._unfolded:
            return [*rows, Row(RowKind.FOLD, "Enter folds it")]
        return [*rows[:FOLDED_ROWS], Row(RowKind.FOLD, f"… {len(rows) - FOLDED_ROWS} more lines · Enter opens")]

    def is_long(self, key: str) -> bool:
        """Say whether a message that was wrapped is folded or was opened."""
        block = self._blocks.get(key)
        return block is not None and block.is_long

    def toggle_fold(self, key: str) -> bool:
        """Open a long message, or fold it again; say whether it is one. Ask for its block again after that."""
        if not self.is_long(key):
            return False
        self._unfolded ^= {key}
        del self._blocks[key]
        return True

    def _texts(self, kind: RowKind, text: str) -> list[Row]:
        return [Row(kind, text[start:end]) for start, end in wrap(text, self.columns.body)]

    def notice(self, text: str) -> Block:
        """Return a block that says something about the conversation itself."""
        if text not in self._notices:
            self._notices[text] = self._notice(text)
        return self._notices[text]

    def _notice(self, text: str) -> Block:
        rows = tuple(Row(RowKind.NOTE, text[a:b]) for a, b in wrap(text, max(2, self.width - 4)))
        return Block(None, Mark(), MessageText(""), rows)

    def gap(self, text: str, key: str) -> Block:
        """Return a block that says what is missing above a message (an empty key: below all)."""
        rows = [Row(RowKind.NOTE, text[a:b]) for a, b in wrap(text, max(2, self.width - 8))]
        return Block(None, Mark(), MessageText(""), tuple(rows), gap=key)

    def _name(self, message: Message) -> str:
        return (self.own if message.is_outgoing else self.peer).name
