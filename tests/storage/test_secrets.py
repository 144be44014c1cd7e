from __future__ import annotations

import sys
import threading
from collections.abc import AsyncIterator

import keyring.backend
import pytest
from keyring.errors import KeyringLocked, NoKeyringError, PasswordDeleteError

from tui_xmpp.core.settings import AccountSettings
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.secrets import Secrets, SecretsError

JULIET = BareJID.parse("juliet@example.org")


class Drawer(keyring.backend.KeyringBackend):
    """A keyring in memory, in place of the system's, which tests/servers proves."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError


@pytest.fixture(autouse=True)
def _no_password_in_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TUI_XMPP_PASSWORD", raising=False)


@pytest.fixture
async def secrets() -> AsyncIterator[Secrets]:
    drawer = Drawer()
    secrets = Secrets(backend=lambda: drawer)
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


@pytest.mark.parametrize("error", [NoKeyringError(), KeyringLocked(), RuntimeError("D-Bus went away")])
async def test_where_no_keyring_answers_the_user_is_told_what_to_do(error: Exception) -> None:
    def missing() -> keyring.backend.KeyringBackend:
        raise error

    secrets = Secrets(backend=missing)
    sentence = await secrets.unavailable()
    assert sentence is not None
    assert "password_command" in sentence
    assert await secrets.get_password(AccountSettings(JULIET)) is None
    with pytest.raises(SecretsError, match="password_command"):
        await secrets.keep_password(JULIET, "x")
    secrets.close()


async def test_a_keyring_that_hangs_does_not_hang_the_program() -> None:
    release = threading.Event()

    def hanging() -> keyring.backend.KeyringBackend:
        release.wait(30)
        raise NoKeyringError

    secrets = Secrets(deadline=0.05, backend=hanging)
    sentence = await secrets.unavailable()
    release.set()
    assert sentence is not None
    assert "did not answer" in sentence
    secrets.close()
