"""The verbs about how others see the user."""

from __future__ import annotations

from tui_xmpp.core.model import Show
from tui_xmpp.ui.desk import Desk, VerbError

SHOW_NAMES = {show.value: show for show in Show} | {"busy": Show.DND, "available": Show.ONLINE}
"""Shows by what may be typed for them."""


def change(desk: Desk, text: str) -> None:
    """Change show, status text and priority, or ask for them."""
    word, _, status = text.partition(" ")
    if not word:
        from tui_xmpp.ui.screens.presence import PresenceScreen

        desk.app.push_screen(PresenceScreen(desk, desk.need_account()))
        return
    show = SHOW_NAMES.get(word.casefold())
    if show is None:
        raise VerbError(f"There is no presence called {word}: use online, chat, away, xa, dnd or offline.")
    desk.set_presence(show, status.strip())


def be(show: Show, desk: Desk, text: str) -> None:
    """Be shown so, with a status text."""
    desk.set_presence(show, text)


def set_status(desk: Desk, text: str) -> None:
    """Change the status text."""
    desk.set_presence(status=text)


def read_priority(text: str) -> int:
    """Read a priority; raise ``VerbError`` for what is none (RFC 6121 §4.7.2.3)."""
    try:
        priority = int(text)
    except ValueError:
        priority = 1000
    if not -128 <= priority <= 127:
        raise VerbError("The priority is a whole number from −128 to 127.")
    return priority


def set_priority(desk: Desk, text: str) -> None:
    """Change the priority."""
    desk.set_presence(priority=read_priority(text))
