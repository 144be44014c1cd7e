"""The one-line bars: where one stands in a narrow terminal, and the keys at the foot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from textual import events
from textual.message import Message
from textual.strip import Strip

from tui_xmpp.ui.actions import ACTIONS, BY_ID, Place
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.signs import fitted, laid_out
from tui_xmpp.ui.theme import inks
from tui_xmpp.ui.widgets.lines import DrawnLines
from tui_xmpp.values import dataclass


class TitleBar(DrawnLines):
    """In a narrow terminal: the pane that is shown, and what waits left and right of it."""

    DEFAULT_CSS = "TitleBar { height: 1; background: $panel; display: none; }"

    @dataclass
    class Turned(Message):
        """The user wants the pane on the left (-1) or on the right (1)."""

        step: int

    def __init__(self) -> None:
        super().__init__()
        self._left = self._middle = self._right = ""
        self.is_linear = False
        """Whether what is at the left and the right is said in words, for a screen reader."""

    def tell(self, left: str, middle: str, right: str) -> None:
        """Name the panes left and right (empty: none there) and the one shown."""
        if (left, middle, right) != (self._left, self._middle, self._right):
            self._left, self._middle, self._right = left, middle, right
            self.repaint()

    def draw_lines(self, lines: Sequence[int]) -> list[Strip]:
        """Draw the line."""
        return [self._drawn_line() for _ in lines]

    def _drawn_line(self) -> Strip:
        ink = inks(self.app.current_theme)
        width = self.size.width
        if self.is_linear:
            ways = [f"{side}: {name}" for side, name in (("left", self._left), ("right", self._right)) if name]
            return laid_out([("; ".join((self._middle, *ways)), ink.strong)], [], width, ink.panel)
        left = f" ‹ {self._left}" if self._left else ""
        right = f"{self._right} › " if self._right else ""
        middle = fitted(self._middle, max(0, width - cell_len(left) - cell_len(right) - 4))
        start = max(cell_len(left) + 2, (width - cell_len(middle)) // 2)
        start = max(cell_len(left), min(start, width - cell_len(right) - cell_len(middle) - 2))
        gap = " " * (start - cell_len(left))
        return laid_out([(left, ink.dim), (gap, ink.text), (middle, ink.strong)], [(right, ink.dim)], width, ink.panel)

    def on_click(self, event: events.Click) -> None:
        if event.x < self.size.width // 3 and self._left:
            self.post_message(self.Turned(-1))
        elif event.x >= 2 * self.size.width // 3 and self._right:
            self.post_message(self.Turned(1))


_SHORT = {
    Place.ROSTER: {
        "help": "Help",
        "add-here": "Add contact",
        "edit": "Rename",
        "details": "Details",
        "subscription": "Sharing",
        "contact-menu": "More",
        "remove": "Remove",
        "palette": "Commands",
        "requests": "Requests",
        "presence": "Presence",
    },
    Place.STATUS: {
        "help": "Help",
        "stop-catch-up": "Stop catching up",
        "presence-here": "Presence",
        "connect-here": "Connect",
        "disconnect-here": "Disconnect",
        "accounts": "Accounts",
        "status-pane": "Close",
    },
    Place.INBOX: {
        "pin-here": "Pin",
        "mute-here": "Mute",
        "archive-here": "Archive",
        "later-here": "Later",
        "read-here": "Read",
        "go-to": "Go to",
        "inbox": "Back",
    },
    Place.MESSAGES: {
        "write": "Write",
        "resend": "Send again",
        "reply": "Reply",
        "edit-message": "Edit",
        "copy-message": "Copy",
        "open-link": "Open link",
        "message-menu": "More",
        "message-details": "Details",
        "discard": "Discard",
    },
    Place.EVERYWHERE: {action.id: action.footer for action in ACTIONS if action.footer},
}
"""What is shown of the registry, by the pane that has the cursor."""
_WITHOUT_ACCOUNT = {"help": "Help", "accounts": "Add an account", "palette": "Commands", "quit": "Quit"}


class KeyBar(DrawnLines):
    """The keys that do something here, as many as fit."""

    DEFAULT_CSS = "KeyBar { height: 1; background: $surface; }"

    @dataclass
    class Pressed(Message):
        """A key's words were clicked."""

        action: str

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._place = Place.EVERYWHERE
        self._spans: list[tuple[int, int, str]] = []

    def stand(self, place: Place) -> None:
        """Show the keys of the pane that has the cursor."""
        if place is not self._place:
            self._place = place
            self.repaint()

    def draw_lines(self, lines: Sequence[int]) -> list[Strip]:
        """Draw the line."""
        return [self._drawn_line() for _ in lines]

    def _keys(self) -> Iterable[tuple[str, str, str]]:
        shown = _SHORT[self._place] if self._desk.account is not None else _WITHOUT_ACCOUNT
        actions = map(BY_ID.__getitem__, shown)
        return [(self._desk.keymap.words(a), shown[a.id], a.id) for a in actions if a.applies(self._desk)]

    def _drawn_line(self) -> Strip:
        ink = inks(self.app.current_theme)
        width = self.size.width
        self._spans.clear()
        pieces = [(" ", ink.text)]
        column = 1
        for key, words, action in self._keys():
            size = cell_len(key) + cell_len(words) + 3
            if column + size - 2 > width:
                break
            self._spans.append((column, column + size, action))
            pieces += [(key, ink.accent), (f" {words}", ink.dim), ("  ", ink.text)]
            column += size
        return laid_out(pieces, [], width, ink.surface)

    def on_click(self, event: events.Click) -> None:
        for start, end, action in self._spans:
            if start <= event.x < end:
                self.post_message(self.Pressed(action))
