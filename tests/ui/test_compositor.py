"""What changed in widgets that nothing lies before is painted alone, and the terminal shows the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pyte
from rich.console import Console
from rich.segment import Segment
from textual._compositor import CompositorUpdate
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.events import Resize
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tui_xmpp.ui.compositor import FrontCompositor, LinesUpdate

CONSOLE = Console(force_terminal=True, color_system="truecolor")
WIDTH, HEIGHT = 30, 8


class Letters(Widget):
    """Its letter all over; counts the lines it drew."""

    def __init__(self, letter: str, name: str) -> None:
        super().__init__(id=name)
        self.letter = letter
        self.drawn = 0

    def render_lines(self, crop: Region) -> list[Strip]:
        self.drawn += crop.height
        return [Strip([Segment(self.letter * crop.width)], crop.width) for _ in crop.line_range]


class FrontScreen(Screen[None]):
    DEFAULT_CSS = """
    FrontScreen { layers: below above; }
    #row { layer: below; height: 6; }
    #left { width: 10; height: 100%; }
    #right { width: 1fr; height: 100%; }
    #note { layer: above; width: 6; height: 2; offset: 12 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._compositor = FrontCompositor()
        self.left, self.right, self.note = Letters("l", "left"), Letters("r", "right"), Letters("n", "note")

    def compose(self) -> ComposeResult:
        yield Horizontal(self.left, self.right, id="row")
        yield self.note

    def whole(self) -> list[str]:
        return [strip.text for strip in self._compositor.render_strips()]

    def update(self, *widgets: Widget) -> CompositorUpdate | None:
        """Return what would be written for what these widgets want painted."""
        self._compositor.update_widgets(set(widgets))
        update = self._compositor.render_update()
        assert update is None or isinstance(update, CompositorUpdate)
        return update


class FrontApp(App[None]):
    def get_default_screen(self) -> Screen[None]:
        return FrontScreen()


@asynccontextmanager
async def at_rest() -> AsyncIterator[tuple[FrontScreen, pyte.Screen]]:
    """Show the screen, and a terminal that shows the same so far."""
    app = FrontApp()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, FrontScreen)
        terminal = pyte.Screen(WIDTH, HEIGHT)
        for y, text in enumerate(screen.whole()):
            pyte.Stream(terminal).feed(f"\x1b[{y + 1};1H{text}")
        screen.left.drawn = screen.right.drawn = screen.note.drawn = 0
        yield screen, terminal


def change(widget: Letters, letter: str, *regions: Region) -> None:
    widget.letter = letter
    widget.refresh(*regions)


def write(terminal: pyte.Screen, update: CompositorUpdate | None) -> None:
    assert update is not None
    pyte.Stream(terminal).feed(update.render_segments(CONSOLE))


async def test_nothing_beside_or_behind_is_drawn() -> None:
    async with at_rest() as (screen, terminal):
        change(screen.left, "L")
        write(terminal, screen.update(screen.left))
        assert (screen.left.drawn, screen.right.drawn, screen.note.drawn) == (6, 0, 0)
        assert terminal.display == screen.whole()


async def test_lines_of_several_widgets_are_painted_at_once() -> None:
    async with at_rest() as (screen, terminal):
        change(screen.left, "L", Region(0, 1, 10, 1), Region(0, 3, 10, 1))
        change(screen.right, "R", Region(0, 4, 20, 1))
        update = screen.update(screen.left, screen.right)
        assert isinstance(update, LinesUpdate)
        write(terminal, update)
        shown = [text.replace(" ", "") for text in terminal.display]
        assert [row[0] + row[-1] for row in shown[:6]] == ["lr", "Lr", "lr", "Lr", "lR", "lr"]


async def test_what_lies_before_stays_before() -> None:
    async with at_rest() as (screen, terminal):
        change(screen.right, "R")
        update = screen.update(screen.right)
        assert not isinstance(update, LinesUpdate)
        write(terminal, update)
        assert terminal.display == screen.whole()
        assert "nnnnnn" in terminal.display[1]


async def test_what_lies_before_is_painted_alone() -> None:
    async with at_rest() as (screen, terminal):
        change(screen.note, "N")
        write(terminal, screen.update(screen.note))
        assert terminal.display == screen.whole()


async def test_beyond_the_screen_nothing_is_written() -> None:
    async with at_rest() as (screen, _):
        screen._compositor._dirty_regions.add(Region(0, HEIGHT, WIDTH, 2))
        assert screen.update() is None


class Sized(Widget):
    """Keeps the sizes it was told of."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Size] = []

    def on_resize(self, event: Resize) -> None:
        self.told.append(event.size)


async def test_a_widget_someone_looked_for_before_it_was_laid_out_is_told_its_size() -> None:
    async with FrontApp().run_test(size=(WIDTH, HEIGHT)) as pilot:
        sized = Sized()
        sized.styles.height, sized.styles.layer = 1, "below"
        screen = pilot.app.screen
        await screen.mount(sized)
        screen._compositor._full_map_invalidated = True
        assert sized in screen._compositor.full_map
        await pilot.pause()
        assert sized.told == [Size(WIDTH, 1)]
