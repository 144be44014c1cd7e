"""The verbs about how others see the user."""

from __future__ import annotations

from tui_xmpp.core.commands import SendDirectedPresence
from tui_xmpp.core.model import OwnPresence, Show
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.jid import JID, BareJID, FullJID, parse_jid
from tui_xmpp.ui.contacts import find_another
from tui_xmpp.ui.desk import Desk, VerbError
from tui_xmpp.ui.signs import WORDS

SHOW_NAMES = {show.value: show for show in Show} | {"busy": Show.DND, "available": Show.ONLINE}
"""Shows by what may be typed for them."""


def change(desk: Desk, text: str) -> None:
    """Change show, status text and priority, or ask for them."""
    word, _, status = text.partition(" ")
    if not word:
        from tui_xmpp.ui.screens.presence import PresenceScreen

        desk.app.push_screen(PresenceScreen(desk, desk.need_account()))
        return
    desk.set_presence(_read_show(word), status.strip())


def _read_show(word: str) -> Show:
    show = SHOW_NAMES.get(word.casefold())
    if show is None:
        shown = sanitize_line(word, 30)
        raise VerbError(f"There is no presence called {shown}: use online, chat, away, xa, dnd or offline.")
    return show


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


def show_to(desk: Desk, text: str) -> None:
    """Show this presence to one address only, a device's own address too; without a show, the present one."""
    address, _, rest = text.partition(" ")
    word, _, status = rest.strip().partition(" ")
    account, peer = _addressed(desk, address)
    own = desk.views.account(account)
    if word or own is None:
        _direct(desk, account, peer, OwnPresence(_read_show(word), status.strip()))
    else:
        _direct(desk, account, peer, own.own)


def hide_from(desk: Desk, text: str) -> None:
    """Be offline for one address only, which takes back what was shown to it (RFC 6121 §4.6.2)."""
    account, peer = _addressed(desk, text)
    _direct(desk, account, peer, OwnPresence(Show.OFFLINE))


def _addressed(desk: Desk, text: str) -> tuple[BareJID, JID]:
    account, peer = find_another(desk, text)
    jid = parse_jid(text) if "/" in text else peer
    return account, jid


def _direct(desk: Desk, account: BareJID, peer: JID, presence: OwnPresence) -> None:
    contact = desk.views.contact(account, peer.bare)
    name = sanitize_line(str(peer), 80) if isinstance(peer, FullJID) else desk.title(account, peer.bare)
    # Who sees us anyway is told of the next change too; anyone else of none but the end (RFC 6121 §4.6.3).
    is_told_anyway = contact is not None and contact.is_in_roster and contact.subscription.seen_by_them
    sentence = f"{name} sees you as {WORDS[presence.show]}"
    if is_told_anyway:
        sentence += " until you change your presence."
    elif presence.show.is_available:
        sentence += " until you disconnect; /hide-from takes it back."
    else:
        sentence += "."
    desk.submit_and_say(SendDirectedPresence(account, peer, presence), sentence)
