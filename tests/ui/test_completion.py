"""Names, addresses and emoji offered while writing."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from tests.support.scenes import DARCY, ELIZABETH, netherfield
from tui_xmpp.core.settings import Settings, UiSettings
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.completion import complete
from tui_xmpp.ui.desk import Desk


@asynccontextmanager
async def writing(ui: UiSettings | None = None) -> AsyncGenerator[Desk]:
    scene = netherfield(replace(Settings(), ui=ui or UiSettings()))
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(100, 30)):
        app.main.open_chat(ELIZABETH, DARCY)
        yield app.desk


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("@dar", "Fitzwilliam Darcy: "),  # at the start one speaks to someone
        ("ask @bing", "ask Bingley "),
        ("write to bingley@neth", "write to bingley@netherfield.lit "),
        ("well done :tada", "well done 🎉 "),
        (":smile", "😄 "),
    ],
)
async def test_a_word_that_begins_something_known_is_finished(text: str, first: str) -> None:
    async with writing() as desk:
        assert complete(desk, text, len(text))[0].replacement == first


@pytest.mark.parametrize(
    "text", ["", "at 10:30", "a:b", ":)", ": D", "::", "x@nobody", "plain words ", "http://a.b:80/x", ":zzzzzz"]
)
async def test_what_begins_nothing_offers_nothing(text: str) -> None:
    async with writing() as desk:
        assert not complete(desk, text, len(text))


async def test_at_alone_offers_who_is_here_first_and_oneself_too() -> None:
    async with writing() as desk:
        assert complete(desk, "hm @", 4)[0].label == "Fitzwilliam Darcy"
        assert [offer.label for offer in complete(desk, "hm @eliz", 8)] == ["elizabeth"]


async def test_only_what_stands_before_the_cursor_counts() -> None:
    async with writing() as desk:
        assert complete(desk, "@dar and more", 4)[0].label == "Fitzwilliam Darcy"


async def test_emoji_are_offered_only_where_that_is_wanted() -> None:
    async with writing(UiSettings(has_emoji_shortcodes=False)) as desk:
        assert not complete(desk, ":smile", 6)


async def test_a_long_list_ends() -> None:
    async with writing() as desk:
        assert len(complete(desk, ":face", 5)) == 8
