"""What the user sets, changed while the program runs: read what was typed, let it hold at once, have it kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tui_xmpp.core.commands import AddAccount, SaveAccount
from tui_xmpp.core.declaration import Setting, UnfitValueError
from tui_xmpp.core.settings import TABLES, KeyChoice, Settings, settings_of
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.theme import AUTO, SHORT_NAMES, short_name

if TYPE_CHECKING:
    from tui_xmpp.ui.app import TuiXmppApp
    from tui_xmpp.ui.desk import Desk

ACCOUNTS = "accounts"
UNSET = "-"
"""Typed for a value, it takes a setting back to the usual."""


class Preferences:
    """The settings as the screen changes them. A value that will not do raises ``UnfitValueError``."""

    def __init__(self, app: TuiXmppApp) -> None:
        self._app = app

    @property
    def settings(self) -> Settings:
        """What holds now."""
        return self._app.client.settings

    def all(self) -> tuple[Setting, ...]:
        """Return the settings of the tables that stand once, in order."""
        return tuple(each for table in TABLES for each in settings_of(table))

    def find(self, name: str) -> Setting | None:
        """Return a setting by its name, ``ui.theme``, or by its key where no other has that."""
        wanted = name.strip().casefold()
        found = [each for each in (*self.all(), *settings_of(ACCOUNTS)) if wanted in (each.name, each.key)]
        return found[0] if len(found) == 1 else None

    def choices(self, setting: Setting) -> tuple[str, ...]:
        """Return all values there are, as one types them; none where there are too many."""
        if setting.name == "ui.theme":
            ours = (AUTO, *SHORT_NAMES)
            # Textual's own of sixteen colours part no panes: "terminal" is there instead.
            others = (name for name, theme in self._app.available_themes.items() if not theme.ansi)
            return (*ours, *sorted({short_name(name) for name in others} - set(ours)))
        return setting.form.choices

    def value(self, setting: Setting, account: BareJID | None = None) -> object:
        """Return what a setting is set to."""
        if setting.table == ACCOUNTS:
            assert account is not None  # noqa: S101
            return getattr(self.settings.account(account), setting.attribute)
        return self.settings.value(setting)

    def set(self, setting: Setting, value: object, account: BareJID | None = None) -> None:
        """Set a value, which holds at once."""
        if setting.name == "ui.theme" and value not in self.choices(setting) and value not in SHORT_NAMES.values():
            raise UnfitValueError(f"must be a theme, and {sanitize_line(str(value), 40)} is none.")
        if value == self.value(setting, account):
            return
        if account is not None:
            self._set_account(setting, value, account)
        else:
            self._change(self.settings.with_value(setting, value))

    def set_named(self, name: str, value: object) -> None:
        """Set a setting by its name."""
        setting = self.find(name)
        assert setting is not None, name  # noqa: S101
        self.set(setting, value)

    def set_keys(self, choices: Iterable[KeyChoice]) -> None:
        """Set which keys differ from the usual ones."""
        self._change(self.settings.with_keys(tuple(choices)))

    def _set_account(self, setting: Setting, value: object, account: BareJID) -> None:
        change: dict[str, Any] = {setting.attribute: value}
        changed = replace(self.settings.account(account), **change)
        desk = self._app.desk
        self._app.client.settings = self.settings.with_account(changed)
        if setting.is_dialled:
            desk.submit(AddAccount(account, changed))
        desk.submit(SaveAccount(account, changed))

    def _change(self, settings: Settings) -> None:
        before = self.settings
        self._app.client.change(settings)
        self._app.follow_settings(before, self.settings)


# -- the user's verbs ---------------------------------------------------------------------------------------------


def open_settings(desk: Desk, text: str) -> None:
    """Open the settings, narrowed to what was typed."""
    from tui_xmpp.ui.screens.settings import SettingsScreen

    desk.app.push_screen(SettingsScreen(desk, text))


def set_setting(desk: Desk, text: str) -> None:
    """Set what is named first to what follows; with nothing after the name say what it is set to."""
    name, _, typed = text.partition(" ")
    if not name:
        open_settings(desk, "")
        return
    preferences = desk.preferences
    setting = preferences.find(name)
    if setting is None:
        raise UnfitValueError(f"There is no setting {sanitize_line(name, 40)}: /settings shows all.")
    account = desk.need_account() if setting.table == ACCOUNTS else None
    if typed.strip():
        try:
            value = setting.default if typed.strip() == UNSET else setting.parse(typed)
            preferences.set(setting, value, account)
        except UnfitValueError as error:
            raise UnfitValueError(f"{setting.name} {error}") from error
    shown = setting.form.show(preferences.value(setting, account)) or "not set"
    desk.say(f"{setting.name}{f' of {account}' if account else ''}: {shown}.")


def choose_theme(desk: Desk, text: str) -> None:
    """Change the theme by name, or choose one."""
    if text:
        desk.app.set_theme(text)
        return
    from tui_xmpp.ui.screens.themes import ThemeScreen

    desk.app.push_screen(ThemeScreen(desk))


def edit_keys(desk: Desk, text: str) -> None:
    """Open the list of keys, narrowed to what was typed."""
    from tui_xmpp.ui.screens.keys import KeysScreen

    desk.app.push_screen(KeysScreen(desk, text))
