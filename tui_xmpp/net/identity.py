"""Whom a certificate names, and whether that proves a domain (RFC 6120 §13.7, RFC 9525).

Everything here works on a certificate's own bytes and knows nothing of connections. What cannot be read proves nothing.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

from tui_xmpp.values import dataclass

if TYPE_CHECKING:
    from cryptography import x509

ON_DNS_SRV = "1.3.6.1.5.5.7.8.7"  # id-on-dnsSRV, RFC 4985 §2
CLIENT_SERVICE = "_xmpp-client"


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says, as text for the screen; hostile text, to be made printable before it is shown.

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
    """Read a certificate; raise ``ValueError`` for one that cannot be read whole."""
    try:
        return _read(der)
    except Exception as error:  # the library has many errors for hostile bytes, of no common kind
        raise ValueError(f"not a readable certificate: {error}") from error


def _read(der: bytes) -> CertificateFacts:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    certificate = x509.load_der_x509_certificate(der)
    common_names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    dns_names, service_names, addresses = _alternative_names(certificate)
    return CertificateFacts(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        sha256=hashlib.sha256(der).hexdigest(),
        dns_names=dns_names,
        service_names=service_names,
        addresses=addresses,
        common_name=str(common_names[0].value) if common_names else None,
    )


def _alternative_names(
    certificate: x509.Certificate,
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return (), (), ()
    services = [
        _ia5_string(name.value)
        for name in names.get_values_for_type(x509.OtherName)
        if name.type_id.dotted_string == ON_DNS_SRV
    ]
    return (
        tuple(names.get_values_for_type(x509.DNSName)),
        tuple(service for service in services if service is not None),
        tuple(str(address) for address in names.get_values_for_type(x509.IPAddress)),
    )


def _ia5_string(der: bytes) -> str | None:
    """Read one DER IA5String of at most 127 octets or with a one-octet long length; None for anything else."""
    header = 3 if der[1:2] == b"\x81" else 2
    if len(der) < header or der[0] != 0x16 or der[header - 1] != len(der) - header:
        return None
    text = der[header:]
    return text.decode("ascii") if text.isascii() else None


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

    None where the signature algorithm has no one hash (Ed25519, Ed448), for which the binding is undefined.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        algorithm = x509.load_der_x509_certificate(der).signature_hash_algorithm
    except UnsupportedAlgorithm:
        return None
    if algorithm is None:
        return None
    name = "sha256" if algorithm.name in {"md5", "sha1"} else algorithm.name
    return hashlib.new(name.replace("sha3-", "sha3_"), der).digest()
