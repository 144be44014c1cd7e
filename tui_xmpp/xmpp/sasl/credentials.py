"""What a login starts from: who logs in, what the server offers, what TLS gives to bind to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


class Password:
    """Hold a secret that neither ``repr`` nor ``str`` shows."""

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def reveal(self) -> str:
        """Return the secret itself; call it only where it is used."""
        return self._secret

    def __repr__(self) -> str:
        return "Password(…)"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Say who logs in, with what, and how openly.

    ``username`` is the prepared localpart; ``authzid`` stays ``None`` unless the account acts for another
    (RFC 6120 §6.3.8) or its certificate names several addresses (XEP-0178 §3).
    """

    username: str
    password: Password | None = None
    authzid: str | None = None
    has_client_certificate: bool = False
    is_anonymous: bool = False
    is_plain_allowed: bool = False


@dataclass(frozen=True, slots=True)
class ChannelBinding:
    """Hold the facts of an established, verified TLS connection that a login can be bound to.

    ``bindings`` maps IANA channel-binding types to their data; ``tls_version`` is spelt ``"TLSv1.3"``.
    """

    bindings: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    tls_version: str | None = None


@dataclass(frozen=True, slots=True)
class MechanismOffer:
    """Hold what the server offered, as it was on the wire.

    ``channel_binding_types`` is ``None`` when ``<sasl-channel-binding/>`` was absent (XEP-0440 §2).
    """

    mechanisms: tuple[str, ...]
    channel_binding_types: tuple[str, ...] | None = None
    is_sasl2: bool = False
