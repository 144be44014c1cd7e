"""What is missing in a conversation, in words: where it lies, that it is being loaded, why it could not be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo

from tui_xmpp.core.model import Gap
from tui_xmpp.core.order import moment
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.core.views import GapView


class GapWords:
    """Know of each gap what to say where it is drawn."""

    def __init__(self, time_format: str, zone: tzinfo | None) -> None:
        self._time_format = time_format
        self._zone = zone
        self._told: dict[Gap, str | None] = {}  # those being loaded (None), and those that could not be

    def begin(self, gap: Gap) -> bool:
        """Note that a gap is being loaded; say whether it was not before."""
        is_new = self._told.get(gap, "") is not None
        self._told[gap] = None
        return is_new

    def end(self, gap: Gap, failure: str | None) -> None:
        """Note that loading a gap ended, and why if it failed."""
        if failure is None:
            self._told.pop(gap, None)
        else:
            self._told[gap] = failure

    def of(self, gaps: Iterable[GapView]) -> dict[str, str]:
        """Return what to say of each gap, by the key of the message below it (empty: below all)."""
        return {view.before_key or "": self._words(view.gap) for view in gaps}

    def _words(self, gap: Gap) -> str:
        after, before = (moment(place // 1000).astimezone(self._zone) for place in (gap.after, gap.before))
        year = " %Y" if after.year != before.year else ""
        span = " and ".join(f"{at.day} {at.strftime(f'%b{year} {self._time_format}')}" for at in (after, before))
        told = self._told.get(gap, "")
        if told is None:
            return f"Loading what was said between {span}…"
        if told:
            return f"{sanitize_line(told, 300)} Enter tries again."
        return f"Messages between {span} may still be at the server. Enter loads them."
