"""tui_xmpp: a terminal client for XMPP."""

__version__ = "0.1.0"
