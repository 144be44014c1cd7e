"""Throw-away authorities and certificates, made in memory, for the loopback server and for tests."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tui_xmpp.net.identity import ON_DNS_SRV
from tui_xmpp.values import dataclass

SigningKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True, repr=False)
class CertificateAndKey:
    """A certificate with its private key; ``issuers`` complete the chain that is sent."""

    certificate: x509.Certificate
    key: SigningKey
    issuers: tuple[x509.Certificate, ...] = ()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def write(self, folder: Path, name: str = "server") -> tuple[Path, Path]:
        """Write ``<name>.crt`` (with its chain) and ``<name>.key`` for the owner's eyes only; return both paths."""
        chain = b"".join(one.public_bytes(Encoding.PEM) for one in (self.certificate, *self.issuers))
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return _written(folder / f"{name}.crt", chain), _written(folder / f"{name}.key", key)


def _written(path: Path, data: bytes) -> Path:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
    return path


def make_authority(name: str = "Throw-away authority") -> CertificateAndKey:
    """Make a certificate authority that signs other certificates."""
    return make_certificate((), common_name=name, is_authority=True)


def make_certificate(
    names: Sequence[str],
    service_names: Sequence[str] = (),
    *,
    authority: CertificateAndKey | None = None,
    common_name: str = "XMPP server",
    is_authority: bool = False,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    key: SigningKey | None = None,
    hash_algorithm: hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None = None,
) -> CertificateAndKey:
    """Make a certificate for DNS names or IP addresses and SRV names, signed by ``authority`` or else by itself.

    ``names`` are A-labels or IP literals, ``service_names`` such as ``_xmpp-client.example.net``. Without dates it is
    valid from an hour ago for 90 days. The key is on the curve P-256 unless one is given.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    signer = authority.key if authority else key
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.certificate.subject if authority else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before or now - timedelta(hours=1))
        .not_valid_after(not_after or now + timedelta(days=90))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    alternatives = [*map(_general_name, names), *map(_service_name, service_names)]
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    if is_authority:
        builder = builder.add_extension(_usage(is_authority=True), critical=True)
    else:
        builder = builder.add_extension(_usage(is_authority=False), critical=True).add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
    if isinstance(signer, ed25519.Ed25519PrivateKey):
        certificate = builder.sign(signer, None)
    else:
        certificate = builder.sign(signer, hash_algorithm or hashes.SHA256())
    issuers = (authority.certificate, *authority.issuers) if authority else ()
    return CertificateAndKey(certificate, key, issuers)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _service_name(name: str) -> x509.GeneralName:
    data = name.encode("ascii")
    return x509.OtherName(x509.ObjectIdentifier(ON_DNS_SRV), bytes([0x16, len(data)]) + data)  # DER IA5String


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
