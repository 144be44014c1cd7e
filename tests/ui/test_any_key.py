"""No size, no key, no click and no fact raises in the screen."""

from __future__ import annotations

import random

import pytest
from textual.pilot import OutOfBounds

from tests.support.scenes import (
    BINGLEY,
    CERTIFICATE,
    DARCY,
    ELIZABETH,
    JANE,
    WICKHAM,
    contact,
    logged,
    netherfield,
    presence,
    received,
    requested,
)
from tui_xmpp.core import events as e
from tui_xmpp.core.model import Connection, Phase, Prompt, PromptKind, Severity, Show
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.app import TuiXmppApp

KEYS = """up down left right enter space escape tab shift+tab home end pageup pagedown delete backspace f1 f2 f3 f4 f5
f6 f8 ctrl+t ctrl+r ctrl+n ctrl+p ctrl+k ctrl+o alt+a alt+l alt+u alt+v
alt+v alt+s alt+x alt+1 alt+w alt+left alt+right slash question_mark a b c d i j k m n o
p r s x y 1 5 @ . 中"""
STEPS = 60


def any_fact(rng: random.Random) -> e.Event:
    peer = rng.choice([DARCY, JANE, BINGLEY, WICKHAM])
    return rng.choice(
        [
            presence(peer, rng.choice(list(Show)), "x" * rng.randrange(80)),
            received(peer, "hi" * rng.randrange(99), rng.random() * 9),
            e.RosterItemRemoved(ELIZABETH, peer, None),
            e.RosterItemChanged(ELIZABETH, contact(peer, rng.choice(["", "界" * 9, "A"]), ("Z",)), None),
            e.SessionEnded(ELIZABETH),
            requested(peer, "please"),
            e.SubscriptionRequestSettled(ELIZABETH, WICKHAM),
            logged("The disk is full.", Severity.ERROR),
            e.ConnectionChanged(ELIZABETH, Connection(rng.choice(list(Phase)), "why")),
            e.PromptRaised(ELIZABETH, Prompt(ELIZABETH, rng.choice(list(PromptKind)), "reason", CERTIFICATE)),
            e.PromptSettled(ELIZABETH, rng.choice(list(PromptKind))),
        ]
    )


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_the_user_or_the_worker_does_raises(seed: int) -> None:
    rng = random.Random(seed)
    scene = netherfield()
    if seed == 1:
        scene.add_account(BareJID.parse("lizzy@other.lit"))
    app = TuiXmppApp(scene.client, clock=scene.clock, is_first_run=seed == 2)
    # A fault in any handler ends run_test with that fault.
    async with app.run_test(size=(rng.choice([40, 80, 120]), 24), notifications=True) as pilot:
        for _ in range(STEPS):
            match rng.choices(["key", "size", "click", "fact"], [80, 6, 4, 10])[0]:
                case "key":
                    await pilot.press(rng.choice(KEYS.split()))
                case "size":
                    await pilot.resize_terminal(rng.choice([1, 40, 60, 71, 72, 250]), rng.choice([1, 4, 12, 20, 80]))
                case "click":
                    try:
                        await pilot.click(offset=(rng.randrange(app.size.width), rng.randrange(app.size.height)))
                    except OutOfBounds:
                        continue
                case _:
                    scene.publish(any_fact(rng))
