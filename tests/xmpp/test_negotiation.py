"""The client's way from the first header to a bound resource, as XML in and XML out (RFC 6120 §9.1 and around it)."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

import pytest

from tests.support.wire import PASSWORD, credentials, initiator_config
from tui_xmpp.jid import FullJID
from tui_xmpp.xmpp.config import TlsMode
from tui_xmpp.xmpp.connection import Connection, ConnectionStateError
from tui_xmpp.xmpp.events import (
    Authenticated,
    AuthenticationFailed,
    Bound,
    CredentialsWanted,
    Event,
    KeyDerivationWanted,
    StreamClosed,
    StreamErrorReceived,
    StreamFailed,
    TlsWanted,
)
from tui_xmpp.xmpp.sasl import AuthenticationPin, ChannelBinding, Credentials, MechanismOffer, sentence_for
from tui_xmpp.xmpp.stream_errors import HostPort, StreamErrorCondition
from tui_xmpp.xmpp.stream_machine import Phase

STREAM = 'xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams"'
OPENING_IN_CLEAR = f'<?xml version=\'1.0\'?><stream:stream {STREAM} to="im.example.com" version="1.0" xml:lang="en">'
OPENING = OPENING_IN_CLEAR.replace(' to="', ' from="juliet@im.example.com" to="')
CLOSING = "</stream:stream>"
SERVER_OPENING = (
    "<?xml version='1.0'?><stream:stream from='im.example.com' id='t7AMCin9zjMNwQKDnplntZPIDEI=' "
    "to='juliet@im.example.com' version='1.0' xml:lang='en' xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams'>"
)
SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
TLS = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'"
BIND = "xmlns='urn:ietf:params:xml:ns:xmpp-bind'"
STARTTLS_OUT = '<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>'
NO_BINDING = ChannelBinding({}, "TLSv1.2")


def features(*children: str) -> str:
    return f"<stream:features>{''.join(children)}</stream:features>"


def mechanisms(*names: str) -> str:
    return f"<mechanisms {SASL}>{''.join(f'<mechanism>{name}</mechanism>' for name in names)}</mechanisms>"


class Client:
    """The connection under test, with strings in and strings out."""

    def __init__(self, **changes: object) -> None:
        self.connection = Connection(initiator_config(**changes))
        self.connection.open()

    def receives(self, *xml: str) -> list[Event]:
        self.connection.receive_data("".join(xml).encode())
        return list(self.connection.events())

    def sent(self) -> str:
        return self.connection.data_to_send().decode()

    def after_tls(self, binding: ChannelBinding = NO_BINDING) -> Client:
        self.receives(SERVER_OPENING, features(f"<starttls {TLS}><required/></starttls>"), f"<proceed {TLS}/>")
        self.connection.tls_established(binding)
        self.sent()
        return self

    def after_login(self) -> Client:
        self.after_tls()
        self.receives(SERVER_OPENING, features(mechanisms("PLAIN")))
        self.connection.offer_credentials(credentials(is_plain_allowed=True))
        self.receives(f"<success {SASL}/>")
        self.sent()
        return self

    def after_bind(self) -> Client:
        self.after_login()
        self.receives(SERVER_OPENING, features(f"<bind {BIND}/>"))
        self.receives(f"<iq id='c1' type='result'><bind {BIND}><jid>juliet@im.example.com/balcony</jid></bind></iq>")
        self.sent()
        return self


def test_c_str_01_c_str_03_c_str_10_rfc_6120_9_1_login_with_starttls_scram_sha_1_and_bind() -> None:
    client = Client(make_nonce=lambda: "oMsTAAwAAAAMAAAANP0TAAAAAABPU0AA")
    # 9.1.1 TLS
    assert client.sent() == OPENING_IN_CLEAR
    assert client.receives(SERVER_OPENING, features(f"<starttls {TLS}><required/></starttls>")) == []
    assert client.sent() == STARTTLS_OUT
    assert client.receives(f"<proceed {TLS}/>") == [TlsWanted("im.example.com")]
    client.connection.tls_established(NO_BINDING)
    assert client.sent() == OPENING
    # 9.1.2 SASL
    offer = MechanismOffer(("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", "PLAIN"))
    assert client.receives(SERVER_OPENING, features(mechanisms(*offer.mechanisms))) == [CredentialsWanted(offer)]
    client.connection.offer_credentials(credentials())
    assert client.sent() == (
        '<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="SCRAM-SHA-1">'
        "biwsbj1qdWxpZXQscj1vTXNUQUF3QUFBQU1BQUFBTlAwVEFBQUFBQUJQVTBBQQ==</auth>"
    )
    [wanted] = client.receives(
        f"<challenge {SASL}>cj1vTXNUQUF3QUFBQU1BQUFBTlAwVEFBQUFBQUJQVTBBQWUxMjQ2OTViLTY5Y"
        "TktNGRlNi05YzMwLWI1MWIzODA4YzU5ZSxzPU5qaGtZVE0wTURndE5HWTBaaTAwTmpkbUxUa3hNbVV0Tk"
        "RsbU5UTm1ORE5rTURNeixpPTQwOTY=</challenge>"
    )
    assert isinstance(wanted, KeyDerivationWanted)
    assert client.sent() == ""
    client.connection.key_derived(wanted.derivation.derive(PASSWORD))
    assert client.sent() == (
        '<response xmlns="urn:ietf:params:xml:ns:xmpp-sasl">Yz1iaXdzLHI9b01zVEFBd0FBQUFNQUFBQU5QMFRBQUFBQUFCUFUwQUF'
        "lMTI0Njk1Yi02OWE5LTRkZTYtOWMzMC1iNTFiMzgwOGM1OWUscD1VQTU3dE0vU3ZwQVRCa0gyRlhzMFdEWHZKWXc9</response>"
    )
    assert client.receives(f"<success {SASL}>dj1wTk5ERlZFUXh1WHhDb1NFaVc4R0VaKzFSU289</success>") == [
        Authenticated("SCRAM-SHA-1", AuthenticationPin("scram"), client.connection.account)
    ]
    assert client.sent() == OPENING
    # 9.1.3 bind
    assert client.receives(SERVER_OPENING, features(f"<bind {BIND}/>")) == []
    assert client.sent() == '<iq type="set" id="c1"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>'
    [bound] = client.receives(
        f"<iq id='c1' type='result'><bind {BIND}><jid>juliet@im.example.com/balcony</jid></bind></iq>"
    )
    assert isinstance(bound, Bound)
    assert bound.jid == FullJID.parse("juliet@im.example.com/balcony")
    assert not bound.is_other_account
    assert client.connection.phase is Phase.ESTABLISHED


def test_direct_tls_asks_for_tls_before_a_byte_is_sent() -> None:
    client = Client(tls_mode=TlsMode.DIRECT)
    assert client.sent() == ""
    assert list(client.connection.events()) == [TlsWanted("im.example.com")]
    client.connection.tls_established(NO_BINDING)
    assert client.sent() == OPENING
    events = client.receives(SERVER_OPENING, features(f"<starttls {TLS}/>", mechanisms("SCRAM-SHA-1")))
    assert events == [CredentialsWanted(MechanismOffer(("SCRAM-SHA-1",)))]
    assert client.sent() == ""


# --- opening the stream ---


def test_c_str_02_who_we_are_is_told_only_under_encryption() -> None:
    client = Client()
    assert "juliet" not in client.sent()
    client.receives(SERVER_OPENING, features(), f"<proceed {TLS}/>")
    assert "juliet" not in client.sent()
    client.connection.tls_established(NO_BINDING)
    assert ' from="juliet@im.example.com"' in client.sent()


@pytest.mark.parametrize("version", ["", "version='0.9'", "version='0'", "version='x.y'", "version='-1.0'"])
def test_c_str_04_a_server_before_xmpp_1_0_is_unsupported(version: str) -> None:
    client = Client()
    client.sent()
    [failed, closed] = client.receives(SERVER_OPENING.replace("version='1.0' ", version + " "))
    assert isinstance(failed, StreamFailed)
    assert failed.condition is StreamErrorCondition.UNSUPPORTED_VERSION
    assert closed == StreamClosed(is_clean=False, is_by_peer=False)
    assert client.sent() == (
        '<stream:error><unsupported-version xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>' + CLOSING
    )


def test_c_str_04_versions_compare_as_integers() -> None:
    client = Client()
    assert client.receives(SERVER_OPENING.replace("version='1.0' xml", "version='10.01' xml")) == []


@pytest.mark.parametrize("address", ["", "from='not@a@jid/ '", "from='elsewhere.example'"])
def test_c_str_06_a_stream_error_before_the_features_is_understood(address: str) -> None:
    client = Client()
    client.sent()
    [error, closed] = client.receives(
        SERVER_OPENING.replace("from='im.example.com'", address),
        "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
    )
    assert isinstance(error, StreamErrorReceived)
    assert error.error.condition is StreamErrorCondition.HOST_UNKNOWN
    assert closed == StreamClosed(is_clean=False, is_by_peer=True)
    assert client.sent() == CLOSING


def test_c_str_17_an_error_in_the_read_that_asked_for_credentials_leaves_no_question() -> None:
    client = Client().after_tls()
    [error, closed] = client.receives(
        SERVER_OPENING,
        features(mechanisms("SCRAM-SHA-1")),
        "<stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
    )
    assert isinstance(error, StreamErrorReceived)
    assert isinstance(closed, StreamClosed)


def test_c_str_07_an_unknown_required_feature_ends_negotiation() -> None:
    client = Client().after_login()
    [failed, _] = client.receives(SERVER_OPENING, features(f"<bind {BIND}/>", "<x xmlns='urn:x'><required/></x>"))
    assert isinstance(failed, StreamFailed)
    assert failed.condition is StreamErrorCondition.UNSUPPORTED_FEATURE
    assert "(x)" in failed.detail


def test_c_str_07_unknown_voluntary_features_are_ignored_and_told() -> None:
    client = Client().after_login()
    client.receives(SERVER_OPENING, features(f"<bind {BIND}/>", "<x xmlns='urn:x'/>", "<sm xmlns='urn:xmpp:sm:3'/>"))
    assert client.sent().startswith("<iq")
    assert client.connection.features.has("urn:x", "x")
    assert client.connection.features.has_stream_management


def test_c_str_10_s_25_compression_is_never_asked_for() -> None:
    compression = "<compression xmlns='http://jabber.org/features/compress'><method>zlib</method></compression>"
    client = Client().after_login()
    client.receives(SERVER_OPENING, features(compression, f"<bind {BIND}/>"))
    assert client.sent() == '<iq type="set" id="c1"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>'


def test_c_str_08_nothing_of_the_old_stream_is_remembered_after_tls() -> None:
    client = Client()
    client.receives(SERVER_OPENING, features(f"<starttls {TLS}/>", mechanisms("PLAIN"), f"<bind {BIND}/>"))
    client.receives(f"<proceed {TLS}/>")
    client.connection.tls_established(NO_BINDING)
    assert client.connection.features.elements == ()
    assert client.connection.stream_id is None
    offer = MechanismOffer(("SCRAM-SHA-256",))
    assert client.receives(SERVER_OPENING, features(mechanisms("SCRAM-SHA-256"))) == [CredentialsWanted(offer)]


# --- STARTTLS ---


def test_c_tls_01_starttls_is_tried_when_it_is_not_offered() -> None:
    client = Client()
    client.sent()
    assert client.receives(SERVER_OPENING, features(mechanisms("PLAIN"))) == []
    assert client.sent() == STARTTLS_OUT


@pytest.mark.parametrize("answer", [f"<failure {TLS}/>", "<iq type='error' id='x'/>", f"<success {SASL}/>"])
def test_c_tls_04_s_19_no_proceed_no_login(answer: str) -> None:
    client = Client()
    client.receives(SERVER_OPENING, features(mechanisms("PLAIN")))
    client.sent()
    [failed, closed] = client.receives(answer)
    assert isinstance(failed, StreamFailed)
    assert "encrypt" in failed.detail
    assert isinstance(closed, StreamClosed)
    assert client.sent() == ""
    with pytest.raises(ConnectionStateError):
        client.connection.offer_credentials(credentials())


@pytest.mark.parametrize("injected", [" ", "<a", "x", features(mechanisms("PLAIN")), CLOSING])
@pytest.mark.parametrize("is_split", [False, True])
def test_c_tls_02_s_20_a_byte_after_proceed_aborts(injected: str, is_split: bool) -> None:
    client = Client()
    client.receives(SERVER_OPENING, features(f"<starttls {TLS}/>"))
    client.sent()
    if is_split:
        events = client.receives(f"<proceed {TLS}/>") + client.receives(injected)
    else:
        events = client.receives(f"<proceed {TLS}/>" + injected)
    # Nothing is asked any more when the question and the offence came in one read.
    asked = [TlsWanted] if is_split else []
    assert [type(event) for event in events] == [*asked, StreamFailed, StreamClosed]
    assert client.sent() == ""
    with pytest.raises(ConnectionStateError):
        client.connection.tls_established(NO_BINDING)


def test_c_tls_03_no_whitespace_is_sent_during_negotiation() -> None:
    client = Client()
    client.receives(SERVER_OPENING, features(f"<starttls {TLS}/>"))
    client.sent()
    client.connection.keepalive()
    assert client.sent() == ""


# --- SASL ---


def test_c_sasl_05_an_empty_initial_response_is_an_equals_sign() -> None:
    client = Client().after_tls()
    client.receives(SERVER_OPENING, features(mechanisms("EXTERNAL")))
    client.connection.offer_credentials(Credentials("juliet", has_client_certificate=True))
    assert client.sent() == '<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="EXTERNAL">=</auth>'


@pytest.mark.parametrize("text", ["biws biws", "biw", "####", "\nbiws"])
def test_c_sasl_06_base64_that_is_not_strict_ends_the_login(text: str) -> None:
    client = Client().after_tls()
    client.receives(SERVER_OPENING, features(mechanisms("SCRAM-SHA-1")))
    client.connection.offer_credentials(credentials())
    client.sent()
    events = client.receives(f"<challenge {SASL}>{text}</challenge>")
    assert [type(event) for event in events] == [AuthenticationFailed, StreamFailed, StreamClosed]
    assert isinstance(events[0], AuthenticationFailed)
    assert events[0].condition == "incorrect-encoding"
    assert client.sent() == '<abort xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>' + CLOSING


def test_c_sasl_07_a_wrong_password_is_asked_for_again_on_the_same_stream_but_not_for_ever() -> None:
    client = Client().after_tls()
    offer = MechanismOffer(("PLAIN",))
    client.receives(SERVER_OPENING, features(mechanisms("PLAIN")))
    refusal = f"<failure {SASL}><not-authorized/><text xml:lang='en'>No.</text></failure>"
    failure = AuthenticationFailed("PLAIN", "not-authorized", "No.", sentence_for("not-authorized"))
    for _ in range(2):
        client.connection.offer_credentials(credentials("wrong", is_plain_allowed=True))
        assert "PLAIN" in client.sent()
        assert client.receives(refusal) == [failure, CredentialsWanted(offer, failure)]
    client.connection.offer_credentials(credentials("wrong", is_plain_allowed=True))
    client.sent()
    events = client.receives(refusal)
    assert events == [
        failure,
        StreamFailed(None, sentence_for("not-authorized")),
        StreamClosed(is_clean=False, is_by_peer=False),
    ]
    assert client.sent() == CLOSING


@pytest.mark.parametrize(
    "condition",
    ["account-disabled", "credentials-expired", "encryption-required", "invalid-authzid", "temporary-auth-failure"],
)
def test_c_sasl_07_what_no_other_password_mends_ends_the_stream_with_its_sentence(condition: str) -> None:
    client = Client().after_tls()
    client.receives(SERVER_OPENING, features(mechanisms("SCRAM-SHA-256", "SCRAM-SHA-1")))
    client.connection.offer_credentials(credentials())
    [failure, failed, _] = client.receives(f"<failure {SASL}><{condition}/></failure>")
    assert failure == AuthenticationFailed("SCRAM-SHA-256", condition, None, sentence_for(condition))
    assert failed == StreamFailed(None, sentence_for(condition))


def test_c_sasl_07_a_refused_mechanism_is_followed_by_the_next_but_never_by_a_weaker_family() -> None:
    client = Client().after_tls()
    client.receives(SERVER_OPENING, features(mechanisms("PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256")))
    client.connection.offer_credentials(credentials(is_plain_allowed=True))
    assert 'mechanism="SCRAM-SHA-256"' in client.sent()
    [failure] = client.receives(f"<failure {SASL}><invalid-mechanism/></failure>")
    assert isinstance(failure, AuthenticationFailed)
    assert 'mechanism="SCRAM-SHA-1"' in client.sent()
    events = client.receives(f"<failure {SASL}><invalid-mechanism/></failure>")
    assert isinstance(events[-2], StreamFailed)
    assert "PLAIN" not in client.sent()


GUESSED = ChannelBinding({"tls-exporter": b"x", "tls-server-end-point": b"e"}, "TLSv1.3")
NOT_AUTHORIZED = f"<failure {SASL}><not-authorized/><text>Invalid channel binding</text></failure>"


def test_c_cb_01_a_guessed_binding_the_server_does_not_know_is_no_wrong_password() -> None:
    client = Client().after_tls(GUESSED)
    client.receives(SERVER_OPENING, features(mechanisms("SCRAM-SHA-512-PLUS", "SCRAM-SHA-512", "SCRAM-SHA-1-PLUS")))
    client.connection.offer_credentials(credentials())
    assert 'mechanism="SCRAM-SHA-512-PLUS">cD10bHMtZXhwb3J0ZXIs' in client.sent()  # p=tls-exporter,
    assert client.receives(NOT_AUTHORIZED) == []
    assert 'mechanism="SCRAM-SHA-512">biws' in client.sent()  # n,,
    [failure, asked] = client.receives(f"<failure {SASL}><not-authorized/></failure>")
    assert isinstance(failure, AuthenticationFailed)
    assert failure.mechanism == "SCRAM-SHA-512"
    assert isinstance(asked, CredentialsWanted)


def guessing(pin: AuthenticationPin | None, binding: ChannelBinding = GUESSED) -> tuple[Client, AuthenticationPin]:
    """Log in with RFC 6120 §9.1.2's exchange where PLUS is offered and no type named; return what is pinned."""
    client = Client(make_nonce=lambda: "oMsTAAwAAAAMAAAANP0TAAAAAABPU0AA").after_tls(binding)
    client.receives(SERVER_OPENING, features(mechanisms("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1")))
    client.connection.offer_credentials(credentials(), pin)
    if "SCRAM-SHA-1-PLUS" in client.sent():
        client.receives(NOT_AUTHORIZED)
    [wanted] = client.receives(
        f"<challenge {SASL}>cj1vTXNUQUF3QUFBQU1BQUFBTlAwVEFBQUFBQUJQVTBBQWUxMjQ2OTViLTY5Y"
        "TktNGRlNi05YzMwLWI1MWIzODA4YzU5ZSxzPU5qaGtZVE0wTURndE5HWTBaaTAwTmpkbUxUa3hNbVV0Tk"
        "RsbU5UTm1ORE5rTURNeixpPTQwOTY=</challenge>"
    )
    assert isinstance(wanted, KeyDerivationWanted)
    client.connection.key_derived(wanted.derivation.derive(PASSWORD))
    [done] = client.receives(f"<success {SASL}>dj1wTk5ERlZFUXh1WHhDb1NFaVc4R0VaKzFSU289</success>")
    assert isinstance(done, Authenticated)
    assert done.pin is not None
    return client, done.pin


def tries_binding(pin: AuthenticationPin, binding: ChannelBinding) -> bool:
    client = Client().after_tls(binding)
    client.receives(SERVER_OPENING, features(mechanisms("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1")))
    client.connection.offer_credentials(credentials(), pin)
    return "SCRAM-SHA-1-PLUS" in client.sent()


def test_c_cb_01_a_wrong_guess_is_made_once_with_the_same_server() -> None:
    _, pin = guessing(None)
    assert not tries_binding(pin, GUESSED)
    assert AuthenticationPin.from_dict(pin.to_dict()) == pin
    _, again = guessing(pin)
    assert again == pin


def test_s_22_a_wrong_guess_counts_for_no_other_server_or_tls() -> None:
    _, pin = guessing(None)
    for other in (
        ChannelBinding({"tls-exporter": b"x", "tls-server-end-point": b"another certificate"}, "TLSv1.3"),
        ChannelBinding({"tls-exporter": b"x"}, "TLSv1.3"),
        ChannelBinding({"tls-server-end-point": b"e"}, "TLSv1.3"),
        ChannelBinding({"tls-exporter": b"x", "tls-server-end-point": b"e"}, "TLSv1.2"),
    ):
        assert tries_binding(pin, other)
    nameless = ChannelBinding({"tls-exporter": b"x"}, "TLSv1.3")
    _, unknown = guessing(None, nameless)
    assert tries_binding(unknown, nameless)


def test_s_22_a_wrong_guess_is_no_way_around_what_was_bound_or_is_announced() -> None:
    _, pin = guessing(None)
    client = Client().after_tls(GUESSED)
    client.receives(SERVER_OPENING, features(mechanisms("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1")))
    client.connection.offer_credentials(credentials(), replace(pin, is_channel_bound=True))
    assert client.sent() == CLOSING
    client = Client().after_tls(GUESSED)
    types = (
        "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/>"
        "<channel-binding type='tls-server-end-point'/></sasl-channel-binding>"
    )
    client.receives(SERVER_OPENING, features(mechanisms("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"), types))
    client.connection.offer_credentials(credentials(), pin)
    assert "SCRAM-SHA-1-PLUS" in client.sent()


def test_s_22_a_refused_guess_does_not_lift_the_pin() -> None:
    client = Client().after_tls(GUESSED)
    client.receives(SERVER_OPENING, features(mechanisms("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1")))
    client.connection.offer_credentials(credentials(), AuthenticationPin("scram", is_channel_bound=True))
    client.sent()
    [failure, *_] = client.receives(NOT_AUTHORIZED)
    assert isinstance(failure, AuthenticationFailed)
    assert failure.condition == "binding-disappeared"
    assert client.sent() == CLOSING


def test_c_cb_01_an_announced_binding_that_is_refused_is_not_done_without() -> None:
    client = Client().after_tls(GUESSED)
    announced = "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/>"
    types = f"{announced}<channel-binding type='tls-server-end-point'/></sasl-channel-binding>"
    client.receives(SERVER_OPENING, features(mechanisms("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"), types))
    client.connection.offer_credentials(credentials())
    client.sent()
    [failure, asked] = client.receives(NOT_AUTHORIZED)
    assert isinstance(failure, AuthenticationFailed)
    assert (failure.mechanism, failure.condition) == ("SCRAM-SHA-1-PLUS", "not-authorized")
    assert isinstance(asked, CredentialsWanted)
    assert client.sent() == ""


def test_s_22_a_refused_proof_is_not_followed_by_a_login_without_binding() -> None:
    client = Client(make_nonce=lambda: "oMsTAAwAAAAMAAAANP0TAAAAAABPU0AA").after_tls(GUESSED)
    client.receives(SERVER_OPENING, features(mechanisms("SCRAM-SHA-1-PLUS", "SCRAM-SHA-1")))
    client.connection.offer_credentials(credentials())
    first = b64encode(b"r=oMsTAAwAAAAMAAAANP0TAAAAAABPU0AAx,s=NjhkYTM0MDg=,i=4096").decode()
    [wanted] = client.receives(f"<challenge {SASL}>{first}</challenge>")
    assert isinstance(wanted, KeyDerivationWanted)
    client.connection.key_derived(wanted.derivation.derive(PASSWORD))
    client.sent()
    [failure, asked] = client.receives(f"<failure {SASL}><not-authorized/></failure>")
    assert isinstance(failure, AuthenticationFailed)
    assert failure.condition == "not-authorized"
    assert isinstance(asked, CredentialsWanted)
    assert client.sent() == ""


def test_c_sasl_08_success_without_the_servers_signature_is_fatal() -> None:
    client = Client(make_nonce=lambda: "oMsTAAwAAAAMAAAANP0TAAAAAABPU0AA").after_tls()
    client.receives(SERVER_OPENING, features(mechanisms("SCRAM-SHA-1")))
    client.connection.offer_credentials(credentials())
    first = b"r=oMsTAAwAAAAMAAAANP0TAAAAAABPU0AAx,s=NjhkYTM0MDg=,i=4096"
    [wanted] = client.receives(f"<challenge {SASL}>{b64encode(first).decode()}</challenge>")
    assert isinstance(wanted, KeyDerivationWanted)
    client.connection.key_derived(wanted.derivation.derive(PASSWORD))
    client.sent()
    events = client.receives(f"<success {SASL}/>")
    assert [type(event) for event in events] == [AuthenticationFailed, StreamFailed, StreamClosed]
    assert client.sent() == CLOSING


def test_s_23_success_before_the_exchange_is_over_is_fatal() -> None:
    client = Client().after_tls()
    client.receives(SERVER_OPENING, features(mechanisms("SCRAM-SHA-1")))
    client.connection.offer_credentials(credentials())
    events = client.receives(f"<success {SASL}/>")
    assert [type(event) for event in events] == [AuthenticationFailed, StreamFailed, StreamClosed]


def test_a_server_that_does_not_wait_for_the_derived_key_is_refused() -> None:
    client = Client(make_nonce=lambda: "oMsTAAwAAAAMAAAANP0TAAAAAABPU0AA").after_tls()
    client.receives(SERVER_OPENING, features(mechanisms("SCRAM-SHA-1")))
    client.connection.offer_credentials(credentials())
    first = b64encode(b"r=oMsTAAwAAAAMAAAANP0TAAAAAABPU0AAx,s=NjhkYTM0MDg=,i=4096").decode()
    client.receives(f"<challenge {SASL}>{first}</challenge>")
    events = client.receives(f"<success {SASL}/>")
    assert [type(event) for event in events] == [StreamFailed, StreamClosed]
    with pytest.raises(ConnectionStateError):
        client.connection.key_derived(b"")


def test_xep_0440_the_channel_binding_types_are_read() -> None:
    client = Client().after_tls()
    events = client.receives(
        SERVER_OPENING,
        features(
            mechanisms("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"),
            "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-server-end-point'/>"
            "<channel-binding type='tls-exporter'/></sasl-channel-binding>",
        ),
    )
    types = ("tls-server-end-point", "tls-exporter")
    assert events == [CredentialsWanted(MechanismOffer(("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"), types))]


def test_a_login_nothing_offered_is_safe_for_ends_with_the_reason() -> None:
    client = Client().after_tls()
    client.receives(SERVER_OPENING, features(mechanisms("PLAIN")))
    client.connection.offer_credentials(credentials())
    events = list(client.connection.events())
    assert [type(event) for event in events] == [AuthenticationFailed, StreamFailed, StreamClosed]
    assert isinstance(events[0], AuthenticationFailed)
    assert events[0].condition == "plain-not-allowed"
    assert client.sent() == CLOSING


def test_a_server_without_any_mechanism_is_named_as_such() -> None:
    client = Client().after_tls()
    [failed, _] = client.receives(SERVER_OPENING, features())
    assert failed == StreamFailed(None, "The server offers no way to log in.")


# --- bind ---


def test_c_bnd_01_the_old_session_is_ignored_unless_required() -> None:
    result = f"<iq id='c1' type='result'><bind {BIND}><jid>juliet@im.example.com/x</jid></bind></iq>"
    optional = "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>"
    client = Client().after_login()
    client.receives(SERVER_OPENING, features(f"<bind {BIND}/>", optional))
    assert [type(event) for event in client.receives(result)] == [Bound]

    client = Client().after_login()
    client.receives(SERVER_OPENING, features(f"<bind {BIND}/>", optional.replace("<optional/>", "")))
    client.sent()
    assert client.receives(result) == []
    assert client.sent() == '<iq type="set" id="c2"><session xmlns="urn:ietf:params:xml:ns:xmpp-session"/></iq>'
    assert [type(event) for event in client.receives("<iq id='c2' type='result'/>")] == [Bound]


def test_c_bnd_02_a_wished_resource_gets_an_unguessable_end() -> None:
    client = Client(resource="balcony").after_login()
    client.receives(SERVER_OPENING, features(f"<bind {BIND}/>"))
    assert "<resource>balcony.c2</resource>" in client.sent()


def test_c_bnd_03_a_conflict_is_answered_with_another_resource_then_with_none() -> None:
    client = Client(resource="balcony").after_login()
    client.receives(SERVER_OPENING, features(f"<bind {BIND}/>"))
    asked = []
    for _ in range(4):
        request = client.sent()
        asked.append(request.partition("<resource>")[2].partition("<")[0])
        id_ = request.partition('id="')[2].partition('"')[0]
        events = client.receives(
            f"<iq id='{id_}' type='error'><error type='modify'>"
            "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        )
    assert asked == ["balcony.c2", "balcony.c4", "balcony.c6", ""]
    assert isinstance(events[0], StreamFailed)
    assert client.sent() == CLOSING


@pytest.mark.parametrize("condition", ["resource-constraint", "not-allowed", "bad-request", "forbidden", "nonsense"])
def test_c_bnd_03_a_refused_bind_ends_with_a_sentence(condition: str) -> None:
    client = Client().after_login()
    client.receives(SERVER_OPENING, features(f"<bind {BIND}/>"))
    [failed, closed] = client.receives(
        f"<iq id='c1' type='error'><error type='wait'><{condition} "
        "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    )
    assert isinstance(failed, StreamFailed)
    assert failed.detail.endswith(".")
    assert isinstance(closed, StreamClosed)


def test_c_str_09_the_servers_address_wins_and_another_account_is_flagged() -> None:
    client = Client().after_login()
    client.receives(SERVER_OPENING, features(f"<bind {BIND}/>"))
    [bound] = client.receives(f"<iq id='c1' type='result'><bind {BIND}><jid>capulet@other.example/x</jid></bind></iq>")
    assert isinstance(bound, Bound)
    assert bound.jid == FullJID.parse("capulet@other.example/x")
    assert bound.is_other_account


@pytest.mark.parametrize("jid", ["<jid/>", "<jid>juliet@im.example.com</jid>", "", "<jid>@/</jid>"])
def test_a_bind_result_without_a_full_jid_fails(jid: str) -> None:
    client = Client().after_login()
    client.receives(SERVER_OPENING, features(f"<bind {BIND}/>"))
    [failed, _] = client.receives(f"<iq id='c1' type='result'><bind {BIND}>{jid}</bind></iq>")
    assert isinstance(failed, StreamFailed)


def test_an_iq_with_another_id_does_not_answer_the_bind() -> None:
    client = Client().after_login()
    client.receives(SERVER_OPENING, features(f"<bind {BIND}/>"))
    assert client.receives(f"<iq id='x' type='result'><bind {BIND}><jid>a@b/c</jid></bind></iq>") == []
    assert client.connection.jid is None


def test_see_other_host_is_told_with_host_and_port() -> None:
    client = Client().after_tls()
    [error, _] = client.receives(
        SERVER_OPENING,
        "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>"
        "[2001:41D0:1:A49b::1]:9222</see-other-host></stream:error></stream:stream>",
    )
    assert isinstance(error, StreamErrorReceived)
    assert error.error.see_other_host == HostPort("2001:41D0:1:A49b::1", 9222)
