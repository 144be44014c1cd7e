"""A log of what passes on the wire, without what must stay secret (S-49), written only when asked for (S-50)."""

from __future__ import annotations

import codecs
import json
import logging
import re
from typing import Final

from tui_xmpp.patterns import late

_log = logging.getLogger("tui_xmpp.wire")

_SECRET_ELEMENTS: Final = frozenset(
    (
        "auth",
        "authenticate",
        "challenge",
        "response",
        "initial-response",
        "additional-data",
        "success",
        "token",
        "password",
        "key",
        "preauth",
        "header",
        "resume",
        "enabled",
    )
)
"""Local names whose text and attribute values are never written."""

_TAG = late(
    r"<!\[CDATA\[.*?\]\]>|<(/?)(?:[^\s/<>:]+:)?([^\s/<>!\[]+)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*?)(/?)>", re.DOTALL
)
_VALUE = late(r"=\s*(?:\"[^\"]*\"|'[^']*')")
_KEPT_ATTRIBUTE = late(r"\s(?:xmlns(?::\w+)?|mechanism)\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_FRAGMENT = late(r"(aesgcm://[^\s<#]*)#[0-9A-Fa-f]+")
_LONGEST: Final = 4000
_HIDDEN: Final = "…"


class Redactor:
    """Take one direction's bytes as they come and return the text that may be written.

    A tag cut in two by the network waits for its end; inside a secret element everything is replaced.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._inside: list[str] = []

    def feed(self, data: bytes) -> str:
        """Return what may be written of ``data`` and of what was held back before."""
        text = self._held + self._decoder.decode(data)
        written: list[str] = []
        position = 0
        for found in _TAG.finditer(text):
            written.append(self._text(text[position : found.start()]))
            written.append(self._tag(found))
            position = found.end()
        rest = text[position:]
        cut = rest.find("<")
        if cut < 0:
            cut = len(rest)
        written.append(self._text(rest[:cut]))
        self._held = rest[cut:]
        return "".join(written)

    def _text(self, text: str) -> str:
        if self._inside:
            return _HIDDEN if text.strip() else ""
        return _FRAGMENT.sub(rf"\1#{_HIDDEN}", text)

    def _tag(self, found: re.Match[str]) -> str:
        closing, name, attributes, empty = found.groups()
        if name is None:
            return self._text(found.group())  # a CDATA section is text
        is_secret = name in _SECRET_ELEMENTS or bool(self._inside)
        if closing:
            if self._inside and self._inside[-1] == name:
                self._inside.pop()
        elif is_secret and not empty:
            self._inside.append(name)
        if closing or not is_secret:
            return _FRAGMENT.sub(rf"\1#{_HIDDEN}", found.group())
        kept = "".join(_KEPT_ATTRIBUTE.findall(attributes))
        others = " " + _HIDDEN if len(_VALUE.findall(attributes)) > len(_VALUE.findall(kept)) else ""
        return f"<{name}{kept}{others}{empty}>"


class WireLog:
    """Write both directions of one account's streams, each read and write as one line."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._out, self._in = Redactor(), Redactor()

    def begin(self) -> None:
        """A new transport: what was held back belongs to the old one."""
        self._out, self._in = Redactor(), Redactor()

    def sent(self, data: bytes) -> None:
        self._write("out", self._out.feed(data))

    def received(self, data: bytes) -> None:
        self._write("in", self._in.feed(data))

    def _write(self, direction: str, text: str) -> None:
        if text:
            cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}{_HIDDEN}"
            # As JSON: one line, and no control character reaches the terminal that shows the file.
            _log.debug("%s %s %s", self._account, direction, json.dumps(cut))
