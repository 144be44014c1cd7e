"""FEATURES: one file per specification, one declared Feature each."""

from __future__ import annotations

from typing import Final

from tui_xmpp.features import (
    rfc6121_messages,
    rfc6121_presence,
    rfc6121_roster,
    rfc6121_subscription,
    xep0030_disco,
    xep0066_oob,
    xep0085_chat_states,
    xep0092_version,
    xep0115_caps,
    xep0184_receipts,
    xep0191_blocking,
    xep0198_stream_management,
    xep0199_ping,
    xep0202_time,
    xep0203_delay,
    xep0280_carbons,
    xep0308_correction,
    xep0313_archive,
    xep0319_idle,
    xep0333_markers,
    xep0334_hints,
    xep0352_csi,
    xep0359_ids,
    xep0390_caps2,
    xep0393_styling,
    xep0428_fallback,
    xep0444_reactions,
    xep0461_reply,
    xep0490_displayed,
)
from tui_xmpp.features.feature import Feature

FEATURES: Final[tuple[Feature, ...]] = (
    rfc6121_roster.FEATURE,  # asked for before presence is sent, so that pushes come (C-ROS-01)
    rfc6121_presence.FEATURE,
    rfc6121_subscription.FEATURE,
    rfc6121_messages.FEATURE,
    xep0085_chat_states.FEATURE,
    xep0184_receipts.FEATURE,
    xep0198_stream_management.FEATURE,
    xep0333_markers.FEATURE,
    xep0352_csi.FEATURE,
    xep0030_disco.FEATURE,
    xep0066_oob.FEATURE,
    xep0092_version.FEATURE,
    xep0115_caps.FEATURE,
    xep0191_blocking.FEATURE,
    xep0199_ping.FEATURE,
    xep0202_time.FEATURE,
    xep0203_delay.FEATURE,
    xep0280_carbons.FEATURE,  # before the archive: what is copied from then on leaves no hole
    xep0308_correction.FEATURE,
    xep0313_archive.FEATURE,
    xep0319_idle.FEATURE,
    xep0334_hints.FEATURE,
    xep0359_ids.FEATURE,
    xep0390_caps2.FEATURE,
    xep0393_styling.FEATURE,
    xep0428_fallback.FEATURE,
    xep0444_reactions.FEATURE,
    xep0461_reply.FEATURE,
    xep0490_displayed.FEATURE,
)
"""All this client implements. Order is that of the first stanzas after login, and of decoration."""
