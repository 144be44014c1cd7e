"""Cells of the screen, and the picture drawn from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby
from typing import TYPE_CHECKING
from unicodedata import bidirectional
from xml.sax.saxutils import escape

from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from textual.app import App

if TYPE_CHECKING:
    from PIL import Image

CELL_WIDTH, CELL_HEIGHT, FONT_SIZE = 8.4, 17, 14
BASELINE = 13
MARGIN = 8
FONTS = "'DejaVu Sans Mono', Menlo, Consolas, monospace"
UNDERLINED = "\N{NO-BREAK SPACE}"
LOOKS = {"bold": "font-weight", "italic": "font-style", "underline": "text-decoration", "dim": "opacity"}
_VALUES = {"bold": "bold", "italic": "italic", "underline": "underline", "dim": "0.66"}


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell shows: a letter (empty right of a wide one), its colours as ``#rrggbb``, and names of ``LOOKS``."""

    letter: str = " "
    ink: str = ""
    ground: str = ""
    looks: tuple[str, ...] = ()


Rows = list[list[Cell]]


def rows_of(app: App[None]) -> Rows:
    """Return what the screen shows, row by row."""
    return [
        [cell for text, style, control in strip if not control for cell in _cells(text, style or Style.null())]
        for strip in app.screen._compositor.render_strips()
    ]


def text_of(rows: Rows) -> str:
    """Return the letters, without the blanks at the ends of rows."""
    return "\n".join("".join(cell.letter for cell in row).replace(UNDERLINED, " ").rstrip() for row in rows)


def _cells(text: str, style: Style) -> Iterator[Cell]:
    ink, ground = _hex(style.color, "#d8dbe2"), _hex(style.bgcolor, "#15171c")
    if style.reverse:
        ink, ground = ground, ink
    looks = tuple(name for name in LOOKS if getattr(style, name))
    for letter in filter(cell_len, text):  # what takes no cell would push the rest aside
        if letter == " ":
            # A line below a blank is seen; what keeps such a blank from being cut off is that it is no plain one.
            yield Cell(UNDERLINED, ink, ground, looks) if "underline" in looks else Cell(" ", "", ground)
            continue
        yield Cell(letter, ink, ground, looks)
        for _ in range(cell_len(letter) - 1):
            yield Cell("", "", ground)


def _hex(color: Color | None, otherwise: str) -> str:
    return otherwise if color is None or color.is_default else color.get_truecolor().hex


# -- drawing ------------------------------------------------------------------------------------------------------


def svg_of(rows: Rows, title: str) -> str:
    """Draw rows as an SVG that needs nothing from elsewhere."""
    width, height = len(rows[0]) * CELL_WIDTH + 2 * MARGIN, len(rows) * CELL_HEIGHT + 2 * MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="100%" height="100%" fill="{rows[0][0].ground}"/>',
        f'<g transform="translate({MARGIN} {MARGIN})" font-family="{FONTS}" font-size="{FONT_SIZE}" '
        'xml:space="preserve">',
    ]
    for number, row in enumerate(rows):
        lines += _grounds(row, number * CELL_HEIGHT)
    for number, row in enumerate(rows):
        lines += _words(row, number * CELL_HEIGHT + BASELINE)
    return "\n".join([*lines, "</g>", "</svg>", ""])


def _grounds(row: list[Cell], y: int) -> Iterator[str]:
    for ground, run in groupby(enumerate(row), lambda item: item[1].ground):
        columns = [column for column, _ in run]
        # A little wider and higher, so that no seam shows between neighbours.
        yield (
            f'<rect x="{columns[0] * CELL_WIDTH:g}" y="{y}" width="{len(columns) * CELL_WIDTH + 0.4:g}" '
            f'height="{CELL_HEIGHT + 0.4:g}" fill="{ground}"/>'
        )


def _words(row: list[Cell], y: int) -> Iterator[str]:
    for column, word, cell in _pieces(row):
        looks = "".join(f' {LOOKS[name]}="{_VALUES[name]}"' for name in cell.looks)
        yield (
            f'<text x="{column * CELL_WIDTH:g}" y="{y}" textLength="{cell_len(word) * CELL_WIDTH:g}" '
            f'fill="{cell.ink}"{looks}>{escape(word)}</text>'
        )


def _pieces(row: list[Cell]) -> Iterator[tuple[int, str, Cell]]:
    """Return words that look alike; signs that a fallback font may draw stand alone, so that each is in its cell."""
    start, word = 0, ""
    for column, cell in enumerate(row):
        is_alone = cell.letter != UNDERLINED and not (
            cell.letter.isascii() or (cell.letter.isalpha() and bidirectional(cell.letter) == "L")
        )
        first = row[start]
        is_like = bool(word) and (cell.ink, cell.looks) == (first.ink, first.looks) and not is_alone
        # One blank between two words does not part them.
        is_gap = bool(word) and cell.letter == " " and not cell.ink and not word.endswith(" ")
        if (is_like and cell.letter) or is_gap:
            word += cell.letter
            continue
        if word.strip(" "):
            yield start, word.rstrip(" "), first
        start, word = column, cell.letter.strip(" ")
        if is_alone:
            yield column, cell.letter, cell
            word = ""
    if word.strip(" "):
        yield start, word.rstrip(" "), row[start]


def pixels_of(svg: str, *, zoom: float = 1.25) -> Image.Image:
    """Draw an SVG with this machine's fonts."""
    from PIL import Image
    from resvg_py import svg_to_bytes

    drawn = bytes(svg_to_bytes(svg_string=svg, zoom=zoom, monospace_family="DejaVu Sans Mono"))
    return Image.open(BytesIO(drawn)).convert("RGB")


def png_of(svg: str) -> bytes:
    """Draw an SVG in so few colours that the file stays small."""
    from PIL import Image

    small = BytesIO()
    pixels_of(svg).quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()


# -- reading ------------------------------------------------------------------------------------------------------


def rows_in(svg: str) -> Rows:
    """Read the rows back from a picture."""
    from lxml import etree

    cells: dict[tuple[int, int], Cell] = {}
    for each in etree.fromstring(svg).iterfind(".//{*}g/*"):
        row, column = int(float(each.get("y", "0")) // CELL_HEIGHT), round(float(each.get("x", "0")) / CELL_WIDTH)
        if str(each.tag).endswith("rect"):
            for x in range(column, column + round(float(each.get("width", "0")) / CELL_WIDTH)):
                cells[row, x] = Cell(" ", "", each.get("fill", ""))
            continue
        looks = tuple(name for name, attribute in LOOKS.items() if each.get(attribute))
        for letter in each.text or "":
            if letter != " ":
                cells[row, column] = Cell(letter, each.get("fill", ""), cells[row, column].ground, looks)
            width = cell_len(letter)
            for x in range(column + 1, column + width):
                cells[row, x] = Cell("", "", cells[row, x].ground)
            column += width
    height, width = max(cells)[0] + 1, max(x for _, x in cells) + 1
    return [[cells[y, x] for x in range(width)] for y in range(height)]
