from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tui_xmpp.core.settings import AccountSettings
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.secrets import AbsentError, KeyringProcess, Secrets, SecretsError

JULIET = BareJID.parse("juliet@example.org")


class Drawer:
    """A keyring in memory, in place of the system's, which tests/servers proves."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, name: str, /) -> str | None:
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, secret: str, /) -> None:
        self.kept[service, name] = secret

    def delete_password(self, service: str, name: str, /) -> None:
        if self.kept.pop((service, name), None) is None:
            raise AbsentError

    def prepare(self) -> None:
        """Nothing is to be waited for."""

    def rest(self) -> None:
        """Nothing is held."""


@pytest.fixture(autouse=True)
def _no_password_in_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TUI_XMPP_PASSWORD", raising=False)


@pytest.fixture
async def secrets() -> AsyncIterator[Secrets]:
    secrets = Secrets(keyring=Drawer())
    yield secrets
    secrets.close()


async def test_a_kept_password_comes_back_and_can_be_forgotten(secrets: Secrets) -> None:
    await secrets.keep_password(JULIET, "r0m30")
    assert await secrets.get_password(AccountSettings(JULIET)) == "r0m30"
    await secrets.forget_password(JULIET)
    await secrets.forget_password(JULIET)
    assert await secrets.get_password(AccountSettings(JULIET)) is None
    assert await secrets.unavailable() is None


async def test_the_environment_comes_first(secrets: Secrets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUI_XMPP_PASSWORD", "from outside")
    assert await secrets.get_password(AccountSettings(JULIET, password_command="false")) == "from outside"


async def test_a_command_prints_the_password_on_its_first_line(secrets: Secrets) -> None:
    command = f"{sys.executable} -c \"print('s3cret'); print('url: example')\""
    assert await secrets.get_password(AccountSettings(JULIET, password_command=command)) == "s3cret"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("false", "exit status 1"),
        ("/nowhere/to/be/found", "could not be run"),
        ("true", "printed nothing"),
        ('unbalanced "', "could not be run"),
    ],
)
async def test_a_command_that_fails_says_why(secrets: Secrets, command: str, says: str) -> None:
    with pytest.raises(SecretsError, match=says):
        await secrets.get_password(AccountSettings(JULIET, password_command=command))


async def test_a_command_is_not_run_by_a_shell(secrets: Secrets) -> None:
    assert await secrets.get_password(AccountSettings(JULIET, password_command="echo a;b")) == "a;b"


async def test_a_command_that_hangs_is_ended() -> None:
    secrets = Secrets(deadline=0.05)
    command = f'{sys.executable} -c "import sys; sys.stdin.close(); import threading; threading.Event().wait()"'
    with pytest.raises(SecretsError, match="in time"):
        await secrets.get_password(AccountSettings(JULIET, password_command=command))
    secrets.close()


@pytest.fixture
async def process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> AsyncIterator[KeyringProcess]:
    """The keyring's process with a backend made for the test: the body of its ``get_password``."""
    (tmp_path / "made_backend.py").write_text(f"""
import keyring.backend, keyring.errors, os, sys

class Made(keyring.backend.KeyringBackend):
    priority = 1

    def get_password(self, service, username):
        {request.param}

    def set_password(self, service, username, password):
        raise keyring.errors.KeyringLocked(password)

    def delete_password(self, service, username):
        raise keyring.errors.PasswordDeleteError
""")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "made_backend.Made")
    process = KeyringProcess()
    yield process
    process.rest()


@pytest.mark.parametrize("process", ["print('noise'); return f'{service} 🪙 {username}'"], indirect=True)
async def test_a_process_answers_again_and_again(process: KeyringProcess, tmp_path: Path) -> None:
    secrets = Secrets(keyring=process)
    secrets.prepare([AccountSettings(JULIET)])
    assert await secrets.get_password(AccountSettings(JULIET)) == "tui-xmpp 🪙 juliet@example.org"
    await secrets.forget_password(JULIET)
    with pytest.raises(SecretsError) as caught:
        await secrets.keep_password(JULIET, "obstinate")
    assert "obstinate" not in str(caught.value) + str(caught.value.__cause__)
    process.rest()
    assert await secrets.get_token(JULIET) is None
    assert process.get_password("a", "b") == "a 🪙 b"
    secrets.close()


@pytest.mark.parametrize(
    "process",
    ["raise keyring.errors.NoKeyringError", "raise RuntimeError('D-Bus went away')", "os._exit(3)"],
    indirect=True,
)
async def test_where_no_keyring_answers_the_user_is_told_what_to_do(process: KeyringProcess) -> None:
    secrets = Secrets(keyring=process)
    sentence = await secrets.unavailable()
    assert sentence is not None
    assert "password_command" in sentence
    assert await secrets.get_password(AccountSettings(JULIET)) is None
    with pytest.raises(SecretsError, match="password_command"):
        await secrets.keep_password(JULIET, "x")
    secrets.close()


@pytest.mark.parametrize("process", ["sys.stdin.close(); import threading; threading.Event().wait()"], indirect=True)
async def test_a_keyring_that_hangs_does_not_hang_the_program(process: KeyringProcess) -> None:
    secrets = Secrets(deadline=0.3, keyring=process)
    sentence = await secrets.unavailable()
    assert sentence is not None
    assert "did not answer" in sentence
    secrets.close()
