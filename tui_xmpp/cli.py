"""The command line, and the one place where all the rooms are joined."""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tui_xmpp import __version__
from tui_xmpp.core import events as e
from tui_xmpp.core.commands import AddAccount, Command
from tui_xmpp.core.model import Connection, OwnPresence, Phase
from tui_xmpp.core.settings import AccountSettings, Settings
from tui_xmpp.core.store import Store
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import BareJID, JIDError
from tui_xmpp.values import dataclass
from tui_xmpp.worker.client import Client, Engine

if TYPE_CHECKING:
    from tui_xmpp.loopback.demo import Demo
    from tui_xmpp.storage.archive import Archive
    from tui_xmpp.worker.engine import SessionEngine

EXIT_FAILED = 1
EXIT_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the client and return the exit status: 0 quit by the user, 1 could not start, 2 called wrongly."""
    options = _parse(arguments)
    if options.man:
        from tui_xmpp.ui.manual import manual

        print(manual(_options(), _parser().epilog or ""))
        return 0
    if options.web:
        return _serve(options)
    is_in_browser = os.environ.get("TEXTUAL_DRIVER", "").endswith(":WebDriver")
    if not (sys.stdin.isatty() and sys.stdout.isatty()) and not is_in_browser:
        return _refuse(
            "tui-xmpp needs a terminal: start it in one, not through a pipe or in the background.", EXIT_USAGE
        )
    # Until the first screen is there hardly anything is garbage: the app turns the collector on again.
    gc.disable()
    # What is painted is written by a thread of its own, which must not wait for the next 5 ms of Python to end.
    sys.setswitchinterval(0.0005)
    # A key need not wait because a message was painted just before; how often news is painted, the doorbell says.
    os.environ.setdefault("TEXTUAL_FPS", "240")
    # Milliseconds in which what follows an escape belongs to it: all that Alt with a letter waits for. Terminals and
    # lines that carry keys send the whole of one at once.
    os.environ.setdefault("ESCDELAY", "25")
    try:
        with ExitStack() as stack:
            return _run(options, stack)
    except TuiXmppError as error:
        return _refuse(str(error), EXIT_FAILED)


def _refuse(sentence: str, status: int) -> int:
    print(f"tui-xmpp: {sentence}", file=sys.stderr)
    return status


def _account(text: str) -> BareJID:
    try:
        return BareJID.parse(text)
    except JIDError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    return _parser().parse_args(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tui-xmpp",
        description="Chat over XMPP (Jabber) in the terminal.",
        epilog="The password comes from the keyring, the account's password_command, the environment variable "
        "TUI_XMPP_PASSWORD, or is asked for; it is never given on the command line or kept in a file.",
    )
    parser.add_argument("jid", metavar="JID", nargs="?", type=_account, help="use only this account, set up or not")
    parser.add_argument("--config", metavar="FILE", type=Path, help="read the settings from FILE")
    parser.add_argument("--data-dir", metavar="DIR", type=Path, help="keep history and caches in DIR")
    parser.add_argument("--demo", action="store_true", help="try the client on its own small server; keeps nothing")
    parser.add_argument(
        "--debug-log", metavar="FILE", type=Path, help="log what happens to FILE: messages too, but no passwords"
    )
    parser.add_argument("--web", action="store_true", help="show the client in a browser, not in this terminal")
    parser.add_argument("--web-host", metavar="HOST", default="127.0.0.1", help="serve the browser at this address")
    parser.add_argument("--web-port", metavar="PORT", type=_port, default=8000, help="and at this port")
    parser.add_argument("--man", action="store_true", help="print the manual page")
    parser.add_argument("--version", action="version", version=f"tui-xmpp {__version__}")
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:6]) < 65536):
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def _options() -> list[tuple[str, str]]:
    """Return each argument as it is written, and what it does."""
    return [
        (" ".join([*action.option_strings[-1:], *([str(action.metavar)] if action.metavar else [])]), action.help)
        for action in _parser()._actions
        if action.help
    ]


def _serve(options: argparse.Namespace) -> int:
    """Serve the client to a browser with the same options."""
    from tui_xmpp.web import serve

    named = {"--config": options.config, "--data-dir": options.data_dir, "--debug-log": options.debug_log}
    arguments = [part for flag, value in named.items() if value is not None for part in (flag, str(value.absolute()))]
    arguments += ["--demo"] if options.demo else []
    arguments += [str(options.jid)] if options.jid else []
    try:
        serve(options.web_host, options.web_port, arguments)
    except TuiXmppError as error:
        return _refuse(str(error), EXIT_FAILED)
    return 0


@dataclass(frozen=True, slots=True)
class _SettingsFile:
    """The settings file as the engine writes it."""

    path: Path

    def save_settings(self, before: Settings, after: Settings) -> None:
        from tui_xmpp.storage.settings import save_settings

        save_settings(self.path, before, after)

    def save_account(self, settings: AccountSettings) -> None:
        from tui_xmpp.storage.settings import save_account

        save_account(self.path, settings)

    def forget_account(self, account: BareJID) -> None:
        from tui_xmpp.storage.settings import forget_account

        forget_account(self.path, account)


def _run(options: argparse.Namespace, stack: ExitStack) -> int:
    if options.debug_log is not None:
        _log_to(options.debug_log)
    if options.demo:
        return _run_demo()
    from tui_xmpp.storage import paths
    from tui_xmpp.storage.secrets import Secrets
    from tui_xmpp.storage.settings import load_settings

    if options.config is not None and not options.config.exists():
        raise TuiXmppError(f"The settings file {options.config} does not exist.")
    config_file = options.config or paths.config_file()
    loaded = load_settings(config_file)
    notices = [str(problem) for problem in loaded.problems]
    archive = _open_archive(options.data_dir or paths.data_dir(), notices)
    if archive is not None:
        stack.callback(archive.close)
    secrets = Secrets()
    stack.callback(secrets.close)
    client = Client(Store(), _chosen(loaded.settings, options.jid))
    if archive is not None:
        # What earlier runs kept is on the first screen, before anything is connected.
        try:
            client.restore(archive.remembered(), lambda key, value: None)
        except TuiXmppError as error:
            notices.append(str(error))
        client.publish(stored_facts(archive, client.settings))

    def make_engine() -> Engine:
        secrets.prepare(client.settings.accounts)
        from tui_xmpp.net.changes import ChangeWatch

        return _session_engine()(
            client,
            archive=archive,
            passwords=secrets,
            tokens=secrets,
            settings_file=_SettingsFile(config_file),
            languages=_languages(),
            is_wire_logged=options.debug_log is not None,
            watch_changes=ChangeWatch,
        )

    client.attach(make_engine)
    wants_demo = False

    async def start_demo() -> None:
        nonlocal wants_demo
        wants_demo = True
        app.leave()

    from tui_xmpp.ui.app import TuiXmppApp

    app = TuiXmppApp(
        client,
        environ=os.environ,
        # Who has settings that cannot be read wants to mend them, not to begin anew.
        is_first_run=not client.settings.accounts and not loaded.problems,
        check_keyring=secrets.unavailable,
        start_demo=start_demo,
        notices=notices,
    )
    app.run(mouse=client.settings.ui.is_mouse_enabled)
    return _run_demo() if wants_demo else app.return_code or 0


def _session_engine() -> type[SessionEngine]:
    """Import the engine, and free what that leaves behind before the memory is taken anew.

    Each class with slots is made twice. The first ones are soon found where the screen's objects need not be looked
    through.
    """
    gc.freeze()
    from tui_xmpp.worker.engine import SessionEngine

    gc.collect()
    return SessionEngine


def _open_archive(folder: Path, notices: list[str]) -> Archive | None:
    from tui_xmpp.storage.archive import Archive

    try:
        archive = Archive.open(folder / "archive.sqlite")
    except TuiXmppError as error:
        # Talking matters more than keeping: the session goes on and the user knows that nothing is kept.
        notices.append(f"{error} What is said in this session is not kept.")
        return None
    if archive.notice:
        notices.append(archive.notice)
    return archive


def _chosen(settings: Settings, account: BareJID | None) -> Settings:
    if account is None:
        return settings
    known = tuple(each for each in settings.accounts if each.jid == account)
    return replace(settings, accounts=known or (AccountSettings(account),))


def stored_facts(archive: Archive, settings: Settings) -> list[e.Event]:
    """Return what earlier runs kept of the accounts, for the first screen; nothing where it cannot be read."""
    facts: list[e.Event] = []
    for each in settings.accounts:
        try:
            state = archive.account_state(each.jid)
            conversations = archive.conversations(each.jid)
        except TuiXmppError:
            continue  # the engine reads it again and says why it cannot
        facts.append(e.AccountAdded(each.jid, state.own or OwnPresence(priority=each.priority)))
        facts.append(e.RosterReplaced(each.jid, state.roster, state.roster_version))
        facts.extend(conversations)
    return facts


def _languages() -> tuple[str, ...]:
    """Return the user's languages as the environment names them, best first (RFC 6120 §8.1.5)."""
    names = os.environ.get("LANGUAGE") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    tags = (name.split(".")[0].split("@")[0].replace("_", "-") for name in names.split(":"))
    return tuple(tag for tag in tags if tag and tag not in ("C", "POSIX"))


# -- the demo -----------------------------------------------------------------------------------------------------


class _DemoEngine:
    """The sessions over the loopback server, which lives and ends with them."""

    def __init__(self, client: Client, archive: Archive) -> None:
        self._engine = _session_engine()(client, archive=archive, passwords=self)
        self._demo: Demo | None = None
        self._start: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._start = asyncio.get_running_loop().create_task(self._begin())

    async def _begin(self) -> None:
        from tui_xmpp.loopback.demo import start_demo

        self._demo = await start_demo()
        account = self._demo.account
        self._engine.perform(AddAccount(account.jid, account), lambda failure: None)

    async def close(self) -> None:
        if self._start is not None:
            self._start.cancel()
        await self._engine.close()
        if self._demo is not None:
            await self._demo.close()

    def perform(self, command: Command, finish: Callable[[str | None], None]) -> None:
        self._engine.perform(command, finish)

    def adopt(self, settings: Settings, finish: Callable[[str | None], None]) -> None:
        self._engine.adopt(settings, finish)

    async def settle(self) -> None:
        if self._start is not None:
            await asyncio.wait([self._start])
        await self._engine.settle()

    async def get_password(self, settings: AccountSettings) -> str | None:
        return self._demo.password if self._demo is not None else None

    async def keep_password(self, account: BareJID, password: str) -> None:
        raise TuiXmppError("The demo keeps nothing.")

    async def forget_password(self, account: BareJID) -> None:
        """Do nothing: nothing was kept."""


def _run_demo() -> int:
    from tui_xmpp.loopback import ELIZABETH
    from tui_xmpp.storage.archive import Archive
    from tui_xmpp.ui.app import TuiXmppApp

    client = Client(Store(), Settings())
    starting = Connection(Phase.CONNECTING, "Starting the demo's server")
    client.publish([e.AccountAdded(ELIZABETH, OwnPresence()), e.ConnectionChanged(ELIZABETH, starting)])
    # What is said is found again when its chat is opened again, and gone when the demo ends.
    with TemporaryDirectory(prefix="tui-xmpp-demo-") as folder, closing(Archive.open(Path(folder) / "demo")) as archive:
        client.attach(lambda: _DemoEngine(client, archive))
        app = TuiXmppApp(
            client,
            environ=os.environ,
            greeting="The demo: you are Elizabeth Bennet, and these people answer",
            is_demo=True,
        )
        app.run()
    return app.return_code or 0


def _log_to(file: Path) -> None:
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    except OSError as error:
        raise TuiXmppError(f"The log file {file} cannot be written: {error.strerror}.") from error
    handler = logging.StreamHandler(os.fdopen(descriptor, "a", encoding="utf-8"))
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("tui_xmpp")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
