"""The list of people: accounts, groups, contacts. One widget that draws lines, whatever the number of contacts."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region, Size
from textual.message import Message

from tui_xmpp.jid import BareJID
from tui_xmpp.ui.keymap import keymap_of, moves
from tui_xmpp.ui.roster_rows import RowId
from tui_xmpp.ui.widgets.painted_roster import TOP, PaintedRoster
from tui_xmpp.values import changed, dataclass

_MANY = 500
_RIGHT = 3


class Roster(PaintedRoster, can_focus=True):
    """Show everyone the user knows, and who of them is there."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *moves({"up": "move(-1)", "down": "move(1)", "page-up": "page(-1)", "page-down": "page(1)"}),
        *moves(
            {"first": "edge(0)", "last": "edge(1)", "filter": "filter", "fold-group": "fold", "to-writing": "leave"}
        ),
        Binding("enter", "choose", "Open a chat, or fold a group", show=False),
    ]

    DEFAULT_CSS = """
    Roster { background: $surface; scrollbar-size-vertical: 1; overflow-x: hidden; }
    """

    @dataclass
    class Chosen(Message):
        """The user wants to talk to a contact."""

        account: BareJID
        peer: BareJID

    @dataclass
    class SelectionChanged(Message):
        """The cursor stands on another row."""

        row: RowId | None

    @dataclass
    class FoldsChanged(Message):
        """Groups were folded or unfolded; ``folded`` names all that are, as ``account`` or ``account group``."""

        folded: list[str]

    @dataclass
    class MenuWanted(Message):
        """The user wants to know, at this place on the screen, what can be done with whom they clicked, if anybody."""

        x: int
        y: int
        is_on_contact: bool

    class RequestsWanted(Message):
        """The badge of waiting requests was clicked."""

    class Left(Message):
        """The user is done with the list."""

    # -- what the app tells it ------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Read everything anew."""
        accounts = self._views.accounts()
        self._accounts = {view.account: view for view in accounts}
        self.rows.set_accounts(self._accounts)
        for view in accounts:
            self.rows.replace(view.account, self._views.contacts(view.account))
        self._request_count = len(self._views.requests())
        self._settle()

    def update_account(self, account: BareJID) -> None:
        """Read an account's own state anew."""
        view = self._views.account(account)
        if view is not None:
            old = self._accounts.get(account)
            self._accounts[account] = view
            if old is None or (old.own, old.connection.phase) != (view.own, view.connection.phase):
                self.repaint()

    def update_roster(self, account: BareJID) -> None:
        """Read one account's contacts anew."""
        self.rows.replace(account, self._views.contacts(account))
        self._settle()

    def update_contacts(self, contacts: Collection[tuple[BareJID, BareJID]]) -> None:
        """Read some contacts anew."""
        if len(contacts) > _MANY:
            # So many at once (everybody's presence after a login) are placed faster all together.
            for account in {account for account, _ in contacts}:
                self.update_roster(account)
            return
        has_moved = looks_other = False
        for account, peer in contacts:
            old, new = self.rows.view(account, peer), self._views.contact(account, peer)
            has_moved |= self.rows.change(account, peer, new)
            looks_other |= old is None or new is None or changed(new, last_stamp=old.last_stamp) != old
        if has_moved:
            self._settle()
        elif looks_other:
            self.repaint()

    def update_requests(self) -> None:
        """Read anew how many people ask to be let in."""
        self._request_count = len(self._views.requests())
        self._settle()

    def set_order(self, *, by_state: bool | None = None, offline_shown: bool | None = None) -> None:
        """Change the order of contacts, or whether the absent are shown."""
        if by_state is not None:
            self.rows.is_ordered_by_state = by_state
        if offline_shown is not None:
            self.rows.is_offline_shown = offline_shown
        self.rows.rearrange()
        self._settle()

    def restore_folds(self, folded: list[str]) -> None:
        """Fold what an earlier run has left folded, as told by :class:`FoldsChanged`."""
        for account in self._accounts or {view.account: view for view in self._views.accounts()}:
            for text in folded:
                if text == str(account):
                    self.rows.folded.add((account, None))
                elif text.startswith(f"{account} "):
                    self.rows.folded.add((account, text[len(str(account)) + 1 :]))
        self._settle()

    def select(self, account: BareJID, peer: BareJID) -> None:
        """Put the cursor on a contact, where it is shown."""
        row = self.rows.find(account, peer)
        if row is not None:
            self._select(row)

    def expect(self, account: BareJID, peer: BareJID) -> None:
        """Put the cursor on someone as soon as they are in the user's list, unless it is moved before."""
        self._expected = (account, peer)
        self._settle()

    @property
    def selected(self) -> RowId | None:
        """The row under the cursor."""
        return self._selected

    @property
    def selected_region(self) -> Region:
        """Where that row is on the screen."""
        here = self.content_region
        line = max(0, min(self._selected_line - self.scroll_offset.y, here.height - TOP - 1))
        return Region(here.x, here.y + TOP + line, here.width, 1)

    @property
    def filter_text(self) -> str:
        """What is typed to narrow the list."""
        return self._typed

    # -- lines ----------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Take the new number of rows, keep the cursor on its row, or near where that row was, and draw."""
        count = len(self.rows)
        self.virtual_size = Size(self.size.width, count + TOP + self._foot)
        line = self.rows.line(self._selected) if self._selected else None
        if line is None:
            row = self._other_row() or (self.rows.row(min(self._selected_line, count - 1)) if count else None)
            if row != self._selected:
                self._selected = row
                self.post_message(self.SelectionChanged(row))
            line = self.rows.line(row) if row is not None else None
        if line is not None:
            self._selected_line = line
        if len(self._strips) > 4 * (count + 50):
            self._strips.clear()
        self._look_for_expected()
        self.repaint()

    def _other_row(self) -> RowId | None:
        """Return where the contact under the cursor stands now, whose row is gone."""
        row = self._selected
        return self.rows.find(row.account, row.peer) if row is not None and row.peer is not None else None

    def _look_for_expected(self) -> None:
        view = self.rows.view(*self._expected) if self._expected is not None else None
        if view is not None and view.is_in_roster:
            self._expected = None
            self.select(view.account, view.peer)

    def on_resize(self) -> None:
        self._strips.clear()
        self.virtual_size = Size(self.size.width, len(self.rows) + TOP + self._foot)

    def notify_style_update(self) -> None:
        self._strips.clear()
        super().notify_style_update()

    @property
    def _page(self) -> int:
        return max(1, self.size.height - TOP - self._foot)

    @property
    def cursor_place(self) -> Offset:
        """Where the terminal's cursor is to stand."""
        return self.selected_region.offset

    def follow_linear(self, *, is_linear: bool) -> None:
        """Draw rows as sentences, or in columns."""
        self.is_linear = is_linear
        self._strips.clear()
        self.refresh()

    # -- what the user does ---------------------------------------------------------------------------------------

    def _select(self, row: RowId) -> None:
        line = self.rows.line(row)
        if line is None:
            return
        self._expected = None
        if row != self._selected:
            self._selected = row
            self.post_message(self.SelectionChanged(row))
        self._selected_line = line
        top = self.scroll_offset.y
        if line < top:
            self.scroll_to(y=line, animate=False, immediate=True)
        elif line >= top + self._page:
            self.scroll_to(y=line - self._page + 1, animate=False, immediate=True)
        self.refresh()

    def action_move(self, step: int) -> None:
        """Move the cursor by so many rows."""
        count = len(self.rows)
        if count:
            row = self.rows.row(max(0, min(count - 1, self._selected_line + step)))
            if row is not None:
                self._select(row)

    def action_page(self, step: int) -> None:
        """Move the cursor by so many pages."""
        self.action_move(step * self._page)

    def action_edge(self, end: int) -> None:
        """Move the cursor to the first or last row."""
        self.action_move(len(self.rows) if end else -len(self.rows))

    def action_choose(self) -> None:
        """Open a chat with the contact, or fold the group, under the cursor."""
        row = self._selected
        if row is None:
            return
        if row.peer is None:
            self.action_fold()
            return
        self._set_needle("", is_filtering=False)
        self.select(row.account, row.peer)
        self.post_message(self.Chosen(row.account, row.peer))

    def action_fold(self) -> None:
        """Fold or unfold the group under the cursor, or the group of the contact under the cursor."""
        row = self._selected
        if row is None:
            return
        self.rows.toggle_fold(row.account, row.group)
        self._selected = RowId(row.account, row.group)
        self._settle()
        self._select(self._selected)
        self.post_message(
            self.FoldsChanged(sorted(f"{a} {g}" if g is not None else str(a) for a, g in self.rows.folded))
        )

    def action_filter(self) -> None:
        """Let the user narrow the list by typing."""
        self._set_needle(self._typed, is_filtering=True)

    def action_leave(self) -> None:
        """Show everyone again; where nothing was narrowed, go back to writing."""
        if self.is_filtering or self.rows.needle:
            self._set_needle("", is_filtering=False)
        else:
            self.post_message(self.Left())

    def _set_needle(self, needle: str, *, is_filtering: bool) -> None:
        self.is_filtering = is_filtering
        self._typed = needle
        folded = needle.casefold()
        if folded != self.rows.needle:
            self.rows.needle = folded
            self.rows.rearrange()
            self.scroll_to(y=0, animate=False, immediate=True)
        self._settle()
        if self.rows.needle and (self._selected is None or self._selected.peer is None):
            first = next((r for i in range(min(len(self.rows), 50)) if (r := self.rows.row(i)) and r.peer), None)
            if first is not None:
                self._select(first)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return self.is_filtering and character is not None and character.isprintable()

    def on_key(self, event: events.Key) -> None:
        if not self.is_filtering:
            if event.key not in keymap_of(self).keys("filter"):
                return
            # Before the binding: the keys of a fast typist are here before a binding's action has run.
            self.action_filter()
        elif event.key == "backspace":
            if self.rows.needle:
                self._set_needle(self._typed[:-1], is_filtering=True)
            else:
                self._set_needle("", is_filtering=False)
        elif event.key == "ctrl+u":
            self._set_needle("", is_filtering=True)
        elif event.is_printable and event.character is not None:
            self._set_needle(self._typed + event.character, is_filtering=True)
        else:
            return
        event.stop()
        event.prevent_default()

    def on_click(self, event: events.Click) -> None:
        if event.button == _RIGHT:
            row = self.rows.row(event.y - TOP + self.scroll_offset.y) if event.y >= TOP else None
            if row is not None:
                self._select(row)
            is_on_contact = row is not None and row.peer is not None
            self.post_message(self.MenuWanted(event.screen_x, event.screen_y, is_on_contact))
            return
        if event.y < TOP:
            self.action_filter()
            return
        if self._foot and event.y == self.size.height - 1:
            self.post_message(self.RequestsWanted())
            return
        row = self.rows.row(event.y - TOP + self.scroll_offset.y)
        if row is None:
            return
        self._select(row)
        if row.peer is not None:
            self.action_choose()
        elif row.group is not None or event.x < 4:
            self.action_fold()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        if self.is_filtering and not self.rows.needle:
            self.is_filtering = False
        self.refresh()
