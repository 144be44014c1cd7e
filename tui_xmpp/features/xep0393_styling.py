"""XEP-0393: the sender's word that a text has no styles. Where it has, :mod:`tui_xmpp.core.styling` finds them."""

from __future__ import annotations

from tui_xmpp.features.feature import Feature
from tui_xmpp.xmpp.payload import payload, tag_of

STYLING = "urn:xmpp:styling:0"


@payload(STYLING, "unstyled")
class Unstyled:
    """What looks like a style in this message is none."""


TAG = tag_of(Unstyled)

FEATURE = Feature(spec="XEP-0393", title="Message Styling", version="1.1.1", disco=(STYLING,))
