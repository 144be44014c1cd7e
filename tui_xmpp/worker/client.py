"""The one door between the screen and everything behind it.

The screen submits commands, listens for the doorbell, takes the batch and pulls views. It sees nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import count
from typing import Protocol

from tui_xmpp.core.changes import Change
from tui_xmpp.core.commands import Answer, Command
from tui_xmpp.core.events import Event
from tui_xmpp.core.settings import Settings
from tui_xmpp.core.store import Store
from tui_xmpp.core.views import Views
from tui_xmpp.worker.doorbell import Batch, Doorbell

Remembered = str | int | bool | list[str]
"""What the screen may keep from run to run: no more than names, numbers and switches."""


class Engine(Protocol):
    """What carries out commands: the sessions of all accounts."""

    def start(self) -> None:
        """Begin with the accounts of the settings."""
        ...

    async def close(self) -> None:
        """Say goodbye on every account, keep everything, and return within a few seconds."""
        ...

    def perform(self, command: Command, finish: Callable[[str | None], None]) -> None:
        """Start a command and call ``finish`` exactly once: None when done, a sentence when it failed."""
        ...

    def adopt(self, settings: Settings, finish: Callable[[str | None], None]) -> None:
        """Follow other settings and keep them in the file; ``finish`` is called as for a command."""
        ...

    async def settle(self) -> None:
        """Return when nothing is under way: no command, no stanza, no write. For tests and for quitting."""
        ...


class Client:
    """Commands in, batches out, views to pull. Lives in the screen's event loop; nothing here blocks."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.settings = settings
        self._store = store
        self._doorbell = Doorbell()
        self._make_engine: Callable[[], Engine] | None = None
        self._engine: Engine | None = None
        self._waiting: list[Callable[[Engine], None]] = []
        """What was asked for before there was an engine."""
        self._tickets = count(1)
        self._remembered: dict[str, Remembered] = {}
        self._keep: Callable[[str, Remembered], None] | None = None

    @property
    def views(self) -> Views:
        """The frozen pictures of what is known."""
        return self._store

    def attach(self, make_engine: Callable[[], Engine]) -> None:
        """Say what makes the engine; it is made at :meth:`start`, so that the first screen does not wait for it."""
        self._make_engine = make_engine

    def start(self) -> None:
        """Make the engine and connect the accounts of the settings."""
        if self._make_engine is not None:
            self._engine = self._make_engine()
            self._engine.start()
            waiting, self._waiting = self._waiting, []
            for ask in waiting:
                ask(self._engine)

    async def close(self) -> None:
        """End all sessions politely; returns within a few seconds whatever the network does."""
        if self._engine is not None:
            await self._engine.close()
        self._doorbell.close()

    def submit(self, command: Command) -> int:
        """Hand over a command and return its ticket at once; its :class:`Answer` comes in a later batch."""
        ticket = next(self._tickets)

        def finish(failure: str | None) -> None:
            self._doorbell.answer(Answer(ticket, command, failure))

        if self._engine is not None:
            self._engine.perform(command, finish)
        elif self._make_engine is not None:
            self._waiting.append(lambda engine: engine.perform(command, finish))
        else:
            finish("No account takes this command.")
        return ticket

    def change(self, settings: Settings) -> int:
        """Let other settings hold from now on and be kept in the file; return a ticket as :meth:`submit` does.

        The accounts among them are left alone: they change by :class:`AddAccount` and :class:`SaveAccount`.
        """
        ticket = next(self._tickets)
        settings = self.settings = replace(settings, accounts=self.settings.accounts)

        def finish(failure: str | None) -> None:
            self._doorbell.answer(Answer(ticket, None, failure))

        if self._engine is not None:
            self._engine.adopt(settings, finish)
        elif self._make_engine is not None:
            self._waiting.append(lambda engine: engine.adopt(settings, finish))
        else:
            finish(None)
        return ticket

    def recall(self, key: str) -> Remembered | None:
        """Return what the screen remembered under ``key`` in this or an earlier run."""
        return self._remembered.get(key)

    def remember(self, key: str, value: Remembered) -> None:
        """Keep a small value of the screen's own (a folded group, a pane's width) for the next run."""
        self._remembered[key] = value
        if self._keep is not None:
            self._keep(key, value)

    def restore(self, remembered: Mapping[str, Remembered], keep: Callable[[str, Remembered], None]) -> None:
        """Start with what earlier runs remembered and pass on what this one does."""
        self._remembered.update(remembered)
        self._keep = keep

    def listen(self, listener: Callable[[], None] | None) -> None:
        """Have ``listener`` called, without arguments and quickly, whenever a batch waits to be taken."""
        self._doorbell.listen(listener)

    def take(self) -> Batch:
        """Return what became stale and which commands ended since the last take."""
        return self._doorbell.take()

    def publish(self, events: Iterable[Event]) -> None:
        """Let facts be known: apply them in order and ring. For the engine (and for tests of the screen)."""
        changes: list[Change] = []
        for event in events:
            changes += self._store.apply(event)
        if changes:
            self._doorbell.note(changes)

    async def settle(self) -> None:
        """Return when nothing is under way behind the door."""
        if self._engine is not None:
            await self._engine.settle()
