from __future__ import annotations

import asyncio

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key, Paste
from textual.pilot import Pilot

from tests.support.ui import DARCY, ELIZABETH, JANE, ConversationHost, history, said
from tui_xmpp.core.events import DraftChanged
from tui_xmpp.ui import chords
from tui_xmpp.ui.widgets import composer as module
from tui_xmpp.ui.widgets.composer import Composer


async def settled(pilot: Pilot[None]) -> None:
    await pilot.pause()
    await pilot.pause()


def submitted(app: ConversationHost) -> list[str]:
    return [message.text for message in app.asked if isinstance(message, Composer.Submitted)]


async def test_enter_sends_in_the_chat_it_was_typed_in_and_empties() -> None:
    app = ConversationHost(history())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"Hi there", "enter")
        app.pane.show(ELIZABETH, JANE)
        await settled(pilot)
        assert app.asked_for(Composer.Submitted) == [Composer.Submitted(ELIZABETH, DARCY, "Hi there")]
        assert app.composer.text == ""


async def test_enter_on_nothing_sends_nothing() -> None:
    app = ConversationHost(history())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter", "space", "space", "enter")
        assert submitted(app) == []


@pytest.mark.parametrize("key", ["shift+enter", "alt+enter", "ctrl+j"])
async def test_line_breaks_are_written_and_the_composer_grows(key: str) -> None:
    app = ConversationHost(history())
    async with app.run_test(size=(80, 24)) as pilot:
        height = app.composer.size.height
        await pilot.press("a", key, "b", key, "c")
        await settled(pilot)
        assert app.composer.size.height == height + 2
        await pilot.press("enter")
        assert submitted(app) == ["a\nb\nc"]
        await settled(pilot)
        assert app.composer.size.height == height


@pytest.mark.parametrize("sequence", ["\x1b\r", "\x1b[13;3u", "\x1b[13;2u", "\x1b[27;2;13~", "\x1b[27;3;13~", "\n"])
async def test_a_line_break_by_what_terminals_send_for_it(sequence: str) -> None:
    chords.tell_apart()
    app = ConversationHost(history())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("a")
        for event in XTermParser().feed(sequence):
            app.post_message(event)
        await settled(pilot)
        await pilot.press("b")
        assert app.composer.text == "a\nb"
        assert submitted(app) == []


async def test_the_composer_takes_a_third_of_the_screen_at_most() -> None:
    app = ConversationHost(history(said("Hello")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*["a", "shift+enter"] * 30)
        await settled(pilot)
        assert app.composer.outer_size.height <= 8
        assert app.log_lines.size.height >= 14


async def test_pasted_lines_stay_text_until_sent() -> None:
    app = ConversationHost(history())
    async with app.run_test(size=(80, 24)) as pilot:
        app.composer.post_message(Paste("one\r\ntwo\rthree\n"))
        await settled(pilot)
        assert submitted(app) == []
        assert app.composer.text == "one\ntwo\nthree\n"


async def test_drafts_stay_with_their_chats_and_are_told() -> None:
    app = ConversationHost(history())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"for Darcy")
        app.pane.call_next(app.pane.show, ELIZABETH, JANE)  # a parent that turns must not swallow what is told
        await settled(pilot)
        assert app.composer.text == ""
        assert app.asked_for(Composer.DraftChanged) == [Composer.DraftChanged(ELIZABETH, DARCY, "for Darcy")]
        await pilot.press(*"for Jane")
        app.pane.show(ELIZABETH, DARCY)
        await settled(pilot)
        assert app.composer.text == "for Darcy"
        app.pane.show(ELIZABETH, JANE)
        assert app.composer.text == "for Jane"


async def test_a_draft_is_told_at_rest_and_again_when_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DRAFT_DELAY", 0.01)
    app = ConversationHost(history())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"abc")
        async with asyncio.timeout(20):
            while app.composer.text != "abc" or app.composer.has_unkept_draft:
                await pilot.pause()
        assert app.asked_for(Composer.DraftChanged)[-1] == Composer.DraftChanged(ELIZABETH, DARCY, "abc")
        await pilot.press("enter")
        await settled(pilot)
        assert app.asked_for(Composer.DraftChanged)[-1] == Composer.DraftChanged(ELIZABETH, DARCY, "")


async def test_a_stored_draft_is_shown_unless_something_was_typed() -> None:
    app = ConversationHost(history())
    async with app.run_test(size=(80, 24)) as pilot:
        app.tell(DraftChanged(ELIZABETH, DARCY, "from last time"))
        await settled(pilot)
        assert app.composer.text == "from last time"
        await pilot.press("x")
        app.tell(DraftChanged(ELIZABETH, DARCY, "late"))
        assert app.composer.text == "from last timex"


async def test_history_walks_what_was_sent_in_this_chat() -> None:
    app = ConversationHost(history())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"one", "enter", *"two", "enter", *"thr")
        await pilot.press("alt+up")
        assert app.composer.text == "two"
        await pilot.press("up")
        assert app.composer.text == "one"
        await pilot.press("up")
        assert app.composer.text == "one"
        await pilot.press("down", "alt+down")
        assert app.composer.text == "thr"
        app.pane.show(ELIZABETH, JANE)
        await pilot.press("alt+up")
        assert app.composer.text == ""


async def test_up_and_down_move_within_a_text_of_many_lines() -> None:
    app = ConversationHost(history())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"sent", "enter", "a", "ctrl+j", "b", "up")
        assert app.composer.text == "a\nb"
        assert app.composer.cursor_location[0] == 0
        await pilot.press("down", "x")
        assert app.composer.text == "a\nbx"


async def test_ctrl_u_empties_and_undo_brings_back() -> None:
    app = ConversationHost(history())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("a", "ctrl+j", "b", "ctrl+u")
        assert app.composer.text == ""
        await pilot.press("ctrl+z")
        assert app.composer.text == "a\nb"
        await pilot.press("ctrl+y")
        assert app.composer.text == ""


async def test_tab_cycles_completions_and_enter_sends_what_stands_there() -> None:
    app = ConversationHost(history())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"/a")
        await settled(pilot)
        assert [item.label for item in app.pane.completions.items] == ["/add", "/away", "/approve"]
        assert app.pane.completions.size.height == 3
        await pilot.press("tab")
        assert app.composer.text == "/add "
        await settled(pilot)
        await pilot.press("tab", "tab")
        assert app.composer.text == "/approve "
        await pilot.press("tab", "shift+tab")
        assert app.composer.text == "/approve "
        await pilot.press("up")
        assert app.composer.text == "/away "
        await pilot.press(*"now", "enter")
        assert submitted(app) == ["/away now"]
        await settled(pilot)
        assert not app.pane.completions.display


async def test_a_single_completion_is_taken_and_closes() -> None:
    app = ConversationHost(history())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"/q")
        await settled(pilot)
        await pilot.press("tab")
        await settled(pilot)
        assert app.composer.text == "/quit "
        assert not app.pane.completions.display


async def test_completion_keeps_what_stands_behind_the_cursor() -> None:
    app = ConversationHost(history())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"/aTAIL", *["left"] * 4, "backspace", "a")
        await settled(pilot)
        await pilot.press("tab", "tab")
        assert app.composer.text == "/away TAIL"


async def test_escape_closes_the_completions_and_the_text_stays() -> None:
    app = ConversationHost(history())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"/a")
        await settled(pilot)
        await pilot.press("escape")
        await settled(pilot)
        assert not app.pane.completions.display
        assert app.composer.text == "/a"
        await pilot.press("d")
        await settled(pilot)
        assert app.pane.completions.display


async def test_a_click_takes_a_completion() -> None:
    app = ConversationHost(history())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"/a")
        await settled(pilot)
        await pilot.click(app.pane.completions, offset=(2, 1))
        assert app.composer.text == "/away "
        assert app.composer.has_focus


async def test_commands_can_be_typed_without_a_chat() -> None:
    app = ConversationHost()
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.show(ELIZABETH, None)
        await pilot.press(*"/help", "enter")
        assert app.asked_for(Composer.Submitted) == [Composer.Submitted(ELIZABETH, None, "/help")]
        assert not app.asked_for(Composer.DraftChanged)


async def test_titles_are_never_markup() -> None:
    app = ConversationHost()
    async with app.run_test(size=(80, 24)):
        app.composer.say("as [bold]x[/]\\", "")
        assert "[bold]x[/]" in "".join(
            segment.text for segment in app.composer.render_lines(app.composer.outer_size.region)[0]
        )


async def test_no_key_leaves_the_keys_of_the_whole_program_to_the_composer() -> None:
    bound = set(Composer._merge_bindings().key_to_bindings)
    assert not bound & {"ctrl+k", "ctrl+a", "ctrl+p", "ctrl+t", "ctrl+r", "ctrl+q", "f1"}


async def test_a_draft_that_came_with_the_chat_is_not_sent_unseen() -> None:
    app = ConversationHost(DraftChanged(ELIZABETH, JANE, "not for anyone yet"))
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.show(ELIZABETH, JANE)
        await pilot.press("enter")
        assert app.asked_for(Composer.Submitted) == []
        assert "Enter again" in str(app.composer.border_subtitle)
        await pilot.press("enter")
        assert app.asked_for(Composer.Submitted) == [Composer.Submitted(ELIZABETH, JANE, "not for anyone yet")]


async def test_what_is_typed_in_a_chat_just_opened_goes_at_once() -> None:
    app = ConversationHost()
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.show(ELIZABETH, JANE)
        await pilot.press("h", "i", "enter")
        assert app.asked_for(Composer.Submitted) == [Composer.Submitted(ELIZABETH, JANE, "hi")]


async def test_a_paste_of_many_lines_says_what_will_be_sent() -> None:
    app = ConversationHost()
    async with app.run_test(size=(80, 24)) as pilot:
        app.composer.post_message(Paste("one\ntwo\nthree\nfour"))
        await pilot.pause()
        assert str(app.composer.border_subtitle).startswith("4 lines, 18 characters")
        await pilot.press("x")
        assert str(app.composer.border_subtitle) == ""
        await pilot.press("ctrl+z", "ctrl+z")
        assert app.composer.text == ""


async def test_a_paste_beyond_all_measure_is_refused_whole() -> None:
    app = ConversationHost()
    async with app.run_test(size=(80, 24)) as pilot:
        app.composer.post_message(Paste("x" * 200_001))
        await pilot.pause()
        assert app.composer.text == ""
        assert any("nothing was pasted" in toast.message for toast in app._notifications)


async def test_a_tab_typed_right_behind_the_letters_takes_the_completion() -> None:
    app = ConversationHost()
    async with app.run_test(size=(80, 24)):
        app.composer.insert("/ad")  # the news of it waits in the composer's queue, as when all comes at once
        await app.composer._on_key(Key("tab", None))
        assert app.composer.text == "/add "
