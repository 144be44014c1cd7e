"""Days as people write them: ``2026-11-21``, ``21 November``, ``yesterday``, ``monday``, ``3 days ago``."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from tui_xmpp.patterns import late

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
          "november", "december")  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_NUMBERS = late(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_TIME = late(r"(?:^|[ t])(\d{1,2}):(\d{2})$")
_AGO = late(r"(\d{1,4}|an?) (day|week|month|year)s? ago")
_NAMED = late(r"(?:(\d{1,2})\.? )?([a-z]{3,9})(?: (\d{1,2}))?(?: (\d{4}))?")


def read_day(text: str, now: datetime) -> datetime | None:
    """Return the moment a day, or the week, month or year named, begins in local time; None for what names none.

    A time of day may follow: ``yesterday 20:15``; alone it is today's. A weekday is the latest one before today, a day
    without a year the latest that is not to come. ``now`` is aware.
    """
    words = " ".join(text.casefold().replace(",", " ").split())
    at = time()
    try:
        if found := _TIME.search(words):
            at = time(int(found[1]), int(found[2]))
            words = words[: found.start()].removesuffix(" at") or "today"
        day = _day(words, now.astimezone().date())
        return None if day is None else datetime.combine(day, at).astimezone()
    except (ValueError, OverflowError):
        return None


def _day(words: str, today: date) -> date | None:
    if found := _NUMBERS.fullmatch(words):
        return date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    is_last = words.startswith("last ")
    name = words.removeprefix("last ").removeprefix("this ").removeprefix("on ")
    match name:
        case "today" | "yesterday":
            return today - timedelta(days=name == "yesterday")
        case "week":
            return today - timedelta(days=today.weekday() + 7 * is_last)
        case "month":
            return _month_before(today, int(is_last))
        case "year":
            return date(today.year - is_last, 1, 1)
    if found := _AGO.fullmatch(words):
        count = int(found[1]) if found[1].isdigit() else 1
        match found[2]:
            case "month":
                return _month_before(today, count).replace(day=min(today.day, 28))
            case "year":
                return today.replace(year=today.year - count, day=min(today.day, 28))
            case unit:
                return today - timedelta(days=count * (7 if unit == "week" else 1))
    if (weekday := _named(name, WEEKDAYS)) is not None:
        return today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)
    return _day_of_month(name, today)


def _day_of_month(name: str, today: date) -> date | None:
    found = _NAMED.fullmatch(name)
    month = _named(found[2], MONTHS) if found else None
    if found is None or month is None or (found[1] and found[3]):
        return None
    day = int(found[1] or found[3] or 1)
    if found[4]:
        return date(int(found[4]), month + 1, day)
    this_year = date(today.year, month + 1, day)
    return this_year if this_year <= today else this_year.replace(year=today.year - 1)


def _month_before(today: date, months: int) -> date:
    number = today.year * 12 + today.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def _named(word: str, names: tuple[str, ...]) -> int | None:
    """Return which of the names a word of three letters or more begins."""
    return next((index for index, name in enumerate(names) if len(word) >= 3 and name.startswith(word)), None)
