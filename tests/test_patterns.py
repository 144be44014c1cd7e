"""Patterns compiled late are the same patterns."""

from __future__ import annotations

import re

import pytest

from tui_xmpp.patterns import late


def test_a_pattern_is_compiled_at_its_first_use_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    before = re.compile

    def compile_(pattern: str, flags: int = 0) -> re.Pattern[str]:
        compiled.append(pattern)
        return before(pattern, flags)

    monkeypatch.setattr(re, "compile", compile_)
    name = late("[a-z]+", re.IGNORECASE)
    assert not compiled
    assert name.fullmatch("Darcy")
    assert not name.fullmatch("Mr. Darcy")
    assert name.sub("-", "Mr. Darcy") == "-. -"
    assert compiled == ["[a-z]+"] * 2  # one for each method; re itself keeps the result
