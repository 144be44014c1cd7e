"""The settings file: TOML, read tolerantly, written with the user's comments kept.

A key that is not known or a value that is wrong is named with its file, line and key; the rest counts.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, TypeVar

from tui_xmpp.core.settings import AccountSettings, PrivacySettings, Settings, UiSettings
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import BareJID, JIDError

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


class _ValueProblem(Exception):
    """A value that is not what its key takes; the text says what it takes."""


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
        ui, privacy = UiSettings(), PrivacySettings()
        for key, value in document.items():
            if key == "accounts" and isinstance(value, list):
                for number, table in enumerate(value):
                    account = self._account(table, number)
                    if account is not None:
                        accounts.append(account)
            elif key == "ui" and isinstance(value, dict):
                ui = self._table("ui", value, ui, _UI)
            elif key == "privacy" and isinstance(value, dict):
                privacy = self._table("privacy", value, privacy, _PRIVACY)
            elif key in ("accounts", "ui", "privacy"):
                form = "[[accounts]] tables" if key == "accounts" else f"a [{key}] table"
                self._problem(self._line(None, 0, key), key, f"must be {form}.")
            else:
                known = "accounts, ui, privacy"
                self._problem(self._line(None, 0, key), key, f"is not a setting; known are {known}.")
        return LoadedSettings(Settings(tuple(accounts), ui, privacy), tuple(self._problems))

    def _account(self, table: Any, number: int) -> AccountSettings | None:
        line = self._line("accounts", number, None)
        if not isinstance(table, dict) or "jid" not in table:
            self._problem(line, "accounts", "an account needs a jid.")
            return None
        try:
            jid = _jid(table["jid"])
        except _ValueProblem as error:
            self._problem(self._line("accounts", number, "jid"), "accounts.jid", str(error))
            return None
        rest = {key: value for key, value in table.items() if key != "jid"}
        return self._table("accounts", rest, AccountSettings(jid), _ACCOUNT, number)

    def _table(
        self,
        name: str,
        table: Mapping[str, Any],
        start: T,
        known: Mapping[str, tuple[str, Callable[[Any], object]]],
        number: int = 0,
    ) -> T:
        found: dict[str, object] = {}
        for key, value in table.items():
            line = self._line(name, number, key)
            if key == "password":
                self._problem(line, f"{name}.{key}", "a password is never read from a file; use the keyring.")
            elif key not in known:
                self._problem(line, f"{name}.{key}", f"is not a setting; known are {', '.join(known)}.")
            else:
                attribute, convert = known[key]
                try:
                    found[attribute] = convert(value)
                except _ValueProblem as error:
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
        raise _ValueProblem('must be an address such as "juliet@example.org".')
    try:
        return BareJID.parse(value)
    except JIDError as error:
        raise _ValueProblem(str(error)) from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _ValueProblem("must be text in quotes.")
    return value


def _path(value: Any) -> str:
    return str(Path(_text(value)).expanduser())


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _ValueProblem("must be true or false.")
    return value


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def convert(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise _ValueProblem(f"must be a whole number from {low} to {high}.")
        return value

    return convert


def _choice(*choices: str) -> Callable[[Any], str]:
    def convert(value: Any) -> str:
        if value not in choices:
            raise _ValueProblem(f"must be one of {', '.join(choices)}.")
        return str(value)

    return convert


_ACCOUNT: dict[str, tuple[str, Callable[[Any], object]]] = {
    "host": ("host", _text),
    "port": ("port", _whole(1, 65535)),
    "tls": ("tls", _choice("auto", "starttls", "direct")),
    "ca_file": ("ca_file", _path),
    "resource": ("resource", _text),
    "priority": ("priority", _whole(-128, 127)),
    "password_command": ("password_command", _text),
    "client_certificate": ("client_certificate", _path),
    "allow_plain": ("is_plain_allowed", _switch),
    "anonymous": ("is_anonymous", _switch),
    "enabled": ("is_enabled", _switch),
}
_UI: dict[str, tuple[str, Callable[[Any], object]]] = {
    "theme": ("theme", _text),
    "roster_width": ("roster_width", _whole(16, 80)),
    "show_offline": ("is_offline_shown", _switch),
    "roster_order": ("roster_order", _choice("state", "name")),
    "away_after": ("away_after", _whole(0, 1440)),
    "xa_after": ("xa_after", _whole(0, 1440)),
    "mouse": ("is_mouse_enabled", _switch),
    "time_format": ("time_format", _text),
}
_PRIVACY: dict[str, tuple[str, Callable[[Any], object]]] = {
    "answer_version": ("answers_version", _switch),
    "tell_system": ("tells_system", _switch),
    "answer_time": ("answers_time", _switch),
    "tell_idle": ("tells_idle", _switch),
    "send_receipts": ("sends_receipts", _switch),
    "send_markers": ("sends_markers", _switch),
    "send_typing": ("sends_typing", _switch),
}


# -- writing ------------------------------------------------------------------------------------------------------


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
    for key, (attribute, _) in _ACCOUNT.items():
        value = getattr(account, attribute)
        if value != getattr(usual, attribute):
            table[key] = value
        elif key in table:
            del table[key]
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
    assert {f.name for f in fields(AccountSettings)} == {"jid"} | {a for a, _ in _ACCOUNT.values()}  # noqa: S101
    return {"accounts": ("jid", *_ACCOUNT), "ui": tuple(_UI), "privacy": tuple(_PRIVACY)}
