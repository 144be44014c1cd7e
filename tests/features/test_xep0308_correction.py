"""XEP-0308 as transcripts: the specification's own examples, and whose corrections are believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.engine import ACCOUNT, PASSWORD, Scene, ScriptedServer, canonical, engine_of, online
from tui_xmpp.core.commands import (
    CorrectMessage,
    DiscardMessage,
    Disconnect,
    OpenConversation,
    ProvidePassword,
    ResendMessage,
    SendMessage,
)
from tui_xmpp.core.model import Delivery, Message
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.archive import Archive

ROMEO = BareJID.parse("romeo@montague.example")
TYBALT = BareJID.parse("tybalt@capulet.example")
FROM = "from='romeo@montague.example/orchard' type='chat'"
BAD = f"<message {FROM} id='bad1'><body>But soft, what light through yonder airlock breaks?</body></message>"
GOOD = (
    "<message {} id='{}'><body>But soft, what light through yonder window breaks?</body>"
    "<replace id='bad1' xmlns='urn:xmpp:message-correct:0'/></message>"
)
AIRLOCK, WINDOW = (f"But soft, what light through yonder {thing} breaks?" for thing in ("airlock", "window"))


def bodies(scene: Scene, peer: BareJID = ROMEO) -> list[str]:
    return [message.body for message in scene.client.views.conversation(ACCOUNT, peer).messages]


@pytest.fixture(params=["kept", "not-kept"])
def archive(request: pytest.FixtureRequest) -> Archive | None:
    return Archive.in_memory() if request.param == "kept" else None


async def test_x_308_examples_3_and_4_a_message_and_its_correction(archive: Archive | None) -> None:
    async with online(archive=archive) as scene:
        await scene.hears(BAD)
        assert bodies(scene) == [AIRLOCK]
        await scene.hears(GOOD.format(FROM, "good1"))
        (message,) = scene.client.views.conversation(ACCOUNT, ROMEO).messages
        assert message.body == WINDOW
        assert [version.body for version in message.versions] == [AIRLOCK, WINDOW]
        assert scene.client.views.conversation(ACCOUNT, ROMEO).unread == 1


async def test_x_308_01_another_device_of_the_author_may_correct_too() -> None:
    async with online() as scene:
        await scene.hears(BAD)
        await scene.hears(GOOD.format("from='romeo@montague.example/window' type='chat'", "good1"))
        assert bodies(scene) == [WINDOW]


@pytest.mark.parametrize(
    "sender",
    ["from='tybalt@capulet.example/street' type='chat'", "from='romeo@montague.example/orchard' type='normal'"],
    ids=["another-person", "another-type"],
)
async def test_s_11_who_did_not_say_it_does_not_correct_it(sender: str) -> None:
    async with online(archive=Archive.in_memory()) as scene:
        await scene.hears(BAD)
        await scene.hears(GOOD.format(sender, "good1"))
        assert AIRLOCK in bodies(scene)
        assert WINDOW in [*bodies(scene), *bodies(scene, TYBALT)]


async def test_s_11_a_peer_does_not_correct_what_we_said() -> None:
    async with online(archive=Archive.in_memory()) as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, "By whose direction found'st thou out this place?"))
        await scene.hears(GOOD.format(FROM, "good1").replace("bad1", "id3"))
        assert bodies(scene) == ["By whose direction found'st thou out this place?", WINDOW]


async def test_x_308_a_broken_correction_is_a_message() -> None:
    async with online() as scene:
        await scene.hears(BAD)
        await scene.hears(GOOD.format(FROM, "good1").replace(" id='bad1'", ""))
        assert bodies(scene) == [AIRLOCK, WINDOW]


async def test_x_308_our_correction_goes_out_whole_under_a_new_id_and_names_the_first_text() -> None:
    async with online(archive=Archive.in_memory()) as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, AIRLOCK))
        for key, thing in (("id4", "window"), ("id5", "door")):
            body = WINDOW.replace("window", thing)
            assert await scene.does(CorrectMessage(ACCOUNT, ROMEO, "id3", body)) == [
                canonical(
                    f"<message type='chat' id='{key}' to='romeo@montague.example'><body>{body}</body>"
                    "<replace xmlns='urn:xmpp:message-correct:0' id='id3'/>"
                    f"<origin-id xmlns='urn:xmpp:sid:0' id='{key}'/></message>"
                )
            ]
        (message,) = scene.client.views.conversation(ACCOUNT, ROMEO).messages
        assert [version.body.split()[-2] for version in message.versions] == ["airlock", "window", "door"]
        assert (message.key, message.delivery) == ("id3", Delivery.SENT)


async def test_a_correction_from_another_device_of_ours_is_shown() -> None:
    async with online(archive=Archive.in_memory()) as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, AIRLOCK))
        inner = GOOD.format(f"from='{ACCOUNT}/chamber' to='romeo@montague.example' type='chat'", "good1")
        inner = inner.replace("<message", "<message xmlns='jabber:client'").replace("bad1", "id3")
        await scene.hears(
            f"<message from='{ACCOUNT}' to='{ACCOUNT}/balcony'><sent xmlns='urn:xmpp:carbons:2'>"
            f"<forwarded xmlns='urn:xmpp:forward:0'>{inner}</forwarded></sent></message>"
        )
        assert bodies(scene) == [WINDOW]


async def test_what_is_not_ours_and_what_says_nothing_new_is_no_correction() -> None:
    async with online(archive=Archive.in_memory()) as scene:
        await scene.hears(BAD)
        (theirs,) = scene.client.views.conversation(ACCOUNT, ROMEO).messages
        wanted = CorrectMessage(ACCOUNT, ROMEO, theirs.key, WINDOW)
        assert await scene.fails(wanted) == "Only what you said yourself can be corrected."
        await scene.does(SendMessage(ACCOUNT, TYBALT, "Peace"))
        assert await scene.fails(CorrectMessage(ACCOUNT, TYBALT, "id4", "Peace")) is not None


def only(scene: Scene) -> Message:
    (message,) = scene.client.views.conversation(ACCOUNT, ROMEO).messages
    return message


def corrections(heard: list[str]) -> list[str]:
    return [one for one in heard if "<replace" in one]


async def test_what_is_corrected_offline_is_shown_at_once_and_goes_out_in_the_next_run(tmp_path: Path) -> None:
    async with online(archive=Archive.open(tmp_path / "a.sqlite")) as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, AIRLOCK))
        await scene.does(Disconnect(ACCOUNT))
        scene.server.heard()
        assert await scene.does(CorrectMessage(ACCOUNT, ROMEO, "id3", WINDOW)) == []
        assert (only(scene).body, only(scene).versions[-1].delivery) == (WINDOW, Delivery.QUEUED)
    async with engine_of(ScriptedServer(), archive=Archive.open(tmp_path / "a.sqlite")) as scene:
        (sent,) = corrections(await scene.does(ProvidePassword(ACCOUNT, PASSWORD)))
        assert WINDOW in sent
        assert '<replace xmlns="urn:xmpp:message-correct:0" id="id3"/>' in sent
        await scene.does(OpenConversation(ACCOUNT, ROMEO))
        assert only(scene).versions[-1].delivery is Delivery.SENT


ERROR = (
    "<message type='error' id='id4' from='romeo@montague.example'><error type='cancel'>"
    "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
)


async def test_a_correction_that_failed_says_so_on_its_message_and_is_sent_again(archive: Archive | None) -> None:
    async with online(archive=archive) as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, AIRLOCK))
        await scene.does(CorrectMessage(ACCOUNT, ROMEO, "id3", WINDOW))
        await scene.hears(ERROR)
        failed = only(scene).failed_correction
        assert failed is not None
        assert failed.failure is not None
        assert failed.failure.sentence.endswith("The correction was not delivered.")
        assert scene.log[-1].endswith(f"The correction “{WINDOW}” was not delivered.")
        assert only(scene).delivery is Delivery.SENT
        (again,) = await scene.does(ResendMessage(ACCOUNT, ROMEO, "id4"))
        assert all(
            part in again for part in (WINDOW, 'id="id4"', '<replace xmlns="urn:xmpp:message-correct:0" id="id3"/>')
        )
        assert only(scene).failed_correction is None


async def test_a_correction_that_failed_is_given_up_and_the_former_text_stands_again(archive: Archive | None) -> None:
    async with online(archive=archive) as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, AIRLOCK))
        await scene.does(CorrectMessage(ACCOUNT, ROMEO, "id3", WINDOW))
        assert await scene.fails(DiscardMessage(ACCOUNT, ROMEO, "id4")) is not None
        await scene.hears(ERROR)
        await scene.does(DiscardMessage(ACCOUNT, ROMEO, "id4"))
        assert (only(scene).body, only(scene).versions) == (AIRLOCK, ())
        assert await scene.fails(ResendMessage(ACCOUNT, ROMEO, "id4")) is not None


async def test_a_new_correction_takes_the_place_of_one_that_failed() -> None:
    async with online(archive=Archive.in_memory()) as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, AIRLOCK))
        await scene.does(CorrectMessage(ACCOUNT, ROMEO, "id3", WINDOW))
        await scene.hears(ERROR)
        await scene.does(CorrectMessage(ACCOUNT, ROMEO, "id3", "door"))
        assert [version.body for version in only(scene).versions] == [AIRLOCK, "door"]
