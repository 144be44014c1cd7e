"""XEP-0198: what a session does about it is in :mod:`tui_xmpp.worker.continuity`; here it is declared."""

from __future__ import annotations

from tui_xmpp.features.feature import Feature

FEATURE = Feature(spec="XEP-0198", title="Stream Management", version="1.6.3")
