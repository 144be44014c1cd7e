"""What is unread: how much of it calls for the user, and which of it matters most."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tui_xmpp.core.views import ContactView
from tui_xmpp.ui.chat_marks import Notify

if TYPE_CHECKING:
    from tui_xmpp.ui.desk import Desk


class Unread:
    """Count unread messages by the rule of their chat: all, those that name the user, or none."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def contacts(self) -> Iterator[ContactView]:
        """Yield the chats with something unread, of all accounts."""
        return self._desk.main.roster.rows.unread()

    def total(self) -> int:
        """Return how many messages call for the user: the number in the title."""
        return sum(map(self.calling, self.contacts()))

    def calling(self, contact: ContactView) -> int:
        """Return how many of a chat's unread messages call for the user."""
        rule = self._desk.marks.of(contact.account, contact.peer).notify
        if rule is Notify.MENTION:
            return contact.mentions
        return contact.unread if rule is Notify.ALWAYS else 0

    def importance(self, contact: ContactView) -> tuple[int, bool, bool, float]:
        """Order unread chats: what calls before what does not and what is muted; then by name, pin and newness."""
        marks = self._desk.marks.of(contact.account, contact.peer)
        is_named = contact.mentions > 0
        is_calling = marks.notify is Notify.ALWAYS or (marks.notify is Notify.MENTION and is_named)
        return (
            0 if marks.is_muted or marks.is_archived else 1 + is_calling,
            is_named,
            marks.is_pinned,
            contact.last_stamp.timestamp() if contact.last_stamp else 0.0,
        )
