"""What a conversation is drawn from: colours, rows, the block of rows of a message, columns, and the words in them."""

from __future__ import annotations

from dataclasses import field
from datetime import date
from enum import Enum

from textual.color import Color
from textual.strip import Strip

from tui_xmpp.core.model import Delivery, Direction, Message, MessageKind
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.colors import readable
from tui_xmpp.ui.message_text import MessageText
from tui_xmpp.ui.theme import quiet
from tui_xmpp.values import dataclass

# -- colours ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a conversation, each ``#rrggbb``."""

    background: str
    foreground: str
    muted: str
    faint: str
    accent: str
    error: str
    warning: str
    cursor: str
    selection: str
    code: str
    quote: str
    parts: tuple[str, ...]

    @classmethod
    def of(cls, background: Color, foreground: Color, *, accent: Color, error: Color, warning: Color) -> Palette:
        """Derive the quiet tones from the few loud ones."""
        code = background.blend(foreground, 0.06)
        return cls(
            background=background.hex6,
            foreground=foreground.hex6,
            muted=quiet(background, foreground, background).hex6,
            faint=background.blend(foreground, 0.5).hex6,
            accent=accent.hex6,
            error=error.hex6,
            warning=warning.hex6,
            cursor=background.blend(foreground, 0.08).hex6,
            selection=background.blend(accent, 0.45).hex6,
            code=code.hex6,
            quote=background.blend(foreground, 0.72).hex6,
            parts=(quiet(background, foreground, code).hex6, *(readable(hue, code.hex6) for hue in _HUES)),
        )


_HUES = (265.0, 128.0, 25.0, 225.0)  # of keywords, strings, numbers and names


# -- rows ---------------------------------------------------------------------------------------------------------


class RowKind(Enum):
    DAY = "day"
    UNREAD = "unread"
    NAME = "name"
    SUBJECT = "subject"
    BODY = "body"
    NOTE = "note"
    FOLD = "fold"
    FAILURE = "failure"
    HINTS = "hints"
    REACTIONS = "reactions"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a block. A BODY row shows ``Block.text[start:end]``, a REACTIONS row the chips of these numbers;
    others bring their own text.

    ``lead`` stands before it and is no part of the text: the bars of a quotation that goes on.
    """

    kind: RowKind
    text: str = ""
    start: int = 0
    end: int = 0
    lead: str = ""
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """What a message shows because of where it stands: the separators above it, its name, its time."""

    day: str = ""
    unread: int = 0
    has_name: bool = True
    time: str = ""


def gap_stop(key: str) -> str:
    """Return what the message cursor knows the gap above a message by."""
    return f"gap {key}"


@dataclass(slots=True, eq=False)
class Block:
    """The rows of one message, or of a notice where ``message`` is None.

    ``gap`` is set for a notice of what is missing: the key of the message below it, empty below all.
    """

    message: Message | None
    mark: Mark
    said: MessageText
    rows: tuple[Row, ...]
    looks: bytes = b""
    parts: bytes | None = None
    drawn: dict[tuple[int, int], Strip] = field(default_factory=dict)
    gap: str | None = None

    @property
    def stop(self) -> str | None:
        """What the message cursor knows the block by; None where it does not stand."""
        return self.message.key if self.message is not None else gap_stop(self.gap) if self.gap is not None else None

    @property
    def text(self) -> str:
        """What the message says, as it is shown."""
        return self.said.text

    @property
    def is_long(self) -> bool:
        """Whether there is more of it than is shown unasked."""
        return any(row.kind is RowKind.FOLD for row in self.rows)


@dataclass(frozen=True, slots=True)
class Speaker:
    """How an author is called and what gives them their colour."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the cells of a row go. ``is_stacked``: too narrow for a column of names, they stand above the text."""

    width: int
    time: int
    name: int
    body_x: int
    body: int
    is_stacked: bool

    @classmethod
    def of(cls, width: int, time_width: int, name_width: int) -> Columns:
        """Return the columns for times and names so wide; names that take too much room are cut."""
        if width < 58:
            return cls(width, 0, 0, 2, max(2, width - 2 - MARGIN), is_stacked=True)
        name = min(16, max(9, width // 8, min(name_width, width // 6)))
        body_x = 1 + time_width + 2 + name + 2
        return cls(width, time_width, name, body_x, max(2, width - body_x - MARGIN), is_stacked=False)


MARGIN = 4
"""Cells at the right: a gap, two for delivery, the scroll mark."""


# -- words ---------------------------------------------------------------------------------------------------------


def speakers(account: BareJID, peer: BareJID, title: str) -> tuple[Speaker, Speaker]:
    """Return how the two sides of a conversation are called: own, peer. The header has the whole address."""
    own = sanitize_line(account.local or account.domain, 64)
    name = title if title != str(peer) else peer.local or title
    return Speaker(own, str(account)), Speaker(sanitize_line(name, 64) or str(peer), str(peer))


def day_words(day: date, today: date | None) -> str:
    """Name a day as one does on ``today``; the year only where it is another."""
    if today is not None:
        match (today - day).days:
            case 0:
                return "Today"
            case 1:
                return "Yesterday"
    year = f" {day.year}" if today is not None and day.year != today.year else ""
    return f"{day:%A} {day.day} {day:%B}{year}"


def subject_words(message: Message) -> str:
    """Return the line above a message that has a subject, or is of a kind of its own."""
    subject = sanitize_line(message.subject)
    match message.kind:
        case MessageKind.NORMAL:
            return f"✉ {subject}" if subject else "✉ Single message"
        case MessageKind.CHAT:
            return f"Subject: {subject}"


@dataclass(frozen=True, slots=True)
class Chip:
    """One emoji under a message, as it is shown: own ones in brackets, the number where there are several."""

    emoji: str
    count: int = 0
    is_own: bool = False
    is_waiting: bool = False

    @property
    def text(self) -> str:
        """What stands in the row."""
        told = f"{self.emoji}{f' {self.count}' if self.count > 1 else ''}{' …' if self.is_waiting else ''}"
        return f"[{told}]" if self.is_own else told


def chips_of(message: Message) -> tuple[Chip, ...]:
    """Return what stands under a message, in the order in which it came there."""
    chips: dict[str, Chip] = {}
    for each in sorted(message.reactions, key=lambda one: one.stamp):
        is_own = each.direction is Direction.OUTGOING
        is_waiting = is_own and each.delivery is Delivery.QUEUED
        for emoji in each.emojis:
            was = chips.get(emoji, Chip(emoji))
            chips[emoji] = Chip(emoji, was.count + 1, was.is_own or is_own, was.is_waiting or is_waiting)
    return tuple(chips.values())


def has_failed(message: Message) -> bool:
    """Say whether a message, or the latest correction of it, was not delivered."""
    return message.delivery is Delivery.FAILED or message.failed_correction is not None


def edited_words(message: Message) -> str:
    """Say that a message was corrected, and if that does not hold for the other side yet, that."""
    match message.versions[-1].delivery:
        case Delivery.QUEUED:
            return "edited, not sent yet"
        case Delivery.FAILED:
            return "edited, not delivered"
        case _:
            return "edited"


def failure_words(message: Message) -> str:
    """Say why a message or its correction was not delivered, in the words of whoever refused it too."""
    correction = message.failed_correction
    failure = message.failure if message.delivery is Delivery.FAILED or correction is None else correction.failure
    if failure is None:
        return "This message was not delivered."
    sentence = sanitize_line(failure.sentence) or "This message was not delivered."
    words = sanitize_line(failure.text)
    return f"{sentence} “{words}”" if words else sentence
