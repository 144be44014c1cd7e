"""Where the user has been: chats by the last visit, and the few that have a number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tui_xmpp.ui.chat_marks import ChatList, ChatMarks
from tui_xmpp.worker.client import Client

if TYPE_CHECKING:
    from tui_xmpp.ui.desk import Chat

NUMBERS = 9
"""As many chats have a number, and with it a key."""
_MOST_VISITS = 60


class Trail:
    """The chats visited, last one first, and the numbered ones; both are kept from run to run."""

    def __init__(self, client: Client, marks: ChatMarks) -> None:
        self._views = client.views
        self._marks = marks
        self._visits = ChatList(client, "visited chats")
        self._open = ChatList(client, "open chats")
        self._layout = ChatList(client, "chats beside each other")

    def visit(self, chat: Chat) -> None:
        """Be in a chat now. It gets a number: a free one, or that of the chat not visited for longest."""
        visits = self._visits.chats()
        self._visits.put([chat, *(each for each in visits if each != chat)][:_MOST_VISITS])
        pinned = self._marks.pinned()
        if chat in self._open or chat in pinned:
            return
        numbered = [each for each in self._open.chats() if each not in pinned]
        if len(numbered) < NUMBERS - len(pinned):
            numbered.append(chat)
        elif numbered:
            order = {each: place for place, each in enumerate(self._visits.chats())}
            numbered[numbered.index(max(numbered, key=lambda each: order.get(each, _MOST_VISITS)))] = chat
        self._open.put(numbered)

    def leave(self, chat: Chat) -> None:
        """Close a chat: it gives its number up."""
        self._open.remove(chat)

    def visits(self) -> tuple[Chat, ...]:
        """Return the chats visited, last one first."""
        return self._here(self._visits.chats())

    def numbered(self) -> tuple[Chat, ...]:
        """Return the chats with a number, from 1 on: the pinned ones, then those opened, in that order."""
        return self._here(dict.fromkeys((*self._marks.pinned(), *self._open.chats())))[:NUMBERS]

    def keep_layout(self, chats: Iterable[Chat]) -> None:
        """Keep which chats are open beside each other; a single one is not kept."""
        beside = tuple(chats)
        self._layout.put(beside if len(beside) > 1 else ())

    def layout(self) -> tuple[Chat, ...]:
        """Return the chats that were open beside each other."""
        chats = self._here(self._layout.chats())
        return chats if len(chats) > 1 else ()

    def _here(self, chats: Iterable[Chat]) -> tuple[Chat, ...]:
        return tuple(chat for chat in chats if self._views.account(chat[0]) is not None)
