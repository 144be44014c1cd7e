"""TLS as this client demands it: what is asked of a server, what was agreed, why a certificate is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from tui_xmpp.net.steps import NetError


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says, as text for the screen; hostile until verified. ``sha256`` is lower-case hex of the DER."""

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    sha256: str
    names: tuple[str, ...]


class Refusal(StrEnum):
    """Why a certificate is refused."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    UNKNOWN_CA = "unknown issuer"
    SELF_SIGNED = "self-signed"
    WRONG_HOST = "wrong host"
    COMMON_NAME_ONLY = "common name only"
    PIN_CHANGED = "pinned certificate changed"
    INVALID = "invalid"


class TlsError(NetError):
    """TLS could not be started or broke; the transport is closed."""


class CertificateRefusedError(TlsError):
    """The server's certificate does not prove the account's domain. ``facts`` is None if it could not be read."""

    def __init__(self, sentence: str, refusal: Refusal, facts: CertificateFacts | None) -> None:
        super().__init__(sentence)
        self.refusal = refusal
        self.facts = facts


class TlsMemory:
    """Remember the last TLS session of an account so that a reconnect may resume it (RFC 7590 §3.3)."""


@dataclass(frozen=True, slots=True)
class TlsPolicy:
    """What an account asks of TLS. Keep one for each account, and use it again for each reconnect.

    ``domain`` is the JID's domain in A-labels: it is SNI and reference identity, whatever host is connected to.
    ``pins`` are lower-case hex SHA-256 of whole certificates: when there are any, only those certificates are taken.
    """

    domain: str
    ca_file: Path | None = None
    pins: frozenset[str] = frozenset()
    client_certificate: Path | None = None
    client_key: Path | None = None
    memory: TlsMemory = field(default_factory=TlsMemory, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ServerTls:
    """The receiving side's certificate and key (PEM files), and the CA whose client certificates are asked for."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What was agreed. ``certificate`` is the server's, on both sides; ``channel_bindings`` by IANA name."""

    version: str
    cipher: str
    alpn: str | None
    certificate: CertificateFacts
    channel_bindings: Mapping[str, bytes]
    is_pinned: bool = False
    is_resumed: bool = False
    client_certificate: CertificateFacts | None = None
