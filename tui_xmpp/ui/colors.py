"""One colour for each name, the same in every client (XEP-0392), readable on the background at hand."""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache

RGB = tuple[float, float, float]
"""Red, green and blue, each 0…1 (sRGB)."""

CONTRAST = 4.5
"""Least contrast of a name against its background (WCAG 2.1 §1.4.3, level AA)."""

# CIE XYZ to linear sRGB, and the white point in CIELUV's u and v.
_TO_RGB = (
    (3.240969941904521, -1.537383177570093, -0.498610760293),
    (-0.96924363628087, 1.87596750150772, 0.041555057407175),
    (0.055630079696993, -0.20397695888897, 1.056971514242878),
)
_WHITE_U, _WHITE_V = 0.19783000664283681, 0.46831999493879100
_KAPPA, _EPSILON = 24389 / 27, 216 / 24389


def hue(name: str) -> float:
    """Return the angle, 0…360, that XEP-0392 §5.1 gives to ``name``."""
    digest = hashlib.sha1(name.encode("utf-8", "replace"), usedforsecurity=False).digest()
    return int.from_bytes(digest[:2], "little") / 65536 * 360


def hsluv(angle: float, saturation: float, lightness: float) -> RGB:
    """Turn a HSLuv colour (degrees, 0…100, 0…100) into sRGB."""
    if lightness > 99.9999:
        return (1.0, 1.0, 1.0)
    if lightness < 0.0001:
        return (0.0, 0.0, 0.0)
    radians = math.radians(angle)
    chroma = _greatest_chroma(lightness, radians) * saturation / 100
    u = math.cos(radians) * chroma / (13 * lightness) + _WHITE_U
    v = math.sin(radians) * chroma / (13 * lightness) + _WHITE_V
    y = ((lightness + 16) / 116) ** 3 if lightness > 8 else lightness / _KAPPA
    x = y * 9 * u / (4 * v)
    z = y * (12 - 3 * u - 20 * v) / (4 * v)
    red, green, blue = (_gamma(row[0] * x + row[1] * y + row[2] * z) for row in _TO_RGB)
    return (red, green, blue)


def contrast(one: RGB, other: RGB) -> float:
    """Return the contrast ratio of two colours, 1…21 (WCAG 2.1)."""
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def name_color(name: str, background: str) -> str:
    """Return the colour ``#rrggbb`` for a name on a background ``#rrggbb`` (XEP-0392 §5.2).

    The hue is the specification's; lightness moves until the name can be read.
    """
    return readable(hue(name), background)


@lru_cache(maxsize=4096)
def readable(angle: float, background: str) -> str:
    """Return a colour ``#rrggbb`` of a hue, 0…360, light or dark enough to be read on a background ``#rrggbb``."""
    behind = _parsed(background)
    is_dark = luminance(behind) < 0.18
    lightness, step = (70.0, 2.0) if is_dark else (46.0, -2.0)
    color = hsluv(angle, 75, lightness)
    while contrast(color, behind) < CONTRAST and 4 < lightness < 96:
        lightness += step
        color = hsluv(angle, 75, lightness)
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in color)


def _parsed(color: str) -> RGB:
    red, green, blue = (int(color[index : index + 2], 16) / 255 for index in (1, 3, 5))
    return (red, green, blue)


def _greatest_chroma(lightness: float, radians: float) -> float:
    """Return how far from grey sRGB reaches at this lightness and hue: to the nearest edge of its gamut."""
    cubed = (lightness + 16) ** 3 / 1560896
    scaled = cubed if cubed > _EPSILON else lightness / _KAPPA
    nearest = math.inf
    for m1, m2, m3 in _TO_RGB:
        for edge in (0, 1):
            top1 = (284517 * m1 - 94839 * m3) * scaled
            top2 = (838422 * m3 + 769860 * m2 + 731718 * m1) * lightness * scaled - 769860 * edge * lightness
            bottom = (632260 * m3 - 126452 * m2) * scaled + 126452 * edge
            slope, intercept = top1 / bottom, top2 / bottom
            length = intercept / (math.sin(radians) - slope * math.cos(radians))
            if 0 <= length < nearest:
                nearest = length
    return nearest


def _gamma(linear: float) -> float:
    value = 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
    return min(1.0, max(0.0, value))


def luminance(color: RGB) -> float:
    """Return how bright a colour looks, 0…1 (WCAG 2.1, "relative luminance")."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
