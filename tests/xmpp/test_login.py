"""A client's login by SASL2 with all that rides on it, as XML in and XML out (XEP-0388, 0386, 0484, 0198 §8)."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.wire import ACCOUNT, PASSWORD, Transcript, credentials, initiator_config
from tui_xmpp.clock import ManualClock
from tui_xmpp.jid import FullJID
from tui_xmpp.xmpp.config import Sasl2Wish, TlsMode
from tui_xmpp.xmpp.connection import Connection
from tui_xmpp.xmpp.events import (
    Authenticated,
    AuthenticationFailed,
    Bound,
    CredentialsWanted,
    Event,
    KeyDerivationWanted,
    Resumed,
    ResumptionFailed,
    StanzaReceived,
    StreamFailed,
    StreamManagementEnabled,
    StreamManagementRefused,
    TokenReceived,
    TokenRefused,
)
from tui_xmpp.xmpp.inline import ArchiveEnd, ArchiveMetadata, ArchiveStart, UserAgent
from tui_xmpp.xmpp.sasl import (
    AuthenticationPin,
    ChannelBinding,
    Credentials,
    FastToken,
    MechanismOffer,
    Password,
    sentence_for,
)
from tui_xmpp.xmpp.stanza import Body, Message
from tui_xmpp.xmpp.stanza_errors import ErrorCondition
from tui_xmpp.xmpp.stream_errors import StreamErrorCondition
from tui_xmpp.xmpp.stream_machine import Phase
from tui_xmpp.xmpp.stream_management import ResumptionState, StreamManagementWish, UnackedStanza

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HEADER = (
    "<?xml version='1.0'?><stream:stream from='im.example.com' id='++TR84Sm6A3hnt3Q065SnAbbk3Y=' version='1.0' "
    "xml:lang='en' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
)
# XEP-0386, example 1, with the resumption of XEP-0198 §8 and the tokens of XEP-0484, example 1
FEATURES = (
    "<stream:features><authentication xmlns='urn:xmpp:sasl:2'>"
    "<mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism>"
    "<inline><bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:carbons:2'/>"
    "<feature var='urn:xmpp:csi:0'/><feature var='urn:xmpp:sm:3'/></inline></bind>"
    "<sm xmlns='urn:xmpp:sm:3'/>"
    "<fast xmlns='urn:xmpp:fast:0' tls-0rtt='true'><mechanism>HT-SHA-256-ENDP</mechanism>"
    "<mechanism>HT-SHA-256-EXPR</mechanism><mechanism>HT-SHA-256-NONE</mechanism></fast>"
    "</inline></authentication></stream:features>"
)
PLAIN_FEATURES = (
    "<stream:features><authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism></authentication>"
    "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>"
)
AFTER = (
    "<stream:features><sm xmlns='urn:xmpp:sm:3'/><csi xmlns='urn:xmpp:csi:0'/>"
    "<ver xmlns='urn:xmpp:features:rosterver'/></stream:features>"
)
AGENT = UserAgent("d4565fa7-4d72-4749-b3d3-740edbf87770", "AwesomeXMPP", "Kiva's Phone")
AGENT_OUT = (
    '<user-agent id="d4565fa7-4d72-4749-b3d3-740edbf87770"><software>AwesomeXMPP</software>'
    "<device>Kiva's Phone</device></user-agent>"
)
IDENTIFIER = "<authorization-identifier>juliet@im.example.com/AwesomeXMPP.4232f4d4</authorization-identifier>"
METADATA = (
    "<metadata xmlns='urn:xmpp:mam:2'><start id='YWxwaGEg' timestamp='2008-08-22T21:09:04Z' />"
    "<end id='b21lZ2Eg' timestamp='2020-04-20T14:34:21Z' /></metadata>"
)
PLAIN_DATA = b64encode(f"\0juliet\0{PASSWORD}".encode()).decode()
JID = FullJID.parse("juliet@im.example.com/AwesomeXMPP.4232f4d4")
BOUND = ChannelBinding({"tls-exporter": bytes(range(32))}, "TLSv1.3")
TOKEN = FastToken(Password("secret-token:fast-abcdef0123456789"), "HT-SHA-256-EXPR", NOW + timedelta(days=1), 123)
PROOF = "anVsaWV0ADF7Z9A7zaCacgbAoQKtv/gq9/P80laK8A+xashN6/ta"
ANSWER = "<additional-data>j4W3vNNvLx9vP3+YJ9YhWj4Y0IXjyArHuxqhrNPf5+k=</additional-data>"


def success(*children: str) -> str:
    return f"<success xmlns='urn:xmpp:sasl:2'>{''.join(children)}</success>"


def failure(condition: str, *more: str) -> str:
    named = f"<{condition} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
    return f"<failure xmlns='urn:xmpp:sasl:2'>{named}{''.join(more)}</failure>"


def message(id_: str) -> Message:
    return Message(id=id_).with_payloads(Body("x"))


def state(*ids: str, handled: int = 0, acked: int = 0) -> ResumptionState:
    unacked = tuple(UnackedStanza(message(id_), NOW) for id_ in ids)
    return ResumptionState("some-long-sm-id", JID, handled, acked, unacked)


class Client(Transcript):
    def __init__(self, binding: ChannelBinding | None = None, **changes: object) -> None:
        wish = {"sasl2": Sasl2Wish(AGENT, "AwesomeXMPP"), "clock": ManualClock(NOW)}
        super().__init__(Connection(initiator_config(tls_mode=TlsMode.DIRECT, **{**wish, **changes})), binding)

    def offered(self, features: str = FEATURES, login: Credentials | None = None) -> Client:
        self.receives(HEADER, features)
        self.sent()
        self.connection.offer_credentials(login or credentials(is_plain_allowed=True))
        return self

    def logging_in(self) -> Client:
        """Be where PLAIN has been sent."""
        self.offered(FEATURES.replace("<mechanism>SCRAM-SHA-1</mechanism>", ""))
        return self


def kinds(events: list[Event]) -> list[type[Event]]:
    return [type(event) for event in events]


# --- the profile (XEP-0388) ---


def test_xep_0388_2_scram_sha_1_with_the_login_of_rfc_6120() -> None:
    """XEP-0388's own SCRAM example does not verify: RFC 6120 §9.1.2's data, in the elements of XEP-0388."""
    client = Client(make_nonce=lambda: "oMsTAAwAAAAMAAAANP0TAAAAAABPU0AA")
    assert 'from="juliet@im.example.com"' in client.sent()
    mechanisms = ("SCRAM-SHA-1", "SCRAM-SHA-1-PLUS")
    offer = "".join(f"<mechanism>{name}</mechanism>" for name in mechanisms)
    features = (
        f"<stream:features><authentication xmlns='urn:xmpp:sasl:2'>{offer}</authentication><sasl-channel-binding "
        "xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-server-end-point'/></sasl-channel-binding>"
        "</stream:features>"
    )
    expected = MechanismOffer(mechanisms, ("tls-server-end-point",), is_sasl2=True)
    assert client.receives(HEADER, features) == [CredentialsWanted(expected)]
    client.connection.offer_credentials(credentials())
    assert client.sent() == (
        '<authenticate xmlns="urn:xmpp:sasl:2" mechanism="SCRAM-SHA-1"><initial-response>'
        f"biwsbj1qdWxpZXQscj1vTXNUQUF3QUFBQU1BQUFBTlAwVEFBQUFBQUJQVTBBQQ==</initial-response>{AGENT_OUT}</authenticate>"
    )
    [wanted] = client.receives(
        "<challenge xmlns='urn:xmpp:sasl:2'>cj1vTXNUQUF3QUFBQU1BQUFBTlAwVEFBQUFBQUJQVTBBQWUxMjQ2OTViLTY5Y"
        "TktNGRlNi05YzMwLWI1MWIzODA4YzU5ZSxzPU5qaGtZVE0wTURndE5HWTBaaTAwTmpkbUxUa3hNbVV0Tk"
        "RsbU5UTm1ORE5rTURNeixpPTQwOTY=</challenge>"
    )
    assert isinstance(wanted, KeyDerivationWanted)
    client.connection.key_derived(wanted.derivation.derive(PASSWORD))
    assert client.sent() == (
        '<response xmlns="urn:xmpp:sasl:2">Yz1iaXdzLHI9b01zVEFBd0FBQUFNQUFBQU5QMFRBQUFBQUFCUFUwQUF'
        "lMTI0Njk1Yi02OWE5LTRkZTYtOWMzMC1iNTFiMzgwOGM1OWUscD1VQTU3dE0vU3ZwQVRCa0gyRlhzMFdEWHZKWXc9</response>"
    )
    assert client.receives(
        success(
            "<additional-data>dj1wTk5ERlZFUXh1WHhDb1NFaVc4R0VaKzFSU289</additional-data>",
            "<authorization-identifier>juliet@im.example.com</authorization-identifier>",
        )
    ) == [Authenticated("SCRAM-SHA-1", AuthenticationPin("scram"), ACCOUNT, None)]
    assert client.sent() == ""  # no restart (C-STR-08)
    client.receives(
        "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><required/></bind></stream:features>"
    )
    assert "urn:ietf:params:xml:ns:xmpp-bind" in client.sent()
    [bound] = client.receives(
        "<iq id='c1' type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
        "<jid>juliet@im.example.com/balcony</jid></bind></iq>"
    )
    assert isinstance(bound, Bound)
    assert bound.inline is None


def test_c_sasl2_01_sasl2_only_where_it_is_wished_for() -> None:
    client = Client(sasl2=None).offered(PLAIN_FEATURES)
    assert client.sent().startswith('<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl"')


def test_c_sasl2_01_an_offer_without_a_known_mechanism_leaves_sasl() -> None:
    features = PLAIN_FEATURES.replace("2'><mechanism>PLAIN", "2'><mechanism>BLURDYBLOOP")
    assert Client().offered(features).sent().startswith('<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl"')


def test_c_sasl2_01_never_before_tls() -> None:
    connection = Connection(initiator_config(sasl2=Sasl2Wish(AGENT)))
    connection.open()
    connection.receive_data((HEADER + PLAIN_FEATURES).encode())
    assert b"<starttls" in connection.data_to_send()


def test_c_sasl2_02_and_c_sasl_05_the_example_of_plain() -> None:
    """XEP-0388 §6.1: there is no ``=`` in this profile, and absent requests are absent."""
    client = Client().offered(PLAIN_FEATURES)
    assert client.sent() == (
        f'<authenticate xmlns="urn:xmpp:sasl:2" mechanism="PLAIN"><initial-response>{PLAIN_DATA}</initial-response>'
        f"{AGENT_OUT}</authenticate>"
    )


def test_c_sasl_05_an_empty_initial_response_is_an_empty_element() -> None:
    client = Client(account=None)
    features = PLAIN_FEATURES.replace("PLAIN", "ANONYMOUS")
    client.offered(features, Credentials("", None, is_anonymous=True))
    assert "<initial-response/>" in client.sent()


def test_c_sasl2_03_nothing_else_is_sent_while_logging_in() -> None:
    client = Client().logging_in()
    client.sent()
    client.connection.keepalive()
    assert client.sent() == ""


@pytest.mark.parametrize(
    "data", ["", "<additional-data/>", "<additional-data>dj1wcm9vZg==</additional-data>", "<additional-data>!</a>"]
)
def test_c_sasl_08_a_success_that_proves_nothing_is_none(data: str) -> None:
    client = Client(make_nonce=lambda: "oMsTAAwAAAAMAAAANP0TAAAAAABPU0AA")
    client.offered()
    events = client.receives(success(data.replace("</a>", "</additional-data>"), IDENTIFIER))
    assert kinds(events)[:2] == [AuthenticationFailed, StreamFailed]
    assert client.connection.phase is Phase.CLOSED
    assert client.sent().endswith("</stream:stream>")


def test_c_sasl2_05_an_unknown_task_is_aborted_and_explained() -> None:
    """XEP-0388, example "Continue Required"."""
    client = Client().logging_in()
    client.sent()
    events = client.receives(
        "<continue xmlns='urn:xmpp:sasl:2'><additional-data>SSdtIGJvcmVkIG5vdy4=</additional-data>"
        "<tasks><task>HOTP-EXAMPLE</task><task>TOTP-EXAMPLE</task></tasks><text>This account requires 2FA</text>"
        "</continue>"
    )
    assert events[0] == AuthenticationFailed("PLAIN", "unknown-task", None, sentence_for("unknown-task"))
    assert kinds(events)[1] is StreamFailed
    assert client.sent().startswith('<abort xmlns="urn:xmpp:sasl:2"/>')


@pytest.mark.parametrize(
    ("children", "condition", "text"),
    [
        (
            "<aborted xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/><optional-application-specific "
            "xmlns='urn:something:else'/><text>This is a terrible example.</text>",
            "aborted",
            "This is a terrible example.",
        ),
        ("<account-disabled/>", "account-disabled", None),
        ("", "not-authorized", None),
    ],
)
def test_c_sasl_07_a_failure_tells_its_condition(children: str, condition: str, text: str | None) -> None:
    client = Client().logging_in()
    failed, *_ = client.receives(f"<failure xmlns='urn:xmpp:sasl:2'>{children}</failure>")
    assert failed == AuthenticationFailed("PLAIN", condition, text, sentence_for(condition))


def test_c_sasl_07_a_wrong_password_is_asked_for_anew_on_the_same_stream() -> None:
    client = Client().logging_in()
    assert kinds(client.receives(failure("not-authorized"))) == [AuthenticationFailed, CredentialsWanted]
    client.sent()
    client.connection.offer_credentials(credentials("other", is_plain_allowed=True))
    assert "<authenticate " in client.sent()


@pytest.mark.parametrize("xml", ["<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", "<message/>", AFTER])
def test_what_is_not_part_of_the_login_ends_it(xml: str) -> None:
    assert StreamFailed in kinds(Client().logging_in().receives(xml))


# --- Bind 2 (XEP-0386) ---


def test_c_bind2_01_everything_is_asked_for_at_once() -> None:
    """XEP-0386, example 3, with a resumption (XEP-0198 §8) and a token (XEP-0484, example 2)."""
    client = Client(
        stream_management=StreamManagementWish(),
        resumption=state(handled=7),
        sasl2=Sasl2Wish(AGENT, "AwesomeXMPP", is_inactive=True, wants_token=True),
    ).logging_in()
    assert client.sent() == (
        f'<authenticate xmlns="urn:xmpp:sasl:2" mechanism="PLAIN"><initial-response>{PLAIN_DATA}</initial-response>'
        f'{AGENT_OUT}<resume xmlns="urn:xmpp:sm:3" h="7" previd="some-long-sm-id"/>'
        '<bind xmlns="urn:xmpp:bind:0"><tag>AwesomeXMPP</tag><enable xmlns="urn:xmpp:carbons:2"/>'
        '<enable xmlns="urn:xmpp:sm:3" resume="true"/><inactive xmlns="urn:xmpp:csi:0"/></bind>'
        '<request-token xmlns="urn:xmpp:fast:0" mechanism="HT-SHA-256-NONE"/></authenticate>'
    )


def test_c_bind2_01_what_is_not_offered_is_not_asked_for() -> None:
    features = (
        "<stream:features><authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism><inline>"
        "<bind xmlns='urn:xmpp:bind:0'/></inline></authentication></stream:features>"
    )
    wish = Sasl2Wish(AGENT, is_inactive=True, wants_token=True)
    client = Client(stream_management=StreamManagementWish(), sasl2=wish).offered(features)
    assert client.sent().endswith(f'{AGENT_OUT}<bind xmlns="urn:xmpp:bind:0"/></authenticate>')


def test_c_bind2_02_bound_tells_what_is_on_and_where_the_archive_ends() -> None:
    """XEP-0386, example 4."""
    client = Client(sasl2=Sasl2Wish(AGENT, "AwesomeXMPP", is_inactive=True)).logging_in()
    bound_answer = f"<bound xmlns='urn:xmpp:bind:0'>{METADATA}</bound>"
    assert kinds(client.receives(success(IDENTIFIER, bound_answer))) == [Authenticated]
    [bound] = client.receives(AFTER)
    assert isinstance(bound, Bound)
    assert (bound.jid, bound.is_other_account) == (JID, False)
    assert bound.features.has_roster_versioning
    assert bound.inline is not None
    assert (bound.inline.has_carbons, bound.inline.is_inactive) == (True, True)
    assert bound.inline.archive == ArchiveMetadata(
        ArchiveStart("YWxwaGEg", "2008-08-22T21:09:04Z"), ArchiveEnd("b21lZ2Eg", "2020-04-20T14:34:21Z")
    )
    assert client.connection.phase is Phase.ESTABLISHED


@pytest.mark.parametrize("metadata", ["", "<metadata xmlns='urn:xmpp:mam:2'><start/></metadata>"])
def test_c_bind2_02_without_a_readable_archive_nothing_is_known_of_it(metadata: str) -> None:
    client = Client().logging_in()
    *_, bound = client.receives(success(IDENTIFIER, f"<bound xmlns='urn:xmpp:bind:0'>{metadata}</bound>"), AFTER)
    assert isinstance(bound, Bound)
    assert bound.inline is not None
    assert bound.inline.archive is None


def test_c_str_09_and_c_bind2_03_any_resource_is_taken_and_another_account_is_told() -> None:
    client = Client().logging_in()
    who = "<authorization-identifier>\n romeo@im.example.com/AwesomeXMPP/rQ7Lwut0CcxW6\n </authorization-identifier>"
    *_, bound = client.receives(success(who, "<bound xmlns='urn:xmpp:bind:0'/>"), AFTER)
    assert isinstance(bound, Bound)
    assert bound.jid.resource == "AwesomeXMPP/rQ7Lwut0CcxW6"
    assert bound.is_other_account


@pytest.mark.parametrize("who", ["", "<authorization-identifier>juliet@im.example.com</authorization-identifier>"])
def test_c_sasl2_04_a_bound_session_needs_a_full_address(who: str) -> None:
    events = Client().logging_in().receives(success(who, "<bound xmlns='urn:xmpp:bind:0'/>"))
    assert kinds(events)[:2] == [Authenticated, StreamFailed]


def test_2_14_stanzas_may_follow_a_bind_without_features() -> None:
    client = Client().logging_in()
    events = client.receives(success(IDENTIFIER, "<bound xmlns='urn:xmpp:bind:0'/>"), "<presence/>")
    assert kinds(events) == [Authenticated, Bound, StanzaReceived]


def test_c_bind2_01_stream_management_is_on_with_the_bind() -> None:
    client = Client(stream_management=StreamManagementWish()).logging_in()
    enabled = "<enabled xmlns='urn:xmpp:sm:3' id='x1' resume='1' max='600'/>"
    events = client.receives(success(IDENTIFIER, f"<bound xmlns='urn:xmpp:bind:0'>{enabled}</bound>"), AFTER)
    assert kinds(events) == [Authenticated, Bound, StreamManagementEnabled]
    assert events[-1] == StreamManagementEnabled(is_resumable=True, max_seconds=600, location=None)
    client.sent()
    client.connection.send(message("m1"))
    assert client.sent().endswith('<r xmlns="urn:xmpp:sm:3"/>')
    kept = client.connection.resumption_state()
    assert kept is not None
    assert (kept.id, kept.jid, [one.stanza.id for one in kept.unacked]) == ("x1", JID, ["m1"])


def test_xep_0198_8_stream_management_may_fail_alone() -> None:
    """XEP-0198 §8, example "Client failed to enable stream management", with the namespace of XEP-0386."""
    client = Client(stream_management=StreamManagementWish()).logging_in()
    failed = (
        "<bound xmlns='urn:xmpp:bind:0'><failed xmlns='urn:xmpp:sm:3'><internal-server-error "
        "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed><latest-id>0312a1b8</latest-id></bound>"
    )
    events = client.receives(success(IDENTIFIER, failed), AFTER)
    assert kinds(events) == [Authenticated, Bound, StreamManagementRefused]
    assert not client.connection.is_managed
    assert "<enable" not in client.sent().split("</authenticate>")[-1]  # one attempt a stream (X-198-03)


def test_stream_management_nobody_wished_for_is_not_on() -> None:
    enabled = "<bound xmlns='urn:xmpp:bind:0'><enabled xmlns='urn:xmpp:sm:3' id='x' resume='1'/></bound>"
    client = Client().logging_in()
    assert kinds(client.receives(success(IDENTIFIER, enabled), AFTER)) == [Authenticated, Bound]
    assert not client.connection.is_managed


def test_a_server_whose_bind_cannot_enable_is_asked_afterwards() -> None:
    features = FEATURES.replace("<mechanism>SCRAM-SHA-1</mechanism>", "").replace(
        "<feature var='urn:xmpp:sm:3'/></inline>", "</inline>"
    )
    client = Client(stream_management=StreamManagementWish()).offered(features)
    client.sent()
    client.receives(success(IDENTIFIER, "<bound xmlns='urn:xmpp:bind:0'/>"), AFTER)
    assert client.sent() == '<enable xmlns="urn:xmpp:sm:3" resume="true"/>'


# --- resumption inside the login (XEP-0198 §8) ---


@pytest.mark.parametrize("after", ["", AFTER])
def test_2_14_a_session_resumed_with_the_login_goes_on_with_features_and_without(after: str) -> None:
    client = Client(stream_management=StreamManagementWish(), resumption=state("a", "b", "c", acked=4)).logging_in()
    client.sent()
    resumed = "<resumed xmlns='urn:xmpp:sm:3' h='5' previd='some-long-sm-id'/>"
    events = client.receives(success(IDENTIFIER, resumed), after, "<presence/>")
    assert kinds(events) == [Authenticated, Resumed, StanzaReceived]
    went_on = events[1]
    assert isinstance(went_on, Resumed)
    assert (went_on.jid, went_on.h) == (JID, 5)
    assert [one.id for one in went_on.acknowledged] == ["a"]
    assert [one.id for one in went_on.resent] == ["b", "c"]
    assert client.sent() == (
        '<message id="b"><body>x</body></message><message id="c"><body>x</body></message><r xmlns="urn:xmpp:sm:3"/>'
    )
    assert client.connection.features.has_client_state_indication


def test_xep_0198_8_a_failed_resumption_is_followed_by_the_new_session() -> None:
    """XEP-0198 §8, example "Client failed to resume stream", with the namespace of XEP-0386."""
    client = Client(stream_management=StreamManagementWish(), resumption=state("a", "b", acked=4)).logging_in()
    events = client.receives(
        success(
            IDENTIFIER,
            "<failed xmlns='urn:xmpp:sm:3' h='5'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>"
            "<bound xmlns='urn:xmpp:bind:0'><enabled xmlns='urn:xmpp:sm:3'/></bound>",
        ),
        AFTER,
    )
    assert kinds(events) == [Authenticated, ResumptionFailed, Bound, StreamManagementEnabled]
    failed = events[1]
    assert isinstance(failed, ResumptionFailed)
    assert (failed.condition, failed.h) == (ErrorCondition.ITEM_NOT_FOUND, 5)
    assert [one.id for one in failed.acknowledged] == ["a"]
    assert [(one.stanza.id, one.sent_at) for one in failed.unacked] == [("b", NOW)]
    assert client.connection.unacked == ()


@pytest.mark.parametrize(
    "resumed",
    ["<resumed xmlns='urn:xmpp:sm:3' h='0' previd='another'/>", "<resumed xmlns='urn:xmpp:sm:3' previd='x'/>"],
)
def test_s_28_a_session_nobody_asked_for_is_not_resumed(resumed: str) -> None:
    client = Client(resumption=state()).logging_in()
    *_, failed, _ = client.receives(success(IDENTIFIER, resumed))
    assert isinstance(failed, StreamFailed)
    assert failed.condition is StreamErrorCondition.BAD_FORMAT


def test_s_28_a_resumption_out_of_nothing_ends_the_stream() -> None:
    events = Client().logging_in().receives(success(IDENTIFIER, "<resumed xmlns='urn:xmpp:sm:3' h='0' previd='x'/>"))
    assert StreamFailed in kinds(events)
    assert Resumed not in kinds(events)


def test_x_198_04_where_the_login_cannot_resume_nothing_is_bound_before_it_is_tried() -> None:
    features = FEATURES.replace("<mechanism>SCRAM-SHA-1</mechanism>", "").replace(
        "</bind><sm xmlns='urn:xmpp:sm:3'/>", "</bind>"
    )
    client = Client(resumption=state("a"), stream_management=StreamManagementWish()).offered(features)
    assert "urn:xmpp:bind:0" not in client.sent()
    who = "<authorization-identifier>juliet@im.example.com</authorization-identifier>"
    bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
    assert kinds(client.receives(success(who), AFTER.replace("</stream", f"{bind}</stream"))) == [Authenticated]
    assert client.sent() == '<resume xmlns="urn:xmpp:sm:3" h="0" previd="some-long-sm-id"/>'
    assert kinds(client.receives("<resumed xmlns='urn:xmpp:sm:3' h='0' previd='some-long-sm-id'/>")) == [Resumed]


def test_another_accounts_session_is_not_asked_for() -> None:
    foreign = ResumptionState("x", FullJID.parse("romeo@im.example.com/orchard"))
    assert "<resume" not in Client(resumption=foreign).logging_in().sent()


# --- tokens (XEP-0484) ---


def test_c_fast_01_a_token_is_asked_for_and_received() -> None:
    """XEP-0484, examples 2 and 3 (with the element name of XEP-0388)."""
    client = Client(BOUND, sasl2=Sasl2Wish(AGENT, wants_token=True)).logging_in()
    assert '<request-token xmlns="urn:xmpp:fast:0" mechanism="HT-SHA-256-EXPR"/>' in client.sent()
    events = client.receives(
        success(
            IDENTIFIER,
            f"<bound xmlns='urn:xmpp:bind:0'>{METADATA}</bound>",
            "<token xmlns='urn:xmpp:fast:0' expiry='2020-03-12T14:36:15Z' "
            "token='WXZzciBwYmFmdmZnZiBqdmd1IGp2eXFhcmZm' />",
        ),
        AFTER,
    )
    assert kinds(events) == [Authenticated, TokenReceived, Bound]
    received = events[1]
    assert isinstance(received, TokenReceived)
    assert received.token.value.reveal() == "WXZzciBwYmFmdmZnZiBqdmd1IGp2eXFhcmZm"
    assert received.token.mechanism == "HT-SHA-256-EXPR"
    assert received.token.expiry == datetime(2020, 3, 12, 14, 36, 15, tzinfo=UTC)
    assert "WXZzciB" not in repr(events)


def test_c_fast_01_no_token_is_asked_for_without_an_installation_id() -> None:
    wish = Sasl2Wish(UserAgent(None, "AwesomeXMPP"), wants_token=True)
    assert "urn:xmpp:fast:0" not in Client(BOUND, sasl2=wish).logging_in().sent()


def test_c_fast_01_a_token_nobody_asked_for_is_left_alone() -> None:
    token = "<token xmlns='urn:xmpp:fast:0' expiry='2020-03-12T14:36:15Z' token='x'/>"
    events = Client().logging_in().receives(success(IDENTIFIER, "<bound xmlns='urn:xmpp:bind:0'/>", token))
    assert kinds(events) == [Authenticated]


def test_c_fast_02_a_login_by_token_takes_one_round_trip() -> None:
    """XEP-0484, example 4."""
    wish = Sasl2Wish(AGENT, "AwesomeXMPP", wants_carbons=False, wants_token=True)
    client = Client(BOUND, sasl2=wish).offered(login=credentials(token=TOKEN))
    assert client.sent() == (
        '<authenticate xmlns="urn:xmpp:sasl:2" mechanism="HT-SHA-256-EXPR">'
        f"<initial-response>{PROOF}</initial-response>{AGENT_OUT}"
        '<bind xmlns="urn:xmpp:bind:0"><tag>AwesomeXMPP</tag></bind>'
        '<fast xmlns="urn:xmpp:fast:0" count="123"/></authenticate>'
    )
    events = client.receives(success(ANSWER, IDENTIFIER, "<bound xmlns='urn:xmpp:bind:0'/>"), AFTER)
    assert events[0] == Authenticated("HT-SHA-256-EXPR", AuthenticationPin(), ACCOUNT, "tls-exporter")
    assert isinstance(events[1], Bound)


def test_c_fast_03_a_new_token_may_come_unasked_after_a_login_by_token() -> None:
    """XEP-0484, example 5."""
    client = Client(BOUND).offered(login=credentials(token=TOKEN))
    rotated = (
        "<token xmlns='urn:xmpp:fast:0' expiry='2020-03-31T14:36:15Z' "
        "token='R3VyIHpiZmcgbnl2aXIgdmYgZ3VyIGp2eXFyZmcu' />"
    )
    events = client.receives(success(ANSWER, IDENTIFIER, rotated))
    assert isinstance(events[1], TokenReceived)
    assert events[1].token.mechanism == "HT-SHA-256-EXPR"


def test_c_fast_04_a_token_is_invalidated_by_using_it() -> None:
    """XEP-0484, example 6."""
    wish = Sasl2Wish(AGENT, wants_token=True, invalidates_token=True)
    sent = Client(BOUND, sasl2=wish).offered(login=credentials(token=TOKEN)).sent()
    assert '<fast xmlns="urn:xmpp:fast:0" count="123" invalidate="true"/>' in sent
    assert "request-token" not in sent


@pytest.mark.parametrize("condition", ["credentials-expired", "not-authorized", "invalid-mechanism"])
def test_c_fast_03_a_refused_token_is_dropped_and_the_password_tried_once(condition: str) -> None:
    client = Client(BOUND).offered(login=credentials(is_plain_allowed=True, token=TOKEN))
    assert "HT-SHA-256-EXPR" in client.sent()
    assert client.receives(failure(condition)) == [TokenRefused("HT-SHA-256-EXPR", condition)]
    assert 'mechanism="SCRAM-SHA-1"' in client.sent()
    assert kinds(client.receives(failure("not-authorized"))) == [AuthenticationFailed, CredentialsWanted]


def test_c_fast_03_a_refused_token_without_a_password_asks_for_one() -> None:
    login = Credentials("juliet", None, token=TOKEN)
    client = Client(BOUND).offered(login=login)
    events = client.receives(failure("credentials-expired"))
    assert kinds(events) == [TokenRefused, AuthenticationFailed, CredentialsWanted]


def test_c_fast_03_a_server_in_trouble_costs_no_token() -> None:
    client = Client(BOUND).offered(login=credentials(token=TOKEN))
    events = client.receives(failure("temporary-auth-failure"))
    assert kinds(events)[:2] == [AuthenticationFailed, StreamFailed]


def test_c_fast_03_an_expired_token_is_not_tried() -> None:
    old = FastToken(TOKEN.value, TOKEN.mechanism, NOW)
    assert 'mechanism="SCRAM-SHA-1"' in Client(BOUND).offered(login=credentials(token=old)).sent()


def test_c_fast_01_a_token_is_not_used_without_its_installation_id() -> None:
    client = Client(BOUND, sasl2=Sasl2Wish(UserAgent())).offered(login=credentials(token=TOKEN))
    assert 'mechanism="SCRAM-SHA-1"' in client.sent()


def test_s_30_a_server_that_does_not_prove_the_token_is_left() -> None:
    client = Client(BOUND).offered(login=credentials(token=TOKEN))
    events = client.receives(success(IDENTIFIER, "<bound xmlns='urn:xmpp:bind:0'/>"))
    assert kinds(events)[:2] == [AuthenticationFailed, StreamFailed]
