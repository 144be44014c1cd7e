"""All that can be set: found by typing, changed in place, each in force at once and kept in the settings file."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from tui_xmpp.core.declaration import Setting, UnfitValueError
from tui_xmpp.core.settings import settings_of
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.desk import Desk
from tui_xmpp.ui.preferences import ACCOUNTS
from tui_xmpp.ui.screens.catalogue import Catalogue
from tui_xmpp.ui.screens.dialog import line
from tui_xmpp.ui.theme import Inks
from tui_xmpp.values import dataclass

_HEADINGS = {"notifications": "Notifications", "privacy": "Privacy: what others are told"}


@dataclass(frozen=True, slots=True)
class _Row:
    setting: Setting
    account: BareJID | None = None


class SettingsScreen(Catalogue[_Row]):
    """Every setting with what it is set to; Enter turns a switch, goes through a choice, or lets one type."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "The choice before", show=False, priority=True),
        Binding("right", "turn(1)", "The next choice", show=False, priority=True),
        Binding("f10", "cancel", "Close", show=False),
    ]

    DEFAULT_CSS = """
    SettingsScreen #value { display: none; margin-top: 1; background: $background; }
    SettingsScreen.-typing #value { display: block; }
    SettingsScreen.-low #value { margin-top: 0; }
    """

    title_words = "Settings"
    placeholder = "find a setting"

    def __init__(self, desk: Desk, query: str = "") -> None:
        super().__init__(desk)
        self._preferences = desk.preferences
        self._query = query
        self._edited: _Row | None = None

    def content(self) -> ComposeResult:
        yield from super().content()
        yield line(id="value")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#query", Input).value = self._query

    # -- the rows -------------------------------------------------------------------------------------------------

    def groups(self) -> Iterable[tuple[str, list[_Row]]]:
        for heading, settings in groupby(
            self._preferences.all(), lambda setting: setting.group or _HEADINGS[setting.table]
        ):
            yield heading, [_Row(setting) for setting in settings]
        for view in self._desk.views.accounts():
            yield f"Account {view.account}", [_Row(setting, view.account) for setting in settings_of(ACCOUNTS)]

    def find_words(self, row: _Row) -> str:
        setting = row.setting
        return f"{setting.name} {setting.title} {setting.help} {setting.group} {row.account or ''}"

    def columns(self, row: _Row, ink: Inks) -> tuple[str, str, bool]:
        value = self._preferences.value(row.setting, row.account)
        return row.setting.title, row.setting.form.show(value) or "–", value != row.setting.default

    def about(self, row: _Row, ink: Inks) -> Text:
        setting = row.setting
        text = Text(setting.help, ink.text)
        usual = setting.form.show(setting.default)
        text.append(f"\n{setting.name}", ink.dim)
        text.append(f" · usually {usual}" if usual else " · usually not set", ink.dim)
        if setting.is_dialled:
            text.append(" · a change connects anew", ink.dim)
        keys = "Enter ← → change" if self._preferences.choices(setting) else "Enter type"
        return text.append(f"\n{keys} · Del usual · Esc", ink.dim)

    # -- changing -------------------------------------------------------------------------------------------------

    def act(self, row: _Row) -> None:
        if row.setting.name == "ui.theme":
            from tui_xmpp.ui.screens.themes import ThemeScreen

            self.app.push_screen(ThemeScreen(self._desk), lambda _: self.fill())
        elif self._preferences.choices(row.setting):
            self._turn(row, 1)
        else:
            self._edited = row
            field = self.query_one("#value", Input)
            value = self._preferences.value(row.setting, row.account)
            field.value = "" if value is None else sanitize_line(str(value), 1000)
            field.placeholder = row.setting.form.words
            field.action_select_all()
            self.add_class("-typing")
            self.set_focus(field, scroll_visible=False)

    def reset(self, row: _Row) -> None:
        self._set(row, row.setting.default)

    def action_turn(self, step: int) -> None:
        """Go to the next choice of the row under the cursor, or to the one before."""
        if (row := self.row) is not None and self._preferences.choices(row.setting):
            self._turn(row, step)

    def _turn(self, row: _Row, step: int) -> None:
        choices = self._preferences.choices(row.setting)
        shown = row.setting.form.show(self._preferences.value(row.setting, row.account))
        at = choices.index(shown) if shown in choices else -step
        self._set(row, row.setting.parse(choices[(at + step) % len(choices)]))

    def _set(self, row: _Row, value: object) -> bool:
        try:
            self._preferences.set(row.setting, value, row.account)
        except UnfitValueError as error:
            self.tell(f"{row.setting.title} {error}")
            return False
        self.fill()
        return True

    @on(Input.Submitted, "#value")
    def _typed_value(self, event: Input.Submitted) -> None:
        event.stop()
        row = self._edited
        if row is None:
            return
        try:
            value = row.setting.parse(event.value)
        except UnfitValueError as error:
            self.tell(f"{row.setting.title} {error}")
            return
        if self._set(row, value):
            self._end_typing()

    def _end_typing(self) -> None:
        self._edited = None
        self.remove_class("-typing")
        self.set_focus(self.query_one("#query", Input), scroll_visible=False)

    def action_move(self, step: int) -> None:
        if self._edited is None:
            super().action_move(step)

    def action_cancel(self) -> None:
        """Leave the field, then the search, then the screen."""
        query = self.query_one("#query", Input)
        if self._edited is not None:
            self._end_typing()
            self.tell("")
        elif query.value:
            query.value = ""
        else:
            super().action_cancel()
