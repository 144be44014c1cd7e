"""The root of every error this program raises on purpose."""

from __future__ import annotations


class TuiXmppError(Exception):
    """Say in one sentence, fit for a status bar, what failed and what to do next.

    Foreign exceptions (``OSError``, ``ssl.SSLError``, resolver, parser and database errors) are translated into a
    subclass at the edge where they occur, with the original as ``__cause__``.
    """
