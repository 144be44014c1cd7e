"""All that can be done with someone in the list of people or in the inbox, and with the list itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from textual.geometry import Region

from tui_xmpp.core.views import ContactView
from tui_xmpp.ui.actions import BY_ID, Place
from tui_xmpp.ui.chat_marks import Marks
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.screens.menu import Menu

_HERE = {
    Place.ROSTER: {"pin": "pin-row"},
    Place.INBOX: {
        "pin": "pin-here",
        "mute": "mute-here",
        "archive": "archive-here",
        "later": "later-here",
        "mark-read": "read-here",
    },
}
"""Which actions have a key of their own at a place."""
_OF_THE_LIST = ("add-here", "requests", "order", "offline", "accounts")


class ContactMenu(Menu):
    """The verbs that suit a contact as things stand; without one, those for the list."""

    def __init__(
        self,
        desk: Desk,
        contact: ContactView | None,
        beside: Region,
        place: Place = Place.ROSTER,
        perform: Callable[[str], None] | None = None,
    ) -> None:
        if contact is None:
            offers = [(BY_ID[id_], BY_ID[id_].title) for id_ in _OF_THE_LIST if BY_ID[id_].applies(desk)]
        else:
            own = _HERE[place]
            pairs = _offers(contact, desk.marks.of(contact.account, contact.peer))
            offers = [(BY_ID[own.get(id_, id_)], title or BY_ID[id_].title) for id_, title in pairs]
        super().__init__(desk, place, beside, offers, perform or desk.app.perform)


def _offers(contact: ContactView, marks: Marks) -> Iterator[tuple[str, str]]:
    """Yield what can be done, each action with a title where its own would not say it."""
    yield "chat", "Write"
    yield "split", "Open beside the others"
    yield "details", ""
    if contact.is_in_roster:
        yield "edit", ""
    else:
        yield "add", "Put in your list"
    if contact.unread:
        yield "mark-read", ""
    yield "pin", "Unpin" if marks.is_pinned else "Pin"
    yield "mute", "Unmute" if marks.is_muted else "Mute"
    yield "later", "Not for later any more" if marks.is_for_later else ""
    yield "archive", "Take out of the archive" if marks.is_archived else "Archive"
    if contact.is_requesting:
        yield "approve", "Approve their request"
        yield "deny", "Deny their request"
    if contact.is_ask_pending:
        yield "unsubscribe", "Take your request back"
    elif contact.is_in_roster and contact.subscription.sees_them:
        yield "unsubscribe", ""
    else:
        yield "subscribe", ""
    yield "subscription", "Who sees whom…"
    yield "export", ""
    if contact.is_blocked:
        yield "unblock", ""
    else:
        yield "block", "Block…"
    yield "purge", "Delete the chat here…"
    if contact.is_in_roster:
        yield "remove", "Remove contact…"
