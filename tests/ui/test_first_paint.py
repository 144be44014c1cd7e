"""What a start imports before the first painting, and what it leaves for later."""

from __future__ import annotations

import subprocess
import sys

from tests.support.scenes import ELIZABETH, netherfield
from tests.support.ui import all_heeded
from tui_xmpp.core.commands import AddContact
from tui_xmpp.jid import BareJID
from tui_xmpp.ui.app import TuiXmppApp

LATER = (
    "xml",
    "dns",
    "OpenSSL",
    "cryptography",
    "keyring",
    "textual.widgets._text_area",
    "textual.widgets._tree",
    "textual.widgets._select",
    "tui_xmpp.ui.widgets.conversation",
    "tui_xmpp.ui.widgets.composer",
    "tui_xmpp.ui.commands",
    "tui_xmpp.worker.engine",
)
NEVER = (
    "lxml",
    "dns",
    "OpenSSL",
    "cryptography",
    "keyring",
    "encodings.idna",
    "tui_xmpp.xmpp.receiver",
    "tui_xmpp.storage.export",
    "tui_xmpp.storage.recovery",
)
"""What a session that nothing happens to does without."""


def python(source: str) -> str:
    return subprocess.run([sys.executable, "-c", source], check=True, capture_output=True, text=True, timeout=60).stdout


def test_the_first_painting_waits_for_nothing_that_only_later_ones_show() -> None:
    source = f"import sys, tui_xmpp.cli, tui_xmpp.ui.app; print([name for name in {LATER} if name in sys.modules])"
    assert python(source).strip() == "[]"


def test_a_session_over_tls_does_without_what_is_seldom_needed() -> None:
    source = f"""
import sys
sys.modules["OpenSSL"] = None
import tui_xmpp.worker.engine
from tui_xmpp.net.stdlib_tls import context
from tui_xmpp.net.tls import TlsPolicy
from tui_xmpp.storage.archive import Archive
from tui_xmpp.xmpp.config import InitiatorConfig
from tui_xmpp.xmpp.connection import Connection
context(TlsPolicy("capulet.example"), None).open()
Connection(InitiatorConfig("capulet.example", None))
Archive.in_memory()
print([name for name in {NEVER} if sys.modules.get(name) is not None])
"""
    assert python(source).strip() == "[]"


def test_what_importing_the_engine_leaves_behind_is_freed() -> None:
    source = "import gc; gc.disable(); from tui_xmpp import cli; cli._session_engine(); print(gc.collect() < 100)"
    assert python(source).strip() == "True"


def test_what_textual_names_as_types_is_there_for_who_asks() -> None:
    source = """
import tui_xmpp.ui, textual.app, sys
from textual.types import IgnoreReturnCallbackType, OptionDoesNotExist
from textual import _types
from textual.widgets.option_list import OptionDoesNotExist as itself
assert IgnoreReturnCallbackType is _types.IgnoreReturnCallbackType and OptionDoesNotExist is itself
assert "textual.widgets._tree" in sys.modules
"""
    assert not python(source)


async def test_what_is_typed_before_the_composer_is_there_is_written_in_it() -> None:
    class Early(TuiXmppApp):
        """Puts off what comes after the first painting until it is told."""

        def _begin(self) -> None:
            pass

        def begin(self) -> None:
            super()._begin()

    scene = netherfield()
    app = Early(scene.client, clock=scene.clock)
    async with app.run_test(size=(120, 40)) as pilot:
        assert not app.main.splits.panes
        await pilot.press("/")
        app.begin()
        await pilot.press(*"pin")
        await all_heeded(pilot)
        assert app.main.conversation.composer.text == "/pin"


async def test_what_is_asked_for_before_the_engine_is_there_is_done_once_it_is() -> None:
    scene = netherfield()
    early = AddContact(ELIZABETH, BareJID.parse("lydia@longbourn.lit"))
    scene.client.submit(early)
    assert scene.engine.of(AddContact) == []
    app = TuiXmppApp(scene.client, clock=scene.clock)
    async with app.run_test(size=(120, 40)) as pilot:
        await all_heeded(pilot)
        assert scene.engine.of(AddContact) == [early]
