"""What a server offers in ``<stream:features/>``, as facts (RFC 6120 §4.3)."""

from __future__ import annotations

from dataclasses import field

from tui_xmpp.values import dataclass
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import Element, qualified


@dataclass(frozen=True, slots=True)
class StreamFeatures:
    """The ``<stream:features/>`` last received, as facts; ``elements`` keeps the children as they came."""

    elements: tuple[Element, ...] = ()
    tags: frozenset[str] = field(default=frozenset())

    @classmethod
    def of(cls, offered: Element) -> StreamFeatures:
        """Return the facts in a ``<stream:features/>`` element."""
        elements = tuple(offered)
        return cls(elements, frozenset(one.tag for one in elements))

    def has(self, namespace: str, name: str) -> bool:
        """Tell whether the feature ``{namespace}name`` was offered."""
        return qualified(namespace, name) in self.tags

    def element(self, namespace: str, name: str) -> Element | None:
        """Return the feature's element, None when it was not offered."""
        wanted = qualified(namespace, name)
        return next((one for one in self.elements if one.tag == wanted), None)

    @property
    def has_roster_versioning(self) -> bool:
        """Tell whether ``ver`` may be sent in a roster get (RFC 6121 §2.6)."""
        return self.has(ns.ROSTER_VERSIONING, "ver")

    @property
    def has_subscription_pre_approval(self) -> bool:
        """Tell whether ``subscribed`` may be sent before a request (RFC 6121 §3.4)."""
        return self.has(ns.SUBSCRIPTION_PRE_APPROVAL, "sub")

    @property
    def has_stream_management(self) -> bool:
        """Tell whether XEP-0198 (``urn:xmpp:sm:3``) was offered."""
        return self.has(ns.STREAM_MANAGEMENT, "sm")

    @property
    def has_client_state_indication(self) -> bool:
        """Tell whether XEP-0352 was offered, be it for the moment of the login (XEP-0386)."""
        login = self.element(ns.SASL2, "authentication")
        inline = () if login is None else login.iter(qualified(ns.BIND2, "feature"))
        return self.has(ns.CLIENT_STATE_INDICATION, "csi") or any(
            feature.get("var") == ns.CLIENT_STATE_INDICATION for feature in inline
        )

    @property
    def precede_login(self) -> bool:
        """Tell whether this was offered to whoever has not logged in."""
        return self.has(ns.SASL2, "authentication") or self.has(ns.SASL, "mechanisms")

    @property
    def max_bytes(self) -> int | None:
        """Return the largest stanza the server takes, in bytes (XEP-0478), None when it does not say."""
        return self._limit("max-bytes")

    @property
    def idle_seconds(self) -> int | None:
        """Return after how many silent seconds the server may drop the stream (XEP-0478), None when
        unsaid."""
        return self._limit("idle-seconds")

    def _limit(self, name: str) -> int | None:
        limits = self.element(ns.STREAM_LIMITS, "limits")
        if limits is None:
            return None
        digits = (limits.findtext(qualified(ns.STREAM_LIMITS, name)) or "").strip()
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 12 else None
