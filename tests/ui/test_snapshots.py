"""The pictures of the README are the snapshots: what the screen draws now is what was last looked at and kept.

Letters must agree; colours may be off by what a patch of Textual changes in blending. A change that is meant is looked
at and kept with ``make screenshots``.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.color import Color

from tests.screenshots import recording
from tests.screenshots.drawing import Cell, rows_in, rows_of, svg_of, text_of
from tests.screenshots.scenes import SCENES, Scene

PICTURES = Path(__file__).parents[2] / "screenshots"
TOLERANCE = 12
"""Of 255 in each of red, green and blue."""

each_scene = pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)


def kept(scene: Scene) -> str:
    """Return the picture as it was kept."""
    return (PICTURES / f"{scene.name}.svg").read_text(encoding="utf-8")


def is_like(one: Cell, other: Cell) -> bool:
    """Tell whether an eye would see the same."""
    return one.looks == other.looks and is_near(one.ink, other.ink) and is_near(one.ground, other.ground)


def is_near(one: str, other: str) -> bool:
    """Tell whether two colours are nearly the same."""
    if not (one and other):
        return one == other
    pairs = zip(Color.parse(one).rgb, Color.parse(other).rgb, strict=True)
    return all(abs(this - that) <= TOLERANCE for this, that in pairs)


@each_scene
async def test_the_screen_is_as_it_was_kept(scene: Scene) -> None:
    async with scene.played() as tonight:
        now = rows_of(tonight.app)
    assert rows_in(svg_of(now, scene.title)) == now
    before = rows_in(kept(scene))
    assert text_of(now) == text_of(before)
    differing = [
        f"row {y}, column {x}: {new} instead of {old}"
        for y, (new_row, old_row) in enumerate(zip(now, before, strict=True))
        for x, (new, old) in enumerate(zip(new_row, old_row, strict=True))
        if not is_like(new, old)
    ]
    assert not differing


def test_every_picture_is_a_scene() -> None:
    names = {scene.name for scene in SCENES}
    assert {path.stem for path in PICTURES.iterdir()} == {*names, recording.NAME}
    assert all((PICTURES / f"{name}.png").exists() for name in names)


@each_scene
def test_a_picture_fetches_nothing_and_is_small(scene: Scene) -> None:
    assert "url(" not in kept(scene)
    assert "href" not in kept(scene)
    assert (PICTURES / f"{scene.name}.png").stat().st_size < 150_000
