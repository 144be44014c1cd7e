"""``python -m tui_xmpp``."""

from __future__ import annotations

from tui_xmpp.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
