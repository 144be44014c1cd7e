"""No size, no theme, no text, no key, no click and no fact raises in the screen, or puts one pane over another."""

from __future__ import annotations

import random
from contextlib import suppress
from itertools import combinations

import pytest
from textual.drivers.headless_driver import HeadlessDriver
from textual.events import Resize
from textual.geometry import Size
from textual.pilot import OutOfBounds, Pilot

from tests.support.scenes import (
    BINGLEY,
    CERTIFICATE,
    DARCY,
    ELIZABETH,
    JANE,
    WICKHAM,
    Scene,
    contact,
    logged,
    netherfield,
    presence,
    received,
    requested,
)
from tui_xmpp.core import events as e
from tui_xmpp.core.model import Connection, Phase, Prompt, PromptKind, Severity, Show
from tui_xmpp.core.settings import Settings, UiSettings
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.actions import ACTIONS, BY_SLASH
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.widgets.announcer import Announcer
from tui_xmpp.ui.widgets.bars import KeyBar, TitleBar
from tui_xmpp.ui.widgets.conversation import ConversationPane
from tui_xmpp.ui.widgets.roster import Roster
from tui_xmpp.ui.widgets.status import StatusLine, StatusPane

LEAVING = {"quit", "editor"}
EDITING = """up down left right enter space escape tab shift+tab home end pageup pagedown delete backspace ctrl+u ctrl+z
ctrl+y ctrl+w alt+enter shift+left shift+down ctrl+up ctrl+home ctrl+x @ : . 中 a d 7"""
KEYS = sorted({*EDITING.split(), *(key for action in ACTIONS for key in action.keys if action.id not in LEAVING)})
COMMANDS = sorted(name for name, action in BY_SLASH.items() if action.id not in LEAVING)
TEXTS = [
    "hi",
    "*strong* _and_ `code`\n```python\nfor x in y: pass\n```\n> quoted\n\n/me bows",
    "https://example.org/" + "long/" * 40 + "picture.png",
    "\N{FAMILY}👨‍👩‍👧‍👦 🇬🇧🇯🇵 👍🏽 é̂̃ 界面測試 ｆｕｌｌ",
    "שלום \u202eevil\u202c مرحبا 𐎀 नमस्ते ไทย",
    "\x1b[31mred\x07\x9b2J\x00 \ud800 \u200b\u2066",
    "\n" * 90 + "end",
    "w" * 5000,
]
PANES = (TitleBar, Roster, ConversationPane, StatusPane, StatusLine, KeyBar, Announcer)


def any_fact(rng: random.Random) -> e.Event:
    peer = rng.choice([DARCY, JANE, BINGLEY, WICKHAM])
    return rng.choice(
        [
            presence(peer, rng.choice(list(Show)), rng.choice(TEXTS)),
            received(peer, rng.choice(TEXTS), rng.random() * 9),
            received(peer, rng.choice(TEXTS), rng.random() * 9999),
            e.RosterItemRemoved(ELIZABETH, peer, None),
            e.RosterItemChanged(ELIZABETH, contact(peer, rng.choice(["", *TEXTS]), (rng.choice(TEXTS),)), None),
            e.SessionEnded(ELIZABETH),
            requested(peer, rng.choice(TEXTS)),
            e.SubscriptionRequestSettled(ELIZABETH, WICKHAM),
            logged(rng.choice(TEXTS), Severity.ERROR),
            e.ConnectionChanged(ELIZABETH, Connection(rng.choice(list(Phase)), rng.choice(TEXTS))),
            e.PromptRaised(ELIZABETH, Prompt(ELIZABETH, rng.choice(list(PromptKind)), "reason", CERTIFICATE)),
            e.PromptSettled(ELIZABETH, rng.choice(list(PromptKind))),
        ]
    )


def panes_apart(app: TuiXmppApp) -> None:
    """Assert that no pane lies over another or, from the least size on, beyond the screen."""
    whole = app.main.region
    is_large_enough = whole.width >= 40 and whole.height >= 12
    panes = [pane for kind in PANES for pane in app.main.query(kind) if pane.is_on_screen and pane.region.area]
    for pane in panes:
        is_inside = whole.contains_region(pane.region)
        assert is_inside or not is_large_enough, f"{pane} {pane.region} is beyond {whole}"
    for one, other in combinations(panes, 2):
        assert not one.region.overlaps(other.region), f"{one} {one.region} lies over {other} {other.region}"


async def any_step(rng: random.Random, pilot: Pilot[None], app: TuiXmppApp, scene: Scene) -> str:
    """Do one thing and say what it was."""
    match rng.choices(["key", "size", "click", "fact", "theme", "command"], [70, 10, 4, 10, 1, 5])[0]:
        case "key":
            key = rng.choice(KEYS)
            await pilot.press(key)
            return key
        case "size":
            size = rng.choice([1, 40, 60, 71, 72, 80, 120, 250]), rng.choice([1, 4, 12, 15, 16, 20, 24, 80])
            await pilot.resize_terminal(*size)
            return f"size {size}"
        case "click":
            button, at = rng.choice([1, 3]), (rng.randrange(app.size.width), rng.randrange(app.size.height))
            with suppress(OutOfBounds):
                await pilot.pause()  # what is being taken away cannot be clicked
                await pilot.click(offset=at, button=button)
            return f"click {button} {at}"
        case "theme":
            app.theme = rng.choice(sorted(app.available_themes))
            return app.theme
        case "command":
            command = rng.choice(COMMANDS)
            if app.screen is not app.main:
                return "-"  # nobody types a command behind a dialog
            app.main.run_text(ELIZABETH, DARCY, f"/{command} {rng.choice(['', 'x', 'jane@longbourn.lit', '1'])}")
            await pilot.pause()
            return f"/{command}"
        case _:
            fact = any_fact(rng)
            scene.publish(fact)
            return type(fact).__name__


async def walk(seed: int, steps: int) -> None:
    rng = random.Random(seed)
    scene = netherfield(Settings(ui=UiSettings(is_linear=seed % 4 == 3)))
    if seed % 3 == 1:
        scene.add_account(BareJID.parse("lizzy@other.lit"))
    app = TuiXmppApp(scene.client, clock=scene.clock, is_first_run=seed % 3 == 2)
    done: list[str] = []
    try:
        # A fault in any handler ends run_test with that fault.
        async with app.run_test(size=(rng.choice([40, 80, 120]), 24), notifications=True) as pilot:
            for _ in range(steps):
                done.append("…")
                done[-1] = await any_step(rng, pilot, app, scene)
                panes_apart(app)
    except BaseException as error:
        error.add_note(f"seed {seed}: {', '.join(done[-30:])}")
        raise


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_the_user_or_the_worker_does_raises_or_overlaps(seed: int) -> None:
    await walk(seed, 60)


@pytest.mark.parametrize("is_linear", [False, True])
async def test_a_storm_of_sizes_while_messages_come_ends_with_all_in_its_place(is_linear: bool) -> None:
    rng = random.Random(4)
    scene = netherfield(Settings(ui=UiSettings(is_linear=is_linear)))
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        app.main.open_chat(ELIZABETH, DARCY)
        app.main.open_beside((ELIZABETH, JANE))
        await pilot.pause()
        for number in range(60):
            size = Size(rng.randint(40, 250), rng.randint(12, 80)) if number < 59 else Size(120, 40)
            assert isinstance(app._driver, HeadlessDriver)
            app._driver._size = size
            app.post_message(Resize(size, size))
            scene.publish(received(rng.choice([DARCY, JANE]), rng.choice(TEXTS), -number))
            if number % 10 == 0:
                await pilot.pause()
                panes_apart(app)
        await pilot.pause()
        panes_apart(app)
        assert app.main.size == Size(120, 40)
        shown = [pane for pane in app.main.splits.panes if pane.is_on_screen]
        assert len(shown) == (1 if is_linear else 2)
        assert all(pane.log_lines.is_following for pane in shown)


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("seed", range(1000, 1040))
async def test_nothing_raises_or_overlaps_for_very_long(seed: int) -> None:
    await walk(seed, 500)
