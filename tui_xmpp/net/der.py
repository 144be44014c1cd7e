"""Read DER (X.690), as much of it as certificates need: strictly, and bounded by the bytes that are there.

A library that knows all of X.509 would be the largest thing in memory, to read what amounts to a dozen values. What is
read here has always been checked by OpenSSL as well, or is only shown, or is compared as a whole.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from tui_xmpp.patterns import late

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
OBJECT_IDENTIFIER: Final = 0x06
IA5_STRING: Final = 0x16
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31

_CHARACTERS: Final = {
    0x0C: "utf-8",
    0x12: "ascii",
    0x13: "ascii",
    0x14: "latin-1",
    IA5_STRING: "ascii",
    0x1A: "ascii",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}
_TIME: Final = late(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z", re.ASCII)


class DerError(ValueError):
    """These bytes are not the DER that was expected."""


def explicit(number: int) -> int:
    """Return the tag of a context-specific value that holds others."""
    return 0xA0 | number


def implicit(number: int) -> int:
    """Return the tag of a context-specific value that holds none."""
    return 0x80 | number


class Der:
    """Values one after the other, taken from the front. Every method raises ``DerError`` for what is not expected."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        """Tell whether there is a value left."""
        return self._at < len(self._data)

    def next(self) -> tuple[int, bytes]:
        """Take one value of any kind; return its tag and its content."""
        data, at = self._data, self._at
        if len(data) < at + 2:
            raise DerError("it ends too soon")
        tag, size = data[at], data[at + 1]
        at += 2
        if tag & 0x1F == 0x1F:
            raise DerError("a tag of many octets")
        if size & 0x80:
            octets, size = size & 0x7F, int.from_bytes(data[at : at + (size & 0x7F)], "big")
            at += octets
            # The only form DER has: a definite length in as few octets as can hold it (X.690 §10.1).
            if not 1 <= octets <= 4 or size < 0x80 or size >> 8 * (octets - 1) == 0:
                raise DerError("a length that is not written as DER")
        if len(data) - at < size:
            raise DerError("it ends too soon")
        self._at = at + size
        return tag, data[at : at + size]

    def take(self, tag: int) -> bytes:
        """Take one value with this tag and return its content."""
        found, content = self.next()
        if found != tag:
            raise DerError(f"tag {found:#04x} in the place of {tag:#04x}")
        return content

    def open(self, tag: int = SEQUENCE) -> Der:
        """Take one value that holds others."""
        return Der(self.take(tag))

    def maybe(self, tag: int) -> bytes | None:
        """Take one value if it has this tag."""
        return self.take(tag) if self and self._data[self._at] == tag else None

    def end(self) -> None:
        """Make sure that nothing is left."""
        if self:
            raise DerError("more than there should be")


def identifier(content: bytes) -> str:
    """Read an OBJECT IDENTIFIER's content as dotted numbers."""
    if not content or content[-1] & 0x80 or len(content) > 64:
        raise DerError("not an object identifier")
    numbers: list[int] = []
    number, is_begun = 0, False
    for octet in content:
        if octet == 0x80 and not is_begun:
            raise DerError("not an object identifier")
        number, is_begun = number << 7 | octet & 0x7F, bool(octet & 0x80)
        if not is_begun:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def characters(tag: int, content: bytes) -> str | None:
    """Read a character string of any kind, with U+FFFD for what it may not hold; None for another value."""
    encoding = _CHARACTERS.get(tag)
    return None if encoding is None else content.decode(encoding, "replace")


def moment(tag: int, content: bytes) -> datetime:
    """Read a UTCTime or GeneralizedTime in the only form certificates may have (RFC 5280 §4.1.2.5)."""
    text = content.decode("latin-1")
    if tag == UTC_TIME:
        text = ("19" if text >= "5" else "20") + text
    found = _TIME.fullmatch(text)
    if tag not in (UTC_TIME, GENERALIZED_TIME) or found is None:
        raise DerError("not a time")
    year, month, day, hour, minute, second = map(int, found.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise DerError("no such time") from error
