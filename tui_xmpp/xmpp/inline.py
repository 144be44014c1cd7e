"""What SASL2 carries besides the login: the user agent, Bind 2, resumption, tokens (XEP-0386, XEP-0388, XEP-0484)."""

from __future__ import annotations

from typing import Self, TypeVar

from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import Element
from tui_xmpp.xmpp.payload import PayloadError, attribute, child, children, decode, flag, payload, tag_of
from tui_xmpp.xmpp.stream_features import StreamFeatures
from tui_xmpp.xmpp.stream_management import Enable, Enabled, Failed

P = TypeVar("P")


@payload(ns.SASL2, "user-agent")
class UserAgent:
    """Who logs in: ``id`` is a UUID v4, the same for this account on this installation and for nothing else.

    ``device`` is shown to the user elsewhere; no host name goes there unasked (C-SASL2-02).
    """

    id: str | None = attribute(default=None)
    software: str | None = child(default=None)
    device: str | None = child(default=None)


@payload(ns.BIND2, "feature")
class InlineFeature:
    """A feature that may be switched on while binding."""

    var: str = attribute()


@payload(ns.BIND2, "inline")
class BindInline:
    """The list of those."""

    features: tuple[InlineFeature, ...] = children(default=())


@payload(ns.BIND2, "bind")
class BindOffer:
    """Bind 2 as a server offers it."""

    inline: BindInline | None = child(default=None)


@payload(ns.STREAM_MANAGEMENT, "sm")
class ManagementOffer:
    """Stream management as a server offers it; inside SASL2 it means resumption."""


@payload(ns.FAST, "fast")
class FastOffer:
    """The mechanisms a token may be asked for."""

    mechanisms: tuple[str, ...] = children("mechanism", default=())


@payload(ns.SASL2, "inline")
class Inline:
    """What a server lets a client ask for together with the login."""

    bind: BindOffer | None = child(default=None)
    management: ManagementOffer | None = child(default=None)
    fast: FastOffer | None = child(default=None)

    def has_bind_feature(self, var: str) -> bool:
        """Tell whether Bind 2 can switch this feature on."""
        return (
            self.bind is not None and self.bind.inline is not None and InlineFeature(var) in self.bind.inline.features
        )


@payload(ns.SASL2, "authentication")
class Authentication:
    """SASL2 as a server offers it."""

    mechanisms: tuple[str, ...] = children("mechanism", default=())
    inline: Inline = child(default=Inline())

    @classmethod
    def of(cls, features: StreamFeatures) -> Self | None:
        """Return the offer among the stream's features; an unreadable one is none."""
        element = features.element(ns.SASL2, "authentication")
        try:
            return None if element is None else decode(cls, element)
        except PayloadError:
            return None


@payload(ns.BIND2, "bind")
class BindRequest:
    """Ask for a resource, with what shall be on from its first moment (C-BIND2-01)."""

    tag: str | None = child(default=None)
    carbons: bool = flag("enable", namespace=ns.CARBONS, default=False)
    management: Enable | None = child(default=None)
    inactive: bool = flag(namespace=ns.CLIENT_STATE_INDICATION, default=False)


@payload(ns.MESSAGE_ARCHIVE, "start")
class ArchiveStart:
    """The oldest message of the archive; ``timestamp`` as the server wrote it."""

    id: str = attribute()
    timestamp: str | None = attribute(default=None)


@payload(ns.MESSAGE_ARCHIVE, "end")
class ArchiveEnd:
    """The newest message of the archive."""

    id: str = attribute()
    timestamp: str | None = attribute(default=None)


@payload(ns.MESSAGE_ARCHIVE, "metadata")
class ArchiveMetadata:
    """The account's archive at the moment of binding (XEP-0313 §4.3); both ends are missing when it is empty."""

    start: ArchiveStart | None = child(default=None)
    end: ArchiveEnd | None = child(default=None)


@payload(ns.BIND2, "bound")
class BoundAnswer:
    """What came of a ``BindRequest``."""

    archive: ArchiveMetadata | None = child(default=None)
    management: Enabled | Failed | None = child(default=None)


@payload(ns.FAST, "fast")
class FastUse:
    """The login uses a token; ``invalidate`` ends it (C-FAST-04)."""

    count: int | None = attribute(default=None)
    invalidate: bool = attribute(default=False)


@payload(ns.FAST, "request-token")
class TokenRequest:
    """Ask for a token to use with ``mechanism`` (C-FAST-01)."""

    mechanism: str = attribute()


def found(cls: type[P], parent: Element) -> P | None:
    """Return the child of ``parent`` that is a ``cls``; None without one, PayloadError for a broken one."""
    element = parent.find(tag_of(cls))
    return None if element is None else decode(cls, element)
