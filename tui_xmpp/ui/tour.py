"""A minute's walk through the program: each step says what to do and goes on when it was done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import events
from textual.message import Message
from textual.strip import Strip

from tui_xmpp.ui.actions import Place
from tui_xmpp.ui.signs import laid_out
from tui_xmpp.ui.theme import inks
from tui_xmpp.ui.widgets.lines import DrawnLines
from tui_xmpp.ui.wrapping import rows_of
from tui_xmpp.values import dataclass

if TYPE_CHECKING:
    from tui_xmpp.ui.desk import Desk


@dataclass(frozen=True, slots=True)
class Step:
    """What to do, with the keys of actions in braces, and whether it has been done since the step began."""

    words: str
    is_done: Callable[[Desk, int], bool]


def _screen(name: str) -> Callable[[Desk, int], bool]:
    def is_open(desk: Desk, sent: int) -> bool:
        return type(desk.app.screen).__name__ == name

    return is_open


def _has_chat(desk: Desk, sent: int) -> bool:
    return desk.chat is not None


def _has_sent(desk: Desk, sent: int) -> bool:
    return sent_here(desk) > sent


def _is_on_messages(desk: Desk, sent: int) -> bool:
    return desk.main.place is Place.MESSAGES


STEPS = (
    Step("↑ and ↓ choose someone, Enter opens the chat", _has_chat),
    Step("Write something; Enter sends it", _has_sent),
    Step("↑ from the empty line goes to the messages: r answers one, m shows all one can do", _is_on_messages),
    Step("{go-to} finds any chat by a few letters, and goes back to the one before", _screen("PaletteScreen")),
    Step("{requests} shows who asks to see when you are online", _screen("RequestsScreen")),
    Step("{presence} changes how others see you", _screen("PresenceScreen")),
    Step("{help} shows the keys of where you stand, and finds any command", _screen("HelpScreen")),
)


_WAY_OUT = " /tour ends it "


def sent_here(desk: Desk) -> int:
    """Return how many messages of the user's own the open chat shows."""
    return sum(message.is_outgoing for message in desk.views.conversation(*desk.chat).messages) if desk.chat else 0


class TourBar(DrawnLines):
    """The step the user is at, in one line where that has room for it; a click ends the tour."""

    DEFAULT_CSS = "TourBar { height: 1; background: $primary 30%; }"

    class Ended(Message):
        """The user has seen enough."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._at = 0
        self._sent = sent_here(desk)

    @property
    def step(self) -> int:
        """The number of the step, from 0; as many as there are steps when all were done."""
        return self._at

    def look(self) -> None:
        """Go on if the step was done."""
        if self._at < len(STEPS) and STEPS[self._at].is_done(self._desk, self._sent):
            self._at += 1
            self._sent = sent_here(self._desk)
            self._take_room()

    def on_resize(self) -> None:
        self._take_room()

    def _take_room(self) -> None:
        if self.size.width:
            self.styles.height = len(self._rows())
            self.repaint()

    def _words(self) -> tuple[str, str]:
        if self._at == len(STEPS):
            return " ✓  ", "That was the tour. The rest you find when you need it"
        words = STEPS[self._at].words
        for action in ("go-to", "requests", "presence", "help"):
            words = words.replace(f"{{{action}}}", self._desk.keymap.words(action))
        return f" {self._at + 1}/{len(STEPS)}  ", words

    def _rows(self) -> list[str]:
        """Return the words in as many rows as they need; the last has room for the way out."""
        count, words = self._words()
        rows = rows_of(words, self.size.width - len(count))
        if len(count) + cell_len(rows[-1]) + len(_WAY_OUT) > self.size.width:
            rows.append("")
        return rows

    def draw_lines(self, lines: Sequence[int]) -> list[Strip]:
        """Draw lines of the step."""
        ink = inks(self.app.current_theme)
        count, _ = self._words()
        rows = self._rows()
        strips = []
        for line in lines:
            head = count if line == 0 else " " * len(count)
            left = [(head, ink.cursor + ink.strong), (rows[line] if line < len(rows) else "", ink.cursor + ink.text)]
            right = [(_WAY_OUT, ink.cursor + ink.dim)] if line == len(rows) - 1 else []
            strips.append(laid_out(left, right, self.size.width, ink.cursor))
        return strips

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Ended())
