"""The colours of code: which parts are comments, keywords, strings, numbers and names.

Pygments is imported when the first code with a known language has been shown, in a thread, and reads a bounded piece:
what a stranger sends must cost neither the start nor a key.
"""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from enum import Enum
from importlib import import_module

MOST_CODE = 2_000
"""Most characters of a block that are read; the rest of it has no colours."""
_KEPT = 64
_log = logging.getLogger(__name__)
_BLANK = re.compile(r"\s{80}")  # with long blanks the readers of some languages take very long

# What people paste into a chat. Languages whose reader takes long over text made to that end are left out.
_LEXERS = {
    name: lexer
    for lexer, names in {
        "python": "python py python3 py3",
        "javascript": "javascript js",
        "typescript": "typescript ts",
        "json": "json",
        "bash": "bash sh shell zsh",
        "c": "c h",
        "cpp": "cpp c++ cxx hpp",
        "java": "java",
        "kotlin": "kotlin kt",
        "go": "go golang",
        "rust": "rust rs",
        "ruby": "ruby rb",
        "lua": "lua",
        "sql": "sql",
        "html": "html",
        "xml": "xml",
        "css": "css",
        "toml": "toml",
        "yaml": "yaml yml",
        "ini": "ini cfg conf",
        "diff": "diff patch udiff",
        "haskell": "haskell hs",
        "scheme": "scheme",
        "clojure": "clojure clj",
        "common-lisp": "lisp",
        "nix": "nix",
        "dockerfile": "dockerfile docker",
        "make": "make makefile",
    }.items()
    for name in names.split()
}


class Part(Enum):
    """What a piece of code is."""

    COMMENT = "comment"
    KEYWORD = "keyword"
    STRING = "string"
    NUMBER = "number"
    NAME = "name"


Parts = tuple[tuple[int, int, Part], ...]
_NONE: Parts = ()


class Highlighter:
    """Remember the parts of the code shown lately, and what is still to be read."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], Parts] = OrderedDict()
        self._wanted: dict[tuple[str, str], None] = {}

    @property
    def has_work(self) -> bool:
        """Whether code was shown that has not been read."""
        return bool(self._wanted)

    def parts(self, language: str, code: str) -> Parts:
        """Return the parts of a block in order; none while it waits for :meth:`work`, or for ever where not known."""
        lexer = _LEXERS.get(language)
        if lexer is None:
            return _NONE
        if _BLANK.search(code):
            return _NONE
        piece = (lexer, code[:MOST_CODE])
        known = self._known.get(piece)
        if known is None:
            self._wanted[piece] = None
            return _NONE
        return known

    def work(self) -> None:
        """Read what is wanted. Takes long: the first time 100 ms, then 10 ms for a thousand characters."""
        for piece in tuple(self._wanted):
            try:
                self._known[piece] = _read(*piece)
            except Exception:  # whatever a reader of some language makes of what a stranger wrote
                _log.exception("code in %s was not read", piece[0])
                self._known[piece] = _NONE
            del self._wanted[piece]
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)


def _read(lexer: str, code: str) -> Parts:
    token, lexers = import_module("pygments.token"), import_module("pygments.lexers")
    kinds = {
        token.Comment: Part.COMMENT,
        token.Keyword: Part.KEYWORD,
        token.Operator.Word: Part.KEYWORD,
        token.Name.Tag: Part.KEYWORD,
        token.String: Part.STRING,
        token.Number: Part.NUMBER,
        token.Name.Function: Part.NAME,
        token.Name.Class: Part.NAME,
        token.Name.Decorator: Part.NAME,
        token.Name.Attribute: Part.NAME,
        token.Generic.Deleted: Part.NUMBER,
        token.Generic.Inserted: Part.STRING,
        token.Generic.Subheading: Part.COMMENT,
    }
    parts: list[tuple[int, int, Part]] = []
    for start, kind, text in lexers.get_lexer_by_name(lexer).get_tokens_unprocessed(code):
        part = next((part for known, part in kinds.items() if kind in known), None)
        if part is not None and text:
            parts.append((start, start + len(text), part))
    return tuple(parts)
