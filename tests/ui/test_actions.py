"""The one registry: consistent in itself, complete for the issue, read rightly from text."""

from __future__ import annotations

import pytest

from tests.support.scenes import netherfield
from tui_xmpp.core.text import sanitize_line
from tui_xmpp.ui.actions import ACTIONS, BY_SLASH, Place, key_words
from tui_xmpp.ui.app import TuiXmppApp
from tui_xmpp.ui.commands import UnknownCommandError, complete, read
from tui_xmpp.ui.contacts import split_groups

# fmt: off
WANTED = {
    "add", "approve", "deny", "block", "unblock", "unsubscribe", "remove", "requests", "rename", "groups",
    "presence", "online", "away", "xa", "dnd", "offline", "status", "priority", "chat", "query", "close",
    "connect", "disconnect", "accounts", "help", "info", "whois", "quit", "theme", "subscribe", "preapprove",
}
# fmt: on


def test_every_wanted_command_is_there_once() -> None:
    assert set(BY_SLASH) >= WANTED
    names = [name for action in ACTIONS if action.slash for name in (action.slash, *action.aliases)]
    assert len(names) == len(set(names))
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)


def test_no_key_means_two_things_in_one_place() -> None:
    for place in Place:
        keys = [key for action in ACTIONS if action.place is place for key in action.keys]
        assert len(keys) == len(set(keys))


def test_every_action_says_what_it_does_in_a_sentence() -> None:
    for action in ACTIONS:
        assert action.help.endswith("."), action.id
        assert action.title[0].isupper()


@pytest.mark.parametrize(
    ("key", "words"),
    [("ctrl+t", "Ctrl+T"), ("alt+left", "Alt+←"), ("f1", "F1"), ("question_mark", "?"), ("delete", "Del"), ("a", "a")],
)
def test_keys_are_named_as_on_a_keyboard(key: str, words: str) -> None:
    assert key_words(key) == words


def test_text_and_commands_are_told_apart() -> None:
    assert read("hello").action is None
    assert read("//etc/hosts").text == "/etc/hosts"
    assert read("/me laughs").text == "/me laughs"
    typed = read("/AWAY  at the ball ")
    assert typed.action is BY_SLASH["away"]
    assert typed.text == "at the ball"
    with pytest.raises(UnknownCommandError, match="take the space away"):
        read(" /quit")
    assert read(" /usr/bin is a folder").action is None
    with pytest.raises(UnknownCommandError, match="Did you mean /approve"):
        read("/aprove x")
    with pytest.raises(UnknownCommandError) as told:
        read("/\x1b[2J[red]")
    assert sanitize_line(str(told.value)) == str(told.value)


def test_groups_are_parted_by_commas_and_named_once() -> None:
    assert split_groups(" Friends, ,Work ,Friends") == ("Friends", "Work")


def replacements(text: str) -> list[str]:
    app = TuiXmppApp(netherfield().client)
    app.main.roster.reset()
    return [completion.replacement for completion in complete(app.desk, text, len(text))]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("/pre", ["/preapprove ", "/presence "]),
        ("/presence d", ["/presence dnd "]),
        ("/presence-to bing", ["/presence-to bingley@netherfield.lit "]),
        ("/presence-to bingley@netherfield.lit aw", ["/presence-to bingley@netherfield.lit away "]),
        ("/chat bing", ["/chat bingley@netherfield.lit"]),
        ("/approve ", ["/approve wickham@meryton.lit"]),
        ("/theme lig", ["/theme light"]),
        ("hello", []),
        ("//x", []),
        ("/nothing x", []),
    ],
)
async def test_commands_and_arguments_are_completed(text: str, wanted: list[str]) -> None:
    found = replacements(text)
    assert found[: len(wanted)] == wanted
    assert bool(found) == bool(wanted)


async def test_group_names_are_completed_after_a_comma() -> None:
    assert replacements("/groups Friends,Fa") == ["/groups Friends, Family"]
