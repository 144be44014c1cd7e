"""Stream management (XEP-0198): what was sent and not yet acknowledged, what came and was handled; no stream, no clock.

The sender keeps every stanza until the peer has acknowledged it. The receiver acknowledges what its caller has *marked
handled*, not what has arrived: what is acknowledged is safe with us (X-198-02). Both counts run modulo 2^32.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Final, Self, TypeGuard
from xml.etree.ElementTree import ParseError

from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import FullJID, JIDError
from tui_xmpp.values import dataclass
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import Element, build, parse_element, qualified, serialize
from tui_xmpp.xmpp.payload import attribute, choice, payload
from tui_xmpp.xmpp.stanza import Stanza, decode_stanza, stanza_element
from tui_xmpp.xmpp.stanza_errors import ErrorCondition
from tui_xmpp.xmpp.stream_errors import HostPort, parse_host_port, write_host_port

MODULUS: Final = 2**32
MAX_ID_BYTES: Final = 4000
"""The longest id a server should give a session (X-198-03)."""


# --- the elements ---


@payload(ns.STREAM_MANAGEMENT, "enable")
class Enable:
    """Ask for stream management; ``max`` in seconds."""

    resume: bool = attribute(default=False)
    max: int | None = attribute(default=None)


@payload(ns.STREAM_MANAGEMENT, "enabled")
class Enabled:
    """Grant it. ``max`` and ``location`` are the server's wishes, as text: unreadable ones are no wish."""

    id: str | None = attribute(default=None)
    resume: bool = attribute(default=False)
    max: str | None = attribute(default=None)
    location: str | None = attribute(default=None)


@payload(ns.STREAM_MANAGEMENT, "resume")
class Resume:
    """Ask for the session ``previd``; ``h`` is what was handled of it."""

    h: int = attribute()
    previd: str = attribute()


@payload(ns.STREAM_MANAGEMENT, "resumed")
class ResumedAnswer:
    """Grant it; ``h`` is what the server has handled of it."""

    h: int = attribute()
    previd: str | None = attribute(default=None)


@payload(ns.STREAM_MANAGEMENT, "failed")
class Failed:
    """Refuse ``<enable/>`` or ``<resume/>``."""

    condition: ErrorCondition = choice(namespace=ns.STANZA_ERRORS, default=ErrorCondition.UNDEFINED_CONDITION)
    h: int | None = attribute(default=None)


@payload(ns.STREAM_MANAGEMENT, "a")
class Ack:
    """Say how many stanzas were handled."""

    h: int = attribute()


REQUEST: Final = serialize(build(ns.STREAM_MANAGEMENT, "r"))
REQUEST_TAG: Final = qualified(ns.STREAM_MANAGEMENT, "r")


# --- values ---


@dataclass(frozen=True, slots=True)
class AckPolicy:
    """When to ask for an acknowledgement and how much to keep without one.

    One request follows each burst (whatever was sent between two calls of ``data_to_send``) unless one is still
    unanswered; then the next follows after ``request_every`` more stanzas. ``max_unacked`` bounds the queue (X-198-06).
    """

    request_every: int = 50
    max_unacked: int = 10_000


@dataclass(frozen=True, slots=True)
class StreamManagementWish:
    """A client wants stream management. ``max_seconds`` asks how long a broken session be kept; None: the server's."""

    is_resumable: bool = True
    max_seconds: int | None = None
    policy: AckPolicy = AckPolicy()

    def enable(self) -> Enable:
        """Return the request to send."""
        return Enable(self.is_resumable, self.max_seconds)


@dataclass(frozen=True, slots=True)
class StreamManagementAllowance:
    """A server grants stream management; it keeps broken sessions for ``max_seconds``, if at all."""

    is_resumable: bool = True
    max_seconds: int = 600
    location: HostPort | None = None
    policy: AckPolicy = AckPolicy(max_unacked=100_000)


@dataclass(frozen=True, slots=True)
class UnackedStanza:
    """A stanza the peer has not acknowledged, and when it was first sent (aware, UTC): the stamp of a later resend."""

    stanza: Stanza = field(repr=False)
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class ResumptionState:
    """All that a session needs to go on over another stream, also after a restart of the program.

    ``id`` is a secret of the account. ``handled`` counts the peer's stanzas that are safe here, ``acked`` ours that
    are safe there; ``unacked`` are those of ours that may be lost, oldest first. ``acked`` None: what was sent is not
    known any more, and the peer's count is taken as it is.
    """

    id: str = field(repr=False)
    jid: FullJID
    handled: int = 0
    acked: int | None = 0
    unacked: tuple[UnackedStanza, ...] = field(default=(), repr=False)
    max_seconds: int | None = None
    location: HostPort | None = None

    def with_handled(self, count: int) -> ResumptionState:
        """Return the state after ``count`` more stanzas of the peer are safe here."""
        return replace(self, handled=(self.handled + count) % MODULUS)

    def with_unacked(self, *stanzas: UnackedStanza) -> ResumptionState:
        """Return the state after more was to be sent while no stream was there (a server's part)."""
        return replace(self, unacked=(*self.unacked, *stanzas))

    def to_dict(self) -> dict[str, object]:
        """Return JSON values to store; ``id`` among them is a secret."""
        return {
            "id": self.id,
            "jid": str(self.jid),
            "handled": self.handled,
            "acked": self.acked,
            "unacked": [
                [serialize(stanza_element(one.stanza)).decode(), one.sent_at.isoformat()] for one in self.unacked
            ],
            "max_seconds": self.max_seconds,
            "location": None if self.location is None else write_host_port(self.location),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, object]) -> Self | None:
        """Read what ``to_dict`` gave; None when any of it cannot be understood: then there is nothing to resume."""
        try:
            unacked = stored["unacked"]
            handled, acked, longest = stored["handled"], stored["acked"], stored.get("max_seconds")
            location = stored.get("location")
            if not isinstance(unacked, list) or not _is_count(handled) or not _is_count(acked):
                return None
            return cls(
                str(stored["id"]),
                FullJID.parse(str(stored["jid"])),
                handled,
                acked,
                tuple([_read_unacked(text, moment) for text, moment in unacked]),
                longest if isinstance(longest, int) else None,
                parse_host_port(location) if isinstance(location, str) else None,
            )
        except (KeyError, TypeError, ValueError, JIDError, ParseError):
            return None


class HandledCountError(TuiXmppError):
    """The peer acknowledged what cannot be: more than was sent, or less than it had acknowledged before (S-28)."""

    def __init__(self, h: int, sent: int) -> None:
        super().__init__(f"The other side acknowledged {h} stanzas, but {sent} were sent: the session is unusable.")
        self.h = h
        self.sent = sent

    def application(self) -> Element:
        """Return the element that says so inside the stream error (XEP-0198 §6)."""
        counts = {"h": str(self.h), "send-count": str(self.sent)}
        return build(ns.STREAM_MANAGEMENT, "handled-count-too-high", counts)


# --- the machine ---


class StreamManagement:
    """One session's counts and its queue of what may still have to be sent again.

    Inbound stanzas are counted by the stream they arrive on: ``arrived`` and ``marked`` below are that stream's
    totals, the latter of those the caller has made safe; those that came before ``begin`` are not the session's.
    """

    __slots__ = (
        "_begun_at", "_handled", "_now", "_owed", "_policy", "_unacked", "_unrequested",
        "acked", "id", "is_awaiting", "is_on", "location", "max_seconds",
    )  # fmt: skip

    def __init__(self, policy: AckPolicy, now: Callable[[], datetime]) -> None:
        self.id: str | None = None
        """Set once the session may be resumed."""
        self.location: HostPort | None = None
        self.max_seconds: int | None = None
        self.is_on = False
        """Both sides have agreed; the queue is kept from the request on (X-198-01)."""
        self._policy = policy
        self._now = now
        self.acked: int | None = 0
        """The number of the latest stanza the peer has; None where that must be learned from it."""
        self._unacked: deque[UnackedStanza] = deque()
        self._handled = 0
        self._begun_at = 0
        self._unrequested = 0
        self.is_awaiting = False
        """An acknowledgement was asked for and has not come."""
        self._owed: int | None = None

    @classmethod
    def resumed(cls, policy: AckPolicy, now: Callable[[], datetime], state: ResumptionState) -> Self:
        """Return the machine of a session that goes on; what it holds unacknowledged has to be sent again."""
        made = cls(policy, now)
        made.id, made.location, made.max_seconds = state.id, state.location, state.max_seconds
        made.acked, made._handled = state.acked, state.handled
        made._unacked.extend(state.unacked)
        made._unrequested = len(made._unacked)
        made.is_on = True
        return made

    def begin(self, arrived: int, enabled: Enabled) -> None:
        """Start the inbound count: the peer counts what it sends from here on. An unusable id is no id."""
        self.is_on = True
        self._begun_at = arrived
        if enabled.resume and enabled.id and len(enabled.id.encode()) <= MAX_ID_BYTES:
            self.id = enabled.id
        digits = enabled.max or ""
        self.max_seconds = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None
        self.location = parse_host_port(enabled.location) if enabled.location else None

    # --- what goes out ---

    @property
    def has_room(self) -> bool:
        """Tell whether another stanza may be sent before the peer acknowledges some."""
        return len(self._unacked) < self._policy.max_unacked

    @property
    def count(self) -> int:
        """How many stanzas were sent in this session; the number of the latest."""
        return ((self.acked or 0) + len(self._unacked)) % MODULUS

    @property
    def unacked(self) -> tuple[UnackedStanza, ...]:
        """The stanzas that may be lost, oldest first."""
        return tuple(self._unacked)

    def sent(self, stanza: Stanza) -> None:
        """Keep a stanza that goes out."""
        self._unacked.append(UnackedStanza(stanza, self._now()))
        self._unrequested += 1

    def is_request_due(self) -> bool:
        """Tell whether ``<r/>`` should follow what is about to be written."""
        if not self._unrequested or not self.is_on:
            return False
        return not self.is_awaiting or self._unrequested >= self._policy.request_every

    def requested(self) -> None:
        """Note that ``<r/>`` goes out."""
        self._unrequested = 0
        self.is_awaiting = True

    def acknowledge(self, h: int) -> tuple[Stanza, ...]:
        """Take the peer's count; return the stanzas that are safe by it, or raise HandledCountError."""
        if self.acked is None:
            self.acked = h
        newly = (h - self.acked) % MODULUS
        if not 0 <= h < MODULUS or newly > len(self._unacked):
            raise HandledCountError(h, self.count)
        self.is_awaiting = False
        self.acked = h
        safe = tuple([one.stanza for one in islice(self._unacked, newly)])
        for _ in range(newly):
            self._unacked.popleft()
        return safe

    # --- what comes in ---

    def handled(self, marked: int) -> int:
        """Return ``h``: how many of the session's inbound stanzas are safe here."""
        return (self._handled + max(0, marked - self._begun_at)) % MODULUS

    def answer(self, arrived: int, marked: int) -> Ack:
        """Return the answer to ``<r/>``, which is never withheld; what is not yet safe is owed an ``<a/>`` later."""
        self._owed = arrived if marked < arrived else None
        return Ack(self.handled(marked))

    def owed(self, marked: int) -> Ack | None:
        """Return the ``<a/>`` owed since the last request, once all that had arrived by then is safe."""
        if self._owed is None or marked < self._owed:
            return None
        self._owed = None
        return Ack(self.handled(marked))

    def state(self, jid: FullJID, marked: int) -> ResumptionState | None:
        """Return what another stream needs to go on from here; None when the session cannot be resumed."""
        if self.id is None:
            return None
        return ResumptionState(
            self.id, jid, self.handled(marked), self.acked, self.unacked, self.max_seconds, self.location
        )


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < MODULUS


def _read_unacked(text: str, moment: str) -> UnackedStanza:
    sent_at = datetime.fromisoformat(moment)
    return UnackedStanza(decode_stanza(parse_element(text)), sent_at.astimezone(UTC))
