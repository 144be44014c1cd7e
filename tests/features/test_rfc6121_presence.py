"""RFC 6121 §4 as transcripts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.support.engine import ACCOUNT, Scene, ScriptedServer, canonical, online
from tui_xmpp.clock import ManualClock
from tui_xmpp.core.commands import SendDirectedPresence, SetPresence
from tui_xmpp.core.model import OwnPresence, Show
from tui_xmpp.core.settings import PrivacySettings
from tui_xmpp.core.views import ContactView
from tui_xmpp.jid import BareJID, FullJID

ROMEO = BareJID.parse("romeo@montague.example")


def romeo(scene: Scene) -> ContactView:
    return scene.client.views.conversation(ACCOUNT, ROMEO).contact


def payloads(stanza: str) -> str:
    """Return a presence without its capabilities."""
    caps = stanza.find("<c ")
    return stanza if caps < 0 else f"{stanza[:caps]}</presence>"


async def test_c_pre_01_initial_presence_has_neither_type_nor_addressee_and_carries_caps() -> None:
    server = ScriptedServer()
    async with online(server) as scene:
        server.cut()
        await scene.client.settle()
        presence = server.heard()[1]
        assert presence.startswith('<presence><c xmlns="http://jabber.org/protocol/caps"')


@pytest.mark.parametrize("kind", ["probe", "friendly", ""])
async def test_c_pre_02_unknown_types_are_ignored(kind: str) -> None:
    async with online() as scene:
        await scene.hears(f"<presence from='romeo@montague.example/orchard' type='{kind}'/>")
        assert romeo(scene).show is Show.OFFLINE


@pytest.mark.parametrize(
    ("children", "show"),
    [
        ("", Show.ONLINE),
        ("<show>chat</show>", Show.CHAT),
        ("<show>away</show>", Show.AWAY),
        ("<show>xa</show>", Show.XA),
        ("<show>dnd</show>", Show.DND),
        ("<show>online</show>", Show.ONLINE),
        ("<show>away</show><show>dnd</show>", Show.ONLINE),
    ],
)
async def test_c_pre_03_show(children: str, show: Show) -> None:
    async with online() as scene:
        await scene.hears(f"<presence from='romeo@montague.example/orchard'>{children}</presence>")
        assert romeo(scene).show is show


@pytest.mark.parametrize(("text", "priority"), [("-128", -128), ("127", 127), ("128", 0), ("one", 0), ("", 0)])
async def test_c_pre_04_priority(text: str, priority: int) -> None:
    async with online() as scene:
        await scene.hears(f"<presence from='romeo@montague.example/orchard'><priority>{text}</priority></presence>")
        (resource,) = romeo(scene).resources
        assert resource.presence.priority == priority


async def test_c_pre_05_status_in_the_users_language() -> None:
    async with online() as scene:
        await scene.hears(
            "<presence from='romeo@montague.example/orchard'>"
            "<status xml:lang='cs'>Dvořím se</status><status xml:lang='en'>Wooing</status></presence>"
        )
        assert romeo(scene).status == "Wooing"


async def test_c_pre_05_who_says_nothing_has_an_empty_status() -> None:
    async with online() as scene:
        await scene.hears("<presence from='romeo@montague.example/orchard'/>")
        (resource,) = romeo(scene).resources
        assert resource.presence.status == ""
        await scene.hears("<presence from='romeo@montague.example' type='unavailable'/>")
        assert romeo(scene).status == ""


async def test_x_203_presence_is_as_old_as_the_server_says() -> None:
    delay = "<delay xmlns='urn:xmpp:delay' from='capulet.example' stamp='2026-01-01T11:00:00Z'/>"
    async with online() as scene:
        for child, since in ((delay, datetime(2026, 1, 1, 11, tzinfo=UTC)), ("", scene.clock.now())):
            await scene.hears(f"<presence from='romeo@montague.example/orchard'>{child}</presence>")
            (resource,) = romeo(scene).resources
            assert resource.presence.since == since


async def test_presence_of_nobody_is_nobodys() -> None:
    async with online() as scene:
        assert await scene.hears("<presence/><presence type='unavailable'/>") == []


async def test_c_pre_06_one_resource_leaves_or_all_do() -> None:
    async with online() as scene:
        await scene.hears(
            "<presence from='romeo@montague.example/orchard'/>"
            "<presence from='romeo@montague.example/home'><show>away</show></presence>"
        )
        assert [one.resource for one in romeo(scene).resources] == ["orchard", "home"]
        await scene.hears("<presence from='romeo@montague.example/orchard' type='unavailable'/>")
        assert [one.resource for one in romeo(scene).resources] == ["home"]
        await scene.hears(
            "<presence from='romeo@montague.example' type='unavailable'><status>Exile</status></presence>"
        )
        assert romeo(scene).resources == ()


async def test_c_pre_06_who_has_no_resource_is_seen_too_as_a_gateway() -> None:
    async with online() as scene:
        await scene.hears("<presence from='romeo@montague.example'><show>xa</show></presence>")
        assert [(one.resource, one.presence.show) for one in romeo(scene).resources] == [("", Show.XA)]
        await scene.hears("<presence from='romeo@montague.example'><status>Here</status></presence>")
        assert (romeo(scene).show, romeo(scene).status) == (Show.ONLINE, "Here")
        await scene.hears("<presence from='romeo@montague.example' type='unavailable'/>")
        assert romeo(scene).resources == ()


async def test_s_53_presence_of_strangers_is_kept_of_a_few_only_and_never_at_the_expense_of_contacts() -> None:
    async with online() as scene:
        await scene.hears("".join(f"<presence from='s{n}@spam.example/x'/>" for n in range(1000)))
        view = scene.client.views.conversation
        shown = [view(ACCOUNT, BareJID.parse(f"s{n}@spam.example")).contact.show for n in range(1000)]
        assert sum(show.is_available for show in shown) == 200
        await scene.hears("<presence from='s0@spam.example/x'><show>away</show></presence>")
        assert view(ACCOUNT, BareJID.parse("s0@spam.example")).contact.show is Show.AWAY, "one of the few"
        item = "<item jid='romeo@montague.example' subscription='both'/>"
        await scene.hears(f"<iq type='set' id='p'><query xmlns='jabber:iq:roster'>{item}</query></iq>")
        await scene.hears("<presence from='romeo@montague.example/orchard'/>")
        assert romeo(scene).show is Show.ONLINE


async def test_s_53_whoever_was_shown_presence_and_oneself_are_no_strangers() -> None:
    nurse = BareJID.parse("nurse@capulet.example")
    async with online() as scene:
        await scene.hears("".join(f"<presence from='s{n}@spam.example/x'/>" for n in range(300)))
        for peer in (nurse.with_resource("chamber"), nurse):
            presence = f"<presence from='{nurse}/chamber'><show>away</show></presence>"
            await scene.hears(presence)
            assert scene.client.views.conversation(ACCOUNT, nurse).contact.show is Show.OFFLINE
            await scene.does(SendDirectedPresence(ACCOUNT, peer, OwnPresence()))
            await scene.hears(presence)
            assert scene.client.views.conversation(ACCOUNT, nurse).contact.show is Show.AWAY
            await scene.hears(f"<presence from='{nurse}/chamber' type='unavailable'/>")
            await scene.does(SendDirectedPresence(ACCOUNT, peer, OwnPresence(Show.OFFLINE)))
        await scene.hears(f"<presence from='{ACCOUNT}/chamber'/>")
        assert scene.client.views.conversation(ACCOUNT, ACCOUNT).contact.show is Show.ONLINE


async def test_s_53_the_next_session_begins_without_strangers_and_without_whom_presence_was_shown() -> None:
    nurse = BareJID.parse("nurse@capulet.example")
    async with online() as scene:
        await scene.hears("".join(f"<presence from='s{n}@spam.example/x'/>" for n in range(200)))
        await scene.does(SendDirectedPresence(ACCOUNT, nurse, OwnPresence()))
        scene.server.cut()
        await scene.client.settle()
        await scene.hears("".join(f"<presence from='t{n}@spam.example/x'/>" for n in range(200)))
        await scene.hears(f"<presence from='{nurse}/chamber'/>")
        view = scene.client.views.conversation
        assert view(ACCOUNT, BareJID.parse("t199@spam.example")).contact.show is Show.ONLINE
        assert view(ACCOUNT, nurse).contact.show is Show.OFFLINE


async def test_own_other_resource_is_known() -> None:
    async with online() as scene:
        await scene.hears(f"<presence from='{ACCOUNT}/chamber'><priority>5</priority></presence>")
        own = scene.client.views.conversation(ACCOUNT, ACCOUNT).contact
        assert [one.resource for one in own.resources] == ["chamber"]


async def test_set_presence_is_broadcast_with_show_status_and_priority() -> None:
    async with online() as scene:
        (sent,) = await scene.does(SetPresence(ACCOUNT, OwnPresence(Show.DND, "On the <balcony>", -5)))
        assert payloads(sent) == canonical(
            "<presence><show>dnd</show><status>On the &lt;balcony&gt;</status><priority>-5</priority></presence>"
        )
        view = scene.client.views.account(ACCOUNT)
        assert view is not None
        assert view.own == OwnPresence(Show.DND, "On the <balcony>", -5)


async def test_c_pre_07_directed_presence_is_sent_and_taken_back() -> None:
    chamber = FullJID.parse("nurse@capulet.example/chamber")
    async with online() as scene:
        (sent,) = await scene.does(SendDirectedPresence(ACCOUNT, chamber, OwnPresence(Show.AWAY)))
        assert payloads(sent) == canonical(f"<presence to='{chamber}'><show>away</show></presence>")
        (sent,) = await scene.does(SendDirectedPresence(ACCOUNT, chamber, OwnPresence(Show.OFFLINE)))
        assert sent == canonical(f"<presence to='{chamber}' type='unavailable'/>")


async def test_c_pre_08_offline_says_goodbye_and_closes_the_stream() -> None:
    server = ScriptedServer()
    async with online(server) as scene:
        sent = await scene.does(SetPresence(ACCOUNT, OwnPresence(Show.OFFLINE, "Good night")))
        assert sent == [canonical("<presence type='unavailable'><status>Good night</status></presence>")]
        await server.gone()
        assert server.is_clean
        view = scene.client.views.account(ACCOUNT)
        assert view is not None
        assert view.own.show is Show.OFFLINE


async def test_x_319_idleness_is_told_with_automatic_away_only_and_if_allowed() -> None:
    away = OwnPresence(Show.AWAY)
    for allowed in (True, False):
        async with online(privacy=PrivacySettings(tells_idle=allowed)) as scene:
            (sent,) = await scene.does(SetPresence(ACCOUNT, away, is_automatic=True, idle_seconds=600))
            assert ('<idle xmlns="urn:xmpp:idle:1" since="2026-01-01T11:50:00Z"' in sent) is allowed
            (sent,) = await scene.does(SetPresence(ACCOUNT, OwnPresence(), is_automatic=True))
            assert "idle" not in sent


@pytest.mark.parametrize(
    ("stamp", "since"),
    [
        ("2026-01-01T11:00:00Z", datetime(2026, 1, 1, 11, tzinfo=UTC)),
        ("2999-01-01T00:00:00Z", None),
        ("0000-00-00T00:00:00Z", None),
        ("2027-01-01T00:00:00Z", datetime(2026, 1, 1, 12, tzinfo=UTC)),
    ],
)
async def test_x_319_s_09_idle_since_is_read_and_never_in_the_future(stamp: str, since: datetime | None) -> None:
    async with online() as scene:
        idle = f"<idle xmlns='urn:xmpp:idle:1' since='{stamp}'/>"
        await scene.hears(f"<presence from='romeo@montague.example/orchard'><show>away</show>{idle}</presence>")
        (resource,) = romeo(scene).resources
        assert resource.presence.idle_since == since


async def test_s_53_presence_of_a_contact_survives_a_broken_payload() -> None:
    async with online() as scene:
        await scene.hears(
            "<presence from='romeo@montague.example/orchard'><idle xmlns='urn:xmpp:idle:1'/>"
            "<delay xmlns='urn:xmpp:delay'/><c xmlns='http://jabber.org/protocol/caps'/></presence>"
        )
        assert romeo(scene).show is Show.ONLINE


PUSH = (
    "<iq type='set' id='p1'><query xmlns='jabber:iq:roster'>"
    "<item jid='romeo@montague.example' name='Romeo' subscription='both'/></query></iq>"
)


def told(scene: Scene) -> list[str]:
    return [entry.text for entry in scene.client.views.log() if entry.peer == ROMEO]


async def test_the_log_tells_when_a_contact_becomes_more_or_less_reachable_and_nothing_else() -> None:
    async with online() as scene:
        assert isinstance(scene.clock, ManualClock)
        await scene.hears(PUSH)
        await scene.hears("<presence from='romeo@montague.example/orchard'><show>away</show></presence>")
        assert told(scene) == []  # the first picture is no news
        scene.clock.advance(60)
        await scene.hears("<presence from='romeo@montague.example/phone'><status>hear</status></presence>")
        await scene.hears("<presence from='romeo@montague.example/phone'><status>again</status></presence>")
        await scene.hears("<presence from='romeo@montague.example/orchard' type='unavailable'/>")
        assert told(scene) == ["Romeo is online · hear"], "one device is left"
        await scene.hears("<presence from='romeo@montague.example/phone' type='unavailable'/>")
        await scene.hears("<presence from='stranger@montague.example/x'/>")
        assert told(scene) == ["Romeo is online · hear", "Romeo is offline."]


async def test_the_log_tells_of_a_gateway_by_its_address_where_it_has_no_name() -> None:
    async with online() as scene:
        assert isinstance(scene.clock, ManualClock)
        await scene.hears(PUSH.replace(" name='Romeo'", ""))
        scene.clock.advance(10)
        await scene.hears("<presence from='romeo@montague.example'/>")
        await scene.hears("<presence from='romeo@montague.example' type='unavailable'/>")
        assert told(scene) == ["romeo@montague.example is online.", "romeo@montague.example is offline."]


async def test_the_log_begins_anew_with_each_session() -> None:
    online_again = "<presence from='romeo@montague.example/orchard'/>"
    async with online() as scene:
        assert isinstance(scene.clock, ManualClock)
        await scene.hears(PUSH)
        await scene.hears(online_again)
        scene.server.answers["{jabber:iq:roster}query"] = ""  # what is held of the roster is right
        for seconds, news in ((1, []), (10, ["Romeo is online."])):
            scene.clock.advance(60)
            scene.server.cut()
            await scene.client.settle()
            scene.clock.advance(seconds)
            await scene.hears(online_again)
            assert told(scene) == news


async def test_the_log_takes_the_end_of_all_devices_as_one() -> None:
    async with online() as scene:
        assert isinstance(scene.clock, ManualClock)
        await scene.hears(PUSH)
        await scene.hears("<presence from='romeo@montague.example/a'/>")
        await scene.hears("<presence from='romeo@montague.example/b'/>")
        scene.clock.advance(60)
        await scene.hears("<presence from='romeo@montague.example' type='unavailable'><status>gone</status></presence>")
        assert told(scene) == ["Romeo is offline · gone"]
