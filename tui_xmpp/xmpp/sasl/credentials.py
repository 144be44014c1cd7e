"""What a login starts from: who logs in, what the server offers, what TLS gives to bind to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime
from typing import Self

from tui_xmpp.values import dataclass


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
class FastToken:
    """Hold what a server gave in place of the password (XEP-0484): a secret of one account on one installation.

    It works with ``mechanism`` and the user agent it was asked for with, until ``expiry`` (aware; None: unsaid).
    ``count`` numbers its uses for a server that wants that; None leaves the number out.
    """

    value: Password
    mechanism: str
    expiry: datetime | None = None
    count: int | None = None

    def counted(self) -> Self:
        """Return the token to store before its next use, and to use then."""
        return replace(self, count=(self.count or 0) + 1)

    def is_expired(self, now: datetime) -> bool:
        """Tell whether it is of no use any more."""
        return self.expiry is not None and self.expiry <= now

    def to_dict(self) -> dict[str, str | int | None]:
        """Return JSON values, the secret among them: for a keyring only (C-FAST-04, S-30)."""
        expiry = None if self.expiry is None else self.expiry.isoformat()
        return {"token": self.value.reveal(), "mechanism": self.mechanism, "expiry": expiry, "count": self.count}

    @classmethod
    def from_dict(cls, stored: Mapping[str, object]) -> Self | None:
        """Read what ``to_dict`` gave; None when it cannot be understood."""
        token, mechanism = stored.get("token"), stored.get("mechanism")
        expiry, count = stored.get("expiry"), stored.get("count")
        if not isinstance(token, str) or not isinstance(mechanism, str):
            return None
        return cls(Password(token), mechanism, read_expiry(expiry), count if isinstance(count, int) else None)


def read_expiry(text: object) -> datetime | None:
    """Return a moment as the server wrote it (XEP-0082); one that cannot be read is unsaid."""
    try:
        moment = datetime.fromisoformat(text.strip()) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


@dataclass(frozen=True, slots=True)
class Credentials:
    """Say who logs in, with what, and how openly.

    A ``token`` is tried before the password where that is as safe; losing it costs nothing as long as ``password`` is
    there too. ``username`` is the prepared localpart; ``authzid`` stays ``None`` unless the account acts for another
    (RFC 6120 §6.3.8) or its certificate names several addresses (XEP-0178 §3).
    """

    username: str
    password: Password | None = None
    authzid: str | None = None
    has_client_certificate: bool = False
    is_anonymous: bool = False
    is_plain_allowed: bool = False
    token: FastToken | None = None


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
    ``token_mechanisms`` are those for a ``FastToken`` (XEP-0484); they are no part of ``mechanisms``.
    """

    mechanisms: tuple[str, ...]
    channel_binding_types: tuple[str, ...] | None = None
    is_sasl2: bool = False
    token_mechanisms: tuple[str, ...] = ()
