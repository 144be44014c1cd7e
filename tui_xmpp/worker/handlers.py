"""A table from commands to what carries them out, each handler typed by its own command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from tui_xmpp.core.commands import Command

C = TypeVar("C", bound=Command)
Handler = Callable[[Command], Awaitable[None]]


def takes(kind: type[C], handler: Callable[[C], Awaitable[None]]) -> tuple[type[Command], Handler]:
    """Return a row of the table: commands of ``kind``, and only those, go to ``handler``."""
    return kind, lambda command: handler(cast("C", command))
