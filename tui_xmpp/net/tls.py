"""TLS as this client demands it: what is asked of a server, what was agreed, why a certificate is refused.

Two libraries can do the work: Python's own ``ssl``, and pyOpenSSL, which adds the tls-exporter channel binding. Both
are used in memory, bytes in and bytes out, behind ``TlsContext`` and ``TlsSession``. Who is let in is decided here.

How a server is verified, and why nothing slips through:

- without pins the library itself refuses every chain it cannot trust, so a handshake that ends has a verified chain;
- with pins the chain is not asked for, and only a certificate whose SHA-256 is pinned is taken;
- ``accepted`` is the only maker of a client's ``TlsFacts`` and a transport delivers no byte before it has them. It
  refuses unless a pin matches, or the chain was verified *and* a name in the certificate proves the domain.

A refused certificate is kept only to be shown; no code path leads from it back to the connection, which is aborted.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import UTC, datetime
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from tui_xmpp.net.identity import CertificateFacts, is_proved, literal_address, read_certificate, server_end_point
from tui_xmpp.net.steps import NetError
from tui_xmpp.patterns import late
from tui_xmpp.values import dataclass

ALPN = "xmpp-client"  # XEP-0368 §4


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


class ChainRefusedError(Exception):
    """The TLS library refused a chain; ``code`` is OpenSSL's verify result, ``der`` the server's certificate."""

    def __init__(self, code: int, text: str, der: bytes | None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.der = der


class TlsLibrary(StrEnum):
    STDLIB = "ssl"
    OPENSSL = "OpenSSL"


class TlsMemory:
    """Keep an account's TLS contexts, each with its last session, so that a reconnect resumes (RFC 7590 §3.3).

    A context is found only under settings equal to those it was made from.
    """

    def __init__(self) -> None:
        self._contexts: dict[object, TlsContext] = {}

    def context(self, settings: object, make: Callable[[], TlsContext]) -> TlsContext:
        if settings not in self._contexts:
            self._contexts[settings] = make()
        return self._contexts[settings]


@dataclass(frozen=True, slots=True)
class TlsPolicy:
    """What an account asks of TLS. Keep one for each account, and use it again for each reconnect.

    ``domain`` is the JID's domain in A-labels: SNI and reference identity, whatever host is connected to.
    ``pins`` are lower-case hex SHA-256 of whole certificates: when there are any, only those are taken.
    ``library`` None takes pyOpenSSL where it is installed, else ``ssl``.
    """

    domain: str
    ca_file: Path | None = None
    pins: frozenset[str] = frozenset()
    client_certificate: Path | None = None
    client_key: Path | None = None
    library: TlsLibrary | None = None
    memory: TlsMemory = field(default_factory=TlsMemory, compare=False, repr=False)

    @property
    def server_name(self) -> str | None:
        """Give the name for SNI, which an IP literal has none of (RFC 6066 §3)."""
        return None if literal_address(self.domain) else self.domain


@dataclass(frozen=True, slots=True)
class ServerTls:
    """The receiving side's certificate and key (PEM files), and the CA whose client certificates are asked for."""

    certificate: Path
    key: Path
    client_ca: Path | None = None
    library: TlsLibrary | None = None
    memory: TlsMemory = field(default_factory=TlsMemory, compare=False, repr=False)


def unusable(tls: TlsPolicy | ServerTls, reason: str) -> TlsError:
    """Return the error that names the file TLS could not use, which OpenSSL does not."""
    if isinstance(tls, TlsPolicy):
        named = (tls.ca_file, tls.client_certificate, tls.client_key)
    else:
        named = (tls.certificate, tls.key, tls.client_ca)
    files = [file for file in named if file is not None]
    for file in files:
        try:
            file.read_bytes()
        except OSError as error:
            return TlsError(f"The file {file} cannot be used: {error.strerror}.")
    shown = " or ".join(map(str, files)) or "this system's list of authorities"
    return TlsError(
        f"The certificates in {shown} cannot be used{f' ({reason})' if reason else ''}. PEM is what is read."
    )


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


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a library reports of a finished handshake; ``peer`` is the peer's certificate, ``exporter`` RFC 9266's."""

    version: str
    cipher: str
    alpn: str | None
    peer: bytes | None
    is_chain_verified: bool
    is_resumed: bool
    exporter: bytes | None = None


class TlsSession(Protocol):
    """One TLS connection in memory. Errors are ``TlsError``, or ``ChainRefusedError`` out of ``handshake``."""

    def handshake(self) -> bool:
        """Go on as far as what was received allows; True when done. ``pending`` must be sent either way."""

    def agreement(self) -> Agreement: ...

    def receive(self, data: bytes) -> None:
        """Take in ciphertext; b"" is the end of the stream."""

    def read(self) -> bytes | None:
        """Give all readable plaintext up to 64 KiB, b"" at the end of the stream, None when more must be received."""

    def write(self, data: bytes) -> None:
        """Encrypt; the result is ``pending``."""

    def end(self) -> None:
        """Announce the end, and remember the session for the next connection."""

    def pending(self) -> bytes:
        """Take the ciphertext to send."""


class TlsContext(Protocol):
    """Settings loaded once, and the last session to resume."""

    def open(self) -> TlsSession: ...


def tls_context(settings: TlsPolicy | ServerTls, *, is_direct: bool) -> TlsContext:
    """Load certificates and keys, once for equal settings; slow the first time. Raise ``TlsError`` for a bad file."""
    library = settings.library or best_library()

    def make() -> TlsContext:
        alpn = ALPN if is_direct else None
        if library is TlsLibrary.OPENSSL:
            from tui_xmpp.net import openssl_tls

            return openssl_tls.context(settings, alpn)
        from tui_xmpp.net import stdlib_tls

        return stdlib_tls.context(settings, alpn)

    return settings.memory.context((settings, library, is_direct), make)


def best_library() -> TlsLibrary:
    """Name the library with the most channel bindings that trusts the same authorities as ``ssl`` here.

    Where the system's authorities are not in files (Windows), pyOpenSSL would know none of them.
    """
    paths = ssl.get_default_verify_paths()
    has_files = bool(paths.cafile or paths.capath)
    return TlsLibrary.OPENSSL if has_files and find_spec("OpenSSL") else TlsLibrary.STDLIB


def authorities(paths: ssl.DefaultVerifyPaths | None = None) -> tuple[str | None, str | None]:
    """Name the bundle and the folder in which the system keeps the authorities it trusts; None for what is not there.

    Where its folder, in which OpenSSL finds an authority by a hash, has as many as its bundle, the folder is enough:
    reading a hundred and more certificates for the one that is needed takes longer than all the rest of TLS.
    """
    paths = ssl.get_default_verify_paths() if paths is None else paths
    bundle: str | None = paths.cafile
    folder: str | None = paths.capath
    is_chosen = (bundle, folder) != (paths.openssl_cafile, paths.openssl_capath)
    if bundle is None or folder is None or is_chosen:  # what the user's environment names is all taken
        return bundle, folder
    try:
        size = Path(bundle).read_bytes().count(b"-----BEGIN ")
        found = sum(1 for each in os.scandir(folder) if _HASHED.fullmatch(each.name) and each.is_file())
    except OSError:
        return bundle, folder
    return None if found >= size else bundle, folder


_HASHED = late(r"[0-9a-f]{8}\.[0-9]+")


def accepted(policy: TlsPolicy, agreement: Agreement, *, is_direct: bool) -> TlsFacts:
    """Decide whether the server behind a finished handshake is the account's; raise ``CertificateRefusedError``."""
    if agreement.alpn not in ({None, ALPN} if is_direct else {None}):
        raise TlsError(f"{policy.domain} speaks another protocol than XMPP on this port.")
    if agreement.peer is None:
        raise CertificateRefusedError(f"{policy.domain} showed no certificate.", Refusal.INVALID, None)
    facts = _read(policy, agreement.peer)
    if policy.pins:
        if facts.sha256 not in policy.pins:
            raise _refused(policy, Refusal.PIN_CHANGED, facts)
    elif not agreement.is_chain_verified:
        raise _refused(policy, Refusal.INVALID, facts, "its chain was not verified")
    elif not facts.not_before <= datetime.now(UTC) <= facts.not_after:  # a resumed session checks no dates
        is_early = datetime.now(UTC) < facts.not_before
        raise _refused(policy, Refusal.NOT_YET_VALID if is_early else Refusal.EXPIRED, facts)
    elif not is_proved(policy.domain, facts):
        is_nameless = not facts.names and facts.common_name is not None
        raise _refused(policy, Refusal.COMMON_NAME_ONLY if is_nameless else Refusal.WRONG_HOST, facts)
    return _facts(agreement, facts, agreement.peer, is_pinned=bool(policy.pins))


def served(settings: ServerTls, agreement: Agreement) -> TlsFacts:
    """Give the facts of a handshake on the receiving side."""
    chain = settings.certificate.read_text("ascii")
    first = chain[chain.index(ssl.PEM_HEADER) : chain.index(ssl.PEM_FOOTER) + len(ssl.PEM_FOOTER)]
    own = ssl.PEM_cert_to_DER_cert(first)
    return _facts(agreement, read_certificate(own), own, client=agreement.peer)


def _facts(
    agreement: Agreement,
    certificate: CertificateFacts,
    der: bytes,
    *,
    is_pinned: bool = False,
    client: bytes | None = None,
) -> TlsFacts:
    # tls-unique is never offered: TLS 1.3 has none, and whether 1.2 ran with the extended master secret is not told.
    bindings = {"tls-exporter": agreement.exporter, "tls-server-end-point": server_end_point(der)}
    return TlsFacts(
        version=agreement.version,
        cipher=agreement.cipher,
        alpn=agreement.alpn,
        certificate=certificate,
        channel_bindings={name: value for name, value in bindings.items() if value is not None},
        is_pinned=is_pinned,
        is_resumed=agreement.is_resumed,
        client_certificate=read_certificate(client) if client is not None else None,
    )


def refused_chain(policy: TlsPolicy, error: ChainRefusedError) -> CertificateRefusedError:
    """Say why the library refused the server's chain, with the certificate it was shown where that can be read."""
    refusal = _REFUSAL_OF_CODE.get(error.code, Refusal.INVALID)
    facts = _read(policy, error.der) if error.der is not None else None
    return _refused(policy, refusal, facts, error.text)


_REFUSAL_OF_CODE = {  # X509_V_ERR_… of OpenSSL's x509_vfy.h
    2: Refusal.UNKNOWN_CA,
    9: Refusal.NOT_YET_VALID,
    10: Refusal.EXPIRED,
    18: Refusal.SELF_SIGNED,
    19: Refusal.UNKNOWN_CA,
    20: Refusal.UNKNOWN_CA,
    21: Refusal.UNKNOWN_CA,
}


def _read(policy: TlsPolicy, der: bytes) -> CertificateFacts:
    try:
        return read_certificate(der)
    except ValueError as error:
        sentence = f"The certificate of {policy.domain} cannot be read."
        raise CertificateRefusedError(sentence, Refusal.INVALID, None) from error


def _refused(
    policy: TlsPolicy, refusal: Refusal, facts: CertificateFacts | None, text: str = ""
) -> CertificateRefusedError:
    return CertificateRefusedError(_sentence(policy.domain, refusal, facts, text), refusal, facts)


def _sentence(domain: str, refusal: Refusal, facts: CertificateFacts | None, text: str) -> str:
    the_certificate = f"The certificate of {domain}"
    match refusal:
        case Refusal.EXPIRED if facts and facts.not_after < datetime.now(UTC):
            return f"{the_certificate} expired on {facts.not_after:%Y-%m-%d}."
        case Refusal.EXPIRED:
            return f"A certificate in the chain of {domain} has expired."
        case Refusal.NOT_YET_VALID if facts and facts.not_before > datetime.now(UTC):
            return f"{the_certificate} is not valid before {facts.not_before:%Y-%m-%d}: is this clock right?"
        case Refusal.NOT_YET_VALID:
            return f"A certificate in the chain of {domain} is not valid yet: is this clock right?"
        case Refusal.SELF_SIGNED:
            return f"{the_certificate} is signed by itself, by no authority this system knows."
        case Refusal.UNKNOWN_CA:
            return f"{the_certificate} is signed by an authority this system does not know."
        case Refusal.WRONG_HOST:
            names = ", ".join(_printable(name) for name in facts.names[:4]) if facts else ""
            return f"The server for {domain} showed a certificate for another name: {names or 'none at all'}."
        case Refusal.COMMON_NAME_ONLY:
            return f"{the_certificate} has its name only in the common name, which proves nothing."
        case Refusal.PIN_CHANGED:
            return f"{the_certificate} is not the one pinned for this account."
        case Refusal.INVALID:
            return f"{the_certificate} is not valid: {text}."


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "�" for character in text[:255])
