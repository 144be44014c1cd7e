"""XEP-0030, XEP-0115, XEP-0390, XEP-0092, XEP-0199, XEP-0202, XEP-0359: what this client says of itself."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.engine import ACCOUNT, PASSWORD, Scene, ScriptedServer, canonical, engine_of, online
from tui_xmpp.clock import ManualClock
from tui_xmpp.core.commands import DescribeEntity, ProvidePassword
from tui_xmpp.core.events import CapabilitiesProved
from tui_xmpp.core.settings import PrivacySettings
from tui_xmpp.features import FEATURES
from tui_xmpp.features.xep0030_disco import Identity, Info, Var, describe
from tui_xmpp.features.xep0115_caps import Caps, is_proved, verification_string, version_of
from tui_xmpp.features.xep0390_caps2 import caps_of, hash_input
from tui_xmpp.jid import FullJID
from tui_xmpp.net.transport import Transport
from tui_xmpp.storage import accounts
from tui_xmpp.storage.archive import Archive
from tui_xmpp.xmpp.element import Element, local_name, parse_element
from tui_xmpp.xmpp.payload import decode
from tui_xmpp.xmpp.stanza import Iq

ROMEO = "romeo@montague.example/orchard"
EXODUS = Info(
    None,
    (Identity("client", "pc", "Exodus 0.9.1"),),
    tuple(Var(f"http://jabber.org/protocol/{name}") for name in ("caps", "disco#info", "disco#items", "muc")),
)
PSI = """
<query xmlns='http://jabber.org/protocol/disco#info'>
  <identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>
  <identity xml:lang='el' category='client' name='Ψ 0.11' type='pc'/>
  <feature var='http://jabber.org/protocol/caps'/>
  <feature var='http://jabber.org/protocol/disco#info'/>
  <feature var='http://jabber.org/protocol/disco#items'/>
  <feature var='http://jabber.org/protocol/muc'/>
  <x xmlns='jabber:x:data' type='result'>
    <field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>
    <field var='ip_version'><value>ipv4</value><value>ipv6</value></field>
    <field var='os'><value>Mac</value></field>
    <field var='os_version'><value>10.5.1</value></field>
    <field var='software'><value>Psi</value></field>
    <field var='software_version'><value>0.11</value></field>
  </x>
</query>"""
BOMBUS = (
    *("http://jabber.org/protocol/" + name for name in (
        "si", "bytestreams", "chatstates", "disco#info", "disco#items", "rosterx", "ibb", "si/profile/file-transfer"
    )),
    *("urn:xmpp:ping", "urn:xmpp:time", "urn:xmpp:receipts", "jabber:x:oob"),
    *("jabber:iq:" + name for name in ("time", "privacy", "version", "roster", "last")),
)  # fmt: skip


def info_of(children: str) -> Info:
    return decode(Info, parse_element(f"<query xmlns='http://jabber.org/protocol/disco#info'>{children}</query>"))


def test_xep_0115_5_2_simple_vector() -> None:
    assert verification_string(EXODUS).startswith("client/pc//Exodus 0.9.1<http://jabber.org/protocol/caps<")
    assert version_of(EXODUS) == "QgayPKawpkPSDYmwT/WM94uAlu0="


def test_xep_0115_5_3_vector_with_a_form_and_two_languages() -> None:
    assert version_of(decode(Info, parse_element(PSI))) == "q07IKJEyjvHSyhy//CH0CxmKi8w="


FORM = "<x xmlns='jabber:x:data'><field var='FORM_TYPE' type='hidden'>{}</field></x>"


@pytest.mark.parametrize(
    "children",
    [
        "<identity category='client' type='pc'/>" * 2,
        "<feature var='a'/>" * 2,
        FORM.format("<value>a</value>") * 2,
        FORM.format("<value>a</value><value>b</value>"),
        "<feature var='a&lt;b'/>",
        "<identity category='client' type='pc' name='a&lt;b'/>",
    ],
)
def test_xep_0115_5_4_ill_formed_answers_have_no_hash(children: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        version_of(info_of(children))
    assert not is_proved(info_of(children), Caps("n", "", "sha-1"))


def test_xep_0115_5_4_form_without_a_hidden_form_type_does_not_count() -> None:
    plain = info_of("<feature var='a'/>")
    for field in ("<field var='b'/>", "<field var='FORM_TYPE'><value>x</value></field>"):
        assert version_of(info_of(f"<feature var='a'/><x xmlns='jabber:x:data'>{field}</x>")) == version_of(plain)


def test_s_17_claim_is_proved_by_its_hash_only() -> None:
    assert is_proved(EXODUS, Caps("n", "QgayPKawpkPSDYmwT/WM94uAlu0=", "sha-1"))
    assert not is_proved(EXODUS, Caps("n", "QgayPKawpkPSDYmwT/WM94uAlu0=", "sha-256"))
    assert not is_proved(EXODUS, Caps("n", "QgayPKawpkPSDYmwT/WM94uAlu0=", "md5"))
    assert not is_proved(EXODUS, Caps("n", "QgayPKawpkPSDYmwT/WM94uAlu0=", None))


def test_xep_0390_4_6_simple_vector() -> None:
    bombus = Info(None, (Identity("client", "mobile", "BombusMod"),), tuple(map(Var, BOMBUS)))
    assert len(hash_input(bombus)) == 473
    assert {one.algo: one.value for one in caps_of(bombus).hashes} == {
        "sha-256": "kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8=",
        "sha3-256": "79mdYAfU9rEdTOcWDO7UEAt6E56SUzk/g6TnqUeuD9Q=",
    }


async def test_xep_0030_answer_is_made_from_the_features_and_has_the_hash_sent_with_presence() -> None:
    server = ScriptedServer()
    async with online(server) as scene:
        server.cut()
        await scene.client.settle()
        presence = next(stanza for stanza in server.heard() if stanza.startswith("<presence"))
        node, ver = re.findall(r'(?:node|ver)="([^"]*)"', presence)
        query = f"<query xmlns='http://jabber.org/protocol/disco#info' node='{node}#{ver}'/>"
        (answer,) = await scene.hears(f"<iq type='get' id='d1' from='{ROMEO}'>{query}</iq>")
        assert f'node="{node}#{ver}"' in answer
        features = re.findall(r'var="([^"]*)"', answer)
        assert features == sorted({var for feature in FEATURES for var in feature.disco})
        text = "client/console//tui_xmpp<" + "".join(f"{var}<" for var in features)
        digest = hashlib.sha1(text.encode(), usedforsecurity=False).digest()
        assert base64.b64encode(digest).decode() == ver


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        (
            "<query xmlns='http://jabber.org/protocol/disco#items'/>",
            "<query xmlns='http://jabber.org/protocol/disco#items'/>",
        ),
        ("<ping xmlns='urn:xmpp:ping'/>", ""),
        (
            "<query xmlns='jabber:iq:version'/>",
            "<query xmlns='jabber:iq:version'><name>tui_xmpp</name><version>0.1.0</version></query>",
        ),
    ],
)
async def test_x_030_x_092_x_199_questions_and_answers(query: str, answer: str) -> None:
    async with online() as scene:
        (sent,) = await scene.hears(f"<iq type='get' id='q1' from='{ROMEO}'>{query}</iq>")
        assert sent == canonical(f"<iq type='result' id='q1' to='{ROMEO}'>{answer}</iq>")


async def test_x_202_example_2_the_local_time_and_how_far_it_is_from_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock(datetime(2006, 12, 19, 17, 58, 35, tzinfo=UTC))
    monkeypatch.setenv("TZ", "Verona+6")  # as POSIX counts, west of Greenwich
    time.tzset()
    try:
        async with online(clock=clock) as scene:
            (sent,) = await scene.hears(f"<iq type='get' id='time_1' from='{ROMEO}'><time xmlns='urn:xmpp:time'/></iq>")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert sent == canonical(
        f"<iq type='result' id='time_1' to='{ROMEO}'><time xmlns='urn:xmpp:time'>"
        "<tzo>-06:00</tzo><utc>2006-12-19T17:58:35Z</utc></time></iq>"
    )


@pytest.mark.parametrize(
    ("privacy", "query", "var"),
    [
        (PrivacySettings(answers_version=False), "<query xmlns='jabber:iq:version'/>", "jabber:iq:version"),
        (PrivacySettings(answers_time=False), "<time xmlns='urn:xmpp:time'/>", "urn:xmpp:time"),
    ],
)
async def test_privacy_what_is_not_told_is_not_announced_either(privacy: PrivacySettings, query: str, var: str) -> None:
    async with online(privacy=privacy) as scene:
        (sent,) = await scene.hears(f"<iq type='get' id='q1' from='{ROMEO}'>{query}</iq>")
        assert "service-unavailable" in sent
        disco = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
        (sent,) = await scene.hears(f"<iq type='get' id='q2' from='{ROMEO}'>{disco}</iq>")
        assert f'"{var}"' not in sent


async def test_privacy_the_system_is_told_only_if_allowed() -> None:
    async with online(privacy=PrivacySettings(tells_system=True)) as scene:
        (sent,) = await scene.hears(f"<iq type='get' id='q1' from='{ROMEO}'><query xmlns='jabber:iq:version'/></iq>")
        assert "<os>" in sent


async def test_x_390_4_4_the_answer_is_found_under_each_hash_that_presence_carries() -> None:
    server = ScriptedServer()
    async with online(server) as scene:
        server.cut()
        await scene.client.settle()
        presence = next(stanza for stanza in server.heard() if stanza.startswith("<presence"))
        hashes = re.findall(r'algo="([^"]+)">([^<]+)<', presence)
        assert [algorithm for algorithm, _ in hashes] == ["sha-256", "sha3-256"]
        for algorithm, value in hashes:
            query = f"<query xmlns='http://jabber.org/protocol/disco#info' node='urn:xmpp:caps#{algorithm}.{value}'/>"
            (answer,) = await scene.hears(f"<iq type='get' id='d1' from='{ROMEO}'>{query}</iq>")
            info = decode(Info, parse_element(answer)[0])
            assert info.node == f"urn:xmpp:caps#{algorithm}.{value}"
            assert value in [one.value for one in caps_of(info).hashes]


PEERS_LOOK_FOR = [
    "http://jabber.org/protocol/chatstates",
    "jabber:x:oob",
    "urn:xmpp:chat-markers:0",
    "urn:xmpp:fallback:0",
    "urn:xmpp:hints",
    "urn:xmpp:message-correct:0",
    "urn:xmpp:reactions:0",
    "urn:xmpp:receipts",
    "urn:xmpp:reply:0",
    "urn:xmpp:styling:0",
]


async def test_x_030_peers_find_what_they_must_know_before_they_use_it() -> None:
    async with online() as scene:
        query = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
        (answer,) = await scene.hears(f"<iq type='get' id='d1' from='{ROMEO}'>{query}</iq>")
        assert [var for var in PEERS_LOOK_FOR if f'var="{var}"' not in answer] == []


@pytest.mark.parametrize("node", ["x", "", "urn:xmpp:caps", "https://pypi.org/project/tui-xmpp"])
async def test_xep_0030_unknown_node_is_not_found(node: str) -> None:
    async with online() as scene:
        query = f"<query xmlns='http://jabber.org/protocol/disco#info' node='{node}'/>"
        (sent,) = await scene.hears(f"<iq type='get' id='q1' from='{ROMEO}'>{query}</iq>")
        assert "item-not-found" in sent


async def test_describe_asks_for_name_time_and_round_trip() -> None:
    async with online() as scene:
        peer = FullJID.parse(ROMEO)
        await scene.hears(f"<presence from='{ROMEO}'/>")
        ticket = scene.client.submit(DescribeEntity(ACCOUNT, peer))
        while len(asked := scene.server.heard_so_far) < 4:
            await scene.server.heard_more()
        ids = re.findall(r' id="([^"]+)"', "".join(asked))
        await scene.hears(
            f"<iq type='result' id='{ids[0]}' from='{ROMEO}'><query xmlns='jabber:iq:version'>"
            "<name>Exodus</name><version>0.7</version><os>Verona</os></query></iq>"
            f"<iq type='result' id='{ids[1]}' from='{ROMEO}'><time xmlns='urn:xmpp:time'>"
            "<tzo>-06:00</tzo><utc>2006-12-19T17:58:35Z</utc></time></iq>"
            f"<iq type='error' id='{ids[2]}' from='{ROMEO}'><error type='cancel'>"
            "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
            f"<iq type='error' id='{ids[3]}' from='{ROMEO}'><error type='cancel'>"
            "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
        )
        (answer,) = [one for one in scene.client.take().answers if one.ticket == ticket]
        assert answer.failure is None
        (resource,) = scene.client.views.conversation(ACCOUNT, peer.bare).contact.resources
        assert resource.details is not None
        assert resource.details.software == "Exodus 0.7 (Verona)"
        assert resource.details.local_time is not None
        assert resource.details.local_time.isoformat() == "2006-12-19T11:58:35-06:00"


# -- what a hash stands for ---------------------------------------------------------------------------------------

# XEP-0115 §1.2, examples 1 and 3; §5.2 has the answer's hash.
CAPS = "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='http://code.google.com/p/exodus' ver='{ver}'/>"
EXODUS_VER = "QgayPKawpkPSDYmwT/WM94uAlu0="
EXODUS_INFO = """
<query xmlns='http://jabber.org/protocol/disco#info'>
  <identity category='client' name='Exodus 0.9.1' type='pc'/>
  <feature var='http://jabber.org/protocol/caps'/>
  <feature var='http://jabber.org/protocol/disco#info'/>
  <feature var='http://jabber.org/protocol/disco#items'/>
  <feature var='http://jabber.org/protocol/muc'/>
</query>"""


class Town(ScriptedServer):
    """Answers for the people of the town too, who all have Exodus."""

    def _take(self, transport: Transport, element: Element, stanza: object) -> None:
        super()._take(transport, element, stanza)
        if isinstance(stanza, Iq) and stanza.to is not None and stanza.to.domain == "montague.example":
            answer = EXODUS_INFO if "disco#info" in element[0].tag else f"<{local_name(element[0])}/>"
            transport.write(f"<iq type='result' id='{stanza.id}' from='{stanza.to}'>{answer}</iq>".encode())


def asked(stanzas: list[str]) -> list[tuple[str, str]]:
    """Return who was asked what they can do, and by what node."""
    questions = [stanza for stanza in stanzas if "disco#info" in stanza]
    return [
        ("".join(re.findall(' to="([^"]*)"', one)), "".join(re.findall('node="([^"]*)"', one))) for one in questions
    ]


async def understood(scene: Scene, peer: str, presence: str) -> frozenset[str]:
    """Return what is known of a device after its details were looked at."""
    jid = FullJID.parse(peer)
    await scene.hears(f"<presence from='{peer}'>{presence}</presence>")
    await scene.fails(DescribeEntity(ACCOUNT, jid))
    resources = scene.client.views.conversation(ACCOUNT, jid.bare).contact.resources
    details = next(one.details for one in resources if one.resource == jid.resource)
    assert details is not None
    return details.features


async def test_xep_0115_who_has_a_known_hash_is_not_asked_in_later_runs_either(tmp_path: Path) -> None:
    caps, server = CAPS.format(ver=EXODUS_VER), Town()
    async with online(server, archive=Archive.open(tmp_path / "a.db")) as scene:
        server.heard()
        assert await understood(scene, ROMEO, caps) == EXODUS.vars
        assert asked(server.heard()) == [(ROMEO, f"http://code.google.com/p/exodus#{EXODUS_VER}")]
        assert await understood(scene, "benvolio@montague.example/x", caps) == EXODUS.vars
        assert asked(server.heard()) == []
    async with online(server := Town(), archive=Archive.open(tmp_path / "a.db")) as scene:
        server.heard()
        assert await understood(scene, ROMEO, caps) == EXODUS.vars
        assert asked(server.heard()) == []


@pytest.mark.parametrize("ver", ["8RovUdtOmiAjzj+xI7SK5BCw3A8=", "QgayPKawpkPSDYmwT/WM94uAlu0"])
async def test_s_17_what_does_not_have_the_hash_that_was_claimed_is_not_kept(tmp_path: Path, ver: str) -> None:
    for _ in range(2):
        async with online(server := Town(), archive=Archive.open(tmp_path / "a.db")) as scene:
            for peer in (ROMEO, "benvolio@montague.example/x"):
                server.heard()
                assert await understood(scene, peer, CAPS.format(ver=ver)) == EXODUS.vars
                assert len(asked(server.heard())) == 1


async def test_xep_0390_the_safer_hash_is_asked_and_kept_where_there_are_two(tmp_path: Path) -> None:
    known = {one.algo: one.value for one in caps_of(EXODUS).hashes}
    value = known["sha-256"]
    both = (
        "<c xmlns='urn:xmpp:caps'><hash xmlns='urn:xmpp:hashes:2' algo='md5'>x</hash>"
        f"<hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>{value}</hash></c>" + CAPS.format(ver="not what it is")
    )
    for is_asked in (True, False):
        async with online(server := Town(), archive=Archive.open(tmp_path / "a.db")) as scene:
            server.heard()
            assert await understood(scene, ROMEO, both) == EXODUS.vars
            assert asked(server.heard()) == [(ROMEO, f"urn:xmpp:caps#sha-256.{value}")] * is_asked


async def test_xep_0115_6_3_the_server_is_not_asked_again_for_the_hash_in_its_stream_features(tmp_path: Path) -> None:
    for server_is_asked in (True, False):
        server = Town()
        server.answers["{http://jabber.org/protocol/disco#info}query"] = EXODUS_INFO
        server.features = (*server.features, parse_element(CAPS.format(ver=EXODUS_VER)))
        async with engine_of(server, archive=Archive.open(tmp_path / "a.db")) as scene:
            told = asked(await scene.does(ProvidePassword(ACCOUNT, PASSWORD)))
            of_server = [("capulet.example", f"http://code.google.com/p/exodus#{EXODUS_VER}")] * server_is_asked
            assert sorted(told) == sorted([(str(ACCOUNT), ""), *of_server])


def test_s_17_what_is_kept_of_hashes_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "MOST_CAPABILITIES", 3)
    with closing(Archive.open(tmp_path / "a.db")) as archive:
        for number in range(5):
            archive.write([CapabilitiesProved(ACCOUNT, f"name{number}", frozenset({"a", "b"}))])
        assert archive.account_state(ACCOUNT).capabilities == {
            f"name{number}": frozenset({"a", "b"}) for number in (2, 3, 4)
        }


def test_every_feature_names_its_specification_once() -> None:
    specs = [feature.spec for feature in FEATURES]
    assert len(set(specs)) == len(specs)
    assert all(re.fullmatch(r"RFC \d{4} §\d+|XEP-\d{4}", spec) for spec in specs)
    assert all(feature.version for feature in FEATURES if feature.spec.startswith("XEP"))
    assert describe(FEATURES).vars


def test_what_is_announced_is_what_peers_are_meant_to_find() -> None:
    """Written out, so that a feature that falls out of the list is missed, and a new one is meant."""
    assert {var for feature in FEATURES for var in feature.disco} == {
        "http://jabber.org/protocol/caps",
        "http://jabber.org/protocol/chatstates",
        "http://jabber.org/protocol/disco#info",
        "http://jabber.org/protocol/disco#items",
        "jabber:iq:version",
        "jabber:x:oob",
        "urn:xmpp:blocking",
        "urn:xmpp:caps",
        "urn:xmpp:chat-markers:0",
        "urn:xmpp:delay",
        "urn:xmpp:fallback:0",
        "urn:xmpp:hints",
        "urn:xmpp:idle:1",
        "urn:xmpp:mds:displayed:0+notify",
        "urn:xmpp:message-correct:0",
        "urn:xmpp:ping",
        "urn:xmpp:reactions:0",
        "urn:xmpp:receipts",
        "urn:xmpp:reply:0",
        "urn:xmpp:sid:0",
        "urn:xmpp:styling:0",
        "urn:xmpp:time",
    }
