"""Passwords: from the environment, a command or the system's keyring; never in a file, a log or an argument list."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from tui_xmpp.core.settings import AccountSettings
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import BareJID
from tui_xmpp.xmpp.sasl import FastToken

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

SERVICE = "tui-xmpp"
TOKENS = "tui-xmpp token"
VARIABLE = "TUI_XMPP_PASSWORD"
DEADLINE = 20.0
"""Seconds a keyring or a password command may take; a keyring may be asking the user to unlock it."""


class SecretsError(TuiXmppError):
    """A secret could not be read or kept; the sentence says why and what else can be done."""


class Secrets:
    """Find and keep account passwords. Nothing here blocks the loop or waits without end."""

    def __init__(self, *, deadline: float = DEADLINE, backend: Callable[[], KeyringBackend] | None = None) -> None:
        self._deadline = deadline
        self._backend = backend or _system_keyring
        # Its own thread: a keyring that hangs must not hold up key derivation or the archive.
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="keyring")

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
            return await self._off_loop(lambda: self._backend().get_password(SERVICE, str(settings.jid)))
        except SecretsError:
            return None

    async def keep_password(self, account: BareJID, password: str) -> None:
        """Put the password into the keyring."""
        await self._off_loop(lambda: self._backend().set_password(SERVICE, str(account), password))

    async def forget_password(self, account: BareJID) -> None:
        """Take the password out of the keyring, if it is there."""

        await self._off_loop(lambda: self._delete(SERVICE, account))

    async def get_token(self, account: BareJID) -> FastToken | None:
        """Return the token kept in place of the password (XEP-0484), None without one or without a keyring."""
        try:
            text = await self._off_loop(lambda: self._backend().get_password(TOKENS, str(account)))
        except SecretsError:
            return None
        try:
            stored = json.loads(text or "null")
        except ValueError:
            return None
        return FastToken.from_dict(stored) if isinstance(stored, dict) else None

    async def keep_token(self, account: BareJID, token: FastToken) -> None:
        """Put a token into the keyring, in place of any before (C-FAST-03)."""
        text = json.dumps(token.to_dict())
        await self._off_loop(lambda: self._backend().set_password(TOKENS, str(account), text))

    async def forget_token(self, account: BareJID) -> None:
        """Take the token out of the keyring, if it is there."""
        await self._off_loop(lambda: self._delete(TOKENS, account))

    async def unavailable(self) -> str | None:
        """Return None where a keyring can keep passwords, else a sentence that says why not and what to do."""
        try:
            await self._off_loop(lambda: self._backend().get_password(SERVICE, "probe@invalid"))
        except SecretsError as error:
            return str(error)
        return None

    def close(self) -> None:
        """Let go of the keyring's thread."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _delete(self, service: str, account: BareJID) -> None:
        from keyring.errors import PasswordDeleteError

        with suppress(PasswordDeleteError):
            self._backend().delete_password(service, str(account))

    async def _off_loop(self, call: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._deadline):
                return await loop.run_in_executor(self._executor, call)
        except TimeoutError as error:
            raise SecretsError(f"The keyring did not answer. {_ADVICE}") from error
        except Exception as error:
            # A keyring backend is foreign code with errors of many kinds, from D-Bus to its own.
            raise SecretsError(f"No keyring answers on this machine. {_ADVICE}") from error

    async def _run(self, command: str) -> str:
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


def _system_keyring() -> KeyringBackend:
    import keyring
    from keyring.backends import fail, null
    from keyring.errors import NoKeyringError

    backend = keyring.get_keyring()
    if isinstance(backend, fail.Keyring | null.Keyring):
        raise NoKeyringError
    return backend
