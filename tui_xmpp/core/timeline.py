"""The order and identity of the messages of one conversation, in a window of bounded size."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tui_xmpp.core.model import Delivery, Failure, Message

WINDOW = 2000
"""Most messages held in memory for one conversation; the rest is paged in from the archive."""


def _stamp(message: Message) -> datetime:
    return message.stamp


@dataclass(slots=True)
class Timeline:
    """A window on a conversation, sorted by time, each message once."""

    limit: int = WINDOW
    has_older: bool = False
    has_newer: bool = False
    _messages: list[Message] = field(default_factory=list)
    _by_key: dict[str, Message] = field(default_factory=dict)
    _view: tuple[Message, ...] | None = None

    def __len__(self) -> int:
        return len(self._messages)

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    def get(self, key: str) -> Message | None:
        """Return a message of the window."""
        return self._by_key.get(key)

    @property
    def messages(self) -> tuple[Message, ...]:
        """The window, oldest first. The same tuple as before where nothing changed."""
        if self._view is None:
            self._view = tuple(self._messages)
        return self._view

    def insert(self, message: Message) -> bool:
        """Put a new message in its place; say whether it was new.

        While the window is scrolled away from the newest, a later message is left to the archive.
        """
        if message.key in self._by_key:
            return False
        if self.has_newer and self._messages and message.stamp > self._messages[-1].stamp:
            return True
        if self._messages and message.stamp < self._messages[-1].stamp:
            insort(self._messages, message, key=_stamp)
        else:
            self._messages.append(message)
        self._by_key[message.key] = message
        self._trim_old()
        self._view = None
        return True

    def put_page(self, page: Sequence[Message], *, is_latest: bool, is_start: bool) -> None:
        """Merge a page from the archive, oldest first.

        A latest page starts the window anew but keeps rows it does not know, such as ones that came meanwhile.
        """
        if is_latest:
            oldest = page[0].stamp if page else None
            kept = [m for m in self._messages if oldest is None or m.stamp >= oldest]
            self._messages, self._by_key = [], {}
            self.has_newer = False
            self._merge(page)
            self._merge([m for m in kept if m.key not in self._by_key])
            self.has_older = not is_start
            self._trim_old()
        else:
            self._merge([m for m in page if m.key not in self._by_key])
            self.has_older = not is_start
            self._trim_new()
        self._view = None

    def _merge(self, messages: Sequence[Message]) -> None:
        if not messages:
            return
        # Timsort joins two sorted runs in linear time and keeps equal stamps in the order given: older page first.
        self._messages = sorted([*messages, *self._messages], key=_stamp)
        self._by_key.update((m.key, m) for m in messages)

    def _trim_old(self) -> None:
        # A tenth of slack, so that a busy conversation does not shift the list at every message.
        if len(self._messages) > self.limit + self.limit // 10:
            excess = len(self._messages) - self.limit
            for message in self._messages[:excess]:
                del self._by_key[message.key]
            del self._messages[:excess]
            self.has_older = True

    def _trim_new(self) -> None:
        if len(self._messages) > self.limit:
            for message in self._messages[self.limit :]:
                del self._by_key[message.key]
            del self._messages[self.limit :]
            self.has_newer = True

    def change_delivery(self, key: str, delivery: Delivery, failure: Failure | None) -> bool:
        """Move a message along its ladder; say whether anything changed.

        A rung already passed is ignored, but a failure is shown unless delivery was proved, and a resend may follow it.
        """
        message = self._by_key.get(key)
        if message is None or not message.delivery.may_become(delivery):
            return False
        changed = replace(message, delivery=delivery, failure=failure)
        self._replace(message, changed)
        return True

    def remove(self, key: str) -> bool:
        """Take a message out of the window."""
        message = self._by_key.pop(key, None)
        if message is None:
            return False
        del self._messages[self._index(message)]
        self._view = None
        return True

    def _replace(self, old: Message, new: Message) -> None:
        self._messages[self._index(old)] = new
        self._by_key[new.key] = new
        self._view = None

    def _index(self, message: Message) -> int:
        # Deliveries concern the newest rows: look from the end.
        for index in range(len(self._messages) - 1, -1, -1):
            if self._messages[index] is message:
                return index
        raise ValueError(message.key)
