"""One line at the foot of the screen that says what is new, for who listens: one thing after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from textual.strip import Strip
from textual.timer import Timer

from tui_xmpp.core.changes import MessagesArrived
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.linear import announcement
from tui_xmpp.ui.notifications import may_call
from tui_xmpp.ui.signs import fitted, laid_out
from tui_xmpp.ui.theme import inks
from tui_xmpp.ui.widgets.lines import DrawnLines
from tui_xmpp.worker.doorbell import Batch

HOLD = 2.0
"""Seconds that an announcement stays at the least when others wait: a screen reader speaks a row that changes."""
MOST_WAITING = 8


class Announcer(DrawnLines):
    """Show the newest announcement until the next; what comes faster than it can be heard waits, or is counted."""

    DEFAULT_CSS = "Announcer { height: 1; background: $background; }"

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="announcer")
        self._desk = desk
        arrivals = desk.views.arrivals()
        self._last = arrivals[-1] if arrivals else None
        self.shown = ""
        self._waiting: deque[str] = deque()
        self._missed = 0
        self._timer: Timer | None = None

    def follow(self, batch: Batch) -> None:
        """Announce the messages a batch brings, in their order: those of open chats, and those that may call."""
        if not any(isinstance(change, MessagesArrived) for change in batch.changes):
            return
        arrivals, fresh = self._desk.views.arrivals(), []
        for message in reversed(arrivals):
            if message is self._last:
                break
            fresh.append(message)
        self._last = arrivals[-1] if arrivals else None
        for message in reversed(fresh):
            chat = message.account, message.peer
            is_open = self._desk.main.splits.showing(chat) is not None
            if not message.is_outgoing and (is_open or may_call(message, self._desk.marks.of(*chat).notify)):
                words = announcement(message, self._desk.title(*chat))
                self.announce(" ".join(words.split()))

    def announce(self, words: str) -> None:
        """Say these words when their turn comes."""
        if self._timer is None and self.app.screen is self.screen:
            self._show(words)
        elif len(self._waiting) < MOST_WAITING:
            self._waiting.append(words)
        else:
            self._missed += 1

    def _show(self, words: str) -> None:
        self.shown = words
        self.repaint()
        self._timer = self.set_timer(HOLD, self._go_on)

    def resume(self) -> None:
        """Go on with what came while another screen lay over this one."""
        if self._timer is None:
            self._go_on()

    def _go_on(self) -> None:
        self._timer = None
        if self.app.screen is not self.screen:
            return
        if self._waiting:
            self._show(self._waiting.popleft())
        elif self._missed:
            missed, self._missed = self._missed, 0
            self._show(f"{missed} more, to be read in the chats")

    def draw_lines(self, lines: Sequence[int]) -> list[Strip]:
        """Draw the line."""
        ink, width = inks(self.app.current_theme), self.size.width
        words = fitted(self.shown, width)
        return [laid_out([(words, ink.text)], [], width, ink.surface) for _ in lines]
