"""What terminals send for Alt with a key, where Textual reads something else in it."""

from __future__ import annotations

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.keys import Keys

_SIGNS = "0123456789-="


def tell_apart() -> None:
    """Let Textual read Alt+Enter as a line break, and Alt with a digit as that.

    Terminals without the newer key protocols send ESC CR for the first, which Textual takes for Enter: a message would
    leave half written. ESC and a digit it takes for the sign that a Mac's Option key writes.
    """
    if isinstance(ANSI_SEQUENCES_KEYS, dict):
        ANSI_SEQUENCES_KEYS.setdefault("\x1b\r", (Keys.ControlJ,))
        ANSI_SEQUENCES_KEYS.setdefault("\x1b\n", (Keys.ControlJ,))
        for sign in _SIGNS:
            ANSI_SEQUENCES_KEYS.pop(f"\x1b{sign}", None)
