"""Shapes and words for states: meaning never rests on colour alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui_xmpp.core.model import Phase, Show, Subscription
from tui_xmpp.core.text import doubt, isolated
from tui_xmpp.core.views import AccountView, ContactView
from tui_xmpp.ui.chat_marks import Marks, Notify
from tui_xmpp.ui.theme import Inks

SHAPES = {
    Show.CHAT: "✦",
    Show.ONLINE: "●",
    Show.AWAY: "◐",
    Show.XA: "○",
    Show.DND: "⊘",
    Show.OFFLINE: "·",
}

WORDS = {
    Show.CHAT: "free to chat",
    Show.ONLINE: "online",
    Show.AWAY: "away",
    Show.XA: "extended away",
    Show.DND: "busy",
    Show.OFFLINE: "offline",
}

PINNED, MUTED, ONLY_MENTIONS, FOR_LATER = "⚲", "∅", "@", "⚑"
"""What stands beside a chat that is marked."""

_PHASES = {
    Phase.OFFLINE: "offline",
    Phase.RESOLVING: "finding the server",
    Phase.CONNECTING: "connecting",
    Phase.SECURING: "securing the line",
    Phase.AUTHENTICATING: "logging in",
    Phase.BINDING: "opening the session",
    Phase.ONLINE: "connected",
    Phase.WAITING: "waiting",
    Phase.DISCONNECTING: "saying goodbye",
    Phase.STOPPED: "stopped",
}


def show_ink(show: Show, inks: Inks) -> Style:
    """Return the colour that goes with a presence shape."""
    if show in (Show.ONLINE, Show.CHAT):
        return inks.good
    if show in (Show.AWAY, Show.XA):
        return inks.warning
    return inks.error if show is Show.DND else inks.dim


def visible_show(account: AccountView) -> Show:
    """Return what others see of the account now: offline while there is no session."""
    return account.own.show if account.connection.phase is Phase.ONLINE else Show.OFFLINE


def account_shape(account: AccountView) -> str:
    """Return the shape before an account's address; a connection under way has its own."""
    phase = account.connection.phase
    if phase.is_under_way or phase is Phase.WAITING:
        return "◌"
    return "✗" if phase is Phase.STOPPED else SHAPES[visible_show(account)]


def account_ink(account: AccountView, inks: Inks) -> Style:
    """Return the colour of :func:`account_shape`."""
    phase = account.connection.phase
    if phase is Phase.STOPPED:
        return inks.error
    if phase.is_under_way or phase is Phase.WAITING:
        return inks.warning
    return show_ink(visible_show(account), inks)


def phase_words(phase: Phase) -> str:
    """Say in the user's words where a connection stands."""
    return _PHASES[phase]


def subscription_mark(contact: ContactView) -> str:
    """Return the mark of a subscription that is not mutual, empty where it is."""
    if contact.is_blocked:
        return "⊗ blocked"
    if not contact.is_in_roster:
        return ""
    if contact.is_ask_pending:
        return "ask ⇢"
    return {
        Subscription.BOTH: "",
        Subscription.TO: "⇠ only you",
        Subscription.FROM: "only them ⇢",
        Subscription.NONE: "no sharing",
    }[contact.subscription]


def chat_signs(marks: Marks) -> str:
    """Return the signs of a chat's marks, in a steady order."""
    rule = {Notify.ALWAYS: "", Notify.MENTION: ONLY_MENTIONS, Notify.NEVER: MUTED}[marks.notify]
    return f"{FOR_LATER * marks.is_for_later}{rule}{PINNED * marks.is_pinned}"


DOUBT = "⚠"
"""Stands by somebody who may be mistaken for another."""


def contact_doubt(contact: ContactView) -> str:
    """Say why a contact may be mistaken for another; empty where they may not."""
    return doubt(str(contact.peer), contact.name)


def subscription_words(contact: ContactView) -> str:
    """Say in a sentence who sees whose presence."""
    if not contact.is_in_roster:
        return "Not in your list: neither sees when the other is online."
    words = {
        Subscription.BOTH: "You see each other.",
        Subscription.TO: "You see them; they do not see you.",
        Subscription.FROM: "They see you; you do not see them.",
        Subscription.NONE: "Neither sees when the other is online.",
    }[contact.subscription]
    if contact.is_ask_pending:
        words += " You asked to see them; no answer yet."
    if contact.is_approved and not contact.subscription.seen_by_them:
        words += " If they ask to see you, they are let in at once."
    return words


def span_words(seconds: float) -> str:
    """Say how long something lasts or lies back, in one unit."""
    seconds = max(0, int(seconds))
    for size, word in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {word}"
    return f"{seconds} s"


def age_words(at: datetime, now: datetime) -> str:
    """Say how long ago something was."""
    seconds = (now - at).total_seconds()
    return "now" if seconds < 45 else f"{span_words(max(seconds, 60))} ago"


def counted(number: int, one: str, many: str = "") -> str:
    """Return ``1 request`` or ``2 requests``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def fitted(text: str, width: int) -> str:
    """Cut ``text`` to ``width`` cells, with an ellipsis where something is lost."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…"


def laid_out(
    left: Iterable[tuple[str, Style]], right: Iterable[tuple[str, Style]], width: int, ground: Style | None = None
) -> Strip:
    """Put pieces at both ends of one line of ``width`` cells, on a ground; the left gives way where both do not fit."""
    strip = _laid_out(left, right, width)
    return strip if ground is None else strip.apply_style(ground)


def _laid_out(left: Iterable[tuple[str, Style]], right: Iterable[tuple[str, Style]], width: int) -> Strip:
    rights = [Segment(isolated(text), style) for text, style in right if text]
    tail = Strip(rights)
    room = width - tail.cell_length
    if room < 0:
        return tail.crop(0, width)
    lefts: list[Segment] = []
    for text, style in left:
        if room <= 0:
            break
        piece = fitted(text, room)
        lefts.append(Segment(isolated(piece), style))
        room -= cell_len(piece)
        if len(piece) < len(text):
            break
    if room > 0:
        lefts.append(Segment(" " * room))
    return Strip([*lefts, *rights], width)


def moment_words(at: datetime, now: datetime, time_format: str) -> str:
    """Return a day and time as short as leaves no doubt: ``today 20:14``, ``Monday 20:14``, ``19 Nov 2025 20:14``."""
    local, today = at.astimezone(), now.astimezone().date()
    days = (today - local.date()).days
    if days in (0, 1):
        day = ("today", "yesterday")[days]
    elif 1 < days < 7:
        day = f"{local:%A}"
    else:
        day = f"{local.day} {local:%b}" + (f" {local.year}" if local.year != today.year else "")
    return f"{day} {local.strftime(time_format)}"
