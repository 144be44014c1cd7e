"""What all sessions of a run share."""

from __future__ import annotations

from random import Random
from typing import Protocol

from tui_xmpp.clock import Clock
from tui_xmpp.core.settings import AccountSettings
from tui_xmpp.jid import BareJID
from tui_xmpp.values import dataclass
from tui_xmpp.worker.backoff import Backoff
from tui_xmpp.worker.dial import Dialer
from tui_xmpp.worker.dispatch import Dispatcher
from tui_xmpp.worker.journal import Journal
from tui_xmpp.worker.tokens import Tokens
from tui_xmpp.worker.work import Work


class Passwords(Protocol):
    """Where passwords are kept."""

    async def get_password(self, settings: AccountSettings) -> str | None: ...

    async def keep_password(self, account: BareJID, password: str) -> None: ...

    async def forget_password(self, account: BareJID) -> None: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all sessions of a run share."""

    dial: Dialer
    journal: Journal
    dispatcher: Dispatcher
    clock: Clock
    random: Random
    backoff: Backoff
    work: Work
    passwords: Passwords | None = None
    tokens: Tokens | None = None
    is_wire_logged: bool = False
