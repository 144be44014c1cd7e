"""Keys and commands: those of where the user stands first, all of them to be searched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tui_xmpp.ui import handbook
from tui_xmpp.ui.actions import BY_SLASH, Action, Place, key_words
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.handbook import Kind, Row
from tui_xmpp.ui.keymap import LISTS, moves
from tui_xmpp.ui.screens.dialog import Choices, Dialog, button, buttons, line, words
from tui_xmpp.ui.theme import inks
from tui_xmpp.ui.wrapping import fit

_WIDEST_NAME = 30


class HelpScreen(Dialog[None]):
    """Show every key and command, narrowed by what is typed, or one command with its example.

    Enter puts the command under the cursor where one writes, or does what a key would do.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "cancel", "Close", show=False),
        *moves({"up": "move(-1)", "down": "move(1)", "page-up": "page(-1)", "page-down": "page(1)"}, is_typing=True),
        Binding("ctrl+home", "end(False)", "Top", show=False, priority=True),
        Binding("ctrl+end", "end(True)", "Bottom", show=False, priority=True),
    ]

    DEFAULT_CSS = """
    HelpScreen > VerticalScroll { width: 96; overflow: hidden; }
    HelpScreen Choices { height: auto; max-height: 100vh; margin-top: 1; scrollbar-size-vertical: 1; }
    HelpScreen .more { height: 1; margin-top: 1; }
    HelpScreen.-low > VerticalScroll { padding: 0 1; }
    HelpScreen.-low .title, HelpScreen.-low .more { margin: 0; }
    """

    def __init__(self, desk: Desk, command: str = "") -> None:
        super().__init__()
        self._desk = desk
        self._place = desk.main.place
        self._action = BY_SLASH.get(command.strip().casefold())
        self._unknown = command.strip() if command.strip() and self._action is None else ""
        self._rows: list[Row | None] = []
        self.title_words = self._action.usage if self._action else "Keys and commands"

    def content(self) -> ComposeResult:
        if self._action is not None:
            yield words(_about(self._action, self._desk.keymap.keys(self._action)))
            yield buttons(button("Close", "cancel"))
            return
        yield line(self._unknown, placeholder="Type to search: a key, a command, what you want to do", id="query")
        yield Choices()
        yield words("", "more dim")

    def on_mount(self) -> None:
        if self._action is None:
            self.query_one(Choices).can_focus = False
            self.query_one(Input).focus()
            self._fill()

    def on_resize(self, event: object) -> None:
        if self._action is None:
            # The list takes what the title, the line, the words below and the padding leave.
            is_low = self.app.size.height < 30
            self.query_one(Choices).styles.max_height = max(1, self.app.size.height - (5 if is_low else 9))
            self.call_after_refresh(self._fill)

    # -- what is shown --------------------------------------------------------------------------------------------

    @on(Input.Changed)
    def _fill(self) -> None:
        self.is_choosing = False
        query = self.query_one(Input).value.strip().casefold()
        choices = self.query_one(Choices)
        choices.clear_options()
        self._rows = []
        sections = [(title, [row for row in rows if row.fits(query)]) for title, rows in self._sections()]
        names = [cell_len(row.name) for _, rows in sections for row in rows]
        # The list's own width less the scroll bar, which may or may not be there.
        width = max(20, min(92, self.app.size.width - (2 if self.has_class("-low") else 4)) - 2)
        first = min(_WIDEST_NAME, width // 3, max(names, default=0))
        for title, rows in sections:
            if rows:
                self._add(Text(title, inks(self.app.current_theme).strong), None)
                for row in rows:
                    self._add(self._drawn(row, first, width), row)
        if not self._rows:
            self._add(Text("Nothing says that. Fewer letters may.", "dim"), None)
        found = [place for place, row in enumerate(self._rows) if row is not None]
        named = [place for place in found if query and _is_named(self._rows[place], query)]
        choices.highlighted = next(iter(named or found), None)
        if not named:
            choices.scroll_home(animate=False)

    def _sections(self) -> Iterator[tuple[str, list[Row]]]:
        """Yield the keys of where the user stands, of moving there, of everywhere and other places, the commands."""
        sections = dict(handbook.keys(self._desk.keymap))
        moving = (Place.LISTS,) if self._place in LISTS else ()
        here = dict.fromkeys((self._place, *moving, Place.EVERYWHERE, *sections))
        for place in here:
            yield (f"Here: {place.value.lower()}" if place is self._place else place.value), sections[place]
        yield "Commands", handbook.commands()

    def _add(self, text: Text, row: Row | None) -> None:
        self.query_one(Choices).add_option(Option(text, disabled=row is None))
        self._rows.append(row)

    def _drawn(self, row: Row, first: int, width: int) -> Text:
        ink = inks(self.app.current_theme)
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f" {fit(row.name, first)}  ", ink.accent)
        text.append(row.words, ink.text)
        text.truncate(width, overflow="ellipsis")
        return text

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        row = self._at(event.option_index)
        more = "" if row is None else " ".join(filter(None, (row.words, row.more)))
        self.query_one(".more").update(more)  # type: ignore[attr-defined]

    # -- what the user does ---------------------------------------------------------------------------------------

    def action_move(self, step: int) -> None:
        """Move the list's cursor while the typing goes on."""
        if self._action is None:
            choices = self.query_one(Choices)
            self.is_choosing = True
            (choices.action_cursor_down if step > 0 else choices.action_cursor_up)()

    def action_page(self, step: int) -> None:
        """Move by some rows."""
        if self._action is None:
            choices = self.query_one(Choices)
            place = (choices.highlighted or 0) + step * max(1, choices.size.height - 2)
            self._go_to(place, step)

    def action_end(self, is_last: bool) -> None:
        """Move to the first or last row."""
        if self._action is None:
            self._go_to(len(self._rows) if is_last else 0, 1 if not is_last else -1)

    def _go_to(self, place: int, step: int) -> None:
        """Put the cursor on the next row that is one, from ``place`` on in the direction of ``step``."""
        self.is_choosing = True
        rows = range(len(self._rows))
        place = max(0, min(len(rows) - 1, place))
        order = (*rows[place:], *reversed(rows[:place])) if step > 0 else (*reversed(rows[: place + 1]), *rows[place:])
        self.query_one(Choices).highlighted = next((each for each in order if self._rows[each] is not None), None)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self._take(self._at(self.query_one(Choices).highlighted))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self._take(self._at(event.option_index))

    def _at(self, index: int | None) -> Row | None:
        return self._rows[index] if index is not None and index < len(self._rows) else None

    def _take(self, row: Row | None) -> None:
        if row is None or row.action is None:
            return
        action = row.action
        self.dismiss(None)
        if row.kind is Kind.COMMAND:
            self._desk.main.begin_command(f"/{action.slash}{' ' if action.arguments else ''}")
        elif action.place in (Place.EVERYWHERE, self._place):
            self.app.call_later(self._desk.app.perform, action.id)


def _is_named(row: Row | None, query: str) -> bool:
    """Say whether a query begins the name of what a row is about."""
    names = [row.name, row.name.removeprefix("/"), row.action.title if row.action else ""] if row is not None else []
    return any(name.casefold().startswith(query) for name in names)


def _about(action: Action, keys: tuple[str, ...]) -> str:
    lines = [action.help]
    if keys:
        where = (
            "" if action.place is Place.EVERYWHERE else f" ({action.place.value[0].lower()}{action.place.value[1:]})"
        )
        lines.append(f"Key: {' or '.join(map(key_words, keys))}{where}")
    if action.aliases:
        lines.append("Also: " + ", ".join(f"/{alias}" for alias in action.aliases))
    if action.example:
        lines.append(f"Example: {action.example}")
    return "\n".join(lines)
