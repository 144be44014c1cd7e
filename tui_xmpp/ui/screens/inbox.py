"""All chats of all accounts by activity, one line each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, TypeAlias

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui_xmpp.core import commands as c
from tui_xmpp.core.changes import AccountListChanged, ContactChanged, ConversationChanged, RosterReset
from tui_xmpp.core.model import Message as Said
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.core.views import ContactView
from tui_xmpp.ui.actions import BY_ID, Place
from tui_xmpp.ui.desk import Chat, Desk
from tui_xmpp.ui.guard import Guarded
from tui_xmpp.ui.keymap import bindings_of, moves
from tui_xmpp.ui.message_text import is_action, preview
from tui_xmpp.ui.signs import SHAPES, chat_signs, counted, fitted, laid_out, show_ink
from tui_xmpp.ui.theme import Inks, inks
from tui_xmpp.ui.widgets.bars import KeyBar
from tui_xmpp.ui.widgets.lines import DrawnLines
from tui_xmpp.values import dataclass
from tui_xmpp.worker.doorbell import Batch

_Row: TypeAlias = Chat | None
"""A chat; None is the line that parts the archived ones from the others."""
_VIEWS = ("All", "Unread", "For later")
_TOP = 1
_RIGHT = 3
"""Lines above the rows that do not scroll: the heading."""
_WITHOUT_LEAVING = ("help", "quit", "theme", "settings", "keys")
_SHOWN = (AccountListChanged, ContactChanged, ConversationChanged, RosterReset)


class InboxList(Guarded, DrawnLines, ScrollView, can_focus=True):
    """Draw the chats, and let one be chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_of(Place.INBOX),
        *moves({"up": "move(-1)", "down": "move(1)", "page-up": "page(-1)", "page-down": "page(1)"}),
        *moves({"first": "edge(-1)", "last": "edge(1)"}),
        *moves({"chat-menu": "menu"}),
        Binding("tab", "turn(1)", "Only unread ones, only those for later, or all", show=False),
        Binding("shift+tab", "turn(-1)", show=False),
        Binding("enter,space", "choose", "Open the chat; show or hide the archived ones", show=False),
    ]

    DEFAULT_CSS = """
    InboxList { background: $background; scrollbar-size-vertical: 1; overflow-x: hidden; height: 1fr; }
    """

    @dataclass
    class Chosen(Message):
        """The user wants to open a chat."""

        chat: Chat

    @dataclass
    class MenuWanted(Message):
        """The user wants to know, at this place on the screen, what can be done with the chat under the cursor."""

        x: int
        y: int

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._rows: list[_Row] = []
        self._archived = 0
        self._is_unfolded = False
        self._view = 0
        self._line = 0
        self._is_of_several = False
        self._numbers: dict[Chat, int] = {}

    # -- rows -----------------------------------------------------------------------------------------------------

    @property
    def chat(self) -> Chat | None:
        """The chat under the cursor."""
        return self._rows[self._line] if self._line < len(self._rows) else None

    def read(self) -> None:
        """Read all chats anew; the cursor stays on its chat, or where that was."""
        desk = self._desk
        is_new = not self._rows
        kept = self.chat
        chats = dict.fromkeys((*desk.views.conversations(), *desk.marks.pinned()))
        contacts = {chat: contact for chat in chats if (contact := desk.views.contact(*chat)) is not None}
        marks = {chat: desk.marks.of(*chat) for chat in contacts}
        if self._view:
            is_for_later = self._view == 2
            marks = {
                chat: mark
                for chat, mark in marks.items()
                if (mark.is_for_later if is_for_later else contacts[chat].unread)
            }
        archived = [chat for chat, mark in marks.items() if mark.is_archived]
        pinned = [chat for chat, mark in marks.items() if mark.is_pinned and not mark.is_archived]
        others = [chat for chat, mark in marks.items() if not (mark.is_pinned or mark.is_archived)]
        if self._view == 1:
            others.sort(key=lambda chat: -desk.unread.importance(contacts[chat])[0])
        self._archived = len(archived)
        self._rows = [*pinned, *others]
        if archived:
            self._rows += [None, *(archived if self._is_unfolded or self._view else ())]
        self._is_of_several = len(desk.views.accounts()) > 1
        self._numbers = {chat: number for number, chat in enumerate(desk.trail.numbered(), 1)}
        if not is_new and kept in self._rows:
            self._line = self._rows.index(kept)
        self._line = min(self._line, max(0, len(self._rows) - 1))
        self.virtual_size = Size(self.size.width, len(self._rows) + _TOP)
        self.repaint()

    # -- lines ----------------------------------------------------------------------------------------------------

    def draw_lines(self, lines: Sequence[int]) -> list[Strip]:
        """Draw lines of what is visible."""
        ink = inks(self.app.current_theme)
        width = self.scrollable_content_region.width
        top = self.scroll_offset.y - _TOP
        return [self._heading(ink, width) if y < _TOP else self._drawn_row(y + top, ink, width) for y in lines]

    def _heading(self, ink: Inks, width: int) -> Strip:
        unread = self._desk.unread.total()
        count = counted(len(self._rows) - (1 if self._archived else 0), "chat")
        left = [(" Inbox  ", ink.strong)]
        if self._desk.is_linear:
            left = [(f"Inbox, {_VIEWS[self._view].lower()}", ink.strong)]
        for number, view in () if self._desk.is_linear else enumerate(_VIEWS):
            left += [("  ", ink.dim), (view, ink.accent + Style(bold=True) if number == self._view else ink.dim)]
        return laid_out(left, [(f"{count}, {unread} unread ", ink.dim)], width, ink.panel)

    def _drawn_row(self, line: int, ink: Inks, width: int) -> Strip:
        if line >= len(self._rows):
            nothing = ("Nobody has written yet.", "Nothing is unread.", "Nothing is marked for later.")[self._view]
            words = f"   {nothing}" if line == 1 and not self._rows else ""
            return laid_out([(words, ink.dim)], [], width, self._ground)
        chat = self._rows[line]
        if chat is None:
            sign = "▾" if self._is_unfolded or self._view else "▸"
            if self._desk.is_linear:
                sign = "" if self._is_unfolded or self._view else "folded:"
            strip = laid_out([(f" {sign} Archived", ink.dim)], [(f"{self._archived} ", ink.dim)], width)
        else:
            contact = self._desk.views.contact(*chat)
            strip = self._drawn_chat(chat, contact, ink, width) if contact is not None else Strip.blank(width)
        if line == self._line:
            cursor = ink.cursor if self.has_focus else ink.resting_cursor
            return Strip([Segment(s.text, (s.style or Style()) + cursor) for s in strip], width)
        return strip.apply_style(self._ground)

    @property
    def _ground(self) -> Style:
        return Style(bgcolor=self.background_colors[1].hex6)

    @property
    def cursor_place(self) -> Offset:
        """Where the terminal's cursor is to stand: on the chat under the list's own."""
        return self.content_region.offset + Offset(0, _TOP + self._line - round(self.scroll_offset.y))

    def _chat_words(self, chat: Chat, contact: ContactView) -> str:
        from tui_xmpp.ui.linear import contact_words

        told = contact_words(contact, self._desk.marks.of(*chat), self._numbers.get(chat))
        when = when_words(contact.last_stamp, self._desk.clock.now())
        last = _words(self._desk.views.last_message(*chat), sanitize_line(contact.title))
        return f"{told}. {when}: {last}" if when else told

    def _drawn_chat(self, chat: Chat, contact: ContactView, ink: Inks, width: int) -> Strip:
        if self._desk.is_linear:
            return laid_out([(self._chat_words(chat, contact), ink.text)], [], width)
        marks = self._desk.marks.of(*chat)
        is_calling = contact.unread and not marks.is_muted
        quiet = ink.dim if marks.is_muted or marks.is_archived else ink.text
        name_width = max(10, min(26, width // 4))
        name = fitted(sanitize_line(contact.title), name_width)
        left = [
            (f" {self._numbers.get(chat, ''):<2}", ink.dim),
            (f"{SHAPES[contact.show]} ", show_ink(contact.show, ink)),
            (name + " " * (name_width - cell_len(name)), ink.strong if is_calling else quiet),
            (f" {chat_signs(marks):<3} ", ink.dim),
        ]
        if self._is_of_several and width >= 90:
            left.append((f"{fitted(sanitize_line(str(contact.account)), 20):<20}  ", ink.dim))
        last = self._desk.views.last_message(*chat)
        left.append((_words(last, sanitize_line(contact.title)), ink.text if is_calling else ink.dim))
        unread = str(contact.unread) if contact.unread < 1000 else "999+"
        right = [
            (f"  {when_words(contact.last_stamp, self._desk.clock.now()):>9}", ink.dim),
            (f" {unread if contact.unread else '':>4} ", ink.badge if is_calling else ink.dim),
        ]
        return laid_out(left, right, width)

    # -- what the user does ---------------------------------------------------------------------------------------

    def action_move(self, step: int) -> None:
        """Move the cursor by so many rows."""
        self._line = max(0, min(len(self._rows) - 1, self._line + step))
        top, page = self.scroll_offset.y, max(1, self.size.height - _TOP)
        if self._line < top:
            self.scroll_to(y=self._line, animate=False, immediate=True)
        elif self._line >= top + page:
            self.scroll_to(y=self._line - page + 1, animate=False, immediate=True)
        self.refresh()

    def action_page(self, step: int) -> None:
        """Move the cursor by so many pages."""
        self.action_move(step * max(1, self.size.height - _TOP))

    def action_edge(self, direction: int) -> None:
        """Move the cursor to the first or last row."""
        self.action_move(direction * len(self._rows))

    def action_turn(self, step: int) -> None:
        """Show other chats: all, the unread ones, or those for later."""
        self._view = (self._view + step) % len(_VIEWS)
        self._line = 0
        self.scroll_to(y=0, animate=False, immediate=True)
        self.read()

    def action_choose(self) -> None:
        """Open the chat under the cursor, or show or hide the archived ones."""
        if self.chat is not None:
            self.post_message(self.Chosen(self.chat))
        elif self._rows:
            self._is_unfolded = not self._is_unfolded
            self.read()

    def on_click(self, event: events.Click) -> None:
        line = event.y - _TOP + self.scroll_offset.y
        if event.y < _TOP:
            self.action_turn(1)
        elif line < len(self._rows):
            self._line = line
            self.refresh()
            if event.button != _RIGHT:
                self.action_choose()
            elif self.chat is not None:
                self.post_message(self.MenuWanted(event.screen_x, event.screen_y))

    def action_menu(self) -> None:
        """Show what can be done with the chat under the cursor, beside it."""
        if self.chat is not None:
            here = self.content_region
            self.post_message(self.MenuWanted(here.x + 4, here.y + _TOP + self._line - self.scroll_offset.y))

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, len(self._rows) + _TOP)

    def on_focus(self) -> None:
        self.refresh()


def _words(message: Said | None, name: str) -> str:
    if message is None:
        return ""
    if is_action(message):
        return preview(message, "You" if message.is_outgoing else name)
    return ("You: " if message.is_outgoing else "") + preview(message, name)


def when_words(at: datetime | None, now: datetime) -> str:
    """Say when something was, in nine letters at most: the time today, else the day."""
    if at is None:
        return ""
    local, today = at.astimezone(), now.astimezone().date()
    days = (today - local.date()).days
    if days <= 0:
        return f"{local:%H:%M}"
    if days == 1:
        return "Yesterday"
    if days < 7:
        return f"{local:%a}"
    return f"{local.day} {local:%b}" if local.year == today.year else f"{local:%b %Y}"


class InboxScreen(Guarded, Screen[None]):
    """Show the chats in place of the panes until one is opened."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_of(Place.EVERYWHERE),
        Binding("escape,q", "leave", "Back", show=False),
    ]
    DEFAULT_CSS = "InboxScreen { layout: vertical; background: $background; }"

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.list = InboxList(desk)
        self.key_bar = KeyBar(desk)

    def compose(self) -> ComposeResult:
        yield self.list
        yield self.key_bar

    def on_mount(self) -> None:
        for view in self._desk.views.accounts():
            self._desk.submit(c.ReadLastMessages(view.account))
        self.key_bar.stand(Place.INBOX)
        self.list.read()
        self.list.focus()

    @property
    def subject(self) -> ContactView | None:
        """The contact a verb without an address is about."""
        return self._desk.views.contact(*self.list.chat) if self.list.chat is not None else None

    def follow(self, batch: Batch) -> None:
        """Read anew what the batch names."""
        if any(isinstance(change, _SHOWN) for change in batch.changes):
            self.list.read()

    def action_perform(self, action: str) -> None:
        """Run an action of the registry by its id: one of the inbox here, any other back among the panes."""
        if BY_ID[action].place is not Place.INBOX and action not in _WITHOUT_LEAVING:
            self.action_leave()
        if action != "inbox":
            self._desk.app.perform(action)
            self.list.read()

    def action_leave(self) -> None:
        """Go back to the panes."""
        if self.app.screen is self:
            self.dismiss(None)

    @on(InboxList.Chosen)
    def _chosen(self, message: InboxList.Chosen) -> None:
        self.action_leave()
        self._desk.main.open_chat(*message.chat)

    @on(InboxList.MenuWanted)
    def _menu_wanted(self, message: InboxList.MenuWanted) -> None:
        from tui_xmpp.ui.screens.contact_menu import ContactMenu

        beside = Region(message.x, message.y, 1, 1)
        self.app.push_screen(ContactMenu(self._desk, self.subject, beside, Place.INBOX, self._perform_here))

    def _perform_here(self, action: str) -> None:
        """Carry out what was chosen in the menu: with the chat under the cursor, back among the panes if it opens."""
        chat, main = self.list.chat, self._desk.main
        if chat is not None and action in ("chat", "split"):
            self.action_leave()
            (main.open_chat(*chat) if action == "chat" else main.open_beside(chat))
            return
        self._desk.app.perform(action)
        self.list.read()

    @on(KeyBar.Pressed)
    def _key_pressed(self, message: KeyBar.Pressed) -> None:
        self.action_perform(message.action)
