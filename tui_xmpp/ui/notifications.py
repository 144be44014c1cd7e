"""Call the user when something new comes that they do not see, as loudly as they have asked for."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from textual.timer import Timer

from tui_xmpp.core.changes import MessagesArrived, RequestsChanged
from tui_xmpp.core.declaration import UnfitValueError
from tui_xmpp.core.mention import is_mention
from tui_xmpp.core.model import Message, SubscriptionRequest
from tui_xmpp.core.settings import hours_between
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.ui.chat_marks import Notify
from tui_xmpp.ui.desk import VerbError
from tui_xmpp.ui.message_text import preview
from tui_xmpp.ui.terminal_notices import known_way, sequence

if TYPE_CHECKING:
    from tui_xmpp.ui.desk import Chat, Desk
    from tui_xmpp.ui.desktop_notices import Desktop
    from tui_xmpp.worker.doorbell import Batch

GATHERING = 0.7
"""Seconds from a message to its call: what another device has shown meanwhile, or is answered here, calls nobody."""
PAUSE = 2.0
"""Seconds between two calls, at the least."""
WATCHING = 60.0
"""Seconds without a key after which the open chat is taken as not seen: few terminals in tmux tell of lost focus."""
MOST_AT_ONCE = 3
"""Most chats that are named one by one in the same call."""
_QUIET_UNTIL = "quiet until"


class Notifications:
    """Gather what came, drop what is seen, and tell the rest once: bell, terminal, desktop."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        arrivals = desk.views.arrivals()
        self._last = arrivals[-1] if arrivals else None
        self._asked: set[Chat] = {(request.account, request.peer) for request in desk.views.requests()}
        self._waiting: dict[Chat, list[Message]] = {}
        self._requests: list[SubscriptionRequest] = []
        self._timer: Timer | None = None
        self._turn: Timer | None = None
        self._called_at = float("-inf")
        self._desktop: Desktop | None = None
        self._is_desktop_dead = False

    # -- when nothing calls -------------------------------------------------------------------------------------------

    @property
    def is_quiet(self) -> bool:
        """Say whether the user wants no call now, by the hours that are set or by a pause."""
        now = self.local_now()
        if self.quiet_until is not None:
            return True
        return self._desk.client.settings.notifications.is_quiet_at(now.hour, now.minute)

    @property
    def quiet_until(self) -> datetime | None:
        """The end of the pause the user asked for (local time), None when there is none."""
        kept = self._desk.client.recall(_QUIET_UNTIL)
        try:
            until = datetime.fromisoformat(kept) if isinstance(kept, str) else None
            return until if until is not None and until > self.local_now() else None
        except (ValueError, TypeError):  # not by this program's hand: a moment without its zone, or none at all
            return None

    def pause(self, span: timedelta | None) -> None:
        """Call nobody for a while; None ends that."""
        self._desk.client.remember(_QUIET_UNTIL, (self.local_now() + span).isoformat() if span else "")
        self.show_quiet()

    def show_quiet(self) -> None:
        """Let the status line say whether it is quiet, and look again when that may change."""
        line = self._desk.main.status_line
        if line.is_quiet != self.is_quiet:
            line.is_quiet = self.is_quiet
            line.repaint()
        if self._turn is not None:
            self._turn.stop()
        seconds = self._next_turn()
        self._turn = None if seconds is None else self._desk.app.set_timer(seconds + 0.1, self.show_quiet)

    def _next_turn(self) -> float | None:
        """Return the seconds until quiet may begin or end, None where nothing is set."""
        now = self.local_now()
        ends = [self.quiet_until] if self.quiet_until else []
        hours = self._desk.client.settings.notifications.quiet_hours
        for minutes in hours_between(hours) if hours else ():
            turn = now.replace(hour=minutes // 60, minute=minutes % 60, second=0, microsecond=0)
            ends.append(turn if turn > now else turn + timedelta(days=1))
        return min((end - now).total_seconds() for end in ends) if ends else None

    def local_now(self) -> datetime:
        """Return the moment in the user's own zone."""
        return self._desk.clock.now().astimezone()

    # -- what came ----------------------------------------------------------------------------------------------------

    def follow(self, batch: Batch) -> None:
        """Take what is new in a batch."""
        for change in batch.changes:
            if isinstance(change, MessagesArrived):
                self._take_messages()
            elif isinstance(change, RequestsChanged):
                self._take_requests()
        if (self._waiting or self._requests) and self._timer is None:
            since = self._desk.clock.monotonic() - self._called_at
            self._timer = self._desk.app.set_timer(max(GATHERING, PAUSE - since), self.call)

    def _take_messages(self) -> None:
        arrivals = self._desk.views.arrivals()
        rules: dict[Chat, Notify] = {}
        for message in reversed(arrivals):
            if message is self._last:
                break
            chat = message.account, message.peer
            rule = rules.get(chat) or rules.setdefault(chat, self._desk.marks.of(*chat).notify)
            if may_call(message, rule):
                self._waiting.setdefault(chat, []).insert(0, message)
        self._last = arrivals[-1]

    def _take_requests(self) -> None:
        requests = {(request.account, request.peer): request for request in self._desk.views.requests()}
        self._requests += [request for chat, request in requests.items() if chat not in self._asked]
        self._asked = set(requests)

    # -- the call -----------------------------------------------------------------------------------------------------

    def call(self) -> None:
        """Tell what has gathered and is still news."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        waiting, self._waiting = self._waiting, {}
        requests, self._requests = self._requests, []
        if self.is_quiet:
            return
        unseen = {chat: messages for chat, messages in waiting.items() if not self._is_seen(chat)}
        asking = [request for request in requests if (request.account, request.peer) in self._asked]
        notices = [self._words(chat, messages) for chat, messages in unseen.items()]
        if len(notices) > MOST_AT_ONCE:
            count = sum(len(messages) for messages in unseen.values())
            notices = [(f"{count} new messages in {len(unseen)} chats", "")]
        notices += [(self._requester(request), "wants to see when you are online") for request in asking[:1]]
        if notices:
            self._called_at = self._desk.clock.monotonic()
            self.tell(*notices)

    def _is_seen(self, chat: Chat) -> bool:
        """Say whether the messages of a chat were read meanwhile, on another device or here by someone who is there."""
        contact = self._desk.views.contact(*chat)
        pane = self._desk.main.splits.showing(chat)
        is_read = contact is None or contact.unread == 0 or (pane is not None and pane.log_lines.is_being_read)
        is_nobody_here = chat == self._desk.chat and self._desk.app.idle_seconds >= WATCHING
        return contact is None or (is_read and not is_nobody_here)

    def _words(self, chat: Chat, messages: list[Message]) -> tuple[str, str]:
        name = self._desk.title(*chat)
        if not self._desk.client.settings.notifications.shows_text:
            return f"{len(messages)} messages from {name}" if len(messages) > 1 else f"A message from {name}", ""
        words = preview(messages[-1], name, 200)
        return (f"{name} ({len(messages)} messages)" if len(messages) > 1 else name), words

    def _requester(self, request: SubscriptionRequest) -> str:
        return sanitize_line(request.nick or str(request.peer), 80)

    def tell(self, *notices: tuple[str, str]) -> list[str]:
        """Give the notices (title, text) by every way that is set, and name the ways."""
        settings, app = self._desk.client.settings.notifications, self._desk.app
        ways: list[str] = []
        if settings.rings_bell:
            app.write_terminal("\a")
            ways.append("the bell")
        if settings.is_desktop_used and not self._is_desktop_dead and self._has_desktop():
            app.run_worker(self._tell_desktop(notices), exit_on_error=False)
            ways.append("the desktop")
        elif self._tell_terminal(notices):
            ways.append("the terminal")
        return ways

    def _tell_terminal(self, notices: tuple[tuple[str, str], ...]) -> bool:
        chosen = self._desk.client.settings.notifications.terminal
        way = known_way(os.environ) if chosen == "auto" else chosen
        if way is None or way == "off":
            return False
        for title, text in notices:
            self._desk.app.write_terminal(sequence(way, title, text, os.environ))
        return True

    @staticmethod
    def _has_desktop() -> bool:
        from tui_xmpp.ui.desktop_notices import has_desktop

        return has_desktop(os.environ, sys.platform)

    async def _tell_desktop(self, notices: tuple[tuple[str, str], ...]) -> None:
        from tui_xmpp.ui.desktop_notices import Desktop

        self._desktop = self._desktop or Desktop()
        for title, text in notices:
            if not await self._desktop.notify(title, text):
                self._is_desktop_dead = True
                self._desk.say("The desktop takes no notifications: from now on the terminal is asked.", "warning")
                self._tell_terminal(notices)
                return


def may_call(message: Message, rule: Notify) -> bool:
    """Say whether a chat's rule lets a message of it call the user."""
    return rule is Notify.ALWAYS or (rule is Notify.MENTION and is_mention(message.account, message.body))


# -- verbs ------------------------------------------------------------------------------------------------------------


def test(desk: Desk, text: str) -> None:
    """Notify by every way that is set, so that the user sees which of them work."""
    ways = desk.app.calls.tell(("tui_xmpp", "This is how you are told of a message."))
    if ways:
        desk.say(f"You were called by {' and '.join(ways)}.")
    else:
        desk.say("No way to call you is set: the table [notifications] of the settings has them.", "warning")


def quiet(desk: Desk, text: str) -> None:
    """Be quiet for a while, every day between two times, or no longer."""
    calls, wanted = desk.app.calls, text.strip().casefold()
    settings = desk.client.settings
    if not wanted or wanted == "off":
        if not wanted and not calls.is_quiet:
            calls.pause(timedelta(hours=1))
            desk.say("Nothing calls you for an hour: /quiet again ends that.")
            return
        calls.pause(None)
        _set_hours(desk, "")
        desk.say("You are called again.")
    elif (span := read_span(wanted)) is not None:
        calls.pause(span)
        until = calls.quiet_until
        desk.say(f"Nothing calls you until {until.strftime(settings.ui.time_format) if until else 'then'}.")
    else:
        _set_hours(desk, wanted.replace(" ", ""))
        desk.say(f"Nothing calls you from {wanted.replace('-', ' to ')}, every day.")


def _set_hours(desk: Desk, hours: str) -> None:
    settings = desk.client.settings
    try:
        if hours:
            hours_between(hours)
    except UnfitValueError:
        raise VerbError("Say how long (30m, 2h), two times of the day (22:00-07:00), or off.") from None
    if settings.notifications.quiet_hours != hours:
        notifications = replace(settings.notifications, quiet_hours=hours)
        desk.client.change(replace(settings, notifications=notifications))
    desk.app.calls.show_quiet()


def read_span(text: str) -> timedelta | None:
    """Read how long to be quiet, ``30m``, ``1h``, ``2 hours``; None for what says no such thing."""
    number, unit = text.strip().rstrip("abcdefghijklmnopqrstuvwxyz "), text.strip().lstrip("0123456789 ")
    if not (number.isascii() and number.isdecimal()) or not 0 < int(number[:6]) <= 10_000:
        return None
    if unit in ("m", "min", "minute", "minutes"):
        return timedelta(minutes=int(number))
    return timedelta(hours=int(number)) if unit in ("h", "hour", "hours") and int(number) <= 168 else None
