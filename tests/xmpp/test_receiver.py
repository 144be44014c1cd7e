"""The server's side of negotiation, as XML in and XML out, with clients that misbehave."""

from __future__ import annotations

from base64 import b64encode

import pytest

from tests.support.wire import ACCOUNT, PASSWORD, ConnectionPair, credentials, receiver_config
from tui_xmpp.xmpp.config import TlsMode
from tui_xmpp.xmpp.connection import Connection
from tui_xmpp.xmpp.element import build
from tui_xmpp.xmpp.events import (
    Authenticated,
    BindWanted,
    Bound,
    CredentialsWanted,
    Event,
    StanzaReceived,
    StreamClosed,
    StreamFailed,
    TlsWanted,
)
from tui_xmpp.xmpp.sasl import ChannelBinding
from tui_xmpp.xmpp.stanza_errors import ErrorCondition
from tui_xmpp.xmpp.stream_errors import StreamErrorCondition
from tui_xmpp.xmpp.stream_machine import Phase

OPENING = (
    "<?xml version='1.0'?><stream:stream to='im.example.com' version='1.0' xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams'>"
)
SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
SASL_OUT = 'xmlns="urn:ietf:params:xml:ns:xmpp-sasl"'
STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
BIND = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>{}</bind></iq>"
PLAIN = f"<auth {SASL} mechanism='PLAIN'>{b64encode(f'{chr(0)}juliet{chr(0)}{PASSWORD}'.encode()).decode()}</auth>"


class Server:
    def __init__(self, **changes: object) -> None:
        self.connection = Connection(receiver_config(mechanisms=("PLAIN",), **changes))
        self.connection.open()

    def receives(self, *xml: str) -> list[Event]:
        self.connection.receive_data("".join(xml).encode())
        return list(self.connection.events())

    def sent(self) -> str:
        return self.connection.data_to_send().decode()

    def after_tls(self) -> Server:
        self.receives(OPENING, STARTTLS)
        self.connection.tls_established(ChannelBinding({}, "TLSv1.3"))
        self.receives(OPENING)
        self.sent()
        return self

    def after_login(self) -> Server:
        self.after_tls().receives(PLAIN, OPENING)
        self.sent()
        return self


def test_nothing_but_starttls_is_offered_before_encryption() -> None:
    server = Server()
    assert server.receives(OPENING) == []
    assert server.sent().endswith(
        '<stream:features><starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"><required/></starttls></stream:features>'
    )
    assert server.receives(STARTTLS) == [TlsWanted("im.example.com")]
    assert server.sent() == '<proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>'


def test_direct_tls_begins_with_tls() -> None:
    server = Server(tls_mode=TlsMode.DIRECT)
    assert list(server.connection.events()) == [TlsWanted("im.example.com")]
    server.connection.tls_established(None)
    server.receives(OPENING)
    assert "<mechanism>PLAIN</mechanism>" in server.sent()


def test_a_login_before_encryption_is_refused() -> None:
    server = Server()
    server.receives(OPENING)
    server.sent()
    assert server.receives(PLAIN) == []
    assert server.sent() == f"<failure {SASL_OUT}><encryption-required/></failure>"


@pytest.mark.parametrize("xml", ["<message/>", BIND.format("")])
def test_a_stanza_before_its_time_is_not_authorized(xml: str) -> None:
    for server in (Server(), Server().after_tls()):
        [failed, _] = server.receives("" if server.connection.is_secure else OPENING, xml)
        assert isinstance(failed, StreamFailed)
        assert failed.condition is StreamErrorCondition.NOT_AUTHORIZED


def test_a_message_before_bind_is_not_authorized() -> None:
    [failed, _] = Server().after_login().receives("<message/>")
    assert isinstance(failed, StreamFailed)
    assert failed.condition is StreamErrorCondition.NOT_AUTHORIZED


def test_c_tls_02_bytes_after_starttls_end_the_connection() -> None:
    events = Server().receives(OPENING, STARTTLS, PLAIN)
    assert [type(event) for event in events] == [StreamFailed, StreamClosed]


@pytest.mark.parametrize(
    ("opening", "condition"),
    [
        (OPENING.replace("im.example.com", "elsewhere.example"), "host-unknown"),
        (OPENING.replace(" to='im.example.com'", ""), "host-unknown"),
        (OPENING.replace("version='1.0' xmlns", "xmlns"), "unsupported-version"),
        (OPENING.replace("jabber:client", "jabber:server"), "invalid-namespace"),
        ("<!DOCTYPE x>" + OPENING.removeprefix("<?xml version='1.0'?>"), "restricted-xml"),
        ("nonsense>", "not-well-formed"),
    ],
)
def test_c_str_06_a_bad_opening_is_answered_with_a_header_and_one_error(opening: str, condition: str) -> None:
    server = Server()
    [failed, _] = server.receives(opening)
    assert isinstance(failed, StreamFailed)
    sent = server.sent()
    assert sent.startswith("<?xml version='1.0'?><stream:stream ")
    assert sent.count("<stream:stream ") == 1
    assert sent.endswith(
        f'<stream:error><{condition} xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error></stream:stream>'
    )


def test_the_header_answers_the_clients_address_and_has_a_fresh_id_each_time() -> None:
    server = Server()
    server.receives(OPENING.replace("to=", "from='juliet@im.example.com' to="), STARTTLS)
    first = server.sent()
    assert ' from="im.example.com" id="s1" to="juliet@im.example.com" version="1.0"' in first
    server.connection.tls_established(None)
    server.receives(OPENING)
    assert ' id="s2" ' in server.sent()


def test_login_and_bind() -> None:
    server = Server(features=(build("urn:xmpp:sm:3", "sm"),)).after_tls()
    assert server.receives(PLAIN) == [Authenticated("PLAIN", None, ACCOUNT)]
    assert server.sent() == f"<success {SASL_OUT}/>"
    server.receives(OPENING)
    assert server.sent().endswith(
        '<stream:features><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/><sm xmlns="urn:xmpp:sm:3"/></stream:features>'
    )
    assert server.receives(BIND.format("<resource>balcony</resource>")) == [BindWanted(ACCOUNT, "balcony")]
    server.connection.refuse_bind(ErrorCondition.CONFLICT)
    assert "<conflict " in server.sent()
    assert server.receives(BIND.format("")) == [BindWanted(ACCOUNT, None)]
    server.connection.accept_bind(ACCOUNT.with_resource("x"))
    assert server.sent() == (
        '<iq type="result" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>juliet@im.example.com/x</jid>'
        "</bind></iq>"
    )
    assert [type(event) for event in server.connection.events()] == [Bound]
    assert [type(event) for event in server.receives("<presence/>")] == [StanzaReceived]


def test_a_stanza_sent_while_bind_is_undecided_is_not_authorized() -> None:
    server = Server().after_login()
    events = server.receives(BIND.format(""), "<presence/>")
    assert [type(event) for event in events] == [StreamFailed, StreamClosed]


def test_a_broken_bind_request_is_a_bad_request() -> None:
    server = Server().after_login()
    assert server.receives("<iq type='set' id='b'/>") == []
    assert "<bad-request " in server.sent()


@pytest.mark.parametrize(
    ("xml", "condition"),
    [
        (f"<auth {SASL} mechanism='X-NONE'/>", "invalid-mechanism"),
        (f"<auth {SASL} mechanism='PLAIN'>not base64!</auth>", "incorrect-encoding"),
        (f"<auth {SASL} mechanism='PLAIN'>AGp1bGlldAB3cm9uZw==</auth>", "not-authorized"),
        (f"<abort {SASL}/>", "aborted"),
        (f"<response {SASL}/>", "malformed-request"),
    ],
)
def test_rfc_6120_6_5_each_failure_has_its_condition(xml: str, condition: str) -> None:
    server = Server().after_tls()
    assert server.receives(xml) == []
    assert server.sent() == f"<failure {SASL_OUT}><{condition}/></failure>"


def test_c_sasl_07_too_many_failures_are_a_policy_violation() -> None:
    server = Server().after_tls()
    wrong = f"<auth {SASL} mechanism='PLAIN'>AGp1bGlldAB3cm9uZw==</auth>"
    assert server.receives(wrong, wrong) == []
    [failed, _] = server.receives(wrong)
    assert isinstance(failed, StreamFailed)
    assert failed.condition is StreamErrorCondition.POLICY_VIOLATION


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1"])
def test_scram_with_both_roles_and_channel_binding(mechanism: str) -> None:
    binding = ChannelBinding({"tls-exporter": b"0123456789abcdef0123456789abcdef"}, "TLSv1.3")
    pair = ConnectionPair(
        receiver=receiver_config(
            mechanisms=(mechanism,),
            channel_binding_types=("tls-exporter",) if mechanism.endswith("-PLUS") else None,
        ),
        binding=binding,
    )
    pair.open()
    [wanted] = [event for event in pair.client.told if isinstance(event, CredentialsWanted)]
    assert wanted.offer.mechanisms == (mechanism,)
    assert [event.mechanism for event in pair.server.told if isinstance(event, Authenticated)] == [mechanism]
    assert pair.client.connection.phase is Phase.ESTABLISHED


def test_a_wrong_password_never_gets_in() -> None:
    pair = ConnectionPair(login=credentials("wrong"))
    pair.open()
    assert pair.server.connection.phase is Phase.CLOSED
    assert pair.client.connection.phase is Phase.CLOSED
    assert not pair.client.saw(Authenticated)
    assert not pair.server.saw(Authenticated)


def test_c_sasl_04_nobody_may_act_for_another() -> None:
    server = Server().after_tls()
    secret = b64encode(f"wickham@im.example.com\0juliet\0{PASSWORD}".encode()).decode()
    assert server.receives(f"<auth {SASL} mechanism='PLAIN'>{secret}</auth>") == []
    assert "<invalid-authzid/>" in server.sent()
