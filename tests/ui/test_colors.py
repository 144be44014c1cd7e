from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_xmpp.ui.colors import CONTRAST, contrast, hsluv, hue, name_color

VECTORS = [
    ("Romeo", 327.255249, (0.865, 0.000, 0.686)),
    ("juliet@capulet.lit", 209.410400, (0.000, 0.515, 0.573)),
    ("😺", 331.199341, (0.872, 0.000, 0.659)),
    ("council", 359.994507, (0.918, 0.000, 0.394)),
]


@pytest.mark.parametrize(("name", "angle", "color"), VECTORS)
def test_xep_0392_vectors(name: str, angle: float, color: tuple[float, float, float]) -> None:
    assert hue(name) == pytest.approx(angle, abs=1e-6)
    assert hsluv(hue(name), 100, 50) == pytest.approx(color, abs=1e-3)


@given(name=st.text(), background=st.sampled_from(["#000000", "#11131a", "#1e1e2e", "#ffffff", "#f4f1ea", "#dddddd"]))
def test_every_name_can_be_read_on_its_background(name: str, background: str) -> None:
    def parsed(color: str) -> tuple[float, float, float]:
        return (int(color[1:3], 16) / 255, int(color[3:5], 16) / 255, int(color[5:7], 16) / 255)

    assert contrast(parsed(name_color(name, background)), parsed(background)) >= CONTRAST - 0.05


def test_black_and_white_have_no_hue() -> None:
    assert hsluv(120, 100, 100) == (1.0, 1.0, 1.0)
    assert hsluv(120, 100, 0) == (0.0, 0.0, 0.0)
