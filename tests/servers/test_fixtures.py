"""The servers, the peer and the keyring that other tests stand on do what they say."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
import subprocess
import sys
from collections.abc import Mapping

import pytest

from tests.support.certificates import Authority
from tests.support.ejabberd import Ejabberd
from tests.support.prosody import Prosody, RosterItem
from tests.support.slixmpp_peer import PeerError, Peers
from tests.support.xmpp_server import Account, XmppServer


async def test_two_peers_exchange_messages_over_starttls_and_direct_tls(server: XmppServer, peers: Peers) -> None:
    elizabeth, darcy = await asyncio.gather(
        peers.login(server, resource="longbourn"), peers.login(server, direct_tls=True)
    )
    await elizabeth.send_presence()
    await darcy.send_presence()
    sent = await elizabeth.send_message(darcy.jid, "What are men to rocks and mountains?", thread="lakes")
    received = await darcy.wait_for("message", sender=elizabeth.jid)
    assert (received.id, received.type, received.thread) == (sent, "chat", "lakes")
    assert received.body == "What are men to rocks and mountains?"
    await darcy.send_message(elizabeth.bare_jid, "I was in the middle before I knew.", subject="Ardently")
    answered = await elizabeth.wait_for("message", sender=darcy.bare_jid)
    assert (answered.body, answered.subject) == ("I was in the middle before I knew.", "Ardently")


async def test_peers_subscribe_and_see_presence_both_ways(server: XmppServer, peers: Peers) -> None:
    jane, bingley = await asyncio.gather(peers.login(server), peers.login(server))
    await jane.send_presence()
    await bingley.send_presence(show="dnd", status="Dancing", priority=7)
    await jane.subscribe(bingley.bare_jid)
    await bingley.wait_for("presence", type="subscribe", sender=jane.bare_jid)
    await bingley.subscribed(jane.bare_jid)
    await jane.wait_for("presence", type="subscribed", sender=bingley.bare_jid)
    seen = await jane.wait_for("presence", type="", sender=bingley.jid)
    assert (seen.show, seen.status, seen.priority) == ("dnd", "Dancing", 7)
    assert (await jane.roster())[bingley.bare_jid]["subscription"] == "to"
    await jane.unsubscribe(bingley.bare_jid)
    await bingley.wait_for("presence", type="unsubscribe", sender=jane.bare_jid)
    await bingley.disconnect()
    await jane.remove(bingley.bare_jid)
    assert bingley.bare_jid not in await jane.roster()


async def test_a_message_to_nobody_comes_back_as_an_error(server: XmppServer, peers: Peers) -> None:
    collins = await peers.login(server)
    await collins.send_xml(f'<message to="nobody@{server.domain}" type="chat" id="m1"><body>Madam</body></message>')
    bounced = await collins.wait_for("message", type="error", id="m1")
    assert bounced.condition == "service-unavailable"


async def test_a_wrong_password_is_told(server: XmppServer, peers: Peers) -> None:
    jid, _ = server.user("wickham")
    with pytest.raises(PeerError, match="not authorized"):
        await peers.login(server, Account(jid, "wrong"))


@pytest.mark.parametrize("direct_tls", [False, True], ids=["starttls", "direct-tls"])
def test_the_certificate_is_the_authoritys_for_the_domain(server: XmppServer, *, direct_tls: bool) -> None:
    context = ssl.create_default_context(cafile=server.ca_file)
    port = server.direct_port if direct_tls else server.starttls_port
    header = stream_header(server.domain)
    with socket.create_connection((server.host, port), timeout=40) as plain:
        if not direct_tls:
            plain.sendall(header)
            read_until(plain, b"</stream:features>")
            plain.sendall(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
            read_until(plain, b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        with context.wrap_socket(plain, server_hostname=server.domain) as secure:
            assert secure.version() == "TLSv1.3"
            secure.sendall(header)
            assert b"SCRAM-SHA-256" in read_until(secure, b"</stream:features>")


def test_ejabberd_takes_a_client_certificate_for_external(ejabberd: Ejabberd, authority: Authority) -> None:
    jid, _ = ejabberd.user("darcy")
    certificate = authority.issue(xmpp_addresses=[jid], is_for_client=True)
    context = ssl.create_default_context(cafile=ejabberd.ca_file)
    context.load_cert_chain(certificate.certificate_file, certificate.key_file)
    with (
        socket.create_connection((ejabberd.host, ejabberd.direct_port), timeout=40) as plain,
        context.wrap_socket(plain, server_hostname=ejabberd.domain) as secure,
    ):
        secure.sendall(stream_header(ejabberd.domain))
        assert b"<mechanism>EXTERNAL</mechanism>" in read_until(secure, b"</stream:features>")
        authzid = base64.b64encode(jid.encode()).decode()
        auth = f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>{authzid}</auth>"
        secure.sendall(auth.encode())
        read_until(secure, b"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")


async def test_a_server_that_was_killed_returns_with_its_accounts(server: XmppServer, peers: Peers) -> None:
    account = server.user("lydia")
    lydia = await peers.login(server, account)
    server.kill()
    await lydia.wait_until_lost()
    assert not server.is_running
    server.start()
    again = await peers.login(server, account)
    assert again.bare_jid == account.jid
    await asyncio.to_thread(server.restart)
    await again.wait_until_lost()


async def test_a_roster_written_beforehand_is_served(prosody: Prosody, peers: Peers) -> None:
    account = prosody.user("charlotte")
    prosody.write_roster(
        account.jid, [RosterItem("fitz_william.d%arcy@pemberley.test", 'Fitzwilliam "Will"', ("Derbyshire",), "to")]
    )
    charlotte = await peers.login(prosody, account)
    (item,) = (await charlotte.roster()).values()
    assert (item["name"], item["subscription"], item["groups"]) == ('Fitzwilliam "Will"', "to", ["Derbyshire"])


def test_keyring_keeps_a_password_in_gnome_keyring(secret_service: Mapping[str, str]) -> None:
    def run(code: str) -> str:
        program = [sys.executable, "-c", f"import keyring; {code}"]
        ran = subprocess.run(program, env=secret_service, check=True, text=True, stdout=subprocess.PIPE, timeout=60)
        return ran.stdout

    assert "SecretService" in run("print(type(keyring.get_keyring()).__module__)")
    run("keyring.set_password('tui-xmpp', 'lizzy@longbourn.test', 'pin money')")
    assert run("print(keyring.get_password('tui-xmpp', 'lizzy@longbourn.test'))") == "pin money\n"
    run("keyring.delete_password('tui-xmpp', 'lizzy@longbourn.test')")
    assert run("print(keyring.get_password('tui-xmpp', 'lizzy@longbourn.test'))") == "None\n"


def stream_header(domain: str) -> bytes:
    return (
        f"<stream:stream to='{domain}' version='1.0' xmlns='jabber:client'"
        " xmlns:stream='http://etherx.jabber.org/streams'>"
    ).encode()


def read_until(connection: socket.socket, ending: bytes) -> bytes:
    read = b""
    while ending not in read.replace(b'"', b"'"):
        chunk = connection.recv(65536)
        assert chunk, read
        read += chunk
    return read
