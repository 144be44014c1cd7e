"""People who may be mistaken for others are marked wherever they are shown (S-14, S-35)."""

from __future__ import annotations

from rich.style import Style
from textual.widgets import Input

from tests.support.scenes import DARCY, ELIZABETH, NOW, Scene, netherfield
from tests.ui.test_screen import app_of, cells, running
from tests.ui.test_wizard import first_run
from tui_xmpp.core import events as e
from tui_xmpp.core.model import RosterItem, Subscription, SubscriptionRequest
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.signs import laid_out

FALSE_DARCY = BareJID.parse("dаrcy@pemberley.lit")  # the second letter is Cyrillic
STRANGE_SERVER = BareJID.parse("darcy@pеmberley.lit")


def scene_with(jid: BareJID, name: str = "") -> Scene:
    scene = netherfield()
    scene.publish(e.RosterItemChanged(ELIZABETH, RosterItem(jid, name, ("Friends",), Subscription.BOTH), None))
    return scene


def row_of(shown: str, part: str) -> str:
    return next(row for row in shown.splitlines() if part in row)


async def test_the_list_of_people_marks_them_and_nobody_else() -> None:
    async with running(scene_with(FALSE_DARCY, "Mr. D.")) as pilot:
        shown = cells(pilot)
        assert "⚠" in row_of(shown, "Mr. D.")
        assert shown.count("⚠") == 1


async def test_a_name_with_hidden_characters_is_marked_too() -> None:
    async with running(scene_with(BareJID.parse("x@meryton.lit"), "Dar\u200bcy")) as pilot:
        app_of(pilot).main.open_chat(ELIZABETH, BareJID.parse("x@meryton.lit"))
        await pilot.pause()
        assert cells(pilot).count("⚠") == 2
        assert "This name contains hidden characters." in cells(pilot)


async def test_details_say_why_and_name_the_server_as_the_wire_has_it() -> None:
    async with running(scene_with(STRANGE_SERVER, "Darcy")) as pilot:
        app_of(pilot).main.open_chat(ELIZABETH, STRANGE_SERVER)
        app_of(pilot).perform("details", str(STRANGE_SERVER))
        await pilot.pause()
        assert cells(pilot).count("mixes Cyrillic and Latin letters") == 2  # in the dialog and behind it
        assert f"The server's name is {STRANGE_SERVER.domain_ascii}." in cells(pilot)


async def test_the_switcher_marks_them() -> None:
    async with running(scene_with(FALSE_DARCY, "Mr. D.")) as pilot:
        await pilot.press("ctrl+k", "m", "r", "period", "space", "d")
        await pilot.pause()
        assert "⚠" in row_of(cells(pilot), "Mr. D.   ")


async def test_a_request_says_whose_name_it_takes() -> None:
    scene = netherfield()
    request = SubscriptionRequest(ELIZABETH, BareJID.parse("x@meryton.lit"), NOW, nick="Fitzwilliam Dаrcy ")
    scene.publish(e.SubscriptionRequested(ELIZABETH, request))
    async with running(scene) as pilot:
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert "⚠ “Dаrcy” mixes Cyrillic and Latin letters." in cells(pilot)
    scene = netherfield()
    request = SubscriptionRequest(ELIZABETH, BareJID.parse("x@meryton.lit"), NOW, nick="FITZWILLIAM  Dárcy")
    scene.publish(e.SubscriptionRequested(ELIZABETH, request))
    async with running(scene) as pilot:
        await pilot.press("ctrl+r")
        await pilot.pause()
        shown = " ".join(cells(pilot).split())
        assert f"⚠ This is not the Fitzwilliam Darcy in your list, who is {DARCY}." in shown


async def test_the_wizard_says_so_of_an_address() -> None:
    async with first_run(Scene()) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        pilot.app.screen.query_one("#jid", Input).value = str(FALSE_DARCY)
        await pilot.pause()
        assert "mixes Cyrillic and Latin" in " ".join(cells(pilot).split())


def test_s_33_pieces_of_a_line_reorder_nothing_beside_them() -> None:
    plain = Style.null()
    line = laid_out([("● ", plain), ("דרסי בפמברלי", plain), ("  at the ball", plain)], [("3", plain)], 24)
    assert line.cell_length == 24
    assert "● \u2067דרסי בפמברלי\u2069  at" in line.text
    cut = laid_out([("דרסי בפמברלי", plain)], [], 6)
    assert "…\u2069" in cut.text
