"""Logging in to real servers: every way in, and every way it is refused."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.account import KnownPassword, logged_in, settings_of, started
from tests.support.certificates import Authority
from tests.support.ejabberd import Ejabberd
from tests.support.prosody import Prosody
from tests.support.xmpp_server import XmppServer
from tui_xmpp.core.commands import PinCertificate, ProvidePassword, UnpinCertificate
from tui_xmpp.core.model import PromptKind
from tui_xmpp.jid import FullJID
from tui_xmpp.net import tls

BOTH_WAYS = pytest.mark.parametrize("direct_tls", [False, True], ids=["starttls", "direct-tls"])
EITHER_LIBRARY = pytest.mark.parametrize("library", list(tls.TlsLibrary), ids=["ssl", "pyopenssl"])


@BOTH_WAYS
async def test_login_shows_how_it_is_connected(server: XmppServer, *, direct_tls: bool) -> None:
    account = server.user("elizabeth")
    async with logged_in(server, account, direct_tls=direct_tls, resource="longbourn") as user:
        facts = user.connection.facts
        assert (facts.address, facts.is_direct_tls) == (server.host, direct_tls)
        assert facts.port == (server.direct_port if direct_tls else server.starttls_port)
        assert facts.tls_version == "TLSv1.3"
        assert facts.mechanism.startswith("SCRAM-SHA-")
        assert facts.certificate is not None
        assert server.domain in facts.certificate.names
        assert not facts.is_pinned
        assert facts.jid is not None
        assert str(facts.jid.bare) == account.jid
        assert facts.jid.resource.startswith("longbourn.")
        assert all(step.is_done for step in user.connection.steps)


async def test_c_sasl_07_a_wrong_password_is_asked_for_again_and_the_right_one_goes_on(server: XmppServer) -> None:
    account = server.user("wickham")
    passwords = KnownPassword("wrong")
    async with started(settings_of(server, account), None, passwords=passwords) as user:
        for wrong in ("also wrong", None):
            prompt = await user.asked(PromptKind.PASSWORD)
            assert "password" in prompt.reason
            if wrong is not None:
                await user.does(ProvidePassword(user.account, wrong))
        await user.does(ProvidePassword(user.account, account.password, is_remembered=True))
        await user.online()
        assert user.prompt(PromptKind.PASSWORD) is None
        assert passwords.kept == {user.account: account.password}


@BOTH_WAYS
async def test_a_certificate_nobody_vouches_for_is_shown_and_can_be_pinned(
    server: XmppServer, tmp_path: Path, *, direct_tls: bool
) -> None:
    account = server.user("kitty")
    settings = replace(settings_of(server, account, direct_tls=direct_tls), ca_file=None)
    async with started(settings, account.password, data=tmp_path) as user:
        prompt = await user.asked(PromptKind.CERTIFICATE)
        shown = prompt.certificate
        assert shown is not None
        assert server.domain in shown.subject
        assert server.domain in shown.names
        assert "Throwaway authority" in shown.issuer
        assert shown.not_before is not None
        assert shown.not_after is not None
        assert shown.not_before < shown.not_after
        assert len(bytes.fromhex(shown.sha256)) == 32
        assert prompt.reason

        await user.does(PinCertificate(user.account, "00" * 32))
        wrong = await user.asked(PromptKind.CERTIFICATE)
        assert wrong.reason != prompt.reason
        assert wrong.certificate == shown

        await user.does(PinCertificate(user.account, shown.sha256.upper()))
        await user.online()
        assert user.connection.facts.is_pinned
        assert user.prompt(PromptKind.CERTIFICATE) is None
    async with started(settings, account.password, data=tmp_path) as user:
        await user.online()
        assert user.connection.facts.is_pinned
        await user.does(UnpinCertificate(user.account))
    async with started(settings, account.password, data=tmp_path) as user:
        await user.asked(PromptKind.CERTIFICATE)


@BOTH_WAYS
async def test_c_ext_01_a_client_certificate_logs_in_without_a_password(
    ejabberd: Ejabberd, authority: Authority, tmp_path: Path, *, direct_tls: bool
) -> None:
    account = ejabberd.user("darcy")
    certificate = authority.issue(xmpp_addresses=[account.jid], is_for_client=True)
    pem = tmp_path / "darcy.pem"
    pem.write_bytes(certificate.certificate_file.read_bytes() + certificate.key_file.read_bytes())
    settings = replace(settings_of(ejabberd, account, direct_tls=direct_tls), client_certificate=str(pem))
    async with started(settings, None) as user:
        await user.online()
        assert user.connection.facts.mechanism == "EXTERNAL"
        assert isinstance(user.connection.facts.jid, FullJID)
        assert user.connection.facts.jid.bare == user.account


@pytest.fixture(scope="module")
def open_house(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority, prosody_of_session: Prosody
) -> Generator[Prosody]:
    """A Prosody that takes guests."""
    domain = "meryton.test"
    guests = f'VirtualHost "{domain}"\nauthentication = "anonymous"'  # given twice for all hosts it is a mistake
    with Prosody(tmp_path_factory.mktemp("guests"), authority, domain, settings=guests) as house:
        yield house


async def test_c_anon_01_a_guest_gets_an_address_from_the_server(open_house: Prosody) -> None:
    settings = replace(settings_of(open_house, open_house.user("guest")), is_anonymous=True)
    async with started(settings, None) as user:
        await user.online()
        assert user.connection.facts.mechanism == "ANONYMOUS"
        assert user.connection.facts.jid is not None
        assert user.connection.facts.jid.domain == open_house.domain
        assert user.connection.facts.jid.bare != user.account


# -- what servers differ in ---------------------------------------------------------------------------------------


@EITHER_LIBRARY
async def test_c_cb_01_ejabberd_with_its_defaults_lets_in_though_it_knows_no_binding_of_ours(
    ejabberd: Ejabberd, library: tls.TlsLibrary, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use(library, monkeypatch)
    account = ejabberd.user("bingley")
    for _ in range(2):  # the second time with what the first has proved
        async with logged_in(ejabberd, account, data=tmp_path) as user:
            facts = user.connection.facts
            assert (facts.tls_version, facts.mechanism, facts.channel_binding) == ("TLSv1.3", "SCRAM-SHA-512", "")


@EITHER_LIBRARY
async def test_c_cb_01_a_wrong_password_is_still_one_where_a_binding_was_guessed(
    ejabberd: Ejabberd, library: tls.TlsLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(library, monkeypatch)
    account = ejabberd.user("mary")
    async with started(settings_of(ejabberd, account), "wrong") as user:
        prompt = await user.asked(PromptKind.PASSWORD)
        assert "password" in prompt.reason
        assert "binding" not in prompt.reason
        await user.does(ProvidePassword(user.account, account.password))
        await user.online()


def use(library: tls.TlsLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be on a machine where only Python's own library is installed, or both are."""
    if library is tls.TlsLibrary.STDLIB:
        monkeypatch.setattr(tls, "find_spec", lambda name: None)


VARIANTS = [  # beside the servers of the session: TLS 1.3 with SHA-256 (Prosody) and SHA-512 (ejabberd)
    ("prosody", "SHA-1", "TLSv1.2"),
    ("ejabberd", "sha256", "TLSv1.2"),
]


@pytest.fixture(scope="module", params=VARIANTS, ids=["-".join(variant) for variant in VARIANTS])
def variant(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, authority: Authority
) -> Generator[tuple[XmppServer, str, str]]:
    """A server that keeps passwords by one hash only and speaks one version of TLS."""
    program, password_hash, version = request.param
    folder = tmp_path_factory.mktemp("variant")
    is_old = version == "TLSv1.2"
    made: XmppServer
    if program == "prosody":
        request.getfixturevalue("prosody_of_session")
        settings = 'c2s_ssl = { protocol = "tlsv1_2" }' if is_old else ""
        made = Prosody(folder, authority, "netherfield.test", password_hash=password_hash, settings=settings)
    else:
        request.getfixturevalue("ejabberd_of_session")
        options = {"c2s_protocol_options": ["no_tlsv1_3"]} if is_old else None
        made = Ejabberd(folder, authority, "netherfield.test", password_hash=password_hash, settings=options)
    with made:
        yield made, "SCRAM-SHA-1" if password_hash in ("SHA-1", "sha") else "SCRAM-SHA-256", version


@EITHER_LIBRARY
async def test_c_scram_hashes_and_tls_versions(
    variant: tuple[XmppServer, str, str], library: tls.TlsLibrary, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use(library, monkeypatch)
    server, mechanism, version = variant
    account = server.user("collins")
    for _ in range(2):
        async with logged_in(server, account, data=tmp_path) as user:
            facts = user.connection.facts
            assert (facts.tls_version, facts.mechanism, facts.channel_binding) == (version, mechanism, "")
    async with started(settings_of(server, account), "wrong") as user:
        await user.asked(PromptKind.PASSWORD)
