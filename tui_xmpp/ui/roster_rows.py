"""The rows of the roster, kept in order while contacts come, go and change.

A change is placed by binary search in its own section, so that its cost does not grow with the roster. Where a row
stands is found through the sections' lengths, of which there are as many as groups.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from typing import NamedTuple

from tui_xmpp.core.model import Show
from tui_xmpp.core.views import ContactView
from tui_xmpp.jid import BareJID
from tui_xmpp.values import dataclass

STRANGERS = "\uffff"
"""The section of people who are not on the roster but have a conversation: after every group."""
UNGROUPED = ""

_RANKS = {Show.CHAT: 0, Show.ONLINE: 0, Show.AWAY: 1, Show.XA: 2, Show.DND: 3, Show.OFFLINE: 4}


class RowId(NamedTuple):
    """Name a row for as long as it exists: an account, a group of it, or a contact in a group."""

    account: BareJID
    group: str | None = None
    peer: BareJID | None = None


def _place(group: str) -> tuple[bool, str, str]:
    return (group == STRANGERS, group.casefold(), group)


class _Entry(NamedTuple):
    rank: int
    name: str
    peer: BareJID


@dataclass(slots=True)
class Section:
    """One group of one account: its members, and of these the shown ones in order."""

    group: str
    members: int = 0
    online: int = 0
    unread: int = 0
    shown: list[_Entry] = field(default_factory=list)


@dataclass(slots=True)
class _Placed:
    view: ContactView
    entry: _Entry
    groups: tuple[str, ...]
    is_shown: bool


@dataclass(slots=True)
class _AccountRows:
    placed: dict[BareJID, _Placed] = field(default_factory=dict)
    sections: dict[str, Section] = field(default_factory=dict)
    order: list[tuple[bool, str, str]] = field(default_factory=list)
    online: int = 0
    unread: dict[BareJID, ContactView] = field(default_factory=dict)


class RosterRows:
    """Order contacts into accounts, groups and rows, and tell which row stands on which line."""

    def __init__(self, is_archived: Callable[[ContactView], bool] = lambda _: False) -> None:
        self._is_archived = is_archived
        self.is_offline_shown = True
        self.is_ordered_by_state = True
        self.folded: set[tuple[BareJID, str | None]] = set()
        self.needle = ""
        self._accounts: dict[BareJID, _AccountRows] = {}

    # -- content --------------------------------------------------------------------------------------------------

    def set_accounts(self, accounts: Iterable[BareJID]) -> None:
        """Show these accounts, in this order; the rows of ones already shown stay."""
        self._accounts = {account: self._accounts.get(account) or _AccountRows() for account in accounts}

    def replace(self, account: BareJID, contacts: Iterable[ContactView]) -> None:
        """Place a whole roster anew."""
        if account not in self._accounts:
            return
        rows = self._accounts[account] = _AccountRows()
        for view in contacts:
            self._add(rows, view, is_sorting=False)
        for section in rows.sections.values():
            section.shown.sort()

    def rearrange(self) -> None:
        """Place everybody anew after the order, the filter or the hiding of the absent has changed."""
        for account, rows in list(self._accounts.items()):
            self.replace(account, [placed.view for placed in rows.placed.values()])

    def change(self, account: BareJID, peer: BareJID, view: ContactView | None) -> bool:
        """Place one contact anew, or take it away; say whether any row other than its own has moved."""
        rows = self._accounts.get(account)
        if rows is None:
            return False
        old = rows.placed.get(peer)
        if old is None and view is None:
            return False
        if old is not None and view is not None:
            entry, groups, is_shown = self._standing(view)
            if (entry, groups, is_shown) == (old.entry, old.groups, old.is_shown):
                self._count(rows, old, -1)
                old.view = view
                self._count(rows, old, +1)
                return False
        if old is not None:
            self._take(rows, old)
        if view is not None:
            self._add(rows, view, is_sorting=True)
        return True

    def _standing(self, view: ContactView) -> tuple[_Entry, tuple[str, ...], bool]:
        name = view.title.casefold()
        rank = _RANKS[view.show] if self.is_ordered_by_state else 0
        groups = (tuple(sorted(set(view.groups))) or (UNGROUPED,)) if view.is_in_roster else (STRANGERS,)
        if self.needle:
            is_shown = self.needle in name or self.needle in str(view.peer)
        else:
            is_shown = self.is_offline_shown or view.show.is_available or view.unread > 0
            if is_shown and not view.is_in_roster and not view.unread:
                is_shown = not self._is_archived(view)
        return _Entry(rank, name, view.peer), groups, is_shown

    def _add(self, rows: _AccountRows, view: ContactView, *, is_sorting: bool) -> None:
        entry, groups, is_shown = self._standing(view)
        placed = rows.placed[view.peer] = _Placed(view, entry, groups, is_shown)
        for group in groups:
            section = rows.sections.get(group)
            if section is None:
                section = rows.sections[group] = Section(group)
                insort(rows.order, _place(group))
            if is_shown:
                if is_sorting:
                    insort(section.shown, entry)
                else:
                    section.shown.append(entry)
        self._count(rows, placed, +1)

    def _take(self, rows: _AccountRows, placed: _Placed) -> None:
        del rows.placed[placed.view.peer]
        self._count(rows, placed, -1)
        for group in placed.groups:
            section = rows.sections[group]
            if placed.is_shown:
                del section.shown[bisect_left(section.shown, placed.entry)]
            if not section.members:
                del rows.sections[group]
                rows.order.remove(_place(group))

    @staticmethod
    def _count(rows: _AccountRows, placed: _Placed, step: int) -> None:
        is_online = placed.view.show.is_available
        if is_online:
            rows.online += step
        if step > 0 and placed.view.unread:
            rows.unread[placed.view.peer] = placed.view
        else:
            rows.unread.pop(placed.view.peer, None)
        for group in placed.groups:
            section = rows.sections[group]
            section.members += step
            section.unread += step * placed.view.unread
            if is_online:
                section.online += step

    # -- rows -----------------------------------------------------------------------------------------------------

    def _is_open(self, account: BareJID, group: str | None) -> bool:
        return bool(self.needle) or (account, group) not in self.folded

    def _shown_sections(self, rows: _AccountRows) -> Iterable[Section]:
        for *_, group in rows.order:
            section = rows.sections[group]
            if section.shown or not (self.needle or group == STRANGERS):
                yield section

    def __len__(self) -> int:
        total = 0
        for account, rows in self._accounts.items():
            total += 1
            if self._is_open(account, None):
                for section in self._shown_sections(rows):
                    total += 1 + (len(section.shown) if self._is_open(account, section.group) else 0)
        return total

    def row(self, line: int) -> RowId | None:
        """Return the row on a line, None beyond the last."""
        if line < 0:
            return None
        for account, rows in self._accounts.items():
            if line == 0:
                return RowId(account)
            line -= 1
            if not self._is_open(account, None):
                continue
            for section in self._shown_sections(rows):
                if line == 0:
                    return RowId(account, section.group)
                line -= 1
                if self._is_open(account, section.group):
                    if line < len(section.shown):
                        return RowId(account, section.group, section.shown[line].peer)
                    line -= len(section.shown)
        return None

    def line(self, wanted: RowId) -> int | None:
        """Return the line a row stands on, None when it is hidden or gone."""
        line = 0
        for account, rows in self._accounts.items():
            if account != wanted.account:
                line += 1
                if self._is_open(account, None):
                    for section in self._shown_sections(rows):
                        line += 1 + (len(section.shown) if self._is_open(account, section.group) else 0)
                continue
            if wanted.group is None:
                return line
            line += 1
            if not self._is_open(account, None):
                return None
            for section in self._shown_sections(rows):
                is_open = self._is_open(account, section.group)
                if section.group != wanted.group:
                    line += 1 + (len(section.shown) if is_open else 0)
                    continue
                if wanted.peer is None:
                    return line
                placed = rows.placed.get(wanted.peer)
                if placed is None or not placed.is_shown or not is_open or wanted.group not in placed.groups:
                    return None
                return line + 1 + bisect_left(section.shown, placed.entry)
        return None

    def find(self, account: BareJID, peer: BareJID) -> RowId | None:
        """Return the first row of a contact that is not folded away."""
        rows = self._accounts.get(account)
        placed = rows.placed.get(peer) if rows else None
        for group in placed.groups if placed else ():
            row = RowId(account, group, peer)
            if self.line(row) is not None:
                return row
        return None

    def view(self, account: BareJID, peer: BareJID) -> ContactView | None:
        """Return what is shown of a contact."""
        rows = self._accounts.get(account)
        placed = rows.placed.get(peer) if rows else None
        return placed.view if placed else None

    def unread(self) -> Iterator[ContactView]:
        """Yield the contacts with something unread, whether their rows are shown or not."""
        return (view for rows in self._accounts.values() for view in tuple(rows.unread.values()))

    def section(self, account: BareJID, group: str) -> Section | None:
        """Return a group's counts."""
        rows = self._accounts.get(account)
        return rows.sections.get(group) if rows else None

    def groups(self, account: BareJID) -> list[str]:
        """Return the names of the account's groups, in order."""
        rows = self._accounts.get(account)
        return [group for *_, group in rows.order if group not in (UNGROUPED, STRANGERS)] if rows else []

    def contact_count(self, account: BareJID) -> tuple[int, int]:
        """Return how many of the account's contacts are online, and how many there are."""
        rows = self._accounts.get(account)
        return (rows.online, len(rows.placed)) if rows else (0, 0)

    def is_folded(self, account: BareJID, group: str | None) -> bool:
        """Say whether a header's rows are folded away."""
        return not self._is_open(account, group)

    def toggle_fold(self, account: BareJID, group: str | None) -> None:
        """Fold or unfold an account or a group."""
        self.folded ^= {(account, group)}
