"""The presence subscription state machine of a server, as the tables of RFC 6121 appendix A (C-SUB-07)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, TypeAlias

from tui_xmpp.values import dataclass
from tui_xmpp.xmpp.stanza import PresenceType


class Subscription(Enum):
    """The nine states. N none, T to, F from, B both; +O we asked and wait, +I they asked and wait."""

    NONE = "N"
    NONE_PENDING_OUT = "N+O"
    NONE_PENDING_IN = "N+I"
    NONE_PENDING_OUT_IN = "N+O+I"
    TO = "T"
    TO_PENDING_IN = "T+I"
    FROM = "F"
    FROM_PENDING_OUT = "F+O"
    BOTH = "B"

    @property
    def sees_contact(self) -> bool:
        """Tell whether the contact's presence comes to the user."""
        return self.value[0] in "TB"

    @property
    def is_seen_by_contact(self) -> bool:
        """Tell whether the user's presence goes to the contact."""
        return self.value[0] in "FB"

    @property
    def is_asking(self) -> bool:
        """Tell whether the user's request waits for the contact (``ask='subscribe'`` in the roster)."""
        return "+O" in self.value

    @property
    def is_asked(self) -> bool:
        """Tell whether the contact's request waits for the user."""
        return "+I" in self.value

    @property
    def word(self) -> str:
        """Return the roster's ``subscription`` attribute (RFC 6121 §2.1.2.5)."""
        return {"N": "none", "T": "to", "F": "from", "B": "both"}[self.value[0]]


class Effect(Enum):
    """What becomes of the stanza besides the new state."""

    PASS = "pass"  # noqa: S105  routed to the contact's server, or delivered to the user
    STOP = "stop"
    APPROVE = "approve"  # kept as a pre-approval (RFC 6121 §3.4), not routed
    ANSWER = "answer"  # not delivered: the server answers ``subscribed`` for the user


@dataclass(frozen=True, slots=True)
class Transition:
    """The state after a stanza, and its effect."""

    state: Subscription
    effect: Effect


# One row a stanza, one column a state in the order of Subscription. A state: change to it and pass the stanza on.
# "=" pass without change, "·" stop without change, "pre" pre-approve, "auto" answer subscribed.
_SENT: Final = """
              N    N+O  N+I    N+O+I  T    T+I  F    F+O  B
subscribe     N+O  =    N+O+I  =      =    =    F+O  =    =
unsubscribe   =    N    =      N+I    N    N+I  =    F    F
subscribed    pre  pre  F      F+O    pre  B    ·    ·    ·
unsubscribed  ·    ·    N      N+O    ·    T    N    N+O  T
"""
_RECEIVED: Final = """
              N    N+O    N+I  N+O+I  T    T+I  F     F+O   B
subscribe     N+I  N+O+I  ·    ·      T+I  ·    auto  auto  auto
unsubscribe   ·    ·      N    N+O    ·    T    N     N+O   T
subscribed    ·    T      ·    T+I    ·    ·    ·     B     ·
unsubscribed  ·    N      ·    N+I    N    N+I  ·     F     F
"""

Table: TypeAlias = Mapping[tuple[PresenceType, Subscription], Transition]


def _read(text: str) -> Table:
    header, *rows = (line.split() for line in text.strip().splitlines())
    states = [Subscription(column) for column in header]
    effects = {"=": Effect.PASS, "·": Effect.STOP, "pre": Effect.APPROVE, "auto": Effect.ANSWER}
    return {
        (PresenceType(kind), state): (
            Transition(state, effects[cell]) if cell in effects else Transition(Subscription(cell), Effect.PASS)
        )
        for kind, *cells in rows
        for state, cell in zip(states, cells, strict=True)
    }


SENT: Final = _read(_SENT)
"""What the user's stanza does (RFC 6121 §A.2)."""
RECEIVED: Final = _read(_RECEIVED)
"""What the contact's stanza does (RFC 6121 §A.3)."""

_APPROVED_IN_ADVANCE: Final = {
    Subscription.NONE: Subscription.FROM,
    Subscription.NONE_PENDING_OUT: Subscription.FROM_PENDING_OUT,
    Subscription.TO: Subscription.BOTH,
}

SUBSCRIPTION_TYPES: Final = frozenset(kind for kind, _ in SENT)


def sent(kind: PresenceType, state: Subscription) -> Transition:
    """Return what a user's ``kind`` does to a contact in ``state``."""
    return SENT[kind, state]


def received(kind: PresenceType, state: Subscription, *, is_approved: bool = False) -> Transition:
    """Return what a contact's ``kind`` does; ``is_approved`` tells that the user has pre-approved it."""
    if is_approved and kind is PresenceType.SUBSCRIBE and state in _APPROVED_IN_ADVANCE:
        return Transition(_APPROVED_IN_ADVANCE[state], Effect.ANSWER)
    return RECEIVED[kind, state]
