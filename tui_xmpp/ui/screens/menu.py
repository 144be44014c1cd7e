"""A small menu of verbs beside what they are about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui_xmpp.ui.actions import Action, Place, key_words
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.guard import Guarded
from tui_xmpp.ui.screens.dialog import Choices


class Menu(Guarded, ModalScreen[None]):
    """Verbs of the registry, each under a title that suits the moment; each also by its own key."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,m", "leave", "Close", show=False)]

    DEFAULT_CSS = """
    Menu { background: transparent; }
    Menu > OptionList {
        width: 30; height: auto; max-height: 100%; padding: 0; border: none; background: $panel;
        scrollbar-size-vertical: 1;
    }
    Menu > OptionList:focus { border: none; background-tint: transparent; }
    Menu > OptionList > .option-list--option-highlighted {
        background: $primary 28% !important; color: $foreground !important; text-style: none !important;
    }
    """

    def __init__(
        self,
        desk: Desk,
        place: Place,
        beside: Region,
        offers: Sequence[tuple[Action, str]],
        perform: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._desk = desk
        self._place = place
        self._beside = beside
        self._titles = tuple(title for _, title in offers)
        self._perform = perform
        self.verbs = tuple(verb for verb, _ in offers)
        words = map(self._hint, self.verbs)
        self._width = max(30, *(cell_len(t) + cell_len(w) + 4 for t, w in zip(self._titles, words, strict=True)))

    def compose(self) -> ComposeResult:
        yield Choices(*map(Option, map(self._drawn, self.verbs, self._titles)))

    def _keys(self, verb: Action) -> tuple[str, ...]:
        """Return the keys a verb has where the menu was opened."""
        return self._desk.keymap.keys(verb) if verb.place in (self._place, Place.EVERYWHERE) else ()

    def _hint(self, verb: Action) -> str:
        return key_words(self._keys(verb)[0]) if self._keys(verb) else verb.usage.split(" ")[0]

    def _drawn(self, verb: Action, title: str) -> Text:
        key = self._hint(verb)
        text = Text(f" {title}", no_wrap=True)
        text.append(" " * (self._width - cell_len(title) - cell_len(key) - 2))
        return text.append(key, "dim").append(" ")

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.styles.width = self._width
        options.highlighted = 0

    def on_resize(self, event: events.Resize) -> None:
        """Stand below what it is about, or above it where there is more room; never across the edge."""
        width, height = event.size
        rows = min(len(self.verbs), height)
        below = height - self._beside.bottom
        y = self._beside.bottom if below >= rows or below >= self._beside.y else self._beside.y - rows
        x = min(self._beside.x, width - self._width)
        self.query_one(OptionList).styles.offset = (max(0, x), max(0, min(y, height - rows)))

    def on_key(self, event: events.Key) -> None:
        for verb in self.verbs:
            if event.key in self._keys(verb):
                event.stop()
                self._take(verb)
                return

    def on_click(self, event: events.Click) -> None:
        """Close at a click beside the menu."""
        if not self.query_one(OptionList).region.contains(event.screen_x, event.screen_y):
            self.action_leave()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self._take(self.verbs[event.option_index])

    def _take(self, verb: Action) -> None:
        self.dismiss(None)
        self._desk.app.call_later(self._perform, verb.id)

    def action_leave(self) -> None:
        """Close with nothing done."""
        self.dismiss(None)
