"""How the list of people looks: each row, the heading above them and what stands where there are none."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui_xmpp.core.model import Phase
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.core.views import AccountView, ContactView, Views
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.chat_marks import ChatMarks
from tui_xmpp.ui.keymap import key_of
from tui_xmpp.ui.roster_rows import STRANGERS, UNGROUPED, RosterRows, RowId
from tui_xmpp.ui.signs import (
    DOUBT,
    SHAPES,
    WORDS,
    account_ink,
    account_shape,
    chat_signs,
    contact_doubt,
    counted,
    fitted,
    laid_out,
    phase_words,
    show_ink,
    subscription_mark,
)
from tui_xmpp.ui.theme import Inks, inks
from tui_xmpp.ui.widgets.lines import DrawnLines

TOP = 1
"""Lines above the rows that do not scroll: the heading, which is also the filter."""


class PaintedRoster(DrawnLines, ScrollView):
    """Draw the rows of people; a row is drawn anew when what it shows has changed."""

    def __init__(
        self,
        views: Views,
        marks: ChatMarks,
        *,
        is_linear: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
    ) -> None:
        super().__init__(id=id)
        self.rows = RosterRows(lambda view: marks.of(view.account, view.peer).is_archived)
        self.numbers: dict[tuple[BareJID, BareJID], int] = {}
        """The chats that have a number."""
        self.is_filtering = False
        self.open_chats: frozenset[tuple[BareJID, BareJID]] = frozenset()
        self._views = views
        self._marks = marks
        self._accounts: dict[BareJID, AccountView] = {}
        self._selected: RowId | None = None
        self._selected_line = 0
        self._expected: tuple[BareJID, BareJID] | None = None
        self._strips: dict[RowId, tuple[object, tuple[object, ...], Strip]] = {}
        self._request_count = 0
        self._typed = ""
        self.is_linear = is_linear
        """Whether each row is a sentence, for a screen reader."""

    @property
    def _foot(self) -> int:
        return 1 if self._request_count else 0

    def draw_lines(self, lines: Sequence[int]) -> list[Strip]:
        """Draw lines of what is visible."""
        ink = inks(self.app.current_theme)
        width, height = self.scrollable_content_region.size
        top = self.scroll_offset.y - TOP
        return [self._draw_line(y, top, ink, width, height) for y in lines]

    def _draw_line(self, y: int, top: int, ink: Inks, width: int, height: int) -> Strip:
        if y < TOP:
            return self._heading(ink, width)
        if self._foot and y == height - 1:
            return self._request_badge(ink, width)
        line = y + top
        row = self.rows.row(line)
        if row is None:
            return self._empty_line(line - len(self.rows), ink, width)
        return self._row_strip(row, ink, width)

    def _row_strip(self, row: RowId, ink: Inks, width: int) -> Strip:
        subject: object
        around: tuple[object, ...] = ()
        if row.peer is not None:
            subject = self.rows.view(row.account, row.peer)
            chat = (row.account, row.peer)
            around = (self._marks.of(*chat), self.numbers.get(chat), chat in self.open_chats)
        elif row.group is not None:
            section = self.rows.section(row.account, row.group)
            subject = (section.members, section.online, section.unread) if section else None
        else:
            subject = self._accounts.get(row.account)
        is_selected = row == self._selected
        state = (
            width,
            id(ink),
            is_selected,
            is_selected and self.has_focus,
            row.peer is None and self.rows.is_folded(row.account, row.group),
            row.peer is None and self.rows.contact_count(row.account),
            around,
        )
        known = self._strips.get(row)
        if (
            known is not None
            and known[1] == state
            and (known[0] is subject or (row.peer is None and known[0] == subject))
        ):
            return known[2]
        strip = self._draw_row(row, subject, ink, width)
        if is_selected:
            cursor = ink.cursor if self.has_focus else ink.resting_cursor
            strip = Strip([Segment(s.text, (s.style or Style()) + cursor) for s in strip], width)
        else:
            strip = strip.apply_style(ink.surface)
        self._strips[row] = (subject, state, strip)
        return strip

    def _row_words(self, row: RowId, subject: object) -> str:
        from tui_xmpp.ui.linear import contact_words

        folded = ", folded" if row.peer is None and self.rows.is_folded(row.account, row.group) else ""
        if isinstance(subject, ContactView):
            chat = (row.account, subject.peer)
            return contact_words(subject, self._marks.of(*chat), self.numbers.get(chat))
        if row.group is not None:
            section = self.rows.section(row.account, row.group)
            count = f", {section.online} of {section.members} online" if section else ""
            unread = f", {section.unread} unread" if section and section.unread else ""
            return f"{_group_title(row.group)}{count}{unread}{folded}"
        view = self._accounts.get(row.account)
        state = phase_words(view.connection.phase) if view else "offline"
        if view is not None and view.connection.phase is Phase.ONLINE:
            state = WORDS[view.own.show]
        return f"{row.account}, {state}{folded}"

    def _draw_row(self, row: RowId, subject: object, ink: Inks, width: int) -> Strip:
        if self.is_linear:
            return laid_out([(self._row_words(row, subject), ink.text)], [], width)
        if isinstance(subject, ContactView):
            return self._draw_contact(row, subject, ink, width)
        if row.group is not None:
            return self._draw_group(row, ink, width)
        view = self._accounts.get(row.account)
        online, count = self.rows.contact_count(row.account)
        is_folded = self.rows.is_folded(row.account, None)
        shape = (account_shape(view), account_ink(view, ink)) if view else ("·", ink.dim)
        tail = [(f"{online}/{count} " if is_folded and count else "", ink.dim)]
        return laid_out(
            [(" ", ink.dim), shape, (" ", ink.dim), (sanitize_line(str(row.account)), ink.strong)], tail, width
        )

    def _draw_group(self, row: RowId, ink: Inks, width: int) -> Strip:
        section = self.rows.section(row.account, row.group or "")
        if section is None:
            return Strip.blank(width)
        is_folded = self.rows.is_folded(row.account, row.group)
        title = _group_title(section.group)
        count = str(section.members) if section.group == STRANGERS else f"{section.online}/{section.members}"
        right = [(f" {count} ", ink.dim)]
        if is_folded and section.unread:
            right.insert(0, (f" +{section.unread}", ink.badge))
        return laid_out([(" ▸ " if is_folded else " ▾ ", ink.dim), (title, ink.dim)], right, width)

    def _draw_contact(self, row: RowId, view: ContactView, ink: Inks, width: int) -> Strip:
        chat = (row.account, view.peer)
        mark = subscription_mark(view)
        marks = self._marks.of(*chat)
        is_calling = view.unread and not marks.is_muted
        name_ink = ink.text if view.show.is_available or is_calling else ink.dim
        if is_calling or chat in self.open_chats:
            name_ink += Style(bold=True)
        shape = ("⊗", ink.error) if view.is_blocked else (SHAPES[view.show], show_ink(view.show, ink))
        right: list[tuple[str, Style]] = []
        if contact_doubt(view):
            right.append((f" {DOUBT}", ink.warning))
        if mark:
            right.append((f" {mark}", ink.dim))
        if signs := chat_signs(marks):
            right.append((f" {signs}", ink.dim))
        if view.unread:
            right.append((f" {view.unread if view.unread < 1000 else '999+'}", ink.badge if is_calling else ink.dim))
        right.append((" ", ink.text))
        name = sanitize_line(view.title)
        room = width - 5 - sum(len(text) for text, _ in right)
        name = fitted(name, max(room, 6))
        status = sanitize_line(view.status, 120) if view.status else ""
        left = [(f" {self.numbers.get(chat, '')}".ljust(3), ink.dim), shape, (" ", ink.text), (name, name_ink)]
        if status:
            gap = max(2, min(13, room // 2) - cell_len(name))
            left += [(" " * gap, ink.text), (status, ink.dim)]
        return laid_out(left, right, width)

    def _heading(self, ink: Inks, width: int) -> Strip:
        if not self.is_filtering and not self.rows.needle:
            totals = [self.rows.contact_count(account) for account in self._accounts]
            here = sum(online for online, _ in totals)
            right = f"{here} online " if any(count for _, count in totals) else ""
            return laid_out([(" People", ink.strong)], [(right, ink.dim)], width, ink.surface)
        found = sum(
            len(section.shown)
            for account in self._accounts
            for group in [UNGROUPED, *self.rows.groups(account), STRANGERS]
            if (section := self.rows.section(account, group)) is not None
        )
        typed = [(" Find ", ink.accent), (self._typed + ("▏" if self.is_filtering else ""), ink.strong)]
        return laid_out(typed, [(f" {found} ", ink.dim)], width, ink.surface)

    def _request_badge(self, ink: Inks, width: int) -> Strip:
        text = f" ! {counted(self._request_count, 'request')}"
        return laid_out(
            [(text, ink.warning + Style(bold=True))], [(f"{key_of(self, 'requests')} ", ink.dim)], width, ink.surface
        )

    def _empty_line(self, line: int, ink: Inks, width: int) -> Strip:
        words = self._empty_words()
        if 1 <= line <= len(words):
            return laid_out([("   ", ink.dim), (words[line - 1], ink.dim)], [], width, ink.surface)
        return Strip.blank(width, ink.surface)

    def _empty_words(self) -> tuple[str, ...]:
        if not self._accounts:
            return ("No account yet.", f"{key_of(self, 'accounts')} adds one.")
        totals = [self.rows.contact_count(account)[1] for account in self._accounts]
        if not any(totals):
            if any(view.connection.phase.is_under_way for view in self._accounts.values()):
                return ("Your list is on its way…",)
            return ("Nobody in your list yet.", f"{key_of(self, 'add')} adds someone.")
        if self.rows.needle and len(self.rows) <= len(self._accounts):
            return ("Nobody fits.", "Escape shows all.")
        if not self.rows.is_offline_shown and not any(self.rows.contact_count(a)[0] for a in self._accounts):
            return ("Nobody is online.", "o shows everyone.")
        return ()


def _group_title(group: str) -> str:
    return {UNGROUPED: "Contacts", STRANGERS: "Not in your list"}.get(group) or sanitize_line(group)
