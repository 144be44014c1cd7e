"""The colours of code, bounded in what a stranger may make them cost."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from tui_xmpp.ui import highlighting
from tui_xmpp.ui.highlighting import _LEXERS, MOST_CODE, Highlighter, Part


def read(language: str, code: str) -> list[tuple[str, Part]]:
    highlighter = Highlighter()
    assert highlighter.parts(language, code) == ()
    highlighter.work()
    return [(code[start:end], part) for start, end, part in highlighter.parts(language, code)]


def test_the_parts_of_code() -> None:
    assert read("py", "def may(x):\n    return 'no' + 12  # never\n") == [
        ("def", Part.KEYWORD),
        ("may", Part.NAME),
        ("return", Part.KEYWORD),
        ("'", Part.STRING),
        ("no", Part.STRING),
        ("'", Part.STRING),
        ("12", Part.NUMBER),
        ("# never", Part.COMMENT),
    ]


def test_nothing_is_read_of_no_language_an_unknown_one_or_long_blanks() -> None:
    highlighter = Highlighter()
    for language, code in (("", "x"), ("klingon", "x"), ("python", "x" + " " * 100 + "y")):
        assert highlighter.parts(language, code) == ()
    assert not highlighter.has_work


def test_what_is_read_and_kept_is_bounded() -> None:
    assert max(end for _, end, _ in parts_of("# x\n" * MOST_CODE)) <= MOST_CODE
    highlighter = Highlighter()
    for number in range(200):
        highlighter.parts("python", str(number))
    highlighter.work()
    assert len(highlighter._known) == 64


def parts_of(code: str) -> highlighting.Parts:
    highlighter = Highlighter()
    highlighter.parts("python", code)
    highlighter.work()
    return highlighter.parts("python", code)


def test_a_reader_that_fails_leaves_the_code_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_LEXERS, "klingon", "no such reader")
    assert read("klingon", "x") == []


@pytest.mark.parametrize("language", sorted(set(_LEXERS.values())))
def test_no_language_takes_long_over_hostile_code(language: str) -> None:
    for part in ('"', "//", "a \n"):
        began = time.process_time()
        read(language, part * MOST_CODE)
        assert time.process_time() - began < 5


def test_the_library_is_not_imported_before_there_is_code() -> None:
    script = "import sys, tui_xmpp.ui.app; sys.exit('pygments.lexers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
