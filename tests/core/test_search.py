"""What a search marks in the texts it found."""

from __future__ import annotations

import pytest

from tui_xmpp.core.search import Query, highlights, parse_query


@pytest.mark.parametrize(
    ("text", "phrases", "marked"),
    [
        ("What think you of books?", ["book"], ["book"]),
        ("BÁLLS at the ball", ["ball"], ["BÁLL", "ball"]),
        ("a good fortune, a good-fortune, goods fortune", ["good fortune"], ["good fortune", "good-fortune"]),
        ("don't, do not", ["don't"], ["don't"]),
        ("football", ["ball"], ["ball"]),
        ("football and balls", ["ball"], ["ball"]),
        ("你好吗，好久不见", ["好"], ["好", "好"]),
        ("你好吗，好久不见", ["你好"], ["你好"]),
        ("東京タワーはTokyo Towerです", ["タワー", "tokyo"], ["タワー", "Tokyo"]),
        ("balls of wool", ["ball", "balls"], ["balls"]),
        ("anything", ["-", "?!"], []),
        ("", ["x"], []),
    ],
)
def test_words_are_marked_as_the_index_finds_them(text: str, phrases: list[str], marked: list[str]) -> None:
    assert [text[start:end] for start, end in highlights(text, phrases)] == marked


def test_a_key_without_a_value_asks_nothing() -> None:
    assert parse_query("in: FROM:") == Query()
    assert parse_query("at:") == Query(("at:",))
