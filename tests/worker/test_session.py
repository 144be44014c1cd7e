"""The life of a session: prompts, failures in sentences, reconnecting that always comes back, goodbyes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.support.account import KnownPassword
from tests.support.engine import ACCOUNT, JID, PASSWORD, Scene, ScriptedServer, engine_of, online
from tests.support.sasl import Accounts
from tui_xmpp.clock import ManualClock
from tui_xmpp.core.commands import (
    AllowWeakerLogin,
    Connect,
    Disconnect,
    PinCertificate,
    ProvidePassword,
    SendMessage,
    SetPresence,
    UnpinCertificate,
)
from tui_xmpp.core.model import Connection, OwnPresence, Phase, PromptKind, Show
from tui_xmpp.core.settings import AccountSettings
from tui_xmpp.features import xep0199_ping
from tui_xmpp.jid import BareJID
from tui_xmpp.net.connect import Connected, ConnectError, NoConnectionError
from tui_xmpp.net.identity import CertificateFacts
from tui_xmpp.net.resolve import Endpoint, ServiceAbsentError
from tui_xmpp.net.steps import Step
from tui_xmpp.net.tls import CertificateRefusedError, Refusal
from tui_xmpp.storage.secrets import SecretsError
from tui_xmpp.worker import session
from tui_xmpp.worker.backoff import Backoff
from tui_xmpp.worker.dial import Target
from tui_xmpp.xmpp import namespaces as ns
from tui_xmpp.xmpp.element import build
from tui_xmpp.xmpp.stream_errors import MEANINGS

NEVER = Backoff(shortest=3600, longest=3600, after_shutdown=3600)


def connection(scene: Scene) -> Connection:
    view = scene.client.views.account(ACCOUNT)
    assert view is not None
    return view.connection


def prompts(scene: Scene) -> list[PromptKind]:
    view = scene.client.views.account(ACCOUNT)
    assert view is not None
    return [prompt.kind for prompt in view.prompts]


def stream_error(condition: str, text: str = "") -> str:
    return (
        f"<stream:error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'>{text}</{condition}>"
        "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>So it is</text></stream:error></stream:stream>"
    )


# -- passwords ----------------------------------------------------------------------------------------------------


async def test_password_is_asked_for_before_anyone_is_bothered() -> None:
    server = ScriptedServer()
    async with engine_of(server) as scene:
        assert prompts(scene) == [PromptKind.PASSWORD]
        assert connection(scene).phase is Phase.STOPPED
        assert server.dials == []


async def test_wrong_password_is_asked_again_and_the_right_one_goes_on() -> None:
    server = ScriptedServer()
    async with engine_of(server) as scene:
        await scene.does(ProvidePassword(ACCOUNT, "wrong"))
        assert prompts(scene) == [PromptKind.PASSWORD]
        assert connection(scene).phase is Phase.STOPPED
        assert connection(scene).reason == "The server refused the name or the password: type the password again."
        assert connection(scene).steps[-1].is_done is False
        assert len(server.dials) == 1  # nothing is tried again unasked
        await scene.does(ProvidePassword(ACCOUNT, PASSWORD))
        assert prompts(scene) == []
        assert connection(scene).phase is Phase.ONLINE


async def test_password_is_kept_only_if_the_user_says_so_and_then_never_asked() -> None:
    keyring = KnownPassword(None)
    async with engine_of(ScriptedServer(), passwords=keyring) as scene:
        await scene.does(ProvidePassword(ACCOUNT, "wrong", is_remembered=True))
        assert keyring.kept == {}
        await scene.does(ProvidePassword(ACCOUNT, PASSWORD))
        assert keyring.kept == {}
        await scene.does(ProvidePassword(ACCOUNT, PASSWORD, is_remembered=True))
        assert keyring.kept == {ACCOUNT: PASSWORD}
    async with engine_of(ScriptedServer(), passwords=keyring) as scene:
        assert connection(scene).phase is Phase.ONLINE


async def test_password_is_kept_once_the_server_has_taken_it() -> None:
    keyring = KnownPassword(None)
    async with engine_of(ScriptedServer(), passwords=keyring) as scene:
        await scene.does(ProvidePassword(ACCOUNT, PASSWORD, is_remembered=True))
        assert keyring.kept == {ACCOUNT: PASSWORD}


class NoKeyring(KnownPassword):
    async def keep_password(self, account: BareJID, password: str) -> None:
        raise SecretsError("No keyring answers on this machine.")


async def test_keyring_that_fails_is_a_line_in_the_log_and_the_login_goes_on() -> None:
    async with engine_of(ScriptedServer(), passwords=NoKeyring(None)) as scene:
        await scene.does(ProvidePassword(ACCOUNT, PASSWORD, is_remembered=True))
        assert connection(scene).phase is Phase.ONLINE
        assert "The password was not kept. No keyring answers on this machine." in scene.log


# -- what is known of a connection --------------------------------------------------------------------------------


async def test_c_tls_06_online_connection_has_its_facts_and_steps() -> None:
    async with online() as scene:
        facts = connection(scene).facts
        assert (facts.host, facts.port, facts.jid) == ("xmpp.capulet.example", 5222, JID)
        assert (facts.tls_version, facts.mechanism) == ("TLSv1.3", "SCRAM-SHA-256")
        assert facts.certificate is not None
        assert facts.since == scene.clock.now()
        assert [step.text for step in connection(scene).steps] == [
            "Opening the stream at xmpp.capulet.example:5222",
            "Encrypting xmpp.capulet.example:5222",
            "Logging in at xmpp.capulet.example:5222",
            "Starting the session",
        ]
        assert all(step.is_done for step in connection(scene).steps)


# -- certificates -------------------------------------------------------------------------------------------------


def refused(clock: ManualClock, refusal: Refusal = Refusal.SELF_SIGNED) -> CertificateRefusedError:
    facts = CertificateFacts("CN=x", "CN=x", clock.now(), clock.now(), sha256="ab" * 32)
    return CertificateRefusedError("The certificate of capulet.example is self-signed.", refusal, facts)


async def test_c_tls_07_refused_certificate_is_shown_and_taken_only_by_the_users_choice() -> None:
    clock = ManualClock()
    server = ScriptedServer()
    server.refusals.append(refused(clock))
    async with online(server, clock=clock) as scene:
        assert connection(scene).phase is Phase.STOPPED
        view = scene.client.views.account(ACCOUNT)
        assert view is not None
        (prompt,) = view.prompts
        assert (prompt.kind, prompt.reason) == (
            PromptKind.CERTIFICATE,
            "The certificate of capulet.example is self-signed.",
        )
        assert prompt.certificate is not None
        assert prompt.certificate.sha256 == "ab" * 32
        await scene.does(PinCertificate(ACCOUNT, "AB" * 32))
        assert prompts(scene) == []
        assert server.dials[-1].policy.pins == {"ab" * 32}
        assert connection(scene).phase is Phase.ONLINE
        await scene.does(UnpinCertificate(ACCOUNT))
        server.cut()
        await scene.client.settle()
        assert server.dials[-1].policy.pins == set()


async def test_c_tls_07_who_is_asked_finds_the_session_at_rest() -> None:
    clock = ManualClock()
    server = ScriptedServer()
    server.refusals.append(refused(clock))
    async with engine_of(server, clock=clock) as scene, asyncio.timeout(20):
        scene.client.submit(ProvidePassword(ACCOUNT, PASSWORD))
        while PromptKind.CERTIFICATE not in prompts(scene):  # noqa: ASYNC110 - no event tells the turn
            await asyncio.sleep(0)
        assert connection(scene).phase is Phase.STOPPED


SAID_AND_TRIED_AGAIN = """bad-format bad-namespace-prefix connection-timeout improper-addressing
    internal-server-error invalid-from invalid-namespace invalid-xml not-well-formed policy-violation
    remote-connection-failed resource-constraint restricted-xml see-other-host system-shutdown undefined-condition
    unsupported-encoding unsupported-feature unsupported-stanza-type unsupported-version made-up"""
MEANT = {condition.value: meaning.sentence for condition, meaning in MEANINGS.items()}


# -- the ways a stream ends ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "phase"),
    [
        ("conflict", Phase.STOPPED),
        ("host-gone", Phase.STOPPED),
        ("host-unknown", Phase.STOPPED),
        ("not-authorized", Phase.STOPPED),
        ("reset", Phase.ONLINE),
        *((condition, Phase.WAITING) for condition in SAID_AND_TRIED_AGAIN.split()),
    ],
)
async def test_c_str_19_every_stream_error_is_understood_and_shown(condition: str, phase: Phase) -> None:
    server = ScriptedServer()
    async with online(server, backoff=NEVER) as scene:
        server.says(stream_error(condition))
        await server.gone()
        await scene.client.settle()
        assert connection(scene).phase is phase
        if phase is not Phase.ONLINE:
            assert connection(scene).reason.endswith(f"{MEANT.get(condition, '')} It says: “So it is”")
        assert (connection(scene).retry_at is not None) is (phase is Phase.WAITING)
        assert (PromptKind.PASSWORD in prompts(scene)) is (condition == "not-authorized")


async def test_c_rec_01_a_cut_link_is_followed_by_a_wait_that_time_or_the_user_ends() -> None:
    server = ScriptedServer()
    clock = ManualClock()
    async with online(server, backoff=NEVER, clock=clock) as scene:
        server.cut()
        await scene.client.settle()
        assert connection(scene).phase is Phase.WAITING
        assert connection(scene).retry_at is not None
        wait = connection(scene).retry_at - clock.now()  # type: ignore[operator]
        assert timedelta(seconds=2700) <= wait <= timedelta(seconds=4500)
        await scene.does(Connect(ACCOUNT))
        assert connection(scene).phase is Phase.ONLINE


async def test_c_rec_01_it_comes_back_however_often_it_fails() -> None:
    server = ScriptedServer()
    async with online(server) as scene:
        failure = ConnectError(Step.CONNECT, "xmpp.capulet.example", 5222, "refused")
        server.refusals += [NoConnectionError("capulet.example", (failure,)) for _ in range(50)]
        server.cut()
        await scene.client.settle()
        assert connection(scene).phase is Phase.ONLINE
        assert server.logins == 2
        assert len(server.dials) == 52


async def test_another_host_of_the_domain_is_tried_when_one_breaks_off() -> None:
    server = ScriptedServer()
    server.untried = (Endpoint("two.capulet.example", 5222, False), Endpoint("three.capulet.example", 5222, False))
    server.breaking_off = 2
    async with online(server, backoff=NEVER) as scene:
        assert connection(scene).phase is Phase.ONLINE
        assert [len(target.endpoints) for target in server.dials] == [0, 2, 1]


async def test_c_sasl_07_a_refused_login_is_not_tried_at_another_host() -> None:
    server = ScriptedServer()
    server.untried = (Endpoint("two.capulet.example", 5222, False),)
    async with engine_of(server) as scene:
        await scene.does(ProvidePassword(ACCOUNT, "wrong"))
        assert len(server.dials) == 1


async def test_failure_on_the_way_names_the_host() -> None:
    server = ScriptedServer()
    server.breaking_off = 1
    async with online(server, backoff=NEVER) as scene:
        assert connection(scene).reason == "xmpp.capulet.example:5222: The server broke off the connection."
        assert connection(scene).steps[-1].is_done is False


async def test_what_the_user_begins_is_not_punished_for_earlier_losses() -> None:
    server = ScriptedServer()
    clock = ManualClock()
    async with online(server, backoff=Backoff(shortest=1000, share=1, longest=1e9), clock=clock) as scene:
        server.cut()
        await scene.client.settle()
        clock.advance(1_000_000)
        await scene.does(Connect(ACCOUNT))
        server.cut()
        await scene.client.settle()
        retry_at = connection(scene).retry_at
        assert retry_at is not None
        assert retry_at - clock.now() <= timedelta(seconds=1250)


async def test_failure_to_connect_names_step_and_host() -> None:
    server = ScriptedServer()
    failure = ConnectError(Step.CONNECT, "xmpp.capulet.example", 5222, "refused")
    server.refusals.append(NoConnectionError("capulet.example", (failure,)))
    async with online(server, backoff=NEVER) as scene:
        assert connection(scene).reason == (
            "Could not reach capulet.example: connecting failed at xmpp.capulet.example:5222 (refused)."
        )


async def test_c_dns_03_a_domain_without_xmpp_is_not_tried_again() -> None:
    server = ScriptedServer()
    server.refusals.append(ServiceAbsentError("capulet.example says that it has no XMPP service."))
    async with online(server) as scene:
        assert connection(scene).phase is Phase.STOPPED
        assert len(server.dials) == 1


async def test_policy_violation_is_tried_a_few_times_only() -> None:
    server = ScriptedServer()
    async with online(server) as scene:
        for _ in range(4):
            server.says(stream_error("policy-violation"))
            await server.gone()
            await scene.client.settle()
        assert connection(scene).phase is Phase.STOPPED
        assert server.logins == 4


async def test_c_red_01_redirect_keeps_the_identity_and_is_followed_five_times() -> None:
    server = ScriptedServer()
    async with online(server, backoff=NEVER) as scene:
        for hop in range(5):
            server.says(stream_error("see-other-host", f"[2001:db8::{hop}]:9222"))
            await server.gone()
            await scene.client.settle()
            override = server.dials[-1].override
            assert override is not None
            assert (override.host, override.port) == (f"2001:db8::{hop}", 9222)
            assert server.dials[-1].policy.domain == "capulet.example"
        server.says(stream_error("see-other-host", "example.org"))
        await server.gone()
        await scene.client.settle()
        assert connection(scene).phase is Phase.WAITING
        await scene.does(Connect(ACCOUNT))
        assert server.dials[-1].override is None


ENABLED = "<enabled xmlns='urn:xmpp:sm:3' id='x' resume='true' location='[2001:db8::1]:9222'/>"


async def test_c_rec_02_s_24_a_session_is_resumed_where_the_server_wants_it_and_its_name_stays_the_domains() -> None:
    server = ScriptedServer()
    server.features = (*server.features, build(ns.STREAM_MANAGEMENT, "sm"))
    async with online(server, backoff=NEVER) as scene:
        await scene.hears(ENABLED)
        failure = ConnectError(Step.CONNECT, "2001:db8::1", 9222, "refused")
        server.refusals.append(NoConnectionError("capulet.example", (failure,)))
        server.cut()
        await server.refused()  # not settle: what that asks the server waits for the session to go on
        async with asyncio.timeout(20):
            while connection(scene).phase is not Phase.WAITING:  # noqa: ASYNC110 - no event tells the turn
                await asyncio.sleep(0)
        override = server.dials[-1].override
        assert override is not None
        assert (override.host, override.port) == ("2001:db8::1", 9222)
        assert server.dials[-1].policy.domain == "capulet.example"
        await scene.does(Connect(ACCOUNT))
        assert server.dials[-1].override is None, "who cannot be reached there is asked at home"


async def test_broken_xml_from_the_server_is_answered_and_the_session_comes_back() -> None:
    server = ScriptedServer()
    async with online(server) as scene:
        server.says("<message><body></message>")
        await server.gone()
        await scene.client.settle()
        assert connection(scene).phase is Phase.ONLINE
        assert server.logins == 2


async def test_presence_of_others_is_forgotten_with_the_stream() -> None:
    server = ScriptedServer()
    romeo = BareJID.parse("romeo@montague.example")
    async with online(server, backoff=NEVER) as scene:
        await scene.hears("<presence from='romeo@montague.example/orchard'/>")
        server.cut()
        await scene.client.settle()
        assert scene.client.views.conversation(ACCOUNT, romeo).contact.show is Show.OFFLINE


async def test_dead_link_is_noticed_by_a_probe_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xep0199_ping, "UNHEARD", 0.01)
    monkeypatch.setattr(xep0199_ping, "PATIENCE", 0.05)
    server = ScriptedServer()
    async with online(server) as scene:
        server.answers["{urn:xmpp:ping}ping"] = None
        scene.client.submit(SendMessage(ACCOUNT, BareJID.parse("romeo@montague.example"), "Art thou there?"))
        await server.gone()
        server.answers["{urn:xmpp:ping}ping"] = ""
        await scene.client.settle()
        assert "capulet.example no longer answers." in scene.log
        assert server.logins == 2


class Surroundings:
    """Tells the engine when the test says that the network is another."""

    def __init__(self) -> None:
        self.change: Callable[[], None] = lambda: None
        self.is_closed = False

    def watch(self, on_change: Callable[[], None]) -> Surroundings:
        self.change = on_change
        return self

    def close(self) -> None:
        self.is_closed = True


async def test_a_changed_network_is_doubted_at_once_and_a_dead_link_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xep0199_ping, "HASTE", 0.05)
    server, around = ScriptedServer(), Surroundings()
    async with online(server, watch_changes=around.watch) as scene:
        around.change()
        await scene.client.settle()
        assert server.logins == 1  # it answered
        server.answers["{urn:xmpp:ping}ping"] = None
        around.change()
        async with asyncio.timeout(20):
            await server.gone()
        server.answers["{urn:xmpp:ping}ping"] = ""
        await scene.client.settle()
        assert "capulet.example no longer answers." in scene.log
        assert server.logins == 2
    assert around.is_closed


async def test_a_network_that_is_there_again_ends_the_wait() -> None:
    server, around = ScriptedServer(), Surroundings()
    async with online(server, backoff=NEVER, watch_changes=around.watch) as scene:
        server.cut()
        await scene.client.settle()
        assert connection(scene).phase is Phase.WAITING
        around.change()
        await scene.client.settle()
        assert connection(scene).phase is Phase.ONLINE


class Tarpit(ScriptedServer):
    """A host whose first connection is never made."""

    async def dial(self, target: Target) -> Connected:
        if not self.dials:
            self.dials.append(target)
            self._news.set()
            await asyncio.Event().wait()
        return await super().dial(target)


async def test_a_login_under_way_when_the_network_changes_begins_anew() -> None:
    server, around = Tarpit(), Surroundings()
    async with engine_of(server, watch_changes=around.watch) as scene:
        scene.client.submit(ProvidePassword(ACCOUNT, PASSWORD))
        await server.heard_more()
        around.change()
        await server.bound()
        await scene.client.settle()
        assert connection(scene).phase is Phase.ONLINE


async def test_a_machine_that_slept_asks_whether_the_server_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xep0199_ping, "UNHEARD", 0.02)
    monkeypatch.setattr(xep0199_ping, "QUIET", 3600)
    monkeypatch.setattr(xep0199_ping, "HASTE", 0.05)
    server, clock = ScriptedServer(), ManualClock()
    async with online(server, clock=clock) as scene:
        server.answers["{urn:xmpp:ping}ping"] = None
        clock.current += timedelta(hours=8)  # the wall clock went on while the others stood still
        async with asyncio.timeout(20):
            await server.gone()
        server.answers["{urn:xmpp:ping}ping"] = ""
        await scene.client.settle()
        assert server.logins == 2


# -- taking turns ------------------------------------------------------------------------------------------------


async def test_whoever_asked_goes_on_before_the_next_stanza_of_the_same_read() -> None:
    server = ScriptedServer()
    server.answers["{jabber:iq:roster}query"] = None
    async with engine_of(server) as scene:
        scene.client.submit(ProvidePassword(ACCOUNT, PASSWORD))
        await server.bound()
        while not server.heard_so_far:
            await server.heard_more()
        server.says(
            "<iq type='result' id='id1'><query xmlns='jabber:iq:roster' ver='1'>"
            "<item jid='romeo@montague.example' name='Romeo'/></query></iq>"
            "<iq type='set' id='p'><query xmlns='jabber:iq:roster' ver='2'>"
            "<item jid='romeo@montague.example' name='Montague'/></query></iq>"
        )
        await scene.client.settle()
        assert [contact.name for contact in scene.client.views.contacts(ACCOUNT)] == ["Montague"]


async def test_a_burst_leaves_turns_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "TURN", 0.0)
    async with online() as scene:
        turns = 0

        def take_turn() -> None:
            nonlocal turns
            turns += 1
            if not is_over:
                asyncio.get_running_loop().call_soon(take_turn)

        is_over = False
        take_turn()
        await scene.hears("<message from='romeo@montague.example/x'><body>Hi</body></message>" * 200)
        is_over = True
        assert turns >= 200
        assert len(scene.client.views.conversation(ACCOUNT, BareJID.parse("romeo@montague.example")).messages) == 200


# -- goodbyes -----------------------------------------------------------------------------------------------------


async def test_c_str_11_disconnect_says_unavailable_closes_and_waits_for_the_server() -> None:
    server = ScriptedServer()
    async with online(server) as scene:
        assert await scene.does(Disconnect(ACCOUNT)) == ['<presence type="unavailable"/>']
        await server.gone()
        assert server.is_clean
        assert connection(scene) == Connection(
            Phase.OFFLINE, steps=connection(scene).steps, facts=connection(scene).facts
        )


async def test_c_str_11_a_server_that_does_not_say_goodbye_is_left_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session, "GOODBYE", 0.05)
    server = ScriptedServer()
    async with online(server) as scene:
        server.faults.is_stalled = True
        async with asyncio.timeout(20):
            assert await scene.does(Disconnect(ACCOUNT)) == ['<presence type="unavailable"/>']
        assert connection(scene).phase is Phase.OFFLINE


async def test_disconnect_ends_a_wait_and_connect_begins_anew() -> None:
    server = ScriptedServer()
    async with online(server, backoff=NEVER) as scene:
        server.cut()
        await scene.client.settle()
        await scene.does(Disconnect(ACCOUNT))
        assert connection(scene).phase is Phase.OFFLINE
        await scene.does(Connect(ACCOUNT))
        assert connection(scene).phase is Phase.ONLINE


async def test_presence_offline_disconnects_and_any_other_connects() -> None:
    async with online() as scene:
        await scene.does(SetPresence(ACCOUNT, OwnPresence(Show.OFFLINE)))
        assert connection(scene).phase is Phase.OFFLINE
        await scene.does(SetPresence(ACCOUNT, OwnPresence(Show.AWAY), is_automatic=True))
        assert connection(scene).phase is Phase.OFFLINE
        await scene.does(SetPresence(ACCOUNT, OwnPresence(Show.AWAY)))
        assert connection(scene).phase is Phase.ONLINE


async def test_close_in_the_middle_of_a_login_leaves_nothing_behind() -> None:
    server = ScriptedServer()
    async with engine_of(server) as scene:
        scene.client.submit(ProvidePassword(ACCOUNT, PASSWORD))
    assert server.logins == 0


# -- what a login proves ------------------------------------------------------------------------------------------


async def test_s_22_weaker_login_is_refused_until_the_user_allows_it() -> None:
    server = ScriptedServer()
    account = AccountSettings(ACCOUNT, is_plain_allowed=True)
    async with online(server, account=account) as scene:
        assert connection(scene).phase is Phase.ONLINE
        server.mechanisms = ("PLAIN",)
        server.cut()
        await scene.client.settle()
        assert connection(scene).phase is Phase.STOPPED
        assert "someone may be in between" in connection(scene).reason
        assert server.logins == 1
        await scene.does(AllowWeakerLogin(ACCOUNT))
        assert connection(scene).phase is Phase.ONLINE


async def test_s_23_an_absurd_iteration_count_is_no_reason_to_hang() -> None:
    server = ScriptedServer()
    server.accounts = TooCostly({"juliet": PASSWORD})
    async with online(server) as scene:
        assert connection(scene).phase is Phase.STOPPED
        assert "absurd amount of computing" in connection(scene).reason


class TooCostly(Accounts):
    def stored_keys(self, username: str, hash_name: str):  # type: ignore[no-untyped-def]
        from dataclasses import replace

        keys = super().stored_keys(username, hash_name)
        return None if keys is None else replace(keys, iterations=4_294_967_295)
