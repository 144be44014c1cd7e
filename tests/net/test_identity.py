"""RFC 6120 §13.7 and RFC 9525: which certificate proves which domain."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import CertificateBuilder, Name, random_serial_number
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.net.test_der import written
from tui_xmpp.net.certificates import make_certificate
from tui_xmpp.net.der import Der, DerError
from tui_xmpp.net.identity import CertificateFacts, is_proved, literal_address, read_certificate, server_end_point

TIMES = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def naming(*dns: str, services: tuple[str, ...] = (), addresses: tuple[str, ...] = ()) -> CertificateFacts:
    return CertificateFacts("", "", *TIMES, "", dns, services, addresses)


@pytest.mark.parametrize(
    ("presented", "domain"),
    [
        ("example.net", "example.net"),
        ("EXAMPLE.net", "example.NET"),
        ("*.example.net", "chat.example.net"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_c_crt_02_dns_name_proves_domain(presented: str, domain: str) -> None:
    assert is_proved(domain, naming("other.example", presented))


@pytest.mark.parametrize(
    ("presented", "domain"),
    [
        ("example.org", "example.net"),
        ("example.net", "chat.example.net"),
        ("chat.example.net", "example.net"),
        ("*.example.net", "example.net"),
        ("*.example.net", "a.b.example.net"),
        ("f*.example.net", "foo.example.net"),
        ("*f.example.net", "foof.example.net"),
        ("*.*.example.net", "a.b.example.net"),
        ("chat.*.net", "chat.example.net"),
        ("*", "localhost"),
        ("*.net", "example.net"),
        ("*.", "example."),
        ("example.net.", "example.net"),
        ("example.net\0.evil.example", "example.net"),
        ("\0example.net", "example.net"),
        ("", "example.net"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("192.0.2.1", "192.0.2.1"),
        ("*.0.2.1", "192.0.2.1"),
    ],
)
def test_c_crt_04_dns_name_proves_nothing_else(presented: str, domain: str) -> None:
    assert not is_proved(domain, naming(presented))


@pytest.mark.parametrize(
    ("presented", "is_good"),
    [
        ("_xmpp-client.example.net", True),
        ("_XMPP-Client.Example.net", True),
        ("_xmpp-server.example.net", False),
        ("_imaps.example.net", False),
        ("*.example.net", False),
        ("_xmpp-client.example.org", False),
        ("_xmpp-client.*.net", False),
        ("example.net", False),
    ],
)
def test_c_crt_02_service_name_proves_only_xmpp_clients(presented: str, is_good: bool) -> None:
    assert is_proved("example.net", naming(services=(presented,))) is is_good


def test_c_crt_04_service_name_may_have_a_wildcard_host() -> None:
    assert is_proved("chat.example.net", naming(services=("_xmpp-client.*.example.net",)))


def test_c_crt_05_address_is_proved_by_addresses_only() -> None:
    assert is_proved("192.0.2.1", naming(addresses=("192.0.2.1",)))
    assert is_proved("[2001:db8::1]", naming(addresses=("2001:db8:0::1",)))
    assert not is_proved("192.0.2.1", naming("192.0.2.1", addresses=("192.0.2.2",)))
    assert not is_proved("example.net", naming(addresses=("192.0.2.1",)))


def test_c_crt_03_c_tls_09_common_name_is_read_and_proves_nothing() -> None:
    facts = read_certificate(make_certificate((), common_name="example.net").der)
    assert facts.common_name == "example.net"
    assert facts.names == ()
    assert not is_proved("example.net", facts)


def test_facts_are_those_of_the_certificate() -> None:
    made = make_certificate(
        ("example.net", "192.0.2.1"), ("_xmpp-client.example.net",), not_before=TIMES[0], not_after=TIMES[1]
    )
    facts = read_certificate(made.der)
    assert facts.names == ("example.net", "_xmpp-client.example.net", "192.0.2.1")
    assert (facts.not_before, facts.not_after) == TIMES
    assert facts.sha256 == hashlib.sha256(made.der).hexdigest()
    assert facts.subject == facts.issuer == "XMPP server"


@given(st.binary(max_size=300))
def test_s_21_bytes_that_are_no_certificate_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - what the library says of garbage is its own business
        read_certificate(data)


@given(st.integers(min_value=0, max_value=2000), st.integers(min_value=0, max_value=255))
def test_s_21_damaged_certificate_never_raises_another_error(place: int, value: int) -> None:
    der = bytearray(DAMAGEABLE.der)
    der[place % len(der)] = value
    with suppress(ValueError):
        is_proved("example.net", read_certificate(bytes(der)))


@given(st.integers(min_value=0, max_value=2000), st.integers(min_value=0, max_value=255))
def test_s_21_damage_makes_no_name_that_another_reader_does_not_see(place: int, value: int) -> None:
    der = bytearray(DAMAGEABLE.der)
    der[place % len(der)] = value
    with suppress(ValueError, x509.InvalidVersion):  # the other reader reads no other versions
        ours = read_certificate(bytes(der))
        assert set(ours.names) <= set(names_by_library(bytes(der)))


@given(
    st.lists(st.from_regex(r"[a-z]{1,9}(\.[a-z]{1,9}){0,3}", fullmatch=True), max_size=40),
    st.lists(st.ip_addresses().map(str), max_size=4),
    st.sampled_from(("XMPP server", "Bücher", "例" * 20, "a,b+c=d")),
)
@settings(max_examples=40)
def test_what_is_read_is_what_a_library_reads(dns: list[str], addresses: list[str], common_name: str) -> None:
    services = tuple(f"_xmpp-client.{name}" for name in dns[:2])
    made = make_certificate((*dns, *addresses), services, common_name=common_name)
    facts = read_certificate(made.der)
    assert facts.names == names_by_library(made.der)
    assert facts.common_name == facts.subject == common_name
    assert facts.not_before == made.certificate.not_valid_before_utc
    assert facts.not_after == made.certificate.not_valid_after_utc


def names_by_library(der: bytes) -> tuple[str, ...]:
    extensions = x509.load_der_x509_certificate(der).extensions
    try:
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    services = (name.value[2:].decode() for name in names.get_values_for_type(x509.OtherName))
    addresses = map(str, names.get_values_for_type(x509.IPAddress))
    return (*names.get_values_for_type(x509.DNSName), *services, *addresses)


def test_a_name_in_words_is_the_common_name_and_the_organisation() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Longbourn"), x509.NameAttribute(NameOID.COMMON_NAME, "L1")]
    place = [x509.NameAttribute(NameOID.COUNTRY_NAME, "GB"), x509.NameAttribute(NameOID.LOCALITY_NAME, "Meryton")]
    der = (
        CertificateBuilder(Name(parts), Name(place), key.public_key(), random_serial_number(), *TIMES)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )
    facts = read_certificate(der)
    assert facts.issuer == "L1 (Longbourn)"
    assert facts.subject == "GB, Meryton"
    assert facts.common_name is None


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({NameOID.ORGANIZATION_NAME: "Longbourn", NameOID.COUNTRY_NAME: "GB"}, "Longbourn"),
        ({NameOID.COMMON_NAME: "Longbourn", NameOID.COUNTRY_NAME: "GB"}, "Longbourn"),
        ({NameOID.COMMON_NAME: "Longbourn", NameOID.ORGANIZATION_NAME: "Longbourn"}, "Longbourn"),
        ({}, ""),
    ],
    ids=["organisation", "common-name", "the-same", "nothing"],
)
def test_a_name_in_words_says_each_word_once(names: dict[x509.ObjectIdentifier, str], words: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = Name([x509.NameAttribute(kind, text) for kind, text in names.items()])
    made = CertificateBuilder(name, name, key.public_key(), random_serial_number(), *TIMES).sign(key, hashes.SHA256())
    assert read_certificate(made.public_bytes(Encoding.DER)).subject == words


# -- certificates changed in their structure ----------------------------------------------------------------------

Values = list[tuple[int, bytes]]
SIGNED, EXTENSIONS = (0, 0), (0, 0, 7, 0)
SRV, XMPP_ADDRESS = "2b06010505070807", "2b06010505070805"


def values_of(data: bytes) -> Values:
    reader, found = Der(data), []
    while reader:
        found.append(reader.next())
    return found


def changed(data: bytes, path: tuple[int, ...], change: Callable[[Values], Values]) -> bytes:
    """Return DER with the values changed that lie in the value at a path of places."""
    values = values_of(data)
    if not path:
        values = change(values)
    else:
        tag, content = values[path[0]]
        values[path[0]] = (tag, changed(content, path[1:], change))
    return b"".join(written(*value) for value in values)


def names_place(der: bytes) -> tuple[int, ...]:
    """Return the path to the alternative names: in a SEQUENCE, in an OCTET STRING, in an extension."""
    content = der
    for place in EXTENSIONS:
        content = values_of(content)[place][1]
    [number] = [n for n, (_, one) in enumerate(values_of(content)) if one.startswith(bytes.fromhex("0603551d11"))]
    return (*EXTENSIONS, number, -1, 0)


NAMES = names_place(make_certificate(("example.net",), ("_xmpp-client.example.net",)).der)
NULL = (0x05, b"")


@pytest.mark.parametrize(
    "path",
    [
        (),
        (0,),
        SIGNED,
        (*SIGNED, 4),
        (*SIGNED, 5, 0, 0),
        EXTENSIONS[:-1],
        NAMES[:-2],
        NAMES[:-1],
        (*NAMES, 1),
        (*NAMES, 1, 1),
    ],
    ids=[
        "file",
        "certificate",
        "signed",
        "validity",
        "attribute",
        "extensions",
        "extension",
        "names",
        "other-name",
        "value",
    ],
)
def test_s_21_a_certificate_with_more_in_it_than_its_form_has_is_refused(path: tuple[int, ...]) -> None:
    der = make_certificate(("example.net",), ("_xmpp-client.example.net",)).der
    assert changed(der, path, lambda values: values) == der
    with pytest.raises(DerError):
        read_certificate(changed(der, path, lambda values: [*values, NULL]))


def test_s_21_names_that_are_given_twice_are_refused() -> None:
    der = make_certificate(("example.net",)).der
    place = names_place(der)[len(EXTENSIONS)]
    with pytest.raises(DerError, match=r"2\.5\.29\.17 twice"):
        read_certificate(changed(der, EXTENSIONS, lambda values: [*values, values[place]]))


def test_the_unique_identifiers_of_version_2_are_passed_over() -> None:
    der = make_certificate(("example.net",)).der
    unique = [(0x81, b"\0a"), (0x82, b"\0b")]
    assert read_certificate(changed(der, SIGNED, lambda values: [*values[:7], *unique, *values[7:]])).names == (
        "example.net",
    )


def other_name(kind: str, tag: int, text: bytes) -> tuple[int, bytes]:
    return 0xA0, written(0x06, bytes.fromhex(kind)) + written(0xA0, written(tag, text))


@pytest.mark.parametrize(
    "name",
    [
        other_name(XMPP_ADDRESS, 0x0C, b"_xmpp-client.example.net"),
        other_name(XMPP_ADDRESS, 0x16, b"_xmpp-client.example.net"),
        other_name(SRV, 0x0C, b"_xmpp-client.example.net"),
        other_name(SRV, 0x16, "_xmpp-client.b\xfccher.example".encode("latin-1")),
        (0x81, b"juliet@example.net"),
        (0x86, b"xmpp:example.net"),
        (0xA4, written(0x30, b"")),
    ],
    ids=["xmpp-address", "xmpp-address-in-ascii", "service-in-utf-8", "service-in-latin-1", "mail", "uri", "directory"],
)
def test_c_crt_02_s_21_names_of_other_kinds_prove_nothing_and_take_nothing_away(name: tuple[int, bytes]) -> None:
    der = make_certificate(("other.example",)).der
    facts = read_certificate(changed(der, names_place(der), lambda values: [name, *values]))
    assert facts.names == ("other.example",)
    assert not is_proved("example.net", facts)


def test_s_21_a_dns_name_that_is_not_ascii_spoils_the_certificate() -> None:
    der = make_certificate(("example.net",)).der
    with pytest.raises(DerError):
        read_certificate(changed(der, names_place(der), lambda values: [*values, (0x82, b"b\xfccher.example")]))


@pytest.mark.parametrize("host", ["[::1", "::1]", "11.2.3.4]", "[1.2.3.45", "[[::1]]", "", "[]"])
def test_c_crt_05_a_host_with_half_its_brackets_is_no_address(host: str) -> None:
    assert literal_address(host) is None


DAMAGEABLE = make_certificate(("example.net",), ("_xmpp-client.example.net",))


def test_c_cb_05_end_point_uses_the_signatures_hash() -> None:
    for algorithm in (hashes.SHA256(), hashes.SHA384(), hashes.SHA512()):
        made = make_certificate(("example.net",), hash_algorithm=algorithm)
        assert server_end_point(made.der) == hashlib.new(algorithm.name, made.der).digest()


def test_c_cb_05_end_point_of_sha1_is_sha256() -> None:
    der = bytes.fromhex(SHA1_CERTIFICATE)
    assert server_end_point(der) == hashlib.sha256(der).digest()


def test_c_cb_05_end_point_of_pss_uses_its_parameter() -> None:
    key = rsa.generate_private_key(65537, 2048)
    name = Name([])
    der = (
        CertificateBuilder(name, name, key.public_key(), random_serial_number(), *TIMES)
        .sign(key, hashes.SHA384(), rsa_padding=padding.PSS(padding.MGF1(hashes.SHA384()), 48))
        .public_bytes(Encoding.DER)
    )
    assert server_end_point(der) == hashlib.sha384(der).digest()


def test_c_cb_05_end_point_of_ed25519_is_undefined() -> None:
    made = make_certificate(("example.net",), key=ed25519.Ed25519PrivateKey.generate())
    assert server_end_point(made.der) is None


# CN=sha1.example, P-256, ecdsa-with-SHA1
SHA1_CERTIFICATE = (
    "3082018130820128a00302010202145e4d52bd348f6794c92d159db3e2e6a0535ceaa2300906072a8648ce3d040130173115"
    "301306035504030c0c736861312e6578616d706c65301e170d3236313132313038303632335a170d33363131313830383036"
    "32335a30173115301306035504030c0c736861312e6578616d706c653059301306072a8648ce3d020106082a8648ce3d0301"
    "070342000477e34c692cebe46c98c3b15d4fd8c776be24fc651bdb6434286fd06fac5975c1df660ecc1a465f6d5e1de0906c"
    "02b81dda2da8aa1219da1005e3166582d89a7ca3533051301d0603551d0e0416041463716749994449999df25a2da26476b2"
    "682a4dfc301f0603551d2304183016801463716749994449999df25a2da26476b2682a4dfc300f0603551d130101ff040530"
    "030101ff300906072a8648ce3d04010348003045022038f5b0e72f7d665f2d30d1e4ba7f5e77ff1014581779c54e0b2408e4"
    "ada58297022100eba66b4617694b600cee6973beeb276196ba143ed068bc3495e57ce0ed780160"
)
