"""Regular expressions that are compiled when they are first used: a start needs few of them, and each costs it time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:

    def late(pattern: str, flags: int = 0) -> re.Pattern[str]:
        """Return a pattern that is not compiled before it is used."""

else:

    class late:  # noqa: N801 - stands for the function above
        """A pattern whose methods become those of the compiled one at their first use."""

        def __init__(self, pattern: str, flags: int = 0) -> None:
            self._source = (pattern, flags)

        def __getattr__(self, name: str) -> Any:
            found = getattr(re.compile(*self._source), name)  # of one pattern, re keeps what it has compiled
            setattr(self, name, found)
            return found
