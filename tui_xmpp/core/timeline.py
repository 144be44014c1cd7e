"""The order and identity of the messages of one conversation, in a window of bounded size."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import field, replace
from datetime import datetime
from math import inf

from tui_xmpp.core.correction import corrected, is_corrected_by, settled, withdrawn
from tui_xmpp.core.model import Delivery, Failure, Message
from tui_xmpp.core.order import place_of
from tui_xmpp.core.reactions import added, names_of
from tui_xmpp.values import dataclass

WINDOW = 2000
"""Most messages held in memory for one conversation; the rest is paged in from the archive."""


@dataclass(slots=True)
class Timeline:
    """A window on a conversation, sorted by place, each message once."""

    limit: int = WINDOW
    has_older: bool = False
    has_newer: bool = False
    _messages: list[Message] = field(default_factory=list)
    _by_key: dict[str, Message] = field(default_factory=dict)
    _view: tuple[Message, ...] | None = None
    _left_out: int = 0

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
        self._put(message)
        self._trim_old()
        return True

    def merge(self, messages: Sequence[Message]) -> None:
        """Take messages that are new or differ; what lies beyond an edge of the window is left to the archive.

        The first of the window stays in it, and the edge goes back with it, where the archive puts it earlier.
        """
        edge: float = inf
        if self._messages:
            first = self._messages[0]
            edge = min(place_of(message) for message in (first, *messages) if message.key == first.key)
        for message in messages:
            self.remove(message.key)
        for message in messages:
            if not self.has_older or place_of(message) >= edge:
                self._put(message)
        self._trim_old()

    def _put(self, message: Message) -> None:
        place = place_of(message)
        last = place_of(self._messages[-1]) if self._messages else 0
        if self.has_newer and place > last:
            self._left_out = max(self._left_out, place)
            return
        if place < last:
            insort(self._messages, message, key=place_of)
        else:
            self._messages.append(message)
        self._by_key[message.key] = message
        self._view = None

    def put_page(self, page: Sequence[Message], *, is_latest: bool, is_start: bool) -> None:
        """Merge a page from the archive, oldest first.

        A latest page starts the window anew but keeps rows it does not know, such as ones that came meanwhile.
        """
        if is_latest:
            oldest = place_of(page[0]) if page else 0
            kept = [m for m in self._messages if place_of(m) >= oldest]
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

    def put_newer_page(self, page: Sequence[Message], *, is_latest: bool) -> None:
        """Put a page after the window."""
        self._merge([m for m in page if m.key not in self._by_key])
        self._meet_newest(is_latest)
        self._trim_old()
        self._view = None

    def put_window(self, page: Sequence[Message], *, is_latest: bool, is_start: bool) -> None:
        """Show these messages and no others."""
        self._messages, self._by_key = [], {}
        self._merge(page)
        self.has_older = not is_start
        self._meet_newest(is_latest)
        self._view = None

    def _meet_newest(self, is_latest: bool) -> None:
        # A message that came while the page was read may be in neither.
        last = place_of(self._messages[-1]) if self._messages else 0
        self.has_newer = not is_latest or self._left_out > last

    def _merge(self, messages: Sequence[Message]) -> None:
        if not messages:
            return
        # Timsort joins two sorted runs in linear time and keeps equal places in the order given: older page first.
        self._messages = sorted([*messages, *self._messages], key=place_of)
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

    def change_delivery(
        self, key: str, delivery: Delivery, failure: Failure | None, at: datetime | None = None
    ) -> bool:
        """Move a message along its ladder; say whether anything changed.

        A rung already passed is ignored, but a failure is shown unless delivery was proved, and a resend may follow it.
        """
        message = self._by_key.get(key)
        if message is None:
            original = self._corrected_by(key)
            if original is not None:
                self._replace(original, settled(original, key, delivery, failure))
            return original is not None
        if not message.delivery.may_become(delivery):
            return False
        states = message.states if at is None else (*message.states, (delivery, at))
        changed = replace(message, delivery=delivery, failure=failure, states=states)
        self._replace(message, changed)
        return True

    def correct(self, correction: Message) -> bool:
        """Let a message of the window read as its author now says it; say whether it is here."""
        for original in reversed(self._messages):
            if is_corrected_by(original, correction):
                self._replace(original, corrected(original, correction))
                return True
        return False

    def react(self, reaction: Message) -> bool:
        """Put a reaction under the messages of the window that it names; say whether there are any."""
        named = reaction.reaction.to if reaction.reaction is not None else ""
        found = [message for message in self._messages if named in names_of(message)]
        for message in found:
            self._replace(message, added(message, reaction))
        return bool(found)

    def _corrected_by(self, key: str) -> Message | None:
        held = reversed(self._messages)
        return next((m for m in held if m.versions and any(version.id == key for version in m.versions)), None)

    def remove(self, key: str) -> bool:
        """Take a message out of the window, or a correction out of the message it is of."""
        message = self._by_key.pop(key, None)
        if message is None:
            original = self._corrected_by(key)
            if original is not None:
                self._replace(original, withdrawn(original, key))
            return original is not None
        del self._messages[self._index(message)]
        self._view = None
        return True

    def first_from(self, place: int) -> Message | None:
        """Return the first message that stands at a place or after it."""
        index = bisect_left(self._messages, place, key=place_of)
        return self._messages[index] if index < len(self._messages) else None

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
