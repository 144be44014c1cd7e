"""Passwords: from the environment, a command or the system's keyring; never in a file, a log or an argument list."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from tui_xmpp.core.settings import AccountSettings
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import BareJID

if TYPE_CHECKING:
    from tui_xmpp.xmpp.sasl import FastToken

T = TypeVar("T")

SERVICE = "tui-xmpp"
TOKENS = "tui-xmpp token"
VARIABLE = "TUI_XMPP_PASSWORD"
DEADLINE = 20.0
"""Seconds a keyring or a password command may take; a keyring may be asking the user to unlock it."""
REST = 5.0
"""Seconds after its last answer in which the keyring's process is kept for the next question."""


class SecretsError(TuiXmppError):
    """A secret could not be read or kept; the sentence says why and what else can be done."""


class AbsentError(Exception):
    """There is nothing to delete."""


class Keyring(Protocol):
    """Keep secrets by service and name; blocking, with errors of any kind where there is none that answers."""

    def get_password(self, service: str, name: str, /) -> str | None: ...

    def set_password(self, service: str, name: str, secret: str, /) -> None: ...

    def delete_password(self, service: str, name: str, /) -> None:
        """Raise ``AbsentError`` where there is nothing to delete."""

    def prepare(self) -> None:
        """Begin what the first call would have to wait for."""

    def rest(self) -> None:
        """Let go of what the next call can do again; also ends a call that hangs. From any thread."""


class Secrets:
    """Find and keep account passwords. Nothing here blocks the loop or waits without end."""

    def __init__(self, *, deadline: float = DEADLINE, keyring: Keyring | None = None) -> None:
        self._deadline = deadline
        self._keyring = keyring or KeyringProcess()
        self._resting: asyncio.TimerHandle | None = None
        # Its own thread: a keyring that hangs must not hold up key derivation or the archive.
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="keyring")

    def prepare(self, accounts: Iterable[AccountSettings]) -> None:
        """Have the keyring ready where a password of these accounts may be in it; returns at once."""
        if not os.environ.get(VARIABLE) and any(map(_may_be_kept, accounts)):
            self._executor.submit(self._keyring.prepare)
            self._resting = asyncio.get_running_loop().call_later(REST, self._keyring.rest)

    async def get_password(self, settings: AccountSettings) -> str | None:
        """Return the account's password, None where none is kept.

        Asked in this order: the variable ``TUI_XMPP_PASSWORD``, the account's ``password_command``, the keyring. Raises
        :class:`SecretsError` when the command fails; a keyring that does not answer counts as one that holds nothing.
        """
        from_environment = os.environ.get(VARIABLE)
        if from_environment:
            return from_environment
        if settings.password_command:
            return await self._run(settings.password_command)
        try:
            return await self._off_loop(lambda: self._keyring.get_password(SERVICE, str(settings.jid)))
        except SecretsError:
            return None

    async def keep_password(self, account: BareJID, password: str) -> None:
        """Put the password into the keyring."""
        await self._off_loop(lambda: self._keyring.set_password(SERVICE, str(account), password))

    async def forget_password(self, account: BareJID) -> None:
        """Take the password out of the keyring, if it is there."""

        await self._off_loop(lambda: self._delete(SERVICE, account))

    async def get_token(self, account: BareJID) -> FastToken | None:
        """Return the token kept in place of the password (XEP-0484), None without one or without a keyring."""
        try:
            text = await self._off_loop(lambda: self._keyring.get_password(TOKENS, str(account)))
        except SecretsError:
            return None
        try:
            stored = json.loads(text or "null")
        except ValueError:
            return None
        # The wire is not read in for the first screen.
        from tui_xmpp.xmpp.sasl import FastToken

        return FastToken.from_dict(stored) if isinstance(stored, dict) else None

    async def keep_token(self, account: BareJID, token: FastToken) -> None:
        """Put a token into the keyring, in place of any before (C-FAST-03)."""
        text = json.dumps(token.to_dict())
        await self._off_loop(lambda: self._keyring.set_password(TOKENS, str(account), text))

    async def forget_token(self, account: BareJID) -> None:
        """Take the token out of the keyring, if it is there."""
        await self._off_loop(lambda: self._delete(TOKENS, account))

    async def unavailable(self) -> str | None:
        """Return None where a keyring can keep passwords, else a sentence that says why not and what to do."""
        try:
            await self._off_loop(lambda: self._keyring.get_password(SERVICE, "probe@invalid"))
        except SecretsError as error:
            return str(error)
        return None

    def close(self) -> None:
        """Let go of the keyring and its thread."""
        if self._resting is not None:
            self._resting.cancel()
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._keyring.rest()

    def _delete(self, service: str, account: BareJID) -> None:
        with suppress(AbsentError):
            self._keyring.delete_password(service, str(account))

    async def _off_loop(self, call: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        if self._resting is not None:
            self._resting.cancel()
        try:
            async with asyncio.timeout(self._deadline):
                return await loop.run_in_executor(self._executor, call)
        except TimeoutError as error:
            self._keyring.rest()
            raise SecretsError(f"The keyring did not answer. {_ADVICE}") from error
        except Exception as error:
            raise SecretsError(f"No keyring answers on this machine. {_ADVICE}") from error
        finally:
            self._resting = loop.call_later(REST, self._keyring.rest)

    async def _run(self, command: str) -> str:
        import shlex

        try:
            arguments = shlex.split(command)
            process = await asyncio.create_subprocess_exec(
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except (OSError, ValueError) as error:
            raise SecretsError(f"The password command could not be run: {error}.") from error
        try:
            async with asyncio.timeout(self._deadline):
                output, _ = await process.communicate()
        except TimeoutError as error:
            process.kill()
            await process.wait()
            raise SecretsError("The password command did not end in time.") from error
        if process.returncode:
            raise SecretsError(f"The password command failed (exit status {process.returncode}).")
        try:
            password = output.decode().split("\n", 1)[0].rstrip("\r")
        except UnicodeDecodeError as error:
            raise SecretsError("The password command's output is not UTF-8 text.") from error
        if not password:
            raise SecretsError("The password command printed nothing.")
        return password


_ADVICE = "The password can be asked each time, or come from password_command in the settings."


def _may_be_kept(settings: AccountSettings) -> bool:
    return settings.is_enabled and not settings.is_anonymous and not settings.password_command


class KeyringProcess:
    """The system's keyring, asked through ``keyring_process.py``, which runs while it is needed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def get_password(self, service: str, name: str, /) -> str | None:
        found = self._ask("get_password", service, name)
        return found if isinstance(found, str) else None

    def set_password(self, service: str, name: str, secret: str, /) -> None:
        self._ask("set_password", service, name, secret)

    def delete_password(self, service: str, name: str, /) -> None:
        self._ask("delete_password", service, name)

    def prepare(self) -> None:
        with suppress(OSError):
            self._begin()

    def rest(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _ask(self, *request: str) -> object:
        try:
            answer = json.loads(self._exchange(json.dumps(request).encode("ascii") + b"\n"))
        except Exception:
            self.rest()  # the next call may have more luck with a new process
            raise
        match answer:
            case {"value": value}:
                return value
            case {"absent": True}:
                raise AbsentError
            case failed:
                raise ConnectionError(failed)

    def _exchange(self, line: bytes) -> bytes:
        process = self._begin()
        if process.stdin is None or process.stdout is None:
            raise ConnectionError
        process.stdin.write(line)
        process.stdin.flush()
        return process.stdout.readline()

    def _begin(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            # -P: what lies in the folder the program was started in is none of its modules.
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and a file of this program
                (sys.executable, "-P", str(Path(__file__).with_name("keyring_process.py"))),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._process
