"""The settings file: TOML, read tolerantly, written with the user's comments kept.

A key that is not known or a value that is wrong is named with its file, line and key; the rest counts.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, TypeVar

from tui_xmpp.core.declaration import UnfitValueError
from tui_xmpp.core.settings import TABLES, AccountSettings, KeyChoice, Settings, settings_of
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import BareJID, JIDError
from tui_xmpp.values import dataclass

T = TypeVar("T")

_HEADER = "# Settings of tui-xmpp. Passwords do not belong here: they live in the keyring.\n"


class SettingsError(TuiXmppError):
    """The settings file cannot be written."""


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """One thing wrong in a settings file. ``line`` counts from 1; 0 where it is not known."""

    file: Path
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{place}: {self.key}: {self.text}" if self.key else f"{place}: {self.text}"


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """What could be used of a settings file, and what could not."""

    settings: Settings
    problems: tuple[SettingProblem, ...] = ()


def load_settings(path: Path) -> LoadedSettings:
    """Read the settings; a missing file is an empty one. Never raises for what the file says."""
    try:
        source = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return LoadedSettings(Settings())
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        return LoadedSettings(Settings(), (SettingProblem(path, 0, "", f"cannot be read: {why}."),))
    try:
        document = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        line = _line_of_error(str(error), source)
        return LoadedSettings(Settings(), (SettingProblem(path, line, "", f"is not valid TOML: {error}."),))
    return _Reader(path, source).read(document)


class _Reader:
    def __init__(self, path: Path, source: str) -> None:
        self._path = path
        self._lines = source.splitlines()
        self._problems: list[SettingProblem] = []

    def read(self, document: Mapping[str, Any]) -> LoadedSettings:
        accounts: list[AccountSettings] = []
        tables = {table: kind() for table, kind in TABLES.items()}
        keys: tuple[KeyChoice, ...] = ()
        for key, value in document.items():
            if key == "accounts" and isinstance(value, list):
                for number, table in enumerate(value):
                    account = self._account(table, number)
                    if account is not None:
                        accounts.append(account)
            elif key in tables and isinstance(value, dict):
                tables[key] = self._table(key, value, tables[key])
            elif key == "keys" and isinstance(value, dict):
                keys = tuple(self._key_choices(value))
            elif key == "accounts" or key == "keys" or key in tables:
                form = "[[accounts]] tables" if key == "accounts" else f"a [{key}] table"
                self._problem(self._line(None, 0, key), key, f"must be {form}.")
            else:
                known = ", ".join(("accounts", *tables, "keys"))
                self._problem(self._line(None, 0, key), key, f"is not a setting; known are {known}.")
        return LoadedSettings(Settings(tuple(accounts), **tables, keys=keys), tuple(self._problems))

    def _account(self, table: Any, number: int) -> AccountSettings | None:
        line = self._line("accounts", number, None)
        if not isinstance(table, dict) or "jid" not in table:
            self._problem(line, "accounts", "an account needs a jid.")
            return None
        try:
            jid = _jid(table["jid"])
        except UnfitValueError as error:
            self._problem(self._line("accounts", number, "jid"), "accounts.jid", str(error))
            return None
        rest = {key: value for key, value in table.items() if key != "jid"}
        return self._table("accounts", rest, AccountSettings(jid), number)

    def _key_choices(self, table: Mapping[str, Any]) -> Iterator[KeyChoice]:
        for action, value in table.items():
            line = self._line("keys", 0, action)
            try:
                yield KeyChoice(action, _keys(value), f"{self._path}:{line}" if line else str(self._path))
            except UnfitValueError as error:
                self._problem(line, f"keys.{action}", str(error))

    def _table(self, name: str, table: Mapping[str, Any], start: T, number: int = 0) -> T:
        known = {setting.key: setting for setting in settings_of(name)}
        found: dict[str, object] = {}
        for key, value in table.items():
            line = self._line(name, number, key)
            if key == "password":
                self._problem(line, f"{name}.{key}", "a password is never read from a file; use the keyring.")
            elif key not in known:
                self._problem(line, f"{name}.{key}", f"is not a setting; known are {', '.join(known)}.")
            else:
                try:
                    found[known[key].attribute] = known[key].form.read(value)
                except UnfitValueError as error:
                    self._problem(line, f"{name}.{key}", str(error))
        return replace(start, **found)  # type: ignore[type-var]

    def _problem(self, line: int, key: str, text: str) -> None:
        self._problems.append(SettingProblem(self._path, line, key, text))

    def _line(self, table: str | None, number: int, key: str | None) -> int:
        """Find the line of a key in the ``number``-th table of that name: close enough to point at."""
        current: str | None = None
        seen = -1
        for index, raw in enumerate(self._lines, start=1):
            line = raw.strip()
            if line.startswith("["):
                current = line.strip("[] \t").split("]")[0].strip()
                if current == table:
                    seen += 1
                    if seen == number and key is None:
                        return index
                if table is None and current == key:
                    return index
            elif current == table and (table is None or seen == number) and key is not None:
                name = line.split("=", 1)[0].strip().strip("\"'")
                if "=" in line and name == key:
                    return index
        return 0


def _line_of_error(text: str, source: str) -> int:
    before, marker, after = text.partition("at line ")
    if marker:
        return int(after.split(",")[0])
    return source.count("\n") + 1 if before else 0


# -- values -------------------------------------------------------------------------------------------------------


def _jid(value: Any) -> BareJID:
    if not isinstance(value, str):
        raise UnfitValueError('must be an address such as "juliet@example.org".')
    try:
        return BareJID.parse(value)
    except JIDError as error:
        raise UnfitValueError(str(error)) from error


def _keys(value: Any) -> tuple[str, ...]:
    keys = [value] if isinstance(value, str) else value
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise UnfitValueError('must be a key such as "ctrl+t", or several: ["ctrl+t", "f12"].')
    return tuple(key for key in keys if key)


# -- writing ------------------------------------------------------------------------------------------------------


def save_settings(path: Path, before: Settings, after: Settings) -> None:
    """Write what differs between two settings, the accounts aside; everything else in the file stays as it is.

    What is back at what usually holds leaves the file.
    """
    import tomlkit

    document = _document(path)
    for name in TABLES:
        changed = [each for each in settings_of(name) if before.value(each) != after.value(each)]
        values = {each.key: None if after.value(each) == each.default else after.value(each) for each in changed}
        _put(document, name, values)
    old, new = ({each.action: each.keys for each in settings.keys} for settings in (before, after))
    keys = {action: new.get(action) for action in (*old, *new) if old.get(action) != new.get(action)}
    _put(document, "keys", {action: _written(chosen) for action, chosen in keys.items()})
    _write(path, tomlkit.dumps(document))


def _written(keys: tuple[str, ...] | None) -> object:
    if keys is None:
        return None
    return list(keys) if len(keys) > 1 else "".join(keys)


def _put(document: Any, name: str, values: Mapping[str, object]) -> None:
    """Put values into a table, made where it is needed; None takes a key out."""
    import tomlkit

    table = document.get(name)
    if not isinstance(table, dict):
        if all(value is None for value in values.values()):
            return
        table = tomlkit.table()
        document[name] = table
        table = document[name]
    for key, value in values.items():
        if value is not None:
            table[key] = value
        elif key in table:
            del table[key]


def save_account(path: Path, account: AccountSettings) -> None:
    """Write or replace one account's table; everything else in the file stays as it is."""
    import tomlkit
    from tomlkit.items import AoT

    document = _document(path)
    tables = document.get("accounts")
    if not isinstance(tables, AoT):
        tables = tomlkit.aot()
        document["accounts"] = tables
    table = next((table for table in tables if table.get("jid") == str(account.jid)), None)
    if table is None:
        table = tomlkit.table()
        table["jid"] = str(account.jid)
        tables.append(table)
    usual = AccountSettings(account.jid)
    for each in settings_of("accounts"):
        value = getattr(account, each.attribute)
        if value != getattr(usual, each.attribute):
            table[each.key] = value
        elif each.key in table:
            del table[each.key]
    _write(path, tomlkit.dumps(document))


def forget_account(path: Path, jid: BareJID) -> None:
    """Take an account's table out of the file."""
    import tomlkit
    from tomlkit.items import AoT

    document = _document(path)
    tables = document.get("accounts")
    if isinstance(tables, AoT):
        for index in [index for index, table in enumerate(tables) if table.get("jid") == str(jid)]:
            del tables[index]
        _write(path, tomlkit.dumps(document))


def _document(path: Path) -> Any:
    import tomlkit
    from tomlkit.exceptions import ParseError

    try:
        return tomlkit.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return tomlkit.parse(_HEADER)
    except (OSError, UnicodeDecodeError, ParseError) as error:
        raise SettingsError(f"{path} cannot be read, so nothing was written to it: {error}.") from error


def _write(path: Path, text: str) -> None:
    """Replace the file in one step, so that a crash leaves the old one or the new one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = path.resolve()
        with NamedTemporaryFile(
            "w", encoding="utf-8", dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            try:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
                temporary.replace(target)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror or error}.") from error


def known_settings() -> dict[str, tuple[str, ...]]:
    """Return the keys of each table, for the documentation and its test."""
    tables = {table: tuple(each.key for each in settings_of(table)) for table in ("accounts", *TABLES)}
    return tables | {"accounts": ("jid", *tables["accounts"])}
