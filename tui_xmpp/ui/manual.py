"""The manual page, made from the same registries as help and settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tui_xmpp import __version__
from tui_xmpp.core.declaration import Setting
from tui_xmpp.core.settings import TABLES, Settings, settings_of
from tui_xmpp.ui import handbook
from tui_xmpp.ui.keymap import Keymap


def manual(options: Iterable[tuple[str, str]], passwords: str) -> str:
    """Return the manual page in roff's man macros; ``options`` are those of the command line with their help."""
    lines = [
        f'.TH TUI-XMPP 1 "" "tui_xmpp {__version__}" "User Commands"',
        ".SH NAME",
        r"tui-xmpp \- chat over XMPP (Jabber) in the terminal",
        ".SH SYNOPSIS",
        r".B tui-xmpp",
        r"[\fIJID\fR] [\fIOPTION\fR]...",
        ".SH DESCRIPTION",
        _plain(
            "Shows people, conversations and status in three panes, one at a time in a narrow terminal. Enter opens a "
            "chat and sends what is written; a slash begins a command; F1 shows the keys of where you stand."
        ),
        ".PP",
        _plain(passwords),
        ".SH OPTIONS",
        *(line for flag, words in options for line in _entry(flag, words)),
        ".SH COMMANDS",
        *_commands(),
        ".SH KEYS",
        *_keys(),
        ".SH SETTINGS",
        _plain("TOML in the platform's folder for settings. What is wrong in it is named with its file and line."),
        *_settings(),
        ".SH ENVIRONMENT",
        *_entry("TUI_XMPP_PASSWORD", "The password, where no keyring and no password_command gives it."),
        *_entry("VISUAL, EDITOR", "The editor of Ctrl+X Ctrl+E."),
        *_entry("NO_COLOR", "Show no colours."),
    ]
    return "\n".join(lines)


def _commands() -> Iterator[str]:
    for row in handbook.commands():
        yield from _entry(row.name, f"{row.words} {row.more}".strip())


def _keys() -> Iterator[str]:
    for place, rows in handbook.keys(Keymap(Settings())):
        yield f".SS {_plain(place.value)}"
        for row in rows:
            yield from _entry(row.name, row.words)


def _settings() -> Iterator[str]:
    yield ".SS [[accounts]]"
    yield from _entry("jid", "Whose account it is. The only key an account needs.")
    for part in ("accounts", *TABLES):
        if part != "accounts":
            yield f".SS [{part}]"
        for setting in settings_of(part):
            yield from _entry(f"{setting.key} = {_takes(setting)}", setting.help)


def _takes(setting: Setting) -> str:
    if setting.form.is_switch:
        return "true | false"
    return " | ".join(f'"{choice}"' for choice in setting.form.choices) or setting.form.words


def _entry(term: str, words: str) -> Iterator[str]:
    yield ".TP"
    yield rf"\fB{_plain(term)}\fR"
    yield _plain(words)


def _plain(text: str) -> str:
    """Escape what roff would read as its own."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")
    return rf"\&{escaped}" if escaped.startswith(".") else escaped
