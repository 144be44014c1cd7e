"""The conversation for who listens to it."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.support.scenes import DARCY, ELIZABETH, netherfield
from tests.ui.test_messages import TALK
from tests.ui.test_render import ACCOUNT, PALETTE, PEER, STYLED, message
from tests.ui.test_screen import app_of, cells, running
from tui_xmpp.core import events as e
from tui_xmpp.core.model import Delivery, Failure, MessageKind
from tui_xmpp.ui.blocks import speakers
from tui_xmpp.ui.linear import LinearRenderer, announcement

FAILURE = Failure("item-not-found", "This account does not exist.")


def told(body: str, time: str = "", **fields: Any) -> str:
    return announcement(message(body, **fields), "Darcy", time)


def test_each_message_says_who_said_what_and_what_became_of_it() -> None:
    assert told("What think you of books?", "20:14") == "20:14 Darcy: What think you of books?"
    assert told("Yes", outgoing=True, delivery=Delivery.DISPLAYED) == "Darcy: Yes (read)"
    assert told("Yes", outgoing=True, delivery=Delivery.QUEUED) == "Darcy: Yes (waiting to be sent)"
    assert told("No", outgoing=True, delivery=Delivery.FAILED, failure=FAILURE) == (
        "Darcy: No (not delivered)\nThis account does not exist."
    )
    assert told("/me bows", "20:14") == "20:14 Darcy bows"
    assert told("late", is_delayed=True) == "Darcy: late (late)"
    assert told("At noon", kind=MessageKind.HEADLINE, subject="Maintenance") == (
        "Darcy: Headline · Maintenance. At noon"
    )


def test_links_are_whole_and_a_file_is_named_first() -> None:
    url = "https://pemberley.lit/" + "library/" * 20
    assert told(f"See {url}") == f"Darcy: See {url}"
    photo = "https://upload.pemberley.lit/4f1e/The%20lake.jpg"
    assert told(photo) == f"Darcy: File The lake.jpg at upload.pemberley.lit: {photo}"
    assert told("Here", files=((photo, "The lake"),)) == f"Darcy: Here\nFile The lake: {photo}"


@settings(max_examples=60, deadline=None)
@given(body=STYLED, width=st.integers(1, 100), outgoing=st.booleans())
def test_any_text_fills_its_rows_exactly(body: str, width: int, outgoing: bool) -> None:
    own, peer = speakers(ACCOUNT, PEER, "Darcy")
    made = LinearRenderer(width, PALETTE, own, peer, zone=UTC)
    one = message(body, outgoing=outgoing, delivery=Delivery.SENT, files=(("x", body),))
    for block in made.blocks((one,), 0, 1, first_unread=one.key, unread=1):
        for index in range(len(block.rows)):
            strip = made.draw(block, index, 0, has_cursor=outgoing)
            assert strip.cell_length == made.width == cell_len(strip.text)


async def test_the_setting_turns_it_on_and_off() -> None:
    scene = netherfield()
    async with running(scene) as pilot:
        app = app_of(pilot)
        app.main.open_chat(ELIZABETH, DARCY)
        scene.publish(e.HistoryLoaded(ELIZABETH, DARCY, TALK, is_latest=True, is_start=True))
        await pilot.pause()
        assert "✓✓" in cells(pilot)
        app.desk.preferences.set_named("ui.linear", True)
        await pilot.pause()
        assert "elizabeth: What think you? (delivered)" in cells(pilot)
        assert "✓✓" not in cells(pilot)
        app.desk.preferences.set_named("ui.linear", False)
        await pilot.pause()
        assert "✓✓" in cells(pilot)
