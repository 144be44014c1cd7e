"""XEP-0082: moments as text. Nothing a peer writes raises or leaves the range that can be shown (S-09)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from tui_xmpp.patterns import late

_MODERN = late(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.](\d{1,32}))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII)
_LEGACY = late(r"(\d{4})(\d\d)(\d\d)T(\d\d):(\d\d):(\d\d)", re.ASCII)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2999, 1, 1, tzinfo=UTC)


def parse_datetime(text: str) -> datetime | None:
    """Return the moment, aware and in UTC; None when it is none or lies outside 1970 … 2999.

    Also reads the legacy form ``CCYYMMDDThh:mm:ss``, which is in UTC.
    """
    text = text.strip()
    found = _MODERN.fullmatch(text) or _LEGACY.fullmatch(text)
    if found is None:
        return None
    parts = found.groups()
    fraction = (parts[6] or "") if len(parts) > 6 else ""
    try:
        year, month, day, hour, minute, second = map(int, parts[:6])
        moment = datetime(year, month, day, hour, minute, second, int(fraction[:6].ljust(6, "0")), UTC)
        if len(parts) > 7 and parts[7]:
            offset = timedelta(hours=int(parts[8]), minutes=int(parts[9]))
            moment -= offset if parts[7] == "+" else -offset
    except (ValueError, OverflowError):
        return None
    return moment if _EARLIEST <= moment < _LATEST else None


def parse_offset(text: str) -> timezone | None:
    """Return a time zone written ``Z`` or ``±hh:mm``; None when it is none."""
    if text == "Z":
        return UTC
    found = re.fullmatch(r"([+-])([01]\d|2[0-3]):([0-5]\d)", text, re.ASCII)
    if found is None:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(offset if found[1] == "+" else -offset)


def write_datetime(moment: datetime) -> str:
    """Write a moment to the second, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
