"""The door: accounts come and go, every command is answered exactly once."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import replace

import pytest

from tests.support.account import KnownPassword
from tests.support.engine import ACCOUNT, PASSWORD, ScriptedServer, engine_of, online
from tui_xmpp.core import commands
from tui_xmpp.core.commands import (
    AddAccount,
    BlockPeer,
    Command,
    DescribeEntity,
    RemoveAccount,
    RemoveContact,
    SaveAccount,
    SendMessage,
)
from tui_xmpp.core.model import Phase
from tui_xmpp.core.settings import AccountSettings, PrivacySettings, Settings, UiSettings
from tui_xmpp.features import FEATURES
from tui_xmpp.features.feature import Context, Feature, carries_out
from tui_xmpp.jid import BareJID, FullJID
from tui_xmpp.storage.settings import SettingsError

NURSE = BareJID.parse("nurse@capulet.example")
ROMEO = BareJID.parse("romeo@montague.example")


class File:
    def __init__(self) -> None:
        self.accounts: dict[BareJID, AccountSettings] = {}
        self.saved: list[tuple[Settings, Settings]] = []
        self.is_full = False

    def save_settings(self, before: Settings, after: Settings) -> None:
        if self.is_full:
            raise SettingsError("The disk is full.")
        self.saved.append((before, after))

    def save_account(self, settings: AccountSettings) -> None:
        self.accounts[settings.jid] = settings

    def forget_account(self, account: BareJID) -> None:
        del self.accounts[account]


async def test_account_is_added_kept_removed_and_forgotten() -> None:
    file, keyring = File(), KnownPassword(PASSWORD, {NURSE: "parrot", ACCOUNT: PASSWORD})
    settings = AccountSettings(NURSE)
    async with online(settings_file=file, passwords=keyring) as scene:
        await scene.does(AddAccount(NURSE, settings))
        assert [view.account for view in scene.client.views.accounts()] == [ACCOUNT, NURSE]
        await scene.does(SaveAccount(NURSE, settings))
        assert file.accounts == {NURSE: settings}
        await scene.does(RemoveAccount(NURSE))
        assert [view.account for view in scene.client.views.accounts()] == [ACCOUNT]
        assert file.accounts == {NURSE: settings}
        await scene.does(AddAccount(NURSE, settings))
        assert NURSE in keyring.kept
        await scene.does(RemoveAccount(NURSE, is_forgotten=True))
        assert file.accounts == {}
        assert keyring.kept == {ACCOUNT: PASSWORD}


async def test_changed_settings_reconnect_the_account_where_they_say_with_no_question_asked() -> None:
    server = ScriptedServer()
    async with online(server) as scene:
        await scene.does(AddAccount(ACCOUNT, AccountSettings(ACCOUNT, host="mirror.example", port=5299)))
        override = server.dials[-1].override
        assert override is not None
        assert (override.host, override.port) == ("mirror.example", 5299)
        assert server.logins == 2
        assert len(scene.client.views.accounts()) == 1


async def test_two_changes_of_an_account_at_once_leave_one_session() -> None:
    server = ScriptedServer()
    async with online(server) as scene:
        for port in (5298, 5299):
            scene.client.submit(AddAccount(ACCOUNT, AccountSettings(ACCOUNT, host="mirror.example", port=port)))
        await scene.client.settle()
        override = server.dials[-1].override
        assert override is not None
        assert override.port == 5299
        assert scene.client.settings.account(ACCOUNT).port == 5299
        sessions = [task for task in asyncio.all_tasks() if task.get_name() == f"session {ACCOUNT}"]
        assert len(sessions) == 1


async def test_what_is_told_of_oneself_changes_at_once_and_is_written() -> None:
    server, file = ScriptedServer(), File()
    async with online(server, settings_file=file) as scene:
        asks = "<iq type='get' id='{}' from='romeo@montague.example/orchard'><query xmlns='jabber:iq:version'/></iq>"
        (answer,) = await scene.hears(asks.format("a"))
        assert "<name>tui_xmpp</name>" in answer
        before = scene.client.settings
        quiet = replace(before, privacy=PrivacySettings(answers_version=False))
        scene.client.change(quiet)
        await scene.client.settle()
        presence, *_ = server.heard()
        assert presence.startswith("<presence")
        assert "http://jabber.org/protocol/caps" in presence
        assert file.saved == [(before, quiet)]
        (refusal,) = await scene.hears(asks.format("b"))
        assert "<service-unavailable" in refusal


async def test_settings_that_cannot_be_written_hold_and_say_so() -> None:
    file = File()
    file.is_full = True
    async with online(settings_file=file) as scene:
        ticket = scene.client.change(replace(scene.client.settings, ui=UiSettings(theme="light")))
        await scene.client.settle()
        (answer,) = [one for one in scene.client.take().answers if one.ticket == ticket]
        assert answer.failure == "The disk is full. What you set holds until you leave."
        assert scene.client.settings.ui.theme == "light"


async def test_account_that_is_switched_off_is_shown_and_left_alone() -> None:
    server = ScriptedServer()
    async with engine_of(server, account=AccountSettings(ACCOUNT, is_enabled=False)) as scene:
        view = scene.client.views.account(ACCOUNT)
        assert view is not None
        assert (view.connection.phase, view.prompts) == (Phase.OFFLINE, ())


@pytest.mark.parametrize(
    ("command", "failure"),
    [
        (SendMessage(NURSE, ROMEO, "Hi"), "nurse@capulet.example is not one of the accounts here."),
        (RemoveAccount(NURSE), "nurse@capulet.example is not one of the accounts here."),
        (SaveAccount(ACCOUNT, AccountSettings(ACCOUNT)), "There is no settings file to write to."),
    ],
)
async def test_command_that_cannot_be_carried_out_fails_with_a_sentence(command: Command, failure: str) -> None:
    async with online() as scene:
        assert await scene.fails(command) == failure


@pytest.mark.parametrize(
    "command",
    [
        RemoveContact(ACCOUNT, ROMEO),
        BlockPeer(ACCOUNT, ROMEO),
        DescribeEntity(ACCOUNT, FullJID.parse("romeo@montague.example/orchard")),
    ],
)
async def test_command_that_needs_the_server_says_that_there_is_none(command: Command) -> None:
    async with engine_of(ScriptedServer()) as scene:
        assert await scene.fails(command) == "juliet@capulet.example is not connected."


def test_every_command_has_exactly_one_taker() -> None:
    every = {
        one
        for _, one in inspect.getmembers(commands, inspect.isclass)
        if issubclass(one, Command) and one is not Command
    }
    by_features = [route.command for feature in FEATURES for route in feature.commands]
    elsewhere = {
        commands.AddAccount, commands.SaveAccount, commands.RemoveAccount,
        commands.Connect, commands.Disconnect, commands.ProvidePassword, commands.PinCertificate,
        commands.UnpinCertificate, commands.AllowWeakerLogin, commands.SetPresence,
        commands.OpenConversation, commands.CloseConversation, commands.LoadOlder, commands.LoadLatest,
        commands.MarkRead, commands.SaveDraft, commands.LoadNewer, commands.JumpTo, commands.JumpToDate,
        commands.SearchMessages, commands.ExportConversation, commands.PurgeConversation, commands.MarkUnread,
        commands.ReadLastMessages,
    }  # fmt: skip
    assert len(by_features) == len(set(by_features))
    assert set(by_features) | elsewhere == every
    assert not set(by_features) & elsewhere


async def test_a_failing_handler_is_one_sentence_not_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(ctx: Context, command: BlockPeer) -> None:
        raise ZeroDivisionError

    broken = Feature(spec="XEP-0000", title="Broken", commands=(carries_out(BlockPeer, fail),))
    async with online(features=(broken,)) as scene:
        failure = await scene.fails(BlockPeer(ACCOUNT, ROMEO))
        assert failure == "Something went wrong inside this program; the log says more."
        assert "ZeroDivisionError" in caplog.text


async def test_a_command_under_way_at_the_end_is_answered_too() -> None:
    server = ScriptedServer()
    async with online(server) as scene:
        server.answers["{urn:xmpp:blocking}block"] = None
        ticket = scene.client.submit(BlockPeer(ACCOUNT, ROMEO))
        await server.heard_more()
    answers = [answer for answer in scene.client.take().answers if answer.ticket == ticket]
    assert len(answers) == 1
    assert answers[0].failure is not None
    scene.client.submit(BlockPeer(ACCOUNT, ROMEO))
    assert [answer.failure for answer in scene.client.take().answers] == ["The program is closing."]


async def test_several_may_wait_for_rest_at_once() -> None:
    async with online() as scene, asyncio.timeout(20):
        await asyncio.gather(*(scene.client.settle() for _ in range(3)))
