"""What the user has marked chats with: pinned, archived, for later, when they may call, who knows what was read."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import Enum
from functools import cache
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
    is_reading_told: bool = True
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

    @property
    def names(self) -> Collection[str]:
        """The names of the chats: ``account peer``."""
        kept = self._client.recall(self._name)
        if kept is not self._kept:
            self._kept = kept
            self._places = dict.fromkeys(kept) if isinstance(kept, list) else {}
            self._chats = None
        return self._places

    def __contains__(self, chat: Chat) -> bool:
        return chat_name(chat) in self.names

    def chats(self) -> tuple[Chat, ...]:
        """Return the chats in their order."""
        names = self.names
        if self._chats is None:
            self._chats = tuple(chat for text in names if (chat := named_chat(text)) is not None)
        return self._chats

    def put(self, chats: Iterable[Chat]) -> None:
        """Keep these chats in place of what was kept."""
        names = [chat_name(chat) for chat in chats]
        if names != list(self.names):
            self._client.remember(self._name, names)

    def add(self, chat: Chat) -> None:
        """Put a chat at the end, unless it is there."""
        if chat not in self:
            self._client.remember(self._name, [*self.names, chat_name(chat)])

    def remove(self, chat: Chat) -> None:
        """Take a chat out."""
        if chat in self:
            self._client.remember(self._name, [name for name in self.names if name != chat_name(chat)])


def chat_name(chat: Chat) -> str:
    """Return how a chat is called in what is kept: ``account peer``."""
    return f"{chat[0]} {chat[1]}"  # no address holds a space before its resource (RFC 7622 §3.3.1)


def named_chat(text: str) -> Chat | None:
    """Return the chat that is called so; None where it is none."""
    account, _, peer = text.partition(" ")
    try:
        return BareJID.parse(account), BareJID.parse(peer)
    except JIDError:
        return None


_marks = cache(Marks)  # there are few, and a list asks for many at once


class ChatMarks:
    """The marks of all chats, kept from run to run: for each mark, the chats that have it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._pinned = ChatList(client, "pinned chats")
        self._archived = ChatList(client, "archived chats")
        self._later = ChatList(client, "chats for later")
        self._untold = ChatList(client, "chats read in silence")
        self._rules = {rule: ChatList(client, f"{rule.value} notifying chats") for rule in Notify}

    def of(self, account: BareJID, peer: BareJID) -> Marks:
        """Return the marks of one chat."""
        name = chat_name((account, peer))
        usual = self._client.settings.notifications.default_rule
        rule = next((rule for rule, chats in self._rules.items() if name in chats.names), None) or Notify(usual)
        return _marks(
            name in self._pinned.names,
            name in self._archived.names,
            name in self._later.names,
            name not in self._untold.names,
            rule,
        )

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

    def tell_reading(self, account: BareJID, peer: BareJID, *, is_told: bool) -> None:
        """Say whether the one written with may know what was read of theirs."""
        _set(self._untold, (account, peer), is_there=not is_told)

    def notify(self, account: BareJID, peer: BareJID, rule: Notify) -> None:
        """Say which messages of a chat may call the user."""
        for each, chats in self._rules.items():
            _set(chats, (account, peer), is_there=each is rule)


def _set(chats: ChatList, chat: Chat, *, is_there: bool) -> None:
    if is_there:
        chats.add(chat)
    else:
        chats.remove(chat)
