"""Away when the user is: no key or mouse for some minutes shows them away, the next one shows them back."""

from __future__ import annotations

from dataclasses import replace

from textual.timer import Timer

from tui_xmpp.core.commands import SetPresence
from tui_xmpp.core.model import OwnPresence, Phase, Show
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.desk import Desk

_STEPS = {Show.CHAT: 0, Show.ONLINE: 0, Show.AWAY: 1, Show.XA: 2}


class Idleness:
    """Watch for the last key or mouse event with one timer that wakes when a limit may have passed.

    Only who is shown as online or free to chat is ever shown away; a presence the user chose is left alone.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._touched = desk.clock.monotonic()
        self._timer: Timer | None = None
        self._chosen: dict[BareJID, tuple[OwnPresence, OwnPresence]] = {}
        """For each account shown away by idleness: what the user chose, and what is shown instead."""

    @property
    def idle_seconds(self) -> float:
        """Seconds since the last key or mouse event."""
        return self._desk.clock.monotonic() - self._touched

    def start(self) -> None:
        """Begin to watch."""
        self._touched = self._desk.clock.monotonic()
        self._arm()

    def touch(self) -> None:
        """The user is there."""
        self._touched = self._desk.clock.monotonic()
        if self._chosen:
            self._return()

    def check(self) -> None:
        """Show away or extended away whoever has been idle for long enough, and wake again when that may be next."""
        wanted = Show.ONLINE
        for show, seconds in self._limits():
            if self.idle_seconds >= seconds:
                wanted = show
        if wanted is not Show.ONLINE:
            self._show(wanted)
        self._arm()

    def _limits(self) -> list[tuple[Show, float]]:
        ui = self._desk.client.settings.ui
        pairs = ((Show.AWAY, ui.away_after * 60.0), (Show.XA, ui.xa_after * 60.0))
        return [(show, seconds) for show, seconds in pairs if seconds > 0]

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        idle = self.idle_seconds
        left = [seconds - idle for _, seconds in self._limits() if seconds > idle]
        if left:
            self._timer = self._desk.app.set_timer(min(left) + 0.5, self.check)
        elif self._limits():
            # All limits have passed: look again when the shortest could have passed anew.
            self._timer = self._desk.app.set_timer(min(seconds for _, seconds in self._limits()), self.check)

    def _show(self, show: Show) -> None:
        for view in self._desk.views.accounts():
            if view.connection.phase is not Phase.ONLINE:
                continue
            chosen, shown = self._chosen.get(view.account, (view.own, view.own))
            if view.own != shown and view.own != chosen:
                # The user, here or by another hand, chose something else meanwhile.
                self._chosen.pop(view.account, None)
                chosen = shown = view.own
            if chosen.show not in (Show.ONLINE, Show.CHAT) or _STEPS[shown.show] >= _STEPS[show]:
                continue
            away = replace(chosen, show=show)
            self._chosen[view.account] = (chosen, away)
            self._desk.submit(SetPresence(view.account, away, is_automatic=True, idle_seconds=self.idle_seconds))

    def _return(self) -> None:
        for account, (chosen, shown) in self._chosen.items():
            view = self._desk.views.account(account)
            if view is not None and view.own in (shown, chosen):
                self._desk.submit(SetPresence(account, chosen, is_automatic=True))
        self._chosen.clear()
