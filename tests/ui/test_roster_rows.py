"""The order of the roster: every change is placed as a full sort would place it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.scenes import BINGLEY, CHARLOTTE, DARCY, ELIZABETH, JANE, LYDIA, netherfield
from tui_xmpp.core.model import Show, Subscription
from tui_xmpp.core.views import ContactView
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.roster_rows import STRANGERS, UNGROUPED, RosterRows, RowId

PEERS = [BareJID.parse(f"p{number}@example.com") for number in range(6)]


def view(
    peer: BareJID, show: Show = Show.OFFLINE, name: str = "", groups: tuple[str, ...] = (), unread: int = 0
) -> ContactView:
    return ContactView(
        account=ELIZABETH,
        peer=peer,
        name=name,
        groups=groups,
        show=show,
        status="",
        subscription=Subscription.BOTH,
        is_ask_pending=False,
        is_approved=False,
        is_in_roster=True,
        is_blocked=False,
        is_requesting=False,
        unread=unread,
        last_stamp=None,
        resources=(),
    )


def rows_of(rows: RosterRows) -> list[RowId]:
    found = [rows.row(line) for line in range(len(rows))]
    assert rows.row(len(rows)) is None
    return [row for row in found if row is not None]


def peers(rows: RosterRows) -> list[BareJID]:
    return [row.peer for row in rows_of(rows) if row.peer is not None]


def test_there_is_no_heading_over_strangers_none_of_whom_is_shown() -> None:
    rows = RosterRows()
    rows.set_accounts([ELIZABETH])
    rows.is_offline_shown = False
    rows.replace(ELIZABETH, [replace(view(PEERS[0]), is_in_roster=False), view(PEERS[1], groups=("Friends",))])
    assert rows_of(rows) == [RowId(ELIZABETH), RowId(ELIZABETH, "Friends")]


def test_rows_come_by_group_then_by_state_then_by_name() -> None:
    rows = RosterRows()
    rows.set_accounts([ELIZABETH])
    rows.replace(ELIZABETH, netherfield().client.views.contacts(ELIZABETH))
    titles = [(row.group, row.peer) for row in rows_of(rows)]
    assert titles[0] == (None, None)
    assert titles[1] == ("Family", None)
    assert [peer for group, peer in titles if group == "Friends"] == [None, JANE, DARCY, BINGLEY, CHARLOTTE]
    rows.is_ordered_by_state = False
    rows.rearrange()
    friends = [row.peer for row in rows_of(rows) if row.group == "Friends"]
    assert friends == [None, BINGLEY, CHARLOTTE, DARCY, JANE]


def test_a_contact_in_two_groups_has_two_rows_and_counts_once_for_the_account() -> None:
    rows = RosterRows()
    rows.set_accounts([ELIZABETH])
    rows.replace(ELIZABETH, [view(JANE, Show.ONLINE, groups=("Family", "Friends"))])
    assert peers(rows) == [JANE, JANE]
    assert rows.contact_count(ELIZABETH) == (1, 1)


def test_hiding_the_absent_keeps_who_has_written() -> None:
    rows = RosterRows()
    rows.is_offline_shown = False
    rows.set_accounts([ELIZABETH])
    rows.replace(ELIZABETH, [view(DARCY), view(JANE, Show.AWAY), view(LYDIA, unread=1)])
    assert peers(rows) == [JANE, LYDIA]
    rows.change(ELIZABETH, LYDIA, view(LYDIA))
    assert peers(rows) == [JANE]


def test_strangers_stand_below_all_groups() -> None:
    rows = RosterRows()
    rows.set_accounts([ELIZABETH])
    stranger = replace(view(LYDIA), is_in_roster=False)
    rows.replace(ELIZABETH, [stranger, view(DARCY, groups=("\U0001f600",)), view(JANE)])
    assert [row.group for row in rows_of(rows) if row.peer is None] == [None, UNGROUPED, "\U0001f600", STRANGERS]
    assert peers(rows)[-1] == LYDIA


def test_a_filter_opens_folds_and_finds_by_name_and_address() -> None:
    rows = RosterRows()
    rows.set_accounts([ELIZABETH])
    rows.replace(ELIZABETH, [view(DARCY, name="Fitzwilliam", groups=("Friends",)), view(JANE, groups=("Family",))])
    rows.toggle_fold(ELIZABETH, "Friends")
    assert peers(rows) == [JANE]
    for needle in ("will", "pember"):
        rows.needle = needle
        rows.rearrange()
        assert peers(rows) == [DARCY]
        assert rows_of(rows)[1:] == [RowId(ELIZABETH, "Friends"), RowId(ELIZABETH, "Friends", DARCY)]


def test_a_change_that_moves_no_row_says_so() -> None:
    rows = RosterRows()
    rows.set_accounts([ELIZABETH])
    rows.replace(ELIZABETH, [view(DARCY, Show.ONLINE), view(JANE, Show.ONLINE)])
    assert not rows.change(ELIZABETH, DARCY, replace(view(DARCY, Show.ONLINE), status="dancing"))
    assert rows.view(ELIZABETH, DARCY) == replace(view(DARCY, Show.ONLINE), status="dancing")
    assert rows.change(ELIZABETH, DARCY, view(DARCY, Show.AWAY))


_VIEWS = st.builds(
    view,
    st.sampled_from(PEERS),
    st.sampled_from(list(Show)),
    st.sampled_from(["", "Ann", "ann", "Zoë", "b"]),
    st.lists(st.sampled_from(["A", "B", "a"]), max_size=3, unique=True).map(tuple),
    st.integers(0, 2),
)


@settings(max_examples=200)
@given(
    st.lists(st.one_of(_VIEWS, st.sampled_from(PEERS)), max_size=25),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "an", "p3"]),
    st.sets(st.sampled_from([None, "A", "B", UNGROUPED]), max_size=2),
)
def test_any_order_of_changes_gives_what_one_full_sort_gives(
    changes: list[ContactView | BareJID],
    is_by_state: bool,
    is_offline_shown: bool,
    needle: str,
    folded: set[str | None],
) -> None:
    one_by_one, at_once = RosterRows(), RosterRows()
    final: dict[BareJID, ContactView] = {}
    for rows in (one_by_one, at_once):
        rows.is_ordered_by_state, rows.is_offline_shown, rows.needle = is_by_state, is_offline_shown, needle
        rows.folded = {(ELIZABETH, group) for group in folded}
        rows.set_accounts([ELIZABETH])
    for change in changes:
        if isinstance(change, ContactView):
            final[change.peer] = change
            one_by_one.change(ELIZABETH, change.peer, change)
        else:
            final.pop(change, None)
            one_by_one.change(ELIZABETH, change, None)
    at_once.replace(ELIZABETH, final.values())
    assert rows_of(one_by_one) == rows_of(at_once)
    for line, row in enumerate(rows_of(one_by_one)):
        assert one_by_one.line(row) == line
        if row.peer is None and row.group is not None:
            assert one_by_one.section(ELIZABETH, row.group) == at_once.section(ELIZABETH, row.group)
    assert one_by_one.contact_count(ELIZABETH) == at_once.contact_count(ELIZABETH)
