"""The messages of one conversation as the user walks them: what is in sight, where the cursor is, what was read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, tzinfo
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region
from textual.message import Message as UiMessage
from textual.selection import Selection
from textual.timer import Timer

from tui_xmpp.clock import Clock
from tui_xmpp.core.model import Gap, Message
from tui_xmpp.core.views import ConversationView
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.actions import Place
from tui_xmpp.ui.blocks import gap_stop, has_failed
from tui_xmpp.ui.gaps import GapWords
from tui_xmpp.ui.keymap import bindings_of, moves
from tui_xmpp.ui.widgets.message_window import Standpoint
from tui_xmpp.ui.widgets.painted_messages import PaintedMessages
from tui_xmpp.ui.widgets.pane_memory import PaneMemory
from tui_xmpp.ui.widgets.reports import Reports
from tui_xmpp.ui.widgets.text_selection import selected_text, whole_message
from tui_xmpp.values import dataclass

WHEEL = 3
KEPT_AFTER = 2.0
"""Seconds after which it is kept where a conversation that is scrolled up stands."""
_LEFT, _RIGHT = 1, 3


class ConversationLog(PaintedMessages, can_focus=True):
    """A scrolling window on the messages of one conversation, and a cursor on them."""

    FOCUS_ON_CLICK = False
    ALLOW_SELECT = True
    BINDINGS: ClassVar[list[BindingType]] = [
        *moves({"up": "cursor(-1)", "down": "cursor(1)", "page-up": "page(-1)", "page-down": "page(1)"}),
        *moves({"first": "oldest", "last": "newest"}),
        Binding("enter", "take", "Send again what failed, open what is long, or show what can be done", show=False),
        Binding("ctrl+down", "leave", "Back to writing", show=False),
        # Priority, because some move the cursor before the next key of a fast typist is handed to a widget.
        *bindings_of(Place.MESSAGES, is_first=True),
    ]

    @dataclass
    class _Wanted(UiMessage):
        account: BareJID
        peer: BareJID

    @dataclass
    class OlderWanted(_Wanted):
        """The window is near the oldest message loaded and more is stored."""

    @dataclass
    class NewerWanted(_Wanted):
        """The window is near the newest message loaded and newer ones are stored."""

    @dataclass
    class LatestWanted(_Wanted):
        """The user wants the newest messages, which the view has left."""

    @dataclass
    class GapWanted(_Wanted):
        """The user wants what is missing in a gap; ``answered`` is told how that ended."""

        gap: Gap
        answered: Callable[[str | None], None]

    @dataclass
    class Read(_Wanted):
        """The newest message is in sight of someone who looks, and some were unread."""

    @dataclass
    class MenuWanted(UiMessage):
        """The user wants to know, at this place on the screen, what can be done with the message."""

        x: int
        y: int

    @dataclass
    class LinkActivated(UiMessage):
        url: str

    @dataclass
    class ReactionChosen(UiMessage):
        """The user clicked on an emoji under the message of the cursor."""

        emoji: str

    @dataclass
    class Typed(UiMessage):
        """The user began to write while among the messages."""

        text: str

    class CursorMoved(UiMessage):
        """The message cursor stands on another message, or on none."""

    class Left(UiMessage):
        """The user is done with the messages and wants to write."""

    def __init__(
        self,
        memory: PaneMemory | None = None,
        *,
        clock: Clock | None = None,
        time_format: str = "%H:%M",
        zone: tzinfo | None = None,
        is_linear: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
    ) -> None:
        super().__init__(clock=clock, time_format=time_format, zone=zone, is_linear=is_linear, id=id)
        self._gap_words = GapWords(time_format, zone)
        self._seen: str | None = None  # the newest message when the window was scrolled up
        self._places = (memory or PaneMemory()).places
        self._place: Standpoint | None = None  # where the conversation was left, till its messages are here
        self._keeper: Timer | None = None
        self._asked_before: str | None = None
        self._asked_after: str | None = None
        self._sought: str | datetime | None = None
        self._told_read: tuple[int, str] | None = None
        self._reports = Reports(self, self._report_read)
        self._is_kept_unread = False

    # -- what is shown --------------------------------------------------------------------------------------------

    @property
    def is_following(self) -> bool:
        """Whether the newest message is in sight and will be kept so."""
        return self._window.is_following

    @property
    def cursor(self) -> str | None:
        """The key of the message the message cursor stands on."""
        return self._cursor

    @property
    def chosen(self) -> Message | None:
        """The message the message cursor stands on."""
        index = self._window.index(self._cursor) if self._cursor is not None else None
        return None if index is None else self._window.messages[index]

    @property
    def chosen_region(self) -> Region:
        """The lines of that message in sight, on the screen."""
        line = self._window.line_of(self._cursor) if self._cursor is not None else None
        first = 0 if line is None else line - self._window.top
        count = 1 if line is None else len(self._window.lines[line][0].rows)
        here = self.content_region
        return Region(here.x, here.y + first, here.width, count).intersection(here)

    @property
    def cursor_place(self) -> Offset:
        """Where the terminal's cursor is to stand."""
        return self.chosen_region.offset

    @property
    def new_count(self) -> int:
        """How many messages came since the window was scrolled up."""
        return self._new

    def show(self, view: ConversationView | None) -> None:
        """Draw this picture of a conversation, or the welcome where there is none."""
        if view is None or self._view is None or (self._view.account, self._view.peer) != (view.account, view.peer):
            self._reports.finish()
        old, self._view = self._view, view
        window = self._window
        stood = window.index(self._cursor) if self._cursor is not None else None
        marked = window.unread_line
        is_same = view is not None and old is not None and (old.account, old.peer) == (view.account, view.peer)
        window.unread_line = self._mark_unread(view, old if is_same else None)
        window.notice = self._notice(view)
        window.has_newer = view is not None and view.has_newer
        gaps, window.gaps = window.gaps, self._gap_words.of(view.gaps if view is not None else ())
        if view is None or old is None or (old.account, old.peer) != (view.account, view.peer):
            self._turn_to(view, old)
        elif self._renderer is None or view.contact.title != old.contact.title:
            self._renderer = None
            self._rebuild()
        elif gaps != window.gaps or "" in gaps or not self._append(view, old, marked):
            self._rebuild()
        if view is not None and view.has_newer:
            window.stay()
        self._return_to_place()
        if view is None or view.has_newer or (old is not None and old.has_newer):
            self._seen = None
        if stood is not None and self._cursor is not None and self.chosen is None:
            # The message under the cursor is gone: the next one takes its place.
            messages = window.messages
            self._point(messages[min(stood, len(messages) - 1)].key if messages else None)
        elif self._gap_at_cursor(gaps) is not None and self._gap_at_cursor(window.gaps) is None:
            self._point(window.next_stop(self._cursor, 1) or (window.messages[-1].key if window.messages else None))
        self._settle()

    def _turn_to(self, view: ConversationView | None, old: ConversationView | None) -> None:
        if old is not None:
            self._keep_place_of(old)
        self._cursor = None
        self._seen = None
        self._asked_before = self._asked_after = self._told_read = self._sought = None
        self._is_kept_unread = False
        self._renderer = None
        self._window.clear()
        self._clear_selection()
        self._place = self._places.of(view.account, view.peer) if view is not None else None
        self._window.is_following = True
        self._rebuild()

    def _return_to_place(self) -> None:
        """Stand where the conversation was left, as soon as that is here; what came since counts as new."""
        view, place, window = self._view, self._place, self._window
        if view is None or place is None or not self._fit():
            return
        index = window.index(place.key)
        if index is None:
            if view.is_loaded:
                self._place = None  # deleted meanwhile
            return
        self._place = None
        self._rebuild(place)
        unread = window.index(view.first_unread) if view.unread and view.first_unread is not None else None
        self._seen = window.messages[unread - 1].key if unread else None

    @property
    def has_read_more(self) -> bool:
        """Whether more was read than was reported; that comes within half a second."""
        return self._reports.is_due and self.is_being_read

    def keep_place(self) -> None:
        """Keep where the conversation stands, for when it is opened again."""
        self._keeper = None
        if self._view is not None:
            self._keep_place_of(self._view)

    def _keep_place_of(self, view: ConversationView) -> None:
        if self._place is None:  # else it has not been returned to yet
            place = None if self._window.is_following else self._window.place()
            self._places.leave(view.account, view.peer, place)

    def _append(self, view: ConversationView, old: ConversationView, marked: tuple[str | None, int]) -> bool:
        """Add messages that came at the end, which is what nearly always happens; say whether that was all."""
        window = self._window
        before, after = window.messages, view.messages
        is_same_top = (view.is_loaded, view.has_older, view.has_newer) == (old.is_loaded, old.has_older, old.has_newer)
        if window.last != len(before) or not before or not is_same_top or after[: len(before)] != before:
            return False
        added = after[len(before) :]
        key = window.unread_line[0]
        is_mark_added = marked[0] is None and any(message.key == key for message in added)
        if marked != window.unread_line and not is_mark_added:
            return False
        window.append(after)
        if added and added[-1].is_outgoing:
            self._is_kept_unread = False
            if not window.is_following:
                window.follow()
        return True

    def _mark_unread(self, view: ConversationView | None, old: ConversationView | None) -> tuple[str | None, int]:
        """Return the message the unread line stands above and its number; both stay after reading.

        What comes while the user looks gets no line; what came before they looked does.
        """
        key, count = self._window.unread_line if old is not None else (None, 0)
        if view is None or view.first_unread is None:
            return (None, 0)
        if self._is_kept_unread and view.unread:
            return (view.first_unread, view.unread)
        if not view.unread or (old is not None and old.is_loaded and self._is_looked_at):
            return (key, count)
        if key is not None and old is not None and old.unread:
            return (key, max(count, view.unread))
        return (_first_of_last(view.messages, view.unread) or view.first_unread, view.unread)

    @staticmethod
    def _notice(view: ConversationView | None) -> str:
        if view is None or view.has_older or not view.is_loaded:
            return "Loading older messages…"
        return "The beginning of your conversation"

    def _count_new(self) -> None:
        """Count what came since the window was scrolled up."""
        messages = self._window.messages
        if self._window.is_following or not messages:
            self._seen, self._new = None, 0
            return
        if self._seen is None:
            self._seen = messages[-1].key
        self._new = 0
        for message in reversed(messages):
            if message.key == self._seen:
                return
            self._new += not message.is_outgoing

    def _settle(self) -> None:
        """Repaint what differs from the screen, and tell what the new state means to others."""
        self._fit()
        self._window.fill()
        self._count_new()
        self._ask_for_older()
        self._ask_for_newer()
        self._tell_read()
        if self._keeper is None and not self._window.is_following and self.is_attached:
            # A program that is killed has kept the place too.
            self._keeper = self.set_timer(KEPT_AFTER, self.keep_place)
        self.repaint()

    # -- the window -----------------------------------------------------------------------------------------------

    def move(self, lines: int) -> None:
        """Move the window by lines, up where negative; at the end it follows again."""
        self._window.move(lines)
        self._settle()

    def follow(self) -> None:
        """Go to the newest message and stay with it."""
        self._window.follow()
        self._settle()

    def go_to_unread(self) -> bool:
        """Put the unread line at the top; say whether it is among what is loaded."""
        key, _ = self._window.unread_line
        index = self._window.index(key) if key is not None else None
        if index is None:
            return False
        self._window.go_to(index)
        self.move(0)
        self.refresh()
        return True

    def _reveal(self) -> None:
        """Move the window no further than needed to show the message under the cursor."""
        if self._cursor is not None:
            self._window.reveal(self._cursor)
        self._settle()

    def seek(self, where: str | datetime | None) -> None:
        """Say where the user wants to be (a message's key, a moment); till they are there nothing counts as read."""
        self._sought = where
        if where is not None:
            self._place = None

    def arrive(self) -> Message | None:
        """Go to what is sought and put the cursor on it; None while it is not here or cannot be shown yet."""
        window, sought = self._window, self._sought
        index = window.index(sought) if isinstance(sought, str) else self._index_from(sought)
        if index is None or not self._fit():
            return None
        self._sought = None
        found = window.messages[index]
        self._stand_on(found.key)
        self.focus(scroll_visible=False)
        # Once more when all that changes the focus on the way here has happened.
        self.app.call_later(self.call_later, self._stand_on, found.key)
        return found

    def _index_from(self, moment: datetime | None) -> int | None:
        messages = self._window.messages
        if moment is None or not messages:
            return None
        return next((n for n, message in enumerate(messages) if message.stamp >= moment), len(messages) - 1)

    def _stand_on(self, key: str) -> None:
        """Put the cursor on a message and that in the upper half of the window."""
        index = self._window.index(key)
        if index is None:
            return
        self._point(key)
        self._window.go_to(index)
        self._window.move(-(self.size.height // 3))
        self._settle()

    # -- telling others -------------------------------------------------------------------------------------------

    def _tell(self, message: UiMessage) -> None:
        """Post as coming from here, also when a parent calls: Textual ends a message's way up at its sender."""
        self.post_message(message.set_sender(self))

    def _ask_for_older(self) -> None:
        view = self._view
        if view is None or not view.is_loaded or not view.has_older or self._window.first > 0 or not self._fit():
            return
        oldest = self._window.messages[0].key if self._window.messages else ""
        if self._window.top <= self.size.height and self._asked_before != oldest:
            self._asked_before = oldest
            self._tell(self.OlderWanted(view.account, view.peer))

    def _ask_for_newer(self) -> None:
        view, window = self._view, self._window
        if view is None or not view.has_newer or window.last < len(window.messages) or not window.lines:
            return
        newest = window.messages[-1].key
        if window.top + 2 * self.size.height >= len(window.lines) and self._asked_after != newest:
            self._asked_after = newest
            self._tell(self.NewerWanted(view.account, view.peer))

    @property
    def is_being_read(self) -> bool:
        """Whether unread messages are in sight and are being reported as read, which has not come back yet."""
        view, messages = self._view, self._window.messages
        if view is None or not view.unread or not messages:
            return False
        return self._told_read == (view.unread, messages[-1].key)

    @property
    def _is_looked_at(self) -> bool:
        """Whether someone sees the newest message: in the window, which is on the screen, which has the focus."""
        return (
            self._window.is_following
            and self._sought is None
            and self._place is None
            and self.is_attached
            and self.size.height > 0
            and self.app.app_focus
            and self.is_on_screen
            and not self._is_covered
        )

    @property
    def _is_covered(self) -> bool:
        """Whether a whole screen, more than a dialog, lies over the one this is on."""
        screens = reversed(self.app.screen_stack)
        return next((screen for screen in screens if not screen.is_modal), None) is not self.screen

    def keep_unread(self) -> None:
        """Take nothing for read until the conversation is opened again, or the user writes in it."""
        self._is_kept_unread = True

    def _tell_read(self) -> None:
        view = self._view
        if view is not None and not view.unread:
            self._told_read = None
        if (
            self._is_kept_unread
            or view is None
            or not view.unread
            or view.has_newer
            or not self._window.messages
            or not self._is_looked_at
        ):
            return
        told = (view.unread, self._window.messages[-1].key)
        if told != self._told_read:
            self._told_read = told
            self._reports.make()

    def _report_read(self) -> None:
        if self._view is not None and self.is_being_read:
            self._tell(self.Read(self._view.account, self._view.peer))

    def _look_away(self) -> None:
        """Report what was read so far: what comes from now on may not be seen."""
        self._reports.finish()
        self._tell_read()

    # -- Textual's events -----------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self._begin_day()
        self.watch(self.app, "app_focus", self._look_away, init=False)

    def on_resize(self) -> None:
        self._rebuild()
        self._settle()
        if self._sought is not None:
            self.arrive()
        self.refresh()

    def on_show(self) -> None:
        self._settle()

    def on_focus(self) -> None:
        messages = self._window.messages
        if self._cursor is None and messages:
            self._point(messages[self._window.last - 1 if self._window.last else -1].key)
            self._reveal()
        self.repaint()

    def on_blur(self) -> None:
        if self.app.app_focus:
            self._point(None)
        self.repaint()

    async def _on_key(self, event: events.Key) -> None:
        """Take a letter that means nothing here for the first of a message."""
        if event.is_printable and event.character and event.key not in self.screen.active_bindings:
            event.stop()
            event.prevent_default()
            self._tell(self.Typed(event.character))
        else:
            await super()._on_key(event)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.move(-WHEEL)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.move(WHEEL)

    async def on_click(self, event: events.Click) -> None:
        if event.chain > 1 and event.button == _LEFT:
            event.prevent_default()
            chosen = whole_message(self._window, event.y)
            if chosen is not None:
                self.screen.selections = {self: chosen}
            return
        if self.text_selection is not None:
            return
        message, meta = self._window.message_at(event.y), event.style.meta
        is_left = event.button == _LEFT
        if is_left and isinstance(meta.get("link"), str):
            self._tell(self.LinkActivated(meta["link"]))
        elif is_left and isinstance(meta.get("gap"), str):
            self.fill_gap(meta["gap"])
        elif is_left and meta.get("newest"):
            self.action_newest()
        elif message is not None:
            self._point(message.key)
            self.focus(scroll_visible=False)
            if event.button == _RIGHT:
                self.post_message(self.MenuWanted(event.screen_x, event.screen_y))
            elif isinstance(meta.get("react"), str):
                self._tell(self.ReactionChosen(meta["react"]))
            elif isinstance(meta.get("message"), tuple):
                await self.run_action(f"screen.perform('{meta['message'][0]}')")
        elif is_left:
            self.action_leave()

    # -- selecting and copying ------------------------------------------------------------------------------------

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text of the messages alone: no times, names, marks, and no breaks where rows wrap."""
        text = selected_text(self._window, selection)
        return (text, "\n") if text else None

    def selection_updated(self, selection: Selection | None) -> None:
        """Repaint with the new selection."""
        self.refresh()

    # -- the message cursor ---------------------------------------------------------------------------------------

    def _point(self, key: str | None) -> None:
        if key != self._cursor:
            self._cursor = key
            self._tell(self.CursorMoved())

    def action_cursor(self, step: int) -> None:
        """Move the message cursor; below the newest the user wants to write."""
        window = self._window
        stop = window.next_stop(self._cursor, step)
        if stop is None or not window.messages:
            self.action_leave()
            return
        self._point(stop)
        if stop == window.messages[0].key and window.first == 0:
            self.move(-self.size.height)
        self._reveal()

    def action_page(self, pages: int) -> None:
        """Move the window by pages and the cursor with it."""
        self.move(pages * max(1, self.size.height - 2))
        shown = self._window.shown()
        if self._cursor is not None and shown:
            self._point((shown[0] if pages < 0 else shown[-1]).key)
            self.repaint()

    def action_oldest(self) -> None:
        """Go to the oldest message loaded."""
        if self._window.messages:
            self._window.go_to_start()
            if self._cursor is not None:
                self._point(self._window.messages[0].key)
            self._settle()

    def action_newest(self) -> None:
        """Go to the newest message, wherever it is stored."""
        view = self._view
        if view is not None and view.has_newer:
            self._tell(self.LatestWanted(view.account, view.peer))
        if self._cursor is not None and self._window.messages:
            self._point(self._window.messages[-1].key)
        self.follow()

    @property
    def is_chosen_long(self) -> bool:
        """Whether the message under the cursor is too long to be shown whole unasked."""
        return self._renderer is not None and self._cursor is not None and self._renderer.is_long(self._cursor)

    def toggle_fold(self) -> None:
        """Open the long message under the cursor, or fold it again."""
        if self._renderer is not None and self._cursor is not None and self._renderer.toggle_fold(self._cursor):
            self._rebuild()
            self._reveal()
            self.refresh()

    async def action_take(self) -> None:
        """Do what suits the message best."""
        message, gap = self.chosen, self._gap_at_cursor(self._window.gaps)
        if gap is not None:
            self.fill_gap(gap)
        elif message is not None:
            verb = "fold" if self.is_chosen_long else "message-menu"
            verb = "resend" if has_failed(message) else verb
            await self.run_action(f"screen.perform('{verb}')")

    def action_leave(self) -> None:
        self._tell(self.Left())

    # -- what is missing ------------------------------------------------------------------------------------------

    def _gap_at_cursor(self, gaps: Iterable[str]) -> str | None:
        return next((key for key in gaps if gap_stop(key) == self._cursor), None)

    def fill_gap(self, key: str | None = None) -> None:
        """Ask for what is missing above a message (empty: below all), or in the gap nearest to the newest."""
        view = self._view
        gaps = [each.gap for each in view.gaps if key is None or (each.before_key or "") == key] if view else []
        if view is None or not gaps or not self._gap_words.begin(gaps[-1]):
            return

        def answered(failure: str | None) -> None:
            self._gap_words.end(gaps[-1], failure)
            self.show(self._view)

        self.show(view)
        self._tell(self.GapWanted(view.account, view.peer, gaps[-1], answered))


def _first_of_last(messages: Sequence[Message], count: int) -> str | None:
    """Return the key of the first of the last ``count`` incoming messages, None where there are fewer."""
    for message in reversed(messages):
        count -= not message.is_outgoing
        if count == 0:
            return message.key
    return None
