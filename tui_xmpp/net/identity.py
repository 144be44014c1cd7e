"""Whom a certificate names, and whether that proves a domain (RFC 6120 §13.7, RFC 9525).

Everything here works on a certificate's own bytes and knows nothing of connections. What cannot be read proves nothing.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from tui_xmpp.net import der as d
from tui_xmpp.net.der import Der, DerError
from tui_xmpp.values import dataclass

ON_DNS_SRV = "1.3.6.1.5.5.7.8.7"  # id-on-dnsSRV, RFC 4985 §2
CLIENT_SERVICE = "_xmpp-client"

_SUBJECT_ALT_NAME: Final = "2.5.29.17"
_COMMON_NAME: Final = "2.5.4.3"
_ORGANISATION: Final = "2.5.4.10"
_OTHER_NAME: Final = d.explicit(0)
_DNS_NAME: Final = d.implicit(2)
_IP_ADDRESS: Final = d.implicit(7)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says, as text for the screen; hostile text, to be made printable before it is shown.

    ``subject`` and ``issuer`` are names in words: the common name, then the organisation in brackets.
    ``sha256`` is the lower-case hex digest of the whole certificate, the form in which it is pinned.
    ``names`` are its DNS names, its service names and its IP addresses; ``common_name`` never proves anything.
    """

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    sha256: str
    dns_names: tuple[str, ...] = ()
    service_names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    common_name: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return self.dns_names + self.service_names + self.addresses


def read_certificate(der: bytes) -> CertificateFacts:
    """Read a certificate (RFC 5280 §4.1); raise ``ValueError`` for one that cannot be read whole."""
    signed, _ = _opened(der)
    signed.maybe(d.explicit(0))  # the version
    signed.take(d.INTEGER)  # the serial number
    signed.open()  # the signature's algorithm
    issuer = _name(signed.open())
    validity = signed.open()
    not_before, not_after = d.moment(*validity.next()), d.moment(*validity.next())
    validity.end()
    subject = _name(signed.open())
    signed.open()  # the public key
    signed.maybe(d.implicit(1))
    signed.maybe(d.implicit(2))
    extensions = signed.maybe(d.explicit(3))
    signed.end()
    dns_names, service_names, addresses = _alternative_names(extensions)
    return CertificateFacts(
        subject=_in_words(subject),
        issuer=_in_words(issuer),
        not_before=not_before,
        not_after=not_after,
        sha256=hashlib.sha256(der).hexdigest(),
        dns_names=dns_names,
        service_names=service_names,
        addresses=addresses,
        common_name=next((text for kind, text in subject if kind == _COMMON_NAME), None),
    )


def _opened(der: bytes) -> tuple[Der, Der]:
    """Return what is signed, and the algorithm it is signed by."""
    outside = Der(der)
    certificate = outside.open()
    outside.end()
    signed, algorithm = certificate.open(), certificate.open()
    certificate.take(d.BIT_STRING)
    certificate.end()
    return signed, algorithm


def _name(parts: Der) -> list[tuple[str, str]]:
    """Read a distinguished name as pairs of attribute type and text."""
    found: list[tuple[str, str]] = []
    while parts:
        together = parts.open(d.SET)
        while together:
            attribute = together.open()
            kind = d.identifier(attribute.take(d.OBJECT_IDENTIFIER))
            text = d.characters(*attribute.next())
            attribute.end()
            if text is not None:
                found.append((kind, text))
    return found


def _in_words(name: list[tuple[str, str]]) -> str:
    common = next((text for kind, text in name if kind == _COMMON_NAME), "")
    organisation = next((text for kind, text in name if kind == _ORGANISATION), "")
    if common and organisation and common != organisation:
        return f"{common} ({organisation})"
    return common or organisation or ", ".join(text for _, text in name)


def _alternative_names(extensions: bytes | None) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    dns_names: list[str] = []
    services: list[str] = []
    addresses: list[str] = []
    names = _subject_alternatives(extensions)
    while names:
        tag, content = names.next()
        if tag == _DNS_NAME:
            if not content.isascii():
                raise DerError("a DNS name that is not ASCII")
            dns_names.append(content.decode("ascii"))
        elif tag == _IP_ADDRESS:
            addresses.append(str(ip_address(content)))
        elif tag == _OTHER_NAME and (service := _service_name(Der(content))) is not None:
            services.append(service)
    return tuple(dns_names), tuple(services), tuple(addresses)


def _subject_alternatives(extensions: bytes | None) -> Der:
    """Find the one extension that holds names; each may be there once (RFC 5280 §4.2)."""
    found = {}
    if extensions is not None:
        around = Der(extensions)
        inside = around.open()
        around.end()
        while inside:
            extension = inside.open()
            kind = d.identifier(extension.take(d.OBJECT_IDENTIFIER))
            extension.maybe(d.BOOLEAN)
            if kind in found:
                raise DerError(f"extension {kind} twice")
            found[kind] = extension.take(d.OCTET_STRING)
            extension.end()
    if _SUBJECT_ALT_NAME not in found:
        return Der(b"")
    around = Der(found[_SUBJECT_ALT_NAME])
    names = around.open()
    around.end()
    return names


def _service_name(other_name: Der) -> str | None:
    """Read an SRVName (RFC 4985 §2); None for another kind of name, or one that is not written as that says."""
    kind = d.identifier(other_name.take(d.OBJECT_IDENTIFIER))
    value = other_name.open(d.explicit(0))
    other_name.end()
    tag, content = value.next()
    value.end()
    if kind != ON_DNS_SRV or tag != d.IA5_STRING or not content.isascii():
        return None
    return content.decode("ascii")


def literal_address(host: str) -> IPv4Address | IPv6Address | None:
    """Read a host that is an IP address, IPv6 with or without its brackets; None for a name."""
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        return ip_address(bare)
    except ValueError:
        return None


def is_proved(domain: str, certificate: CertificateFacts) -> bool:
    """Tell whether a certificate names ``domain`` (A-labels or an IP literal) as an XMPP service for clients.

    A DNS-ID or an SRV-ID proves a name, an IP-ID an address (RFC 9525 §6); the common name proves nothing.
    """
    address = literal_address(domain)
    if address is not None:
        return any(literal_address(presented) == address for presented in certificate.addresses)
    if any(_is_match(presented, domain) for presented in certificate.dns_names):
        return True
    for presented in certificate.service_names:
        service, _, host = presented.partition(".")
        if service.lower() == CLIENT_SERVICE and _is_match(host, domain):
            return True
    return False


def _is_match(presented: str, domain: str) -> bool:
    """Compare A-labels; a wildcard is the whole left-most label and stands for exactly one (RFC 9525 §6.3).

    A wildcard right above a top-level domain is not believed.
    """
    presented, domain = presented.lower(), domain.lower()
    if not presented.startswith("*."):
        return presented == domain and "*" not in presented
    suffix = presented[2:]
    _, _, rest = domain.partition(".")
    return suffix == rest and "." in suffix and "*" not in suffix


def server_end_point(der: bytes) -> bytes | None:
    """Compute the tls-server-end-point channel binding of a server's certificate (RFC 5929 §4.1).

    None where the signature algorithm has no one hash (Ed25519, Ed448), or one that cannot be read: for these the
    binding is undefined.
    """
    try:
        _, algorithm = _opened(der)
        kind = d.identifier(algorithm.take(d.OBJECT_IDENTIFIER))
        name = _pss_hash(algorithm) if kind == _RSA_PSS else _HASH_OF_SIGNATURE.get(kind)
    except DerError:
        return None
    if name is None:
        return None
    return hashlib.new("sha256" if name in {"md5", "sha1"} else name, der).digest()


def _pss_hash(algorithm: Der) -> str | None:
    """Read the hash out of the parameters of RSASSA-PSS; it is SHA-1 where none is named (RFC 4055 §3.1)."""
    chosen = algorithm.open().maybe(d.explicit(0))
    return "sha1" if chosen is None else _HASHES.get(d.identifier(Der(chosen).open().take(d.OBJECT_IDENTIFIER)))


_RSA_PSS: Final = "1.2.840.113549.1.1.10"
_NIST: Final = "2.16.840.1.101.3.4"
_HASHES: Final = {
    "1.3.14.3.2.26": "sha1",
    f"{_NIST}.2.1": "sha256",
    f"{_NIST}.2.2": "sha384",
    f"{_NIST}.2.3": "sha512",
    f"{_NIST}.2.4": "sha224",
    f"{_NIST}.2.7": "sha3_224",
    f"{_NIST}.2.8": "sha3_256",
    f"{_NIST}.2.9": "sha3_384",
    f"{_NIST}.2.10": "sha3_512",
}
_HASH_OF_SIGNATURE: Final = {
    # RSA (RFC 8017 §A.2.4)
    "1.2.840.113549.1.1.4": "md5",
    "1.2.840.113549.1.1.5": "sha1",
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
    "1.2.840.113549.1.1.14": "sha224",
    f"{_NIST}.3.13": "sha3_224",
    f"{_NIST}.3.14": "sha3_256",
    f"{_NIST}.3.15": "sha3_384",
    f"{_NIST}.3.16": "sha3_512",
    # ECDSA (RFC 5758 §3.2)
    "1.2.840.10045.4.1": "sha1",
    "1.2.840.10045.4.3.1": "sha224",
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
    f"{_NIST}.3.9": "sha3_224",
    f"{_NIST}.3.10": "sha3_256",
    f"{_NIST}.3.11": "sha3_384",
    f"{_NIST}.3.12": "sha3_512",
    # DSA (RFC 5758 §3.1)
    "1.2.840.10040.4.3": "sha1",
    f"{_NIST}.3.1": "sha224",
    f"{_NIST}.3.2": "sha256",
}
