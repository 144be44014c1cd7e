"""How well letters fit a name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui_xmpp.ui.matching import fit, folded


def test_case_accents_and_compatibility_forms_do_not_count() -> None:
    assert folded("Ångström ﬁn") == "angstrom fin"
    assert folded("JOSÉ") == folded("jose\u0301")


def test_a_prefix_beats_a_word_start_beats_an_inside_beats_scattered_letters() -> None:
    texts = ("dance card", "the dance", "abundance", "dark and cold even")
    scores = [fit("dance", text) for text in texts]
    assert None not in scores
    assert scores == sorted(scores, key=lambda score: -(score or 0))
    assert len(set(scores)) == len(scores)


def test_a_later_word_start_beats_an_earlier_inside() -> None:
    assert (fit("an", "susan anne") or 0) > (fit("an", "susanne") or 0)


def test_every_word_must_fit() -> None:
    assert fit("fi da", "fitzwilliam darcy") is not None
    assert fit("fi xx", "fitzwilliam darcy") is None
    assert fit("", "anyone") is not None
    assert fit("zz", "jazz") is not None
    assert fit("za", "jazz") is None


@given(st.text(max_size=12), st.text(max_size=40))
def test_letters_taken_from_a_text_in_order_fit_it(noise: str, text: str) -> None:
    kept = "".join(text[::2].split())
    assert fit(kept, text) is not None
    fit(folded(noise), folded(text))
