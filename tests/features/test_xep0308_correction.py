"""XEP-0308 as transcripts: the specification's own examples, and whose corrections are believed."""

from __future__ import annotations

import pytest

from tests.support.engine import ACCOUNT, Scene, canonical, online
from tui_xmpp.core.commands import CorrectMessage, Disconnect, SendMessage
from tui_xmpp.core.model import Delivery
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
    ["from='tybalt@capulet.example/street' type='chat'", "from='romeo@montague.example/orchard' type='headline'"],
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


async def test_what_is_not_ours_not_sent_or_not_connected_is_not_corrected() -> None:
    async with online(archive=Archive.in_memory()) as scene:
        await scene.hears(BAD)
        (theirs,) = scene.client.views.conversation(ACCOUNT, ROMEO).messages
        wanted = CorrectMessage(ACCOUNT, ROMEO, theirs.key, WINDOW)
        assert await scene.fails(wanted) == "Only what you said yourself can be corrected."
        await scene.does(SendMessage(ACCOUNT, TYBALT, "Peace"))
        await scene.does(Disconnect(ACCOUNT))
        assert await scene.fails(CorrectMessage(ACCOUNT, TYBALT, "id3", "Peace?")) is not None
        assert bodies(scene, TYBALT) == ["Peace"]


async def test_an_error_that_answers_a_correction_is_told() -> None:
    async with online(archive=Archive.in_memory()) as scene:
        await scene.does(SendMessage(ACCOUNT, ROMEO, AIRLOCK))
        await scene.does(CorrectMessage(ACCOUNT, ROMEO, "id3", WINDOW))
        await scene.hears(
            "<message type='error' id='id4' from='romeo@montague.example'><error type='cancel'>"
            "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
        )
        assert scene.log
        (message,) = scene.client.views.conversation(ACCOUNT, ROMEO).messages
        assert message.delivery is Delivery.SENT
