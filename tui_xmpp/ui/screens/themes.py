"""Choose a theme and see the screen in it while choosing."""

from __future__ import annotations

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import OptionList

from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.screens.dialog import Choices, Dialog, words
from tui_xmpp.ui.theme import AUTO, short_name

_WORDS = {
    AUTO: "dark or light, as the terminal is",
    "dark": "",
    "light": "",
    "contrast": "black and white",
    "terminal": "its own 16 colours",
}


class ThemeScreen(Dialog[str]):
    """A list of all themes at the edge; the one under the cursor is shown, Enter keeps it, Escape goes back."""

    DEFAULT_CSS = """
    ThemeScreen { align: right middle; background: transparent; }
    ThemeScreen > VerticalScroll { width: 46; max-width: 100%; height: 90%; overflow-y: hidden; }
    ThemeScreen OptionList { height: 1fr; scrollbar-size-vertical: 1; }
    ThemeScreen .dim { margin-top: 1; }
    ThemeScreen.-low > VerticalScroll { height: 100%; padding: 0 1; }
    ThemeScreen.-low .title { margin-bottom: 0; }
    ThemeScreen.-low .dim { margin-top: 0; }
    """

    title_words = "Theme"

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        setting = desk.preferences.find("ui.theme")
        assert setting is not None  # noqa: S101
        self._names = desk.preferences.choices(setting)
        self._before = short_name(desk.client.settings.ui.theme)

    def content(self) -> ComposeResult:
        yield Choices(id="themes")
        yield words("Enter keep it · Esc as it was", "dim")

    def on_mount(self) -> None:
        choices = self.query_one(Choices)
        choices.fill([_drawn(name) for name in self._names])
        choices.highlighted = self._names.index(self._before) if self._before in self._names else 0
        choices.focus()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self._desk.app.show_theme(self._names[event.option_index])

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        name = self._names[event.option_index]
        self._desk.app.set_theme(name)
        self.dismiss(name)

    def action_cancel(self) -> None:
        """Leave everything as it was."""
        self._desk.app.show_theme(self._before)
        super().action_cancel()


def _drawn(name: str) -> Text:
    text = Text(name, no_wrap=True)
    return text.append(f"  {_WORDS[name]}" if _WORDS.get(name) else "", "dim")
