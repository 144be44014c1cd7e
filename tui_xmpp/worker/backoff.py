"""How long to wait before the next try: always a while, never for ever (C-REC-01)."""

from __future__ import annotations

from random import Random

from tui_xmpp.values import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Truncated exponential growth: each wait is a ``share`` of the time already lost, with jitter. In seconds."""

    shortest: float = 1.0
    share: float = 0.2
    longest: float = 300.0
    slow: float = 60.0
    """The least to wait where the server dislikes what we send."""
    after_shutdown: float = 15.0
    """When a whole server goes down its users come back spread over this long: RFC 6120 §3.3 has 60 s in mind, where
    most servers are back in a few; who finds it still away waits longer each time."""

    def delay(self, lost_for: float, random: Random, *, is_slow: bool = False, is_shutdown: bool = False) -> float:
        """Return the seconds to wait when the link has been away for ``lost_for`` seconds."""
        if is_shutdown:
            return random.uniform(min(self.shortest, self.after_shutdown), self.after_shutdown)
        wait = min(max(self.share * lost_for, self.slow if is_slow else self.shortest), self.longest)
        return random.uniform(0.75, 1.25) * wait
