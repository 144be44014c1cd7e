"""The main screen from outside: keys and mouse in, commands and cells out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from textual.events import Key
from textual.keys import _character_to_key as character_key
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static

from tests.support.scenes import (
    BINGLEY,
    CHARLOTTE,
    DARCY,
    ELIZABETH,
    JANE,
    LYDIA,
    NOW,
    WICKHAM,
    Scene,
    contact,
    logged,
    netherfield,
    online,
    presence,
    received,
    requested,
)
from tests.support.ui import all_heeded
from tui_xmpp.core import commands as c
from tui_xmpp.core import events as e
from tui_xmpp.core.model import (
    Connection,
    Delivery,
    Direction,
    Failure,
    LogEntry,
    Message,
    OwnPresence,
    Phase,
    Severity,
    Show,
    Subscription,
)
from tui_xmpp.jid import JID, BareJID
from tui_xmpp.ui.actions import BY_ID
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.roster_rows import RowId
from tui_xmpp.ui.screens.themes import ThemeScreen

DENNY = BareJID.parse("denny@meryton.lit")


@asynccontextmanager
async def running(scene: Scene, width: int = 100, height: int = 30) -> AsyncIterator[Pilot[None]]:
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(width, height)) as pilot:
        await pilot.pause()
        yield pilot


def app_of(pilot: Pilot[None]) -> TuiXmppApp:
    assert isinstance(pilot.app, TuiXmppApp)
    return pilot.app


def cells(pilot: Pilot[None]) -> str:
    """Return the visible text of the screen."""
    screen = pilot.app.screen
    return "\n".join("".join(segment.text for segment in line) for line in screen._compositor.render_strips())


def is_ticking(app: TuiXmppApp) -> bool:
    return app._ticker is not None


def is_shown(widget: Widget) -> bool:
    return bool(widget.display)


def toasts(pilot: Pilot[None]) -> list[str]:
    return [notification.message for notification in pilot.app._notifications]


async def write(pilot: Pilot[None], text: str) -> None:
    """Type a line into the composer and send it."""
    main = app_of(pilot).main
    main.conversation.focus_composer()
    main.conversation.composer.replace_text(text)
    await pilot.press("enter")
    await pilot.pause()


async def test_the_first_screen_shows_accounts_people_and_what_waits() -> None:
    async with running(netherfield()) as pilot:
        seen = cells(pilot)
        for words in ("elizabeth@longbourn.lit", "▾ Friends", "◐ Fitzwilliam Darcy", "⊘ Bingley", "dancing"):
            assert words in seen
        assert "ask ⇢" in seen
        assert "only them ⇢" in seen
        assert "⇠ only you" in seen
        assert "! 1 request" in seen
        assert "3 unread" in seen


async def test_enter_on_a_contact_opens_the_chat_and_puts_the_cursor_where_one_writes() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        main = app_of(pilot).main
        main.roster.select(ELIZABETH, DARCY)
        await pilot.press("enter")
        await pilot.pause()
        assert main.chat == (ELIZABETH, DARCY)
        assert main.focused is main.conversation.composer
        assert scene.engine.of(c.OpenConversation) == [c.OpenConversation(ELIZABETH, DARCY)]


async def test_text_is_sent_and_a_slash_command_is_carried_out() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        app_of(pilot).main.open_chat(ELIZABETH, DARCY)
        await write(pilot, "What think you of books?")
        assert scene.engine.of(c.SendMessage) == [c.SendMessage(ELIZABETH, DARCY, "What think you of books?")]
        await write(pilot, "//shrug")
        assert scene.engine.of(c.SendMessage)[-1] == c.SendMessage(ELIZABETH, DARCY, "/shrug")
        await write(pilot, "/me laughs")
        assert scene.engine.of(c.SendMessage)[-1] == c.SendMessage(ELIZABETH, DARCY, "/me laughs")
        await write(pilot, "/chat jane@longbourn.lit")
        assert app_of(pilot).main.chat == (ELIZABETH, JANE)


async def test_a_mistyped_command_is_not_sent_and_not_lost() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        main = app_of(pilot).main
        main.open_chat(ELIZABETH, DARCY)
        await write(pilot, "/onlien now")
        assert scene.engine.of(c.SendMessage) == []
        assert "There is no command /onlien" in toasts(pilot)[-1]
        assert "/online" in toasts(pilot)[-1]
        assert main.conversation.composer.text == "/onlien now"


async def test_chat_can_be_typed_from_the_roster_after_a_slash() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        assert app_of(pilot).main.roster.has_focus
        await pilot.press("slash", *"query bingley@netherfield.lit", "enter")
        await pilot.pause()
        assert app_of(pilot).main.chat == (ELIZABETH, BINGLEY)
        assert app_of(pilot).main.focused is app_of(pilot).main.conversation.composer


@pytest.mark.parametrize("place", ["log", "status"])
@pytest.mark.parametrize("draft", ["", "half a thought"])
async def test_a_command_typed_fast_from_anywhere_runs_and_leaves_a_draft_alone(place: str, draft: str) -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        main = app_of(pilot).main
        main.open_chat(ELIZABETH, DARCY)
        await pilot.press(*draft)
        if place == "log":
            main.set_focus(main.conversation.log_lines)
        else:
            main.toggle_status()
        await pilot.pause()
        # All keys at once, as a paste or a fast typist: none may reach the widget the cursor just left.
        for key in ("slash", *"chat jane@longbourn.lit", "enter"):
            character = "/" if key == "slash" else key if len(key) == 1 else "\r"
            app_of(pilot).post_message(Key(key if len(key) > 1 or key.isalnum() else character_key(key), character))
        await all_heeded(pilot)
        assert main.chat == (ELIZABETH, JANE)
        assert scene.engine.of(c.SendMessage) == []
        main.open_chat(ELIZABETH, DARCY)
        assert main.conversation.composer.text == draft


async def test_what_is_typed_ahead_of_a_command_goes_where_the_command_leads() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        assert app_of(pilot).main.roster.has_focus
        for key in ("slash", *"chat jane@longbourn.lit", "enter", *"hello", "enter", *"and"):
            character = "/" if key == "slash" else key if len(key) == 1 else "\r"
            app_of(pilot).post_message(Key(key if len(key) > 1 or key.isalnum() else character_key(key), character))
        await all_heeded(pilot)
        main = app_of(pilot).main
        assert main.chat == (ELIZABETH, JANE)
        assert scene.engine.of(c.SendMessage) == [c.SendMessage(ELIZABETH, JANE, "hello")]
        assert main.conversation.composer.text == "and"


async def test_a_command_taken_back_gives_the_draft_back() -> None:
    async with running(netherfield()) as pilot:
        main = app_of(pilot).main
        main.open_chat(ELIZABETH, DARCY)
        await pilot.press(*"half")
        main.roster.focus()
        await pilot.press("slash", *"aw")
        assert main.conversation.composer.text == "/aw"
        await pilot.press("escape", "escape")
        assert main.conversation.composer.text == "half"
        main.roster.focus()
        await pilot.press("slash", "backspace")
        assert main.conversation.composer.text == "half"
        main.roster.focus()
        await pilot.press("slash")
        main.open_chat(ELIZABETH, JANE)
        assert main.conversation.composer.text == ""
        main.open_chat(ELIZABETH, DARCY)
        assert main.conversation.composer.text == "half"


async def test_typing_after_f_narrows_the_list_and_escape_shows_all() -> None:
    async with running(netherfield()) as pilot:
        roster = app_of(pilot).main.roster
        await pilot.press("f", *"arcy")
        assert roster.selected == RowId(ELIZABETH, "Friends", DARCY)
        assert len(roster.rows) == 3
        await pilot.press("escape")
        assert roster.filter_text == ""
        assert len(roster.rows) > 8


async def test_space_folds_a_group_and_that_is_remembered() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        await pilot.press("down", "space")
        await pilot.pause()
        assert "Mr. Collins" not in cells(pilot)
        assert scene.client.recall("folded groups") == ["elizabeth@longbourn.lit Family"]
    async with running(scene) as pilot:
        assert "Mr. Collins" not in cells(pilot)


async def test_a_click_opens_a_chat_and_a_click_on_a_group_folds_it() -> None:
    async with running(netherfield()) as pilot:
        main = app_of(pilot).main
        line = main.roster.rows.line(RowId(ELIZABETH, "Friends", BINGLEY))
        assert line is not None
        await pilot.click(main.roster, offset=(6, line + 1))
        await pilot.pause()
        assert main.chat == (ELIZABETH, BINGLEY)
        await pilot.click(main.roster, offset=(6, 2))
        await pilot.pause()
        assert main.roster.rows.is_folded(ELIZABETH, "Family")


async def test_the_cursor_stays_on_its_contact_while_rows_move() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        roster = app_of(pilot).main.roster
        roster.select(ELIZABETH, BINGLEY)
        before = roster.rows.line(RowId(ELIZABETH, "Friends", BINGLEY))
        scene.publish(presence(BINGLEY, Show.CHAT, "dancing"))
        await pilot.pause()
        assert roster.selected == RowId(ELIZABETH, "Friends", BINGLEY)
        assert roster.rows.line(RowId(ELIZABETH, "Friends", BINGLEY)) != before


async def test_o_hides_the_absent_and_n_sorts_by_name() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        await pilot.press("o")
        await pilot.pause()
        assert "Charlotte" not in cells(pilot)
        assert scene.client.settings.ui.is_offline_shown is False
        await pilot.press("n")
        assert scene.client.settings.ui.roster_order == "name"


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("/presence dnd reading", OwnPresence(Show.DND, "reading", 10)),
        ("/away at the ball", OwnPresence(Show.AWAY, "at the ball", 10)),
        ("/status on the stairs", OwnPresence(Show.ONLINE, "on the stairs", 10)),
        ("/status", OwnPresence(Show.ONLINE, "", 10)),
        ("/priority -5", OwnPresence(Show.ONLINE, "touring the countryside", -5)),
        ("/xa", OwnPresence(Show.XA, "", 10)),
    ],
)
async def test_presence_by_command(typed: str, wanted: OwnPresence) -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        await write(pilot, typed)
        assert scene.engine.of(c.SetPresence) == [c.SetPresence(ELIZABETH, wanted)]


@pytest.mark.parametrize("typed", ["/priority 128", "/priority -129", "/priority many", "/presence asleep"])
async def test_a_presence_that_cannot_be_is_refused_in_words(typed: str) -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        await write(pilot, typed)
        assert scene.engine.of(c.SetPresence) == []
        assert toasts(pilot)


@pytest.mark.parametrize(
    ("typed", "to", "wanted", "told"),
    [
        (
            "/presence-to lydia@longbourn.lit dnd at cards",
            LYDIA,
            OwnPresence(Show.DND, "at cards"),
            "Lydia sees you as busy until you change your presence.",
        ),
        (
            "/presence-to Denny@meryton.lit/Barracks xa",
            DENNY.with_resource("Barracks"),
            OwnPresence(Show.XA),
            "denny@meryton.lit/Barracks sees you as extended away until you disconnect; /hide-from takes it back.",
        ),
        (
            "/presence-to denny@meryton.lit",
            DENNY,
            OwnPresence(Show.ONLINE, "touring the countryside", 10),
            "denny@meryton.lit sees you as online until you disconnect; /hide-from takes it back.",
        ),
        (
            "/hide-from denny@meryton.lit",
            DENNY,
            OwnPresence(Show.OFFLINE),
            "denny@meryton.lit sees you as offline.",
        ),
        (
            "/hide-from Jane",
            JANE,
            OwnPresence(Show.OFFLINE),
            "Jane sees you as offline until you change your presence.",
        ),
    ],
)
async def test_rfc_6121_4_6_presence_is_shown_to_one_address_and_taken_back(
    typed: str, to: JID, wanted: OwnPresence, told: str
) -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        await write(pilot, typed)
        assert scene.engine.of(c.SendDirectedPresence) == [c.SendDirectedPresence(ELIZABETH, to, wanted)]
        assert scene.engine.of(c.SetPresence) == []
        assert toasts(pilot) == [told]


@pytest.mark.parametrize(
    "typed", ["/presence-to denny@meryton.lit asleep", "/presence-to a@b@c away", "/hide-from denny@meryton.lit/"]
)
async def test_what_cannot_be_shown_to_one_address_is_refused_in_words(typed: str) -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        await write(pilot, typed)
        assert scene.engine.of(c.SendDirectedPresence) == []
        assert toasts(pilot)


async def test_online_from_disconnected_also_connects() -> None:
    scene = Scene()
    scene.publish(e.AccountAdded(ELIZABETH, OwnPresence(Show.OFFLINE)))
    async with running(scene) as pilot:
        await write(pilot, "/online")
        assert scene.engine.of(c.Connect) == [c.Connect(ELIZABETH)]


async def test_the_presence_dialog_sets_show_status_and_priority() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        await pilot.press("ctrl+o")
        await pilot.pause()
        await pilot.press("3", "tab", "ctrl+e", "ctrl+u", *"at the ball", "tab", "ctrl+e", "ctrl+u", *"200")
        await pilot.press("enter")
        await pilot.pause()
        assert "−128" in str(pilot.app.screen.query_one(".problem", Static).content)
        assert scene.engine.of(c.SetPresence) == []
        await pilot.press("ctrl+u", *"20", "enter")
        await pilot.pause()
        assert scene.engine.of(c.SetPresence) == [c.SetPresence(ELIZABETH, OwnPresence(Show.AWAY, "at the ball", 20))]
        assert app_of(pilot).desk.recent_statuses() == ["at the ball"]


async def test_add_contact_checks_the_address_as_it_is_typed() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        await pilot.press("ctrl+n")
        await pilot.pause()
        await pilot.press(*"mary@long bourn.lit")
        await pilot.pause()
        problem = pilot.app.screen.query_one(".problem", Static)
        assert "may not contain a space" in str(problem.content)
        await pilot.press("ctrl+u", *"mary@longbourn.lit", "tab", *"Mary", "tab", *"Fam", "right", "enter")
        await pilot.pause()
        assert scene.engine.of(c.AddContact) == [
            c.AddContact(ELIZABETH, BareJID.parse("mary@longbourn.lit"), "Mary", ("Family",), is_asking=True)
        ]


async def test_requests_are_approved_denied_and_blocked_where_they_stand() -> None:
    scene = netherfield()
    scene.publish(requested(DENNY), requested(BareJID.parse("spam@meryton.lit")))
    async with running(scene) as pilot:
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert pilot.app.screen.query_one(OptionList).option_count == 3
        # Who is added back comes under a name and into groups of the user's choice, the asker's own name offered.
        await pilot.press("b")
        await pilot.pause()
        await pilot.press("tab", *"Militia", "enter")
        assert scene.engine.of(c.ApproveSubscription) == [
            c.ApproveSubscription(ELIZABETH, WICKHAM, is_asking_back=True)
        ]
        assert scene.engine.of(c.UpdateContact) == [c.UpdateContact(ELIZABETH, WICKHAM, "George Wickham", ("Militia",))]
        scene.publish(e.SubscriptionRequestSettled(ELIZABETH, WICKHAM))
        await pilot.pause()
        assert pilot.app.screen.query_one(OptionList).option_count == 2
        await pilot.press("D")  # as it is written beside it
        assert scene.engine.of(c.DenySubscription) == [c.DenySubscription(ELIZABETH, DENNY)]
        await pilot.press("down", "x")
        await pilot.pause()
        assert scene.engine.of(c.BlockPeer) == []
        await pilot.press("y")
        await pilot.pause()
        assert scene.engine.of(c.BlockPeer) == [c.BlockPeer(ELIZABETH, BareJID.parse("spam@meryton.lit"))]


async def test_a_request_answered_twice_is_answered_once_and_the_next_one_not_at_all() -> None:
    scene = netherfield()
    scene.publish(requested(DENNY))
    async with running(scene) as pilot:
        await pilot.press("ctrl+r", "a", "a", "d")
        scene.publish(e.SubscriptionRequestSettled(ELIZABETH, WICKHAM))
        await pilot.press("a")
        assert scene.engine.of(c.ApproveSubscription) == [c.ApproveSubscription(ELIZABETH, WICKHAM)]
        assert scene.engine.of(c.DenySubscription) == []
        await pilot.press("down", "d")
        assert scene.engine.of(c.DenySubscription) == [c.DenySubscription(ELIZABETH, DENNY)]


async def test_the_cursor_stays_on_a_request_when_one_above_is_settled_elsewhere() -> None:
    scene = netherfield()
    scene.publish(requested(DENNY), requested(BareJID.parse("spam@meryton.lit")))
    async with running(scene) as pilot:
        await pilot.press("ctrl+r", "down")
        scene.publish(e.SubscriptionRequestSettled(ELIZABETH, WICKHAM))
        await pilot.press("a")
        assert scene.engine.of(c.ApproveSubscription) == [c.ApproveSubscription(ELIZABETH, DENNY)]


async def test_nobody_is_added_back_whom_one_sees_already() -> None:
    scene = netherfield()
    scene.publish(
        e.RosterItemChanged(ELIZABETH, contact(DENNY, "", subscription=Subscription.TO), None), requested(DENNY)
    )
    async with running(scene) as pilot:
        await pilot.press("ctrl+r")
        assert f"{DENNY}  in your list" in cells(pilot), "who has no name is not named twice"
        assert pilot.app.screen.query_one("#back").display
        await pilot.press("down")
        assert not pilot.app.screen.query_one("#back").display
        await pilot.press("b")
        assert type(pilot.app.screen).__name__ == "RequestsScreen"


async def test_requests_by_command() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        await write(pilot, "/approve")
        await write(pilot, "/deny wickham@meryton.lit")
        assert scene.engine.of(c.ApproveSubscription) == [c.ApproveSubscription(ELIZABETH, WICKHAM)]
        assert scene.engine.of(c.DenySubscription) == [c.DenySubscription(ELIZABETH, WICKHAM)]


@pytest.mark.parametrize(
    "typed",
    [f"/{verb} {ELIZABETH}" for verb in ("add", "subscribe", "preapprove", "block", "presence-to", "hide-from")],
)
async def test_nothing_is_asked_of_oneself(typed: str) -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        del scene.engine.commands[:]
        await write(pilot, typed)
        assert toasts(pilot) == ["This is your own address."]
        assert scene.engine.commands == []


async def test_who_has_not_asked_is_not_said_to_be_let_in() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        await write(pilot, f"/approve {DENNY}")
        assert toasts(pilot) == [
            f"{DENNY} has not asked to see when you are online; /preapprove lets them in at once when they do."
        ]
        await write(pilot, f"/addback {JANE}")
        assert "Jane has not asked" in toasts(pilot)[-1]
        assert scene.engine.of(c.ApproveSubscription) == []


async def test_removing_a_contact_asks_first() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        app_of(pilot).main.roster.select(ELIZABETH, BINGLEY)
        await pilot.press("delete")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert scene.engine.of(c.RemoveContact) == []
        await pilot.press("delete")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert scene.engine.of(c.RemoveContact) == [c.RemoveContact(ELIZABETH, BINGLEY)]


async def test_renaming_sends_name_and_groups_whole() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        app_of(pilot).main.roster.select(ELIZABETH, BINGLEY)
        await pilot.press("r")
        await pilot.pause()
        await pilot.press("ctrl+e", "ctrl+u", *"Charles", "enter")
        await pilot.pause()
        assert scene.engine.of(c.UpdateContact) == [c.UpdateContact(ELIZABETH, BINGLEY, "Charles", ("Friends",))]


async def test_the_subscription_menu_offers_what_the_state_allows() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        app_of(pilot).main.roster.select(ELIZABETH, BINGLEY)
        await pilot.press("s")
        await pilot.pause()
        options = pilot.app.screen.query_one(OptionList)
        assert [options.get_option_at_index(i).id for i in range(options.option_count)] == ["unsubscribe", "deny"]
        await pilot.press("enter")
        assert scene.engine.of(c.Unsubscribe) == [c.Unsubscribe(ELIZABETH, BINGLEY)]


@pytest.mark.parametrize("can_pre_approve", [True, False])
async def test_rfc_6121_3_4_approval_beforehand_is_offered_where_the_server_keeps_it(can_pre_approve: bool) -> None:
    scene = netherfield()
    there = online()
    facts = replace(there.facts, can_pre_approve=can_pre_approve)
    scene.publish(e.ConnectionChanged(ELIZABETH, replace(there, facts=facts)))
    async with running(scene) as pilot:
        app_of(pilot).main.roster.select(ELIZABETH, CHARLOTTE)
        assert BY_ID["preapprove"].applies(app_of(pilot).desk) is can_pre_approve
        await pilot.press("s")
        await pilot.pause()
        assert ("should they ask" in cells(pilot)) is can_pre_approve


async def test_the_cursor_goes_to_who_was_added_and_stays_with_them() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        roster = app_of(pilot).main.roster
        await write(pilot, f"/add {DENNY} Denny")
        scene.publish(e.RosterItemChanged(ELIZABETH, contact(DENNY, "Denny"), "2"))
        await pilot.pause()
        assert roster.selected == RowId(ELIZABETH, "", DENNY)
        scene.publish(e.RosterItemChanged(ELIZABETH, contact(DENNY, "Denny", ("Officers",)), "2"))
        await pilot.pause()
        assert roster.selected == RowId(ELIZABETH, "Officers", DENNY)
        roster.focus()
        await pilot.press("up", "down")
        assert roster.selected == RowId(ELIZABETH, "Officers", DENNY)


async def test_the_cursor_does_not_jump_to_who_was_added_once_it_was_moved() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        roster = app_of(pilot).main.roster
        await pilot.press("ctrl+n", *str(DENNY), "enter")
        await pilot.press("down")
        moved_to = roster.selected
        scene.publish(e.RosterItemChanged(ELIZABETH, contact(DENNY), "2"))
        await pilot.pause()
        assert roster.selected == moved_to


async def test_a_failed_command_is_told_and_never_read_as_markup() -> None:
    scene = netherfield()
    scene.engine.failure = "[red]Darcy's server\x1b[2J[/red] said [@click=app.quit]no[/]."
    async with running(scene) as pilot:
        await write(pilot, "/approve")
        assert toasts(pilot)[-1].startswith("[red]Darcy's server")
        assert "\x1b" not in toasts(pilot)[-1]


async def test_errors_of_the_log_are_told_once() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        scene.publish(logged("The archive cannot be written: the disk is full.", Severity.ERROR))
        await pilot.pause()
        scene.publish(logged("Back again."))
        await pilot.pause(0.05)
        assert toasts(pilot).count("The archive cannot be written: the disk is full.") == 1


async def test_the_status_pane_shows_facts_and_events() -> None:
    async with running(netherfield(), 120, 40) as pilot:
        await pilot.press("ctrl+t")
        await pilot.pause()
        seen = cells(pilot)
        for words in ("xmpp.longbourn.lit:5222", "TLSv1.3", "SCRAM-SHA-256-PLUS", "Hertfordshire CA", "newest first"):
            assert words in seen
        await pilot.press("ctrl+t")
        await pilot.pause()
        assert "SCRAM-SHA-256-PLUS" not in cells(pilot)


async def test_the_seconds_to_the_next_try_count_down_only_while_one_is_planned() -> None:
    from datetime import timedelta

    scene = netherfield()
    async with running(scene) as pilot:
        app = app_of(pilot)
        assert not is_ticking(app)
        waiting = Connection(
            Phase.WAITING, "Could not reach longbourn.lit.", retry_at=scene.clock.now() + timedelta(seconds=12)
        )
        scene.publish(e.ConnectionChanged(ELIZABETH, waiting))
        await pilot.pause(0.05)
        assert "next try in 12 s" in cells(pilot)
        assert is_ticking(app)
        scene.clock.advance(5)
        app.main.tick()
        await pilot.pause()
        assert "next try in 7 s" in cells(pilot)
        scene.publish(e.ConnectionChanged(ELIZABETH, online()))
        await pilot.pause(0.05)
        assert not is_ticking(app)


@pytest.mark.parametrize(("width", "height"), [(40, 12), (60, 20), (71, 24)])
async def test_a_narrow_terminal_shows_one_pane_and_reaches_all(width: int, height: int) -> None:
    async with running(netherfield(), width, height) as pilot:
        main = app_of(pilot).main
        assert is_shown(main.roster)
        assert not is_shown(main.conversation)
        assert "Chat ›" in cells(pilot)
        await pilot.press("right")
        await pilot.pause()
        assert is_shown(main.conversation)
        assert not is_shown(main.roster)
        await pilot.press("alt+right")
        await pilot.pause()
        assert is_shown(main.status_pane)
        assert "Encryption" in cells(pilot)
        await pilot.press("left", "alt+left")
        await pilot.pause()
        assert is_shown(main.roster)
        assert main.roster.has_focus


async def test_resizing_across_the_narrow_limit_keeps_chat_and_cursor() -> None:
    async with running(netherfield(), 120, 40) as pilot:
        main = app_of(pilot).main
        main.open_chat(ELIZABETH, DARCY)
        await pilot.pause()
        await pilot.resize_terminal(50, 16)
        await pilot.pause()
        assert is_shown(main.conversation)
        assert not is_shown(main.roster)
        await pilot.resize_terminal(250, 80)
        await pilot.pause()
        assert is_shown(main.roster)
        assert is_shown(main.conversation)
        assert main.focused is main.conversation.composer


async def test_the_roster_is_hidden_and_resized_by_key_and_remembered() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        main = app_of(pilot).main
        width = main.roster.size.width
        await pilot.press("alt+right")
        await pilot.pause()
        assert main.roster.size.width == width + 2
        assert scene.client.settings.ui.roster_width == width + 2
        await pilot.press("f2")
        await pilot.pause()
        assert not is_shown(main.roster)
        assert main.focused is main.conversation.composer
        await pilot.press("f2")
        assert is_shown(main.roster)
    async with running(scene) as pilot:
        assert app_of(pilot).main.roster.size.width == width + 2


async def test_the_divider_is_dragged() -> None:
    async with running(netherfield()) as pilot:
        main = app_of(pilot).main
        await pilot.mouse_down(main.divider, offset=(0, 3))
        await pilot.hover(main, offset=(40, 3))
        await pilot.mouse_up(main, offset=(40, 3))
        await pilot.pause()
        assert main.roster.size.width == 40


async def test_alt_a_opens_the_latest_unread() -> None:
    async with running(netherfield()) as pilot:
        await pilot.press("alt+a")
        assert app_of(pilot).main.chat == (ELIZABETH, JANE)


async def test_the_palette_finds_people_and_actions() -> None:
    async with running(netherfield()) as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause()
        await pilot.press(*"bing", "enter")
        await pilot.pause()
        assert app_of(pilot).main.chat == (ELIZABETH, BINGLEY)
        await pilot.press("ctrl+p")
        await pilot.pause()
        await pilot.press(*"theme", "enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ThemeScreen)


@pytest.mark.parametrize(("width", "height"), [(100, 30), (80, 24), (60, 20), (40, 12)])
async def test_a_long_palette_has_a_line_for_each_and_shows_the_one_under_the_cursor(width: int, height: int) -> None:
    async with running(netherfield(), width, height) as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause()
        choices = pilot.app.screen.query_one(OptionList)
        assert choices.option_count > choices.size.height
        assert choices.virtual_size.height == choices.option_count
        assert choices.region.bottom < height
        await pilot.press("x", "backspace")
        await pilot.pause()
        assert choices.virtual_size.height == choices.option_count
        await pilot.resize_terminal(width - 4, height)
        await pilot.pause()
        assert choices.virtual_size.height == choices.option_count


async def test_themes_are_chosen_by_name_and_remembered() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        await write(pilot, "/theme light")
        assert pilot.app.theme == "tui-xmpp-light"
        await write(pilot, "/theme plaid")
        assert "no theme called plaid" in toasts(pilot)[-1]
    async with running(scene) as pilot:
        assert pilot.app.theme == "tui-xmpp-light"


async def test_hostile_names_statuses_and_groups_are_cells_only() -> None:
    scene = netherfield()
    evil = BareJID.parse("evil@example.com")
    from tests.support.scenes import contact

    scene.publish(
        e.RosterItemChanged(ELIZABETH, contact(evil, "[bold]Evil\x1b]0;x\x07\u202e[/]", ("[@click=app.quit]G",)), None),
        presence(evil, Show.ONLINE, "\x9b2J[link=x]\n\rhi"),
        received(evil, "hello"),
        logged("[bold]evil\x1b[2J"),
        requested(BareJID.parse("evil2@example.com"), "[red]\x1b[2J", "[b]nick\x07"),
    )
    async with running(scene, 120, 40) as pilot:
        for keys in (("ctrl+t",), ("ctrl+r",), ("escape", "ctrl+p"), ("escape", "f2", "f2", "ctrl+n")):
            await pilot.press(*keys)
            await pilot.pause()
            seen = cells(pilot)
            assert not set(seen) & set("\x1b\x07\x9b\u202e\r")
        await pilot.press("escape")
        await pilot.pause()
        assert "[bold]Evil" in cells(pilot)


async def test_quit_says_goodbye_first() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        await write(pilot, "/quit")
        async with asyncio.timeout(20):
            await pilot.app.workers.wait_for_complete()
    assert scene.engine.is_closed


async def test_f1_shows_every_key_and_command() -> None:
    async with running(netherfield(), 120, 200) as pilot:
        await pilot.press("f1")
        await pilot.pause()
        seen = cells(pilot)
        for words in ("/presence [SHOW] [TEXT]", "/preapprove", "Ctrl+T", "Here: in the list of people", "Alt+A"):
            assert words in seen


async def test_help_for_one_command_shows_its_example() -> None:
    async with running(netherfield()) as pilot:
        await write(pilot, "/help add")
        await pilot.pause()
        assert "/add jane@longbourn.lit Jane" in cells(pilot)


async def test_details_ask_each_device_once() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        app_of(pilot).main.roster.select(ELIZABETH, DARCY)
        await pilot.press("i")
        await pilot.pause()
        assert "at the ball" in cells(pilot)
        scene.publish(presence(DARCY, Show.ONLINE))
        await pilot.pause(0.05)
        assert scene.engine.of(c.DescribeEntity) == [c.DescribeEntity(ELIZABETH, DARCY.with_resource("home"))]


async def test_a_fault_in_a_widget_is_one_sentence_and_the_widget_lives_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running(netherfield()) as pilot:
        app = app_of(pilot)
        app.is_strict = False
        original = app.main.roster.action_move

        def broken(step: int) -> None:
            raise RuntimeError("a fault made for this test")

        app.main.roster.action_move = broken  # type: ignore[method-assign]
        await pilot.press("down")
        await pilot.pause()
        assert "Something went wrong inside the screen" in toasts(pilot)[-1]
        assert "a fault made for this test" in caplog.text
        app.main.roster.action_move = original  # type: ignore[method-assign]
        await pilot.press("down")
        await pilot.pause()
        assert app.main.roster.selected == RowId(ELIZABETH, "Family")


async def test_an_input_keeps_its_own_ctrl_keys() -> None:
    async with running(netherfield()) as pilot:
        await pilot.press("ctrl+n")
        await pilot.pause()
        await pilot.press(*"abc", "ctrl+a", "x")
        assert pilot.app.screen.query_one("#address", Input).value == "xabc"


async def test_the_list_is_wider_in_a_wide_terminal_until_the_user_chooses() -> None:
    async with running(netherfield(), width=140) as pilot:
        roster = app_of(pilot).main.roster
        widths = [roster.size.width]
        await pilot.resize_terminal(90, 30)
        await pilot.pause()
        widths.append(roster.size.width)
        await pilot.press("alt+left")
        await pilot.resize_terminal(140, 30)
        await pilot.pause()
        assert [*widths, roster.size.width] == [42, 30, 28]


async def test_where_no_chat_is_open_the_ways_on_are_told() -> None:
    def told(pilot: Pilot[None]) -> str:
        log = app_of(pilot).main.conversation.log_lines
        return "\n".join(log.render_line(y).text for y in range(log.size.height))

    async with running(netherfield()) as pilot:
        assert "choose someone" in told(pilot)
        assert "F3" not in told(pilot)
        await pilot.press("enter")
    async with running(netherfield(), 80, 24) as pilot:
        app_of(pilot).greeting = "The demo: you are Elizabeth Bennet, and these people answer"
        app_of(pilot).main.show_speaker()
        await pilot.pause()
        assert app_of(pilot).greeting in " ".join(told(pilot).split())
    async with running(Scene()) as pilot:
        assert "F3" in told(pilot)
        assert "choose someone" not in told(pilot)


async def test_escape_leads_from_writing_to_the_list_and_back() -> None:
    async with running(netherfield(), width=60, height=20) as pilot:
        main = app_of(pilot).main
        main.open_chat(ELIZABETH, DARCY)
        await pilot.pause()
        await pilot.press("escape")
        assert main.roster.has_focus
        assert main.has_class("-people")
        await pilot.press("escape")
        assert main.conversation.composer.has_focus


async def test_a_failure_the_open_chat_tells_is_not_told_twice() -> None:
    why = Failure("item-not-found", "There is no such account.")
    lost = Message("m", ELIZABETH, DARCY, Direction.OUTGOING, NOW, "?", delivery=Delivery.FAILED, failure=why)
    scene = netherfield()
    scene.publish(e.HistoryLoaded(ELIZABETH, DARCY, (lost,), is_latest=True, is_start=True))
    async with running(scene) as pilot:
        app_of(pilot).main.open_chat(ELIZABETH, DARCY)
        await pilot.pause()
        for text, message in (("“?” was not delivered.", "m"), ("Your request did not arrive.", None)):
            scene.publish(e.Logged(ELIZABETH, LogEntry(NOW, text, Severity.ERROR, ELIZABETH, DARCY, message)))
        await pilot.pause(0.1)
        assert toasts(pilot) == ["Your request did not arrive."]


async def test_a_sentence_said_twice_at_once_is_shown_once() -> None:
    async with running(netherfield()) as pilot:
        for _ in range(2):
            app_of(pilot).say("The disk is full.")
        await pilot.pause()
        assert toasts(pilot) == ["The disk is full."]


async def test_what_is_longer_than_anybody_types_is_asked_about_first() -> None:
    scene, text = netherfield(), "word " * 1_001
    async with running(scene) as pilot:
        app = app_of(pilot)
        app.main.open_chat(ELIZABETH, DARCY)
        for answer, sent in (("n", 0), ("y", 1)):
            app.main.conversation.composer.replace_text(text)
            await pilot.press("enter")
            await pilot.pause()
            await pilot.press(answer)
            await pilot.pause()
            assert len(scene.engine.of(c.SendMessage)) == sent
            assert app.main.conversation.composer.text == ("" if sent else text)
