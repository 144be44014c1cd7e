"""Passwords in a real Secret Service, and on a machine that has none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

PROGRAM = """
import asyncio, json, sys
from tui_xmpp.core.settings import AccountSettings
from tui_xmpp.errors import TuiXmppError
from tui_xmpp.jid import BareJID
from tui_xmpp.storage.secrets import Secrets

async def do(secrets, step, jid, *password):
    account = BareJID.parse(jid)
    try:
        match step:
            case "get": return await secrets.get_password(AccountSettings(account))
            case "keep": return await secrets.keep_password(account, *password)
            case "forget": return await secrets.forget_password(account)
            case "unavailable": return await secrets.unavailable()
    except TuiXmppError as error:
        return str(error)

async def main(steps):
    secrets = Secrets()
    try:
        return [await do(secrets, *step) for step in steps]
    finally:
        secrets.close()

print(json.dumps(asyncio.run(main(json.load(sys.stdin)))))
"""
LIZZY, JANE = "lizzy@longbourn.test", "jane@longbourn.test"


def run(environment: Mapping[str, str], *steps: tuple[str, ...]) -> list[str | None]:
    """Do things with the keyring in a process of its own; return what each gave or said."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps(steps),
        env={name: value for name, value in environment.items() if name != "TUI_XMPP_PASSWORD"},
        check=True,
        text=True,
        timeout=60,
        capture_output=True,
    )
    assert ran.stderr == ""
    answers: list[str | None] = json.loads(ran.stdout)
    return answers


def test_a_password_is_kept_found_replaced_and_forgotten(secret_service: Mapping[str, str]) -> None:
    keep = (("keep", LIZZY, "pin money 🪙"), ("keep", JANE, "another"), ("get", LIZZY))
    assert run(secret_service, ("unavailable", LIZZY), ("get", LIZZY), *keep) == [
        None,
        None,
        None,
        None,
        "pin money 🪙",
    ]
    replace = (("get", LIZZY), ("keep", LIZZY, "ten thousand a year"), ("get", LIZZY))
    assert run(secret_service, *replace) == ["pin money 🪙", None, "ten thousand a year"]
    forget = (("forget", LIZZY), ("forget", LIZZY), ("get", LIZZY), ("get", JANE))
    assert run(secret_service, *forget) == [None, None, None, "another"]
    assert run(secret_service, ("get", LIZZY), ("get", JANE), ("forget", JANE)) == [None, "another", None]


def test_a_bare_machine_says_in_one_sentence_what_to_do_instead(tmp_path: Path) -> None:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "PYTHON_KEYRING_BACKEND", "XDG_RUNTIME_DIR")
    environment = {
        name: value for name, value in os.environ.items() if name not in hidden and not name.startswith("DBUS_")
    } | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    began = time.monotonic()
    sentence, found, kept = run(environment, ("unavailable", LIZZY), ("get", LIZZY), ("keep", LIZZY, "a secret"))
    assert time.monotonic() - began < 20
    assert sentence is not None
    assert sentence.startswith("No keyring answers on this machine.")
    assert "password_command" in sentence
    assert "a secret" not in sentence
    assert (found, kept) == (None, sentence)
