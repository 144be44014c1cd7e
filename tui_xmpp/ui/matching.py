"""How well a few typed letters fit a name."""

from __future__ import annotations

import unicodedata

PREFIX, WORD_START, INSIDE, SCATTERED = 400, 300, 200, 100


def folded(text: str) -> str:
    """Return text as it is compared: without case, accents and compatibility forms."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in parts if not unicodedata.combining(character))


def fit(query: str, text: str) -> int | None:
    """Say how well letters fit a text, both :func:`folded` (the higher the better); None where they do not.

    The start of the text beats the start of a word, that a part of a word, and that letters scattered in order. Each
    word of the query must fit; what fits worst counts.
    """
    worst = PREFIX
    for word in query.split():
        score = _fit_word(word, text)
        if score is None:
            return None
        worst = min(worst, score)
    return worst


def _fit_word(word: str, text: str) -> int | None:
    at = text.find(word)
    if at == 0:
        return PREFIX
    first = at
    while at > 0:
        if not text[at - 1].isalnum():
            return WORD_START - min(at, 50)
        at = text.find(word, at + 1)
    if first > 0:
        return INSIDE - min(first, 50)
    gaps = 0
    for letter in word:
        step = text.find(letter, at + 1)
        if step < 0:
            return None
        gaps += step - at - 1
        at = step
    return SCATTERED - min(gaps, 90)
