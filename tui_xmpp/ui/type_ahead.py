"""Keys typed ahead: each is heeded where the one before it has led."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from textual import events
from textual.app import App
from textual.dom import DOMNode

_MOST_SECONDS = 1.0
_LEAST_ROUNDS = 2
_MOST_ROUNDS = 6
_REPEATED = frozenset({"up", "down", "left", "right", "pageup", "pagedown", "backspace", "delete"})


class TypeAhead:
    """Hold a key back while the one before it is at work, then let it be heeded.

    Textual hands a key to whatever has the cursor when it arrives, and looks its binding up when it has come all the
    way up to the app. Of keys that arrive at once, from a quick hand or over a line that stalled, Backspace would take
    what was typed after it, and a message would be typed into the list of people that Enter was only leaving.
    """

    def __init__(self, app: App[None], heed: Callable[[events.Event], Awaitable[None]]) -> None:
        self._app = app
        self._heed = heed
        self._held: deque[events.Event] = deque()
        self._last: tuple[DOMNode | None, str] = (None, "")
        self._patience: asyncio.TimerHandle | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether keys are held back."""
        return self._patience is not None

    async def take(self, event: events.Event) -> None:
        """Give an event of the app's its turn."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await self._heed(event)
        else:
            self._held.append(event)
            if not self.is_waiting:
                await self._go_on()

    async def _go_on(self) -> None:
        """Let events be heeded up to one that has to wait."""
        has_waited = self.is_waiting
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        while self._held:
            event = self._held[0]
            kind = self._kind_of(event)
            # Letters do not wait for letters, nor a key for itself: a field keeps their order.
            if not (has_waited or (kind == self._last and kind[1]) or self._is_at_rest()):
                loop = asyncio.get_running_loop()
                self._patience = loop.call_later(_MOST_SECONDS, self._app.call_later, self._go_on)
                await self._begin_round(0, None)
                return
            has_waited = False
            self._last = kind
            self._held.popleft()
            await self._heed(event)

    def _kind_of(self, event: events.Event) -> tuple[DOMNode | None, str]:
        """Return where an event goes to, and what it is there: a letter, a key that may be held down, or neither."""
        focused = self._app.focused
        if not isinstance(event, events.Key) or focused is None:
            return focused, ""
        if event.is_printable and focused.check_consume_key(event.key, event.character):
            return focused, "letter"
        return focused, event.key if event.key in _REPEATED else ""

    @property
    def _place(self) -> DOMNode:
        return self._app.focused or self._app.screen

    def _is_at_rest(self) -> bool:
        """Say whether nothing is under way in all that a key comes through."""
        return not any(
            node._pending_message or not (node._is_mounted and node._message_queue.empty())
            for node in self._place.ancestors_with_self
        )

    # A round goes through the queues of all that a key comes through, behind what is in them. They are at rest when
    # the cursor is where it was a round before.

    async def _begin_round(self, number: int, before: DOMNode | None) -> None:
        if not self.is_waiting:
            return
        place = self._place
        if number == _MOST_ROUNDS or (number >= _LEAST_ROUNDS and place is before):
            await self._go_on()
        else:
            await self._go_up(list(place.ancestors_with_self), number, place)

    async def _go_up(self, nodes: list[DOMNode], number: int, place: DOMNode) -> None:
        for index, node in enumerate(nodes, 1):
            if node.call_later(self._go_up, nodes[index:], number, place):
                return
        await self._begin_round(number + 1, place)
