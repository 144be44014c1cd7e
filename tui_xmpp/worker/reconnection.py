"""When and where to connect again after a stream has ended (C-STR-19, C-REC-01)."""

from __future__ import annotations

from typing import Final

from tui_xmpp.net.resolve import Override, TlsMode
from tui_xmpp.worker.link import StreamEndedError
from tui_xmpp.worker.surroundings import Surroundings
from tui_xmpp.xmpp.stream_errors import Reaction
from tui_xmpp.xmpp.stream_management import ResumptionState

MOST_HOPS: Final = 5
MOST_SLOW_TRIES: Final = 3
LATE: Final = 300.0
"""Seconds within which a server may still come to a login of ours that broke off."""


class Reconnection:
    """How often, and since when, it has gone wrong; ``override`` is where the next attempt goes instead."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self.override: Override | None = None
        self._hops = 0
        self._slow_tries = 0
        self._lost_at: float | None = None
        self._broke_off_at: float | None = None

    def go_home(self) -> None:
        """Ask the account's own domain again, whatever other servers have said."""
        self.override, self._hops = None, 0

    def forgive(self) -> None:
        """Let the next loss be the first: the user wants to connect, or a session has held."""
        self._lost_at, self._slow_tries = None, 0

    def hurry(self) -> None:
        """Let the next loss be a new one: the machine slept, or its network is another."""
        self._lost_at = None

    def break_off(self) -> None:
        """Remember that a login ended before the server's answer: what it asked for may yet be done."""
        self._broke_off_at = self._around.clock.monotonic()

    def after(
        self, ended: StreamEndedError, resumption: ResumptionState | None, *, is_direct_tls: bool
    ) -> float | None:
        """Return the seconds to wait before the next try, None to stop until the user acts."""
        around, reaction = self._around, ended.reaction
        if reaction is Reaction.CONFLICT and self._is_our_own_doing():
            self.go_home()
            return 0.0
        if reaction in (Reaction.STOP, Reaction.CONFLICT, Reaction.ASK_CREDENTIALS):
            return None
        if reaction is Reaction.REDIRECT and ended.other_host is not None and self._hops < MOST_HOPS:
            self._hops += 1
            tls = TlsMode.DIRECT if is_direct_tls else None  # never less protection than before (S-24)
            self.override = Override(ended.other_host.host, ended.other_host.port, tls)
            return 0.0
        self.go_home()
        now = around.clock.monotonic()
        is_new_loss = self._lost_at is None
        lost_for = now - self._lost_at if self._lost_at is not None else 0.0
        self._lost_at = self._lost_at if self._lost_at is not None else now
        if reaction is Reaction.RECONNECT_NOW and is_new_loss:
            return 0.0
        if reaction is Reaction.RECONNECT and is_new_loss and resumption is not None and not ended.is_shutdown:
            if resumption.location is not None:
                # Where the server wants to be asked for the session (C-REC-02); its identity stays the domain's.
                self.override = Override(resumption.location.host, resumption.location.port)
            return 0.0  # the session is still there: nobody else comes back with us (C-REC-01)
        is_slow = reaction is Reaction.RECONNECT_SLOWLY
        self._slow_tries = self._slow_tries + 1 if is_slow else 0
        if self._slow_tries > MOST_SLOW_TRIES:
            return None
        return around.backoff.delay(
            lost_for, around.random, is_slow=is_slow, is_shutdown=ended.is_shutdown and is_new_loss
        )

    def _is_our_own_doing(self) -> bool:
        """Tell, once, whether who took the session over is a login of ours, come to late and given up long ago.

        A busy server may resume a session for a newer stream first and for the older one then (XEP-0198 §5), which
        nobody reads: the session waits there for us.
        """
        broke_off_at, self._broke_off_at = self._broke_off_at, None
        return broke_off_at is not None and self._around.clock.monotonic() - broke_off_at < LATE
