"""Notifications by way of the terminal: escape sequences it turns into the desktop's own, over SSH too."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Literal

from tui_xmpp.core.text import sanitize_line

Way = Literal["osc9", "osc99", "osc777"]

_TITLE_LIMIT, _TEXT_LIMIT = 80, 200
_ESC, _END = "\x1b", "\x1b\\"
_BY_PROGRAM: dict[str, Way] = {
    "iTerm.app": "osc9",
    "iTerm2": "osc9",
    "WezTerm": "osc9",
    "ghostty": "osc9",
    "WarpTerminal": "osc9",
    "kitty": "osc99",
    "foot": "osc777",
    "rio": "osc777",
}
_BY_TERM: dict[str, Way] = {
    "xterm-kitty": "osc99",
    "xterm-ghostty": "osc9",
    "wezterm": "osc9",
    "foot": "osc777",
    "foot-extra": "osc777",
    "rxvt-unicode": "osc777",
    "rxvt-unicode-256color": "osc777",
}
_BY_VARIABLE: dict[str, Way] = {"KITTY_WINDOW_ID": "osc99", "WEZTERM_PANE": "osc9", "VTE_VERSION": "osc777"}


def known_way(environment: Mapping[str, str]) -> Way | None:
    """Return the sequence the terminal is known to take, None where nothing tells.

    Over SSH only ``TERM`` and what begins with ``LC_`` is passed on; inside tmux ``TERM_PROGRAM`` is tmux's own, while
    a terminal's private variables are still there.
    """
    for name in ("LC_TERMINAL", "TERM_PROGRAM"):
        if (way := _BY_PROGRAM.get(environment.get(name, ""))) is not None:
            return way
    if (way := _BY_TERM.get(environment.get("TERM", ""))) is not None:
        return way
    return next((way for name, way in _BY_VARIABLE.items() if environment.get(name)), None)


def sequence(way: Way, title: str, text: str, environment: Mapping[str, str]) -> str:
    """Return the bytes that make the terminal notify; remote text in them cannot end or extend the sequence (S-36)."""
    title, text = sanitize_line(title, _TITLE_LIMIT), sanitize_line(text, _TEXT_LIMIT)
    if way == "osc99":
        # Base64 (e=1), so that no character of the text means anything to the terminal.
        last = f"{_ESC}]99;i=tui-xmpp:e=1:p=body;{_base64(text)}{_END}" if text else ""
        first = f"{_ESC}]99;i=tui-xmpp:e=1:d={0 if text else 1};{_base64(title)}{_END}"
        return _passed_on(first, environment) + (_passed_on(last, environment) if last else "")
    if way == "osc777":
        # The fields are parted by semicolons, and nothing escapes one.
        return _passed_on(f"{_ESC}]777;notify;{title.replace(';', ',')};{text.replace(';', ',')}{_END}", environment)
    whole = f"{title}: {text}" if text else title
    # A number at the start is a command of its own to some terminals (9;4 draws progress).
    return _passed_on(f"{_ESC}]9;{' ' if whole[:1].isdecimal() else ''}{whole}{_END}", environment)


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def _passed_on(sequence: str, environment: Mapping[str, str]) -> str:
    """Wrap a sequence so that tmux or screen hands it to the terminal around it."""
    if environment.get("TMUX"):
        return f"{_ESC}Ptmux;{sequence.replace(_ESC, _ESC + _ESC)}{_END}"
    if environment.get("STY"):
        # The end of the inner sequence would end the outer one: BEL ends it as well.
        return f"{_ESC}P{sequence.removesuffix(_END)}\a{_END}"
    return sequence
