"""Lines are drawn when something may have changed and painted when they differ."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip

from tui_xmpp.ui.widgets.lines import DrawnLines

WIDTH, HEIGHT = 10, 4


class Words(DrawnLines):
    """One word a line."""

    DEFAULT_CSS = f"Words {{ width: {WIDTH}; height: {HEIGHT}; }}"

    def __init__(self) -> None:
        super().__init__()
        self.words = ["one", "two", "three", "four"]

    def draw_lines(self, lines: Sequence[int]) -> list[Strip]:
        return [Strip([Segment(self.words[y].ljust(WIDTH))], WIDTH) for y in lines]


class WordsApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.words = Words()

    def compose(self) -> ComposeResult:
        yield self.words

    def rows(self) -> list[str]:
        return [strip.text[:WIDTH].strip() for strip in self.screen._compositor.render_strips()[:HEIGHT]]


@asynccontextmanager
async def at_rest() -> AsyncIterator[tuple[WordsApp, Words]]:
    app = WordsApp()
    async with app.run_test(size=(20, 6)) as pilot:
        await pilot.pause()
        app.words.repaint()
        await pilot.pause()
        yield app, app.words


async def test_only_a_line_that_differs_is_painted() -> None:
    async with at_rest() as (app, words):
        words.words[2] = "drei"
        words.repaint()
        assert words._exchange_repaint_regions() == {Region(0, 2, WIDTH, 1)}
        assert app.rows() == ["one", "two", "drei", "four"]


async def test_nothing_is_painted_when_nothing_differs() -> None:
    async with at_rest() as (_, words):
        words.repaint()
        assert not words._exchange_repaint_regions()


async def test_a_line_refreshed_alone_is_drawn_anew_and_painted_again_when_it_changes_back() -> None:
    async with at_rest() as (app, words):
        words.words[0] = "eins"
        words.refresh(Region(0, 0, WIDTH, 1))
        assert app.rows()[0] == "eins"
        words._exchange_repaint_regions()
        words.words[0] = "one"
        words.repaint()
        assert words._exchange_repaint_regions() == {Region(0, 0, WIDTH, 1)}


async def test_refresh_draws_everything_anew() -> None:
    async with at_rest() as (app, words):
        words.words = ["a", "b", "c", "d"]
        words.refresh()
        assert app.rows() == ["a", "b", "c", "d"]


async def test_part_of_the_width_is_cut_out() -> None:
    async with at_rest() as (_, words):
        assert [strip.text for strip in words.render_lines(Region(1, 1, 3, 2))] == ["wo ", "hre"]
