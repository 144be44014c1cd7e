"""What the user has marked chats with: pinned, archived, for later, and when they may call."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING

from tui_xmpp.jid import BareJID, JIDError
from tui_xmpp.values import dataclass
from tui_xmpp.worker.client import Client

if TYPE_CHECKING:
    from tui_xmpp.ui.desk import Chat


class Notify(Enum):
    """Which messages of a chat may call the user."""

    ALWAYS = "always"
    MENTION = "mention"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Marks:
    """All the marks of one chat."""

    is_pinned: bool = False
    is_archived: bool = False
    is_for_later: bool = False
    notify: Notify = Notify.ALWAYS

    @property
    def is_muted(self) -> bool:
        return self.notify is Notify.NEVER


class ChatList:
    """Some chats in an order, remembered from run to run under one name."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name
        self._kept: object = None
        self._places: dict[str, None] = {}
        self._chats: tuple[Chat, ...] | None = None

    def _read(self) -> dict[str, None]:
        kept = self._client.recall(self._name)
        if kept is not self._kept:
            self._kept = kept
            self._places = dict.fromkeys(kept) if isinstance(kept, list) else {}
            self._chats = None
        return self._places

    def __contains__(self, chat: Chat) -> bool:
        places = self._read()
        return bool(places) and _name(chat) in places

    def chats(self) -> tuple[Chat, ...]:
        """Return the chats in their order."""
        places = self._read()
        if self._chats is None:
            self._chats = tuple(chat for text in places if (chat := _chat(text)) is not None)
        return self._chats

    def put(self, chats: Iterable[Chat]) -> None:
        """Keep these chats in place of what was kept."""
        names = [_name(chat) for chat in chats]
        if names != list(self._read()):
            self._client.remember(self._name, names)

    def add(self, chat: Chat) -> None:
        """Put a chat at the end, unless it is there."""
        if chat not in self:
            self._client.remember(self._name, [*self._read(), _name(chat)])

    def remove(self, chat: Chat) -> None:
        """Take a chat out."""
        if chat in self:
            self._client.remember(self._name, [name for name in self._read() if name != _name(chat)])


def _name(chat: Chat) -> str:
    return f"{chat[0]} {chat[1]}"  # no address holds a space before its resource (RFC 7622 §3.3.1)


def _chat(text: str) -> Chat | None:
    account, _, peer = text.partition(" ")
    try:
        return BareJID.parse(account), BareJID.parse(peer)
    except JIDError:
        return None


class ChatMarks:
    """The marks of all chats, kept from run to run: for each mark, the chats that have it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._pinned = ChatList(client, "pinned chats")
        self._archived = ChatList(client, "archived chats")
        self._later = ChatList(client, "chats for later")
        self._rules = {rule: ChatList(client, f"{rule.value} notifying chats") for rule in Notify}

    def of(self, account: BareJID, peer: BareJID) -> Marks:
        """Return the marks of one chat."""
        chat = (account, peer)
        return Marks(chat in self._pinned, chat in self._archived, chat in self._later, self._rule(chat))

    def _rule(self, chat: Chat) -> Notify:
        given = (rule for rule, chats in self._rules.items() if chat in chats)
        return next(given, Notify(self._client.settings.notifications.default_rule))

    def pinned(self) -> tuple[Chat, ...]:
        """Return the pinned chats in the order they were pinned."""
        return self._pinned.chats()

    def pin(self, account: BareJID, peer: BareJID, *, is_pinned: bool) -> None:
        """Keep a chat at the top, or no longer."""
        _set(self._pinned, (account, peer), is_there=is_pinned)

    def archive(self, account: BareJID, peer: BareJID, *, is_archived: bool) -> None:
        """Put a chat out of sight until something comes in it, or take it back."""
        _set(self._archived, (account, peer), is_there=is_archived)

    def put_off(self, account: BareJID, peer: BareJID, *, is_for_later: bool) -> None:
        """Mark a chat to come back to, or as done with."""
        _set(self._later, (account, peer), is_there=is_for_later)

    def notify(self, account: BareJID, peer: BareJID, rule: Notify) -> None:
        """Say which messages of a chat may call the user."""
        for each, chats in self._rules.items():
            _set(chats, (account, peer), is_there=each is rule)


def _set(chats: ChatList, chat: Chat, *, is_there: bool) -> None:
    if is_there:
        chats.add(chat)
    else:
        chats.remove(chat)


def is_mention(account: BareJID, body: str) -> bool:
    """Say whether a message calls the user of an account by name, as a word of its own."""
    return account.local is not None and re.search(rf"(?<!\w){re.escape(account.local)}(?!\w)", body, re.I) is not None
