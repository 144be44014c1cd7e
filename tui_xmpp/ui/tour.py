"""A minute's walk through the program: each step says what to do and goes on when it was done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.message import Message
from textual.strip import Strip

from tui_xmpp.ui.actions import Place
from tui_xmpp.ui.signs import laid_out
from tui_xmpp.ui.theme import inks
from tui_xmpp.ui.widgets.lines import DrawnLines
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


def sent_here(desk: Desk) -> int:
    """Return how many messages of the user's own the open chat shows."""
    return sum(message.is_outgoing for message in desk.views.conversation(*desk.chat).messages) if desk.chat else 0


class TourBar(DrawnLines):
    """One line with the step the user is at; a click ends the tour."""

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
            self.repaint()

    def draw_lines(self, lines: Sequence[int]) -> list[Strip]:
        """Draw the line."""
        ink = inks(self.app.current_theme)
        ground = ink.cursor
        if self._at < len(STEPS):
            keymap = self._desk.keymap
            words = STEPS[self._at].words
            for action in ("go-to", "requests", "presence", "help"):
                words = words.replace(f"{{{action}}}", keymap.words(action))
            count = f" {self._at + 1}/{len(STEPS)} "
        else:
            words, count = "That was the tour. The rest you find when you need it", " ✓ "
        left = [(count, ground + ink.strong), (f" {words}", ground + ink.text)]
        strip = laid_out(left, [(" /tour ends it ", ground + ink.dim)], self.size.width, ground)
        return [strip for _ in lines]

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Ended())
