"""The scenes: each plays the evening to a moment worth a picture."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.screenshots.evening import Evening, evening, play
from tui_xmpp.loopback import ELIZABETH
from tui_xmpp.xmpp.stanza import Message


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture: its file's name, what it shows, and how it comes about."""

    name: str
    title: str
    act: Callable[[Evening], Awaitable[None]]
    width: int = 120
    height: int = 40
    theme: str = "dark"
    is_first_run: bool = False
    has_other: bool = False

    @asynccontextmanager
    async def played(self) -> AsyncIterator[Evening]:
        """Give the evening at the moment of the picture."""
        async with evening(
            self.width, self.height, theme=self.theme, is_first_run=self.is_first_run, has_other=self.has_other
        ) as tonight:
            await self.act(tonight)
            await tonight.settle()
            yield tonight


async def _wizard(tonight: Evening) -> None:
    await tonight.press("enter")
    await tonight.type("elizabeth@longbourn.lit")
    await tonight.press("enter")
    await tonight.type("pride & prejudice")


async def _requests(tonight: Evening) -> None:
    await play(tonight)
    tonight.pass_time(minutes=3)
    tonight.cast.georgiana.ask(ELIZABETH, "My brother speaks of you. I hope this is not too forward.")
    await tonight.settle()
    await tonight.press("ctrl+r")


async def _presence(tonight: Evening) -> None:
    await play(tonight)
    await tonight.press("ctrl+o")


async def _help(tonight: Evening) -> None:
    await play(tonight)
    await tonight.press("f1")


async def _add(tonight: Evening) -> None:
    await play(tonight)
    await tonight.press("ctrl+n")
    await tonight.type("georgiana@pemberley.lit")


async def _certificate(tonight: Evening) -> None:
    await tonight.settle()


async def _palette(tonight: Evening) -> None:
    await play(tonight)
    await tonight.press("ctrl+p", "a", "d")


async def _status(tonight: Evening) -> None:
    await play(tonight)
    await tonight.press("ctrl+t")


async def _completion(tonight: Evening) -> None:
    await play(tonight)
    await tonight.press("ctrl+u", "/", "p", "r")


async def _people(tonight: Evening) -> None:
    await play(tonight)
    await tonight.press("alt+left")


async def _messages(tonight: Evening) -> None:
    """Open Papa's letters, with the long one out of sight above."""
    await tonight.do("chat", "bennet@longbourn.lit")
    await tonight.app.workers.wait_for_complete()
    await tonight.clear()


async def _older_messages(tonight: Evening) -> None:
    """Stand on his rule of the library."""
    await _messages(tonight)
    await tonight.press("up", *"kkk")


async def _search(tonight: Evening) -> None:
    await play(tonight)
    await tonight.press("ctrl+u")
    await tonight.do("search", "novels")
    await tonight.clear()


async def _inbox(tonight: Evening) -> None:
    await play(tonight)
    await tonight.press("f5")


async def _split(tonight: Evening) -> None:
    await play(tonight)
    await tonight.press("ctrl+u")
    await tonight.do("split", "jane@longbourn.lit")
    asked = next(one.id for one in tonight.cast.jane.inbox if isinstance(one, Message) and one.body() == "Is he come?")
    tonight.cast.jane.react(ELIZABETH, asked or "", "😊", "😮")
    await tonight.settle()
    await tonight.do("react-last", ":joy:")
    await tonight.clear()


async def _menu(tonight: Evening) -> None:
    await play(tonight)
    await tonight.press("ctrl+up", "m")


async def _contact_menu(tonight: Evening) -> None:
    await play(tonight)
    tonight.app.main.roster.focus()
    await tonight.press("m")


async def _keys(tonight: Evening) -> None:
    await play(tonight)
    await tonight.do("keys", "next")


async def _linear(tonight: Evening) -> None:
    await play(tonight)
    tonight.app.desk.preferences.set_named("ui.linear", True)
    await tonight.hear(tonight.cast.jane, "He looks at you, Lizzy. Do not look.")
    await tonight.clear()


async def _settings(tonight: Evening) -> None:
    await play(tonight)
    await tonight.do("settings")


SCENES = (
    Scene("main", "The main screen", play),
    Scene("light", "The light theme", play, theme="light"),
    Scene("narrow", "A narrow terminal: the conversation", play, 60, 20),
    Scene("narrow-people", "A narrow terminal: people", _people, 60, 20),
    Scene("messages", "Styles, quotations, code, files and long messages", _messages),
    Scene("messages-narrow", "The same in a narrow, light terminal", _older_messages, 60, 20, theme="light"),
    Scene("menu", "All that can be done with a message", _menu, 100, 28),
    Scene("contact-menu", "All that can be done with someone", _contact_menu, 100, 28),
    Scene("search", "Search", _search, 100, 28),
    Scene("inbox", "The inbox", _inbox, 100, 28),
    Scene("split", "Two conversations beside each other", _split),
    Scene("settings", "Settings", _settings, 100, 28),
    Scene("keys", "Keys of one's own", _keys, 100, 28),
    Scene("linear", "Plain lines, for a screen reader", _linear, 100, 28),
    Scene("contrast", "The theme of high contrast", play, 100, 28, theme="contrast"),
    Scene("terminal", "Only the terminal's own 16 colours", play, 100, 28, theme="terminal"),
    Scene("wizard", "The first run", _wizard, 100, 28, is_first_run=True),
    Scene("requests", "Requests", _requests, 100, 28),
    Scene("presence", "Presence", _presence, 100, 28),
    Scene("add-contact", "A new contact", _add, 100, 28),
    Scene("certificate", "A certificate that proves nothing", _certificate, 100, 30, has_other=True),
    Scene("commands", "Slash commands, completed", _completion, 100, 28),
    Scene("palette", "The command palette", _palette, 100, 28),
    Scene("status", "The status pane", _status),
    Scene("help", "Help", _help, 100, 40),
)
