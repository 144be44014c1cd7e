"""The steps on the way to a server, told to whoever watches, and the root of the errors met there."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from tui_xmpp.errors import TuiXmppError
from tui_xmpp.values import dataclass


class Step(StrEnum):
    """One stage on the way from a domain to an encrypted byte stream, in the user's words."""

    FIND_SERVICE = "finding the server"
    FIND_ADDRESS = "finding the address"
    CONNECT = "connecting"
    CONNECTED = "connected"
    TLS = "encrypting"
    TLS_READY = "encrypted"


@dataclass(frozen=True, slots=True)
class StepReport:
    """Say that a step was begun at a host, or that it failed and why.

    ``port`` is 0 and ``address`` None as long as none is chosen.
    """

    step: Step
    host: str
    port: int = 0
    address: str | None = None
    failure: str | None = None


OnStep = Callable[[StepReport], None]


def unwatched(report: StepReport) -> None:
    """Ignore a step."""


class NetError(TuiXmppError):
    """The network, a name server or a peer did not do what was needed."""
