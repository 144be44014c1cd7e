"""What a message says in one line."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.ui.test_render import ANYTHING, message
from tui_xmpp.ui.message_text import preview


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("What think you\nof books?", "What think you of books?"),
        ("> of books?\n\nI cannot talk of books.", "I cannot talk of books."),
        ("> only quoted", "> only quoted"),
        ("/me bows\ndeeply", "* Darcy bows deeply"),
        ("https://upload.pemberley.lit/4f1e/lake.jpg\n", "▣ lake.jpg · upload.pemberley.lit"),
        ("See https://upload.pemberley.lit/4f1e/lake.jpg", "See https://upload.pemberley.lit/4f1e/lake.jpg"),
    ],
)
def test_a_line_tells_what_the_author_says_themself(body: str, words: str) -> None:
    assert preview(message(body), "Darcy") == words


def test_a_message_of_a_subject_alone_is_told_by_it() -> None:
    assert preview(message("", subject="Maintenance"), "Darcy") == "Maintenance"


@given(ANYTHING, ANYTHING)
def test_s_31_a_line_of_anything_is_one_safe_line(body: str, author: str) -> None:
    for text in (body, f"/me {body}"):
        words = preview(message(text), author, 40)
        assert "\n" not in words
        assert len(words) <= 80
        assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in words)
