"""Finding what was said, through the screen and down to the archive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from textual.geometry import Offset
from textual.widgets import Input

from tests.screenshots.drawing import rows_of, text_of
from tests.support.facts import DARCY, ELIZABETH, JANE, NOON, incoming, outgoing
from tests.support.past import Past, past
from tests.support.scenes import netherfield
from tui_xmpp.clock import ManualClock
from tui_xmpp.core import events as e
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.queries import offers
from tui_xmpp.ui.screens.search import SearchScreen
from tui_xmpp.ui.widgets.results import ResultList

DAY = 24 * 60
PEOPLE = ((DARCY, "Fitzwilliam Darcy"), (JANE, "Jane"))
LATER = NOON + timedelta(days=4, hours=1)
FACTS: Sequence[e.Event] = (
    e.MessageReceived(ELIZABETH, incoming("a", body="Tolerable, I suppose")),
    e.MessageReceived(ELIZABETH, incoming("b", minute=DAY, body="What think you of books? https://pemberley.lit/")),
    e.MessageQueued(ELIZABETH, outgoing("c", minute=DAY + 1, body="Books in a ball-room!")),
    e.MessageReceived(ELIZABETH, incoming("d", minute=2 * DAY, body="I bought a book", peer=JANE)),
    *(e.MessageReceived(ELIZABETH, incoming(f"n{n}", minute=3 * DAY + n, body=f"word {n}")) for n in range(400)),
)


def here(there: Past) -> SearchScreen:
    screen = there.app.screen
    assert isinstance(screen, SearchScreen)
    return screen


async def test_what_is_typed_is_found_newest_first_and_opened_in_its_place() -> None:
    async with past(ManualClock(LATER), FACTS, PEOPLE) as there:
        await there.press("ctrl+f")
        assert "All that is stored here is searched" in there.text
        await there.type("book")
        lines = there.text.splitlines()
        assert "3 messages" in lines[1]
        heads = [line for line in lines if "→" in line or "jane@" in line or line.strip().endswith(":00")]
        assert "Jane" in heads[0]
        assert "elizabeth → Fitzwilliam Darcy" in heads[1]
        assert "yesterday" not in heads[0]
        assert "Fitzwilliam Darcy: Tolerable, I suppose" in there.text, "a line of context"
        await there.press("down", "down", "enter")
        assert there.app.screen is there.app.main
        assert there.app.main.chat == (ELIZABETH, DARCY)
        log = there.app.main.conversation.log_lines
        assert log.has_focus
        assert log.cursor == "b"
        assert "What think you of books?" in there.text
        assert "newer messages below" in there.text
        view = there.app.client.views.conversation(ELIZABETH, DARCY)
        assert view.has_newer
        assert view.unread, "what was not seen is not read"


async def test_a_result_is_opened_in_the_pane_that_shows_its_chat() -> None:
    async with past(ManualClock(LATER), FACTS, PEOPLE, width=160, height=40) as there:
        main = there.app.main
        await there.do("chat", str(DARCY))
        main.open_beside((ELIZABETH, JANE))
        await there.settle()
        assert main.chat == (ELIZABETH, JANE)
        await there.do("search", "tolerable")
        await there.press("enter")
        assert main.chat == (ELIZABETH, DARCY)
        assert [pane.chat for pane in main.splits.panes] == [(ELIZABETH, DARCY), (ELIZABETH, JANE)]
        assert main.conversation.log_lines.cursor == "a"
        assert main.conversation.log_lines.has_focus


async def test_from_an_old_message_one_scrolls_and_jumps_to_the_newest() -> None:
    async with past(ManualClock(LATER), FACTS, PEOPLE) as there:
        await there.do("search", "tolerable")
        await there.press("enter")
        log = there.app.main.conversation.log_lines
        assert log.cursor == "a"
        await there.press("pagedown", "pagedown", "pagedown")
        assert there.app.client.views.conversation(ELIZABETH, DARCY).messages[-1].key != "n399"
        assert log.new_count == 0, "older messages that are loaded are not new"
        for _ in range(4):
            await there.press(*["pagedown"] * 6)
        assert "word 399" in there.text, "newer pages come until the newest is reached"
        await there.do("search", "tolerable")
        await there.press("enter", "end")
        assert "word 399" in there.text
        assert not there.app.client.views.conversation(ELIZABETH, DARCY).has_newer


async def test_more_is_loaded_as_the_end_comes_near_and_the_search_comes_back_where_it_was() -> None:
    async with past(ManualClock(LATER), FACTS, PEOPLE) as there:
        await there.do("search", "word")
        assert "50 and more" in there.text
        await there.press(*["pagedown"] * 12)
        assert len(there.app.client.views.search().found) == 100
        chosen = here(there).query_one(ResultList).chosen
        await there.press("enter", "ctrl+f")
        assert here(there).query_one(Input).value == "word "
        assert here(there).query_one(ResultList).chosen == chosen
        await there.press("up", "enter")
        assert chosen is not None
        assert there.app.main.conversation.log_lines.cursor not in (None, chosen.message.key)


async def test_the_same_key_searches_the_open_chat_alone() -> None:
    async with past(ManualClock(LATER), FACTS, PEOPLE) as there:
        await there.do("chat", "jane@longbourn.lit")
        await there.press("ctrl+f", "ctrl+f")
        await there.type("book")
        assert here(there).query_one(Input).value == "in:jane@longbourn.lit book"
        assert "1 message" in there.text
        await there.press("ctrl+f")
        assert here(there).query_one(Input).value == "book"
        assert "3 messages" in there.text
        await there.pilot.click(offset=Offset(there.text.splitlines()[1].index("with Jane"), 1))
        await there.settle()
        assert "1 message" in there.text


async def test_keys_and_values_are_completed_and_a_wrong_one_is_named() -> None:
    async with past(ManualClock(LATER), FACTS, PEOPLE) as there:
        await there.press("ctrl+f")
        await there.type("book fr")
        await there.press("tab")
        assert here(there).query_one(Input).value == "book from:"
        await there.type("darc")
        await there.press("tab")
        assert here(there).query_one(Input).value == f"book from:{DARCY} "
        assert "1 message" in there.text
        await there.type("before:sometime")
        assert "sometime is not a day" in there.text
        assert "What think you of books?" in there.text, "what was found before stays"
        await there.press("ctrl+u")
        await there.type("nonesuch")
        assert "Nothing stored here fits nonesuch" in there.text
        await there.press("escape")
        assert there.app.screen is there.app.main


async def test_a_result_is_opened_with_the_mouse() -> None:
    async with past(ManualClock(LATER), FACTS, PEOPLE, width=60, height=20) as there:
        await there.do("search", "book")
        row = next(n for n, line in enumerate(there.text.splitlines()) if "Books in a" in line)
        await there.pilot.click(offset=Offset(10, row))
        await there.settle()
        assert there.app.main.conversation.log_lines.cursor == "c"
        assert "Books in a" in there.text


@pytest.mark.parametrize(("width", "height"), [(40, 12), (20, 6), (4, 3)])
async def test_at_any_size_results_are_moved_through_and_the_screen_left(width: int, height: int) -> None:
    async with past(ManualClock(LATER), FACTS, PEOPLE, width=width, height=height) as there:
        await there.do("search", "word has:link")
        await there.press("ctrl+u", "w", "down", "pagedown", "ctrl+end", "ctrl+home", "up", "tab", "ctrl+f")
        if width == 40:
            assert "word 399" in there.text
        await there.press("escape")
        assert there.app.screen is there.app.main


async def test_an_archive_that_fails_says_so_and_typing_goes_on() -> None:
    scene = netherfield()
    scene.engine.failure = "The archive cannot be read: disk I/O error."
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(100, 30)) as pilot:
        app.perform("search", "x")
        await pilot.pause(0.1)
        assert isinstance(app.screen, SearchScreen)
        hints = app.screen.query_one("#hints")
        assert "disk I/O error" in hints.render_line(0).text
        await pilot.press("y")
        await pilot.pause(0.1)
        assert app.screen.query_one(Input).value == "x y"


async def test_while_the_index_is_filled_search_and_status_say_that_not_all_is_found() -> None:
    scene = netherfield()
    scene.publish(e.MessagesIndexed(ELIZABETH, 43))
    app = TuiXmppApp(scene.client, clock=scene.clock)
    told = "being prepared: 43 % can be found, newest last"
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("ctrl+t")
        await pilot.pause()
        assert told in text_of(rows_of(app))
        app.perform("search", "books")
        await pilot.pause()
        scene.publish(e.SearchFound(ELIZABETH, "books ", (), None))
        await pilot.pause()
        shown = text_of(rows_of(app))
        assert shown.count(told) == 2
        scene.publish(e.MessagesIndexed(ELIZABETH, 100))
        await pilot.pause()
        assert "being prepared" not in text_of(rows_of(app))


def test_offers_name_who_and_when() -> None:
    app = TuiXmppApp(netherfield().client)
    assert [each.shown for each in offers(app.desk, "")] == ["from:", "in:", "before:", "after:", "has:link"]
    assert [each.becomes for each in offers(app.desk, "ball b")] == ["ball before:"]
    assert offers(app.desk, "from:m")[0].becomes == "from:me "
    assert offers(app.desk, "in:fitz")[0].becomes == "in:darcy@pemberley.lit "
    assert [each.becomes for each in offers(app.desk, 'after:"last w')] == ['after:"last week" ']
    assert not offers(app.desk, "has:link")
    assert not offers(app.desk, "wx")
