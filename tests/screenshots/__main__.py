"""Draw ``screenshots/`` and fill the README's tables anew: ``python -m tests.screenshots [NAME …]``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.screenshots import recording
from tests.screenshots.drawing import png_of, rows_of, svg_of
from tests.screenshots.scenes import SCENES
from tests.screenshots.tables import write_tables

FOLDER = Path(__file__).parents[2] / "screenshots"


async def main() -> int:
    """Draw the scenes named in the arguments, or all of them."""
    wanted = sys.argv[1:]
    unknown = set(wanted) - {scene.name for scene in SCENES} - {recording.NAME}
    if unknown:
        print(f"There is no scene called {', '.join(sorted(unknown))}.", file=sys.stderr)
        return 2
    write_tables()
    FOLDER.mkdir(exist_ok=True)
    for scene in SCENES:
        if wanted and scene.name not in wanted:
            continue
        async with scene.played() as tonight:
            svg = svg_of(rows_of(tonight.app), scene.title)
        png = png_of(svg)
        (FOLDER / f"{scene.name}.svg").write_text(svg, encoding="utf-8")
        (FOLDER / f"{scene.name}.png").write_bytes(png)
        print(f"{scene.name}: {len(svg) / 1000:.0f} kB, {len(png) / 1000:.0f} kB")
    if not wanted or recording.NAME in wanted:
        gif = await recording.record()
        (FOLDER / f"{recording.NAME}.gif").write_bytes(gif)
        print(f"{recording.NAME}: {len(gif) / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
