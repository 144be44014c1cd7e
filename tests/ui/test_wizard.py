"""The first run and the questions of a session, over a recording engine that plays the worker's part."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from textual.containers import VerticalScroll
from textual.pilot import Pilot
from textual.widgets import Button, Checkbox, Input, Static

from tests.support.scenes import CERTIFICATE, ELIZABETH, Scene, netherfield, online
from tests.support.ui import type_at_once
from tests.ui.test_screen import cells
from tui_xmpp.core import commands as c
from tui_xmpp.core import events as e
from tui_xmpp.core.model import Connection, OwnPresence, Phase, Prompt, PromptKind, Step
from tui_xmpp.core.settings import AccountSettings
from tui_xmpp.ui.app import KeyringCheck, TuiXmppApp
from tui_xmpp.ui.screens.prompts import CertificateScreen, PasswordScreen
from tui_xmpp.ui.screens.wizard import WizardScreen

WRONG = "The server refused the password (not-authorized): check it and try again."


async def keyring_answers() -> str | None:
    return None


async def keyring_is_missing() -> str | None:
    return "No keyring answers on this machine."


@asynccontextmanager
async def first_run(
    scene: Scene, check_keyring: KeyringCheck = keyring_answers, width: int = 100
) -> AsyncIterator[Pilot[None]]:
    app = TuiXmppApp(scene.client, is_first_run=True, check_keyring=check_keyring, clock=scene.clock)
    async with app.run_test(size=(width, 36)) as pilot:
        await pilot.pause()
        yield pilot


def play_the_worker(scene: Scene, password: str) -> None:
    """Have the engine ask for a password and let only the right one in."""

    def ask(reason: str) -> None:
        steps = (
            Step(Phase.RESOLVING, "Found xmpp.longbourn.lit:5222", True),
            Step(Phase.SECURING, "TLS 1.3 with xmpp.longbourn.lit", True),
            Step(Phase.AUTHENTICATING, "Logging in", None),
        )
        scene.publish(
            e.ConnectionChanged(ELIZABETH, Connection(Phase.AUTHENTICATING, steps=steps)),
            e.PromptRaised(ELIZABETH, Prompt(ELIZABETH, PromptKind.PASSWORD, reason)),
        )

    def on_command(command: c.Command) -> None:
        if isinstance(command, c.AddAccount):
            scene.publish(e.AccountAdded(ELIZABETH, OwnPresence()))
            ask("")
        elif isinstance(command, c.ProvidePassword):
            scene.publish(e.PromptSettled(ELIZABETH, PromptKind.PASSWORD))
            if command.password == password:
                scene.publish(e.ConnectionChanged(ELIZABETH, online()))
            else:
                ask(WRONG)

    scene.engine.on_command = on_command


def top_of(app: TuiXmppApp) -> type:
    return type(app.screen)


def told(pilot: Pilot[None], selector: str) -> str:
    return str(pilot.app.screen.query_one(selector, Static).content)


async def test_from_nothing_to_a_connected_account() -> None:
    scene = Scene()
    play_the_worker(scene, "pride")
    async with first_run(scene) as pilot:
        await pilot.press("enter", *"elizabeth@longbourn.lit", "enter", *"pride", "enter")
        await pilot.pause(0.1)
        assert pilot.app.screen.has_class("-done")
        assert scene.engine.of(c.ProvidePassword) == [c.ProvidePassword(ELIZABETH, "pride", is_remembered=True)]
        assert scene.engine.of(c.SaveAccount) == [c.SaveAccount(ELIZABETH, AccountSettings(ELIZABETH))]
        await pilot.press("enter")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, WizardScreen)


async def test_a_wrong_password_is_asked_again_and_nothing_typed_is_lost() -> None:
    scene = Scene()
    play_the_worker(scene, "pride")
    async with first_run(scene) as pilot:
        await pilot.press("enter", *"elizabeth@longbourn.lit", "enter", *"prejudice", "enter")
        await pilot.pause(0.1)
        assert told(pilot, ".problem") == WRONG
        assert pilot.app.screen.query_one("#jid", Input).value == "elizabeth@longbourn.lit"
        password = pilot.app.screen.query_one("#password", Input)
        assert password.value == "prejudice"
        assert password.has_focus
        await pilot.press("ctrl+u", *"pride", "enter")
        await pilot.pause(0.1)
        assert pilot.app.screen.has_class("-done")
        assert len(scene.engine.of(c.AddAccount)) == 1


async def test_the_address_is_checked_as_it_is_typed_and_the_password_is_hidden() -> None:
    scene = Scene()
    async with first_run(scene) as pilot:
        await pilot.press("enter", *"elizabeth@long bourn")
        await pilot.pause()
        assert "space" in told(pilot, ".problem")
        secrecy = [pilot.app.screen.query_one("#password", Input).password]
        await pilot.press("f8")
        secrecy.append(pilot.app.screen.query_one("#password", Input).password)
        assert secrecy == [True, False]


async def test_connection_settings_are_passed_on_and_a_bad_port_is_refused() -> None:
    scene = Scene()
    async with first_run(scene) as pilot:
        screen = pilot.app.screen
        await pilot.press("enter", *"elizabeth@longbourn.lit", "enter", *"x")
        screen.query_one("#more", Checkbox).value = True
        screen.query_one("#host", Input).value = "127.0.0.1"
        screen.query_one("#port", Input).value = "70000"
        await pilot.press("enter")
        await pilot.pause()
        assert "1 to 65535" in told(pilot, ".problem")
        screen.query_one("#port", Input).value = "5223"
        await pilot.press("enter")
        await pilot.pause()
        assert scene.engine.of(c.AddAccount) == [
            c.AddAccount(ELIZABETH, AccountSettings(ELIZABETH, host="127.0.0.1", port=5223))
        ]


async def test_without_a_keyring_the_sentence_is_shown_and_nothing_is_kept() -> None:
    scene = Scene()
    play_the_worker(scene, "pride")
    async with first_run(scene, keyring_is_missing) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert told(pilot, ".keyring") == "No keyring answers on this machine."
        await pilot.press(*"elizabeth@longbourn.lit", "enter", *"pride", "enter")
        await pilot.pause(0.1)
        assert scene.engine.of(c.ProvidePassword) == [c.ProvidePassword(ELIZABETH, "pride", is_remembered=False)]


async def test_leaving_a_trial_takes_the_account_back() -> None:
    scene = Scene()
    play_the_worker(scene, "pride")
    async with first_run(scene) as pilot:
        await pilot.press("enter", *"elizabeth@longbourn.lit", "enter", *"wrong", "enter")
        await pilot.pause(0.1)
        await pilot.press("escape")
        await pilot.pause()
        assert scene.engine.of(c.RemoveAccount) == [c.RemoveAccount(ELIZABETH)]


async def test_a_password_is_asked_for_in_a_dialog_that_leaves_when_settled_elsewhere() -> None:
    scene = netherfield()
    app = TuiXmppApp(scene.client, check_keyring=keyring_answers, clock=scene.clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        scene.publish(e.PromptRaised(ELIZABETH, Prompt(ELIZABETH, PromptKind.PASSWORD, "No password is kept.")))
        await pilot.pause(0.1)
        assert top_of(app) is PasswordScreen
        scene.publish(e.PromptSettled(ELIZABETH, PromptKind.PASSWORD))
        await pilot.pause(0.1)
        assert top_of(app) is not PasswordScreen
        scene.publish(e.PromptRaised(ELIZABETH, Prompt(ELIZABETH, PromptKind.PASSWORD, WRONG)))
        await pilot.pause(0.1)
        await pilot.press(*"pride", "enter")
        await pilot.pause()
        assert scene.engine.of(c.ProvidePassword) == [c.ProvidePassword(ELIZABETH, "pride")]


async def test_a_certificate_is_refused_by_default_and_pinned_only_by_a_typed_word() -> None:
    scene = netherfield()
    prompt = Prompt(ELIZABETH, PromptKind.CERTIFICATE, "The certificate is not for longbourn.lit.", CERTIFICATE)
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(90, 30)) as pilot:
        await pilot.pause()
        scene.publish(e.PromptRaised(ELIZABETH, prompt))
        await pilot.pause(0.1)
        assert isinstance(app.screen, CertificateScreen)
        assert isinstance(app.focused, Button)
        assert app.focused.id == "refuse"
        app.screen.query_one("#pin", Button).press()
        await pilot.pause()
        assert scene.engine.of(c.PinCertificate) == []
        await pilot.press(*"trust", "enter")
        await pilot.pause()
        assert scene.engine.of(c.PinCertificate) == [c.PinCertificate(ELIZABETH, CERTIFICATE.sha256)]
        assert scene.engine.of(c.Disconnect) == []


async def test_a_refused_certificate_is_shown_with_whom_it_names_who_says_so_when_its_digest_and_why() -> None:
    scene = netherfield()
    certificate = replace(
        CERTIFICATE,
        subject="imposter.example\x1b[2J",
        issuer="[@click=app.quit]Meryton CA",
        names=("imposter.example",),
        not_before=datetime(2026, 1, 2, tzinfo=UTC),
        not_after=datetime(2027, 3, 4, tzinfo=UTC),
        sha256="0123456789abcdef" * 4,
    )
    reason = "The certificate is for another name: imposter.example."
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(100, 30)) as pilot:
        scene.publish(e.PromptRaised(ELIZABETH, Prompt(ELIZABETH, PromptKind.CERTIFICATE, reason, certificate)))
        await pilot.pause(0.1)
        seen = cells(pilot)
        for words in (
            reason,
            str(ELIZABETH),
            "imposter.example\N{REPLACEMENT CHARACTER}[2J",
            "[@click=app.quit]Meryton CA",
            "2026-01-02 to 2027-03-04",
            "0123 4567 89AB CDEF 0123 4567 89AB CDEF",
        ):
            assert words in seen
        assert "\x1b" not in seen


@pytest.mark.parametrize("size", [(60, 20), (40, 12)])
async def test_what_is_asked_about_a_certificate_is_in_sight_in_a_low_terminal(size: tuple[int, int]) -> None:
    scene = netherfield()
    reason = "The certificate of xmpp.longbourn.lit was not issued by an authority this machine trusts."
    prompt = Prompt(ELIZABETH, PromptKind.CERTIFICATE, reason, CERTIFICATE)
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=size) as pilot:
        scene.publish(e.PromptRaised(ELIZABETH, prompt))
        await pilot.pause(0.1)
        region = app.screen.find_widget(app.screen.query_one(".title")).visible_region
        assert region.height
        assert app.focused is app.screen.query_one("#refuse")
        if size == (60, 20):
            assert app.screen.query_one(VerticalScroll).max_scroll_y == 0


async def test_enter_on_a_refused_certificate_stays_disconnected() -> None:
    scene = netherfield()
    prompt = Prompt(ELIZABETH, PromptKind.CERTIFICATE, "The certificate has expired.", CERTIFICATE)
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(90, 30)) as pilot:
        scene.publish(e.PromptRaised(ELIZABETH, prompt))
        await pilot.pause(0.1)
        await pilot.press("enter")
        await pilot.pause()
        assert scene.engine.of(c.PinCertificate) == []
        assert scene.engine.of(c.Disconnect) == [c.Disconnect(ELIZABETH)]


async def test_who_refuses_a_certificate_in_the_first_run_is_told_what_that_meant() -> None:
    scene = Scene()
    refused = Step(Phase.SECURING, "xmpp.longbourn.lit:5222", False)

    def on_command(command: c.Command) -> None:
        if isinstance(command, c.AddAccount):
            prompt = Prompt(ELIZABETH, PromptKind.CERTIFICATE, "Its authority is unknown.", CERTIFICATE)
            scene.publish(e.AccountAdded(ELIZABETH, OwnPresence()), e.PromptRaised(ELIZABETH, prompt))
        elif isinstance(command, c.Disconnect):
            scene.publish(
                e.PromptSettled(ELIZABETH, PromptKind.CERTIFICATE),
                e.ConnectionChanged(ELIZABETH, Connection(Phase.OFFLINE, steps=(refused,))),
            )

    scene.engine.on_command = on_command
    async with first_run(scene) as pilot:
        await pilot.press("enter", *str(ELIZABETH), "enter", *"pride", "enter")
        assert isinstance(pilot.app.screen, CertificateScreen)
        await pilot.press("space")
        await pilot.pause()
        assert "The certificate was not trusted, and the password not sent." in told(pilot, ".steps")


async def test_what_a_fast_typist_types_after_the_address_is_the_password() -> None:
    scene = Scene()
    async with first_run(scene) as pilot:
        await pilot.press("enter", *"elizabeth@longbourn.lit")
        await type_at_once(pilot, "enter", "tab", "shift+tab", *"pride")
        fields = {field.id: field.value for field in pilot.app.screen.query(Input)}
        assert (fields["jid"], fields["password"]) == ("elizabeth@longbourn.lit", "pride")


async def test_a_box_is_ticked_by_a_space_that_a_tab_follows_at_once() -> None:
    async with first_run(Scene()) as pilot:
        await pilot.press("enter", *"elizabeth@longbourn.lit", "enter")
        pilot.app.screen.query_one("#more").focus()
        await pilot.pause()
        await type_at_once(pilot, "space", "tab", "h")
        assert pilot.app.screen.query_one("#more", Checkbox).value


async def test_the_settings_that_a_space_opens_are_where_a_tab_at_once_leads() -> None:
    async with first_run(Scene()) as pilot:
        await pilot.press("enter")
        pilot.app.screen.query_one("#more").focus()
        await pilot.pause()
        for keys, wanted in ((("space", "tab"), "host"), (("shift+tab", "space", "tab"), "back")):
            await type_at_once(pilot, *keys)
            assert pilot.app.focused is not None
            assert pilot.app.focused.id == wanted


async def test_why_a_login_failed_is_in_sight_in_a_low_terminal() -> None:
    scene = Scene()
    play_the_worker(scene, "pride")
    app = TuiXmppApp(scene.client, is_first_run=True, check_keyring=keyring_is_missing, clock=scene.clock)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("enter", *"elizabeth@longbourn.lit", "enter", *"prejudice", "tab", "space", "enter")
        app.screen.query_one("#port", Input).focus()
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert told(pilot, ".problem") == WRONG
        assert app.screen.region.contains_region(app.screen.query_one(".problem").region)
        await pilot.press(*"pride", "enter")  # what was refused is written over
        await pilot.pause(0.1)
        assert app.screen.has_class("-done")
