"""The verbs about what stands under a message: emoji of the one side and of the other (XEP-0444)."""

from __future__ import annotations

from collections.abc import Iterator

from tui_xmpp.core import commands as c
from tui_xmpp.core.model import Delivery, Direction, Message, MessageKind
from tui_xmpp.core.reactions import emoji_of, emojis_by, id_for_reactions, toggled
from tui_xmpp.ui.desk import Desk, VerbError
from tui_xmpp.ui.messages import chosen

RECENT = "recent reactions"
MOST_OFFERED = 10
COMMON = {
    "👍": "thumbs up",
    "❤️": "red heart",
    "😂": "tears of joy",
    "😮": "open mouth",
    "😢": "crying face",
    "🎉": "party popper",
    "🙏": "folded hands",
    "👀": "eyes",
    "👎": "thumbs down",
    "🤔": "thinking face",
}
"""What nearly everybody reacts with, and how it is called."""


def can_be_reacted_to(message: Message) -> bool:
    """Say whether a reaction could be sent and be told from one to another message."""
    is_there = message.delivery is not Delivery.FAILED and message.kind is not MessageKind.HEADLINE
    return is_there and id_for_reactions(message) is not None


def can_react(desk: Desk) -> bool:
    return desk.message is not None and can_be_reacted_to(desk.message)


def react(desk: Desk, text: str) -> None:
    """Put an emoji under the message of the cursor, or take it back; without one, let the user choose."""
    _react(desk, chosen(desk), text)


def react_to_last(desk: Desk, text: str) -> None:
    """Do the same with the last message of the other side in the open chat."""
    if desk.chat is None:
        raise VerbError("Open a chat first.")
    view = desk.views.conversation(*desk.chat)
    if view.has_newer:
        raise VerbError("Newer messages are below: choose one among the messages and react to it there.")
    last = next((each for each in reversed(view.messages) if not each.is_outgoing and can_be_reacted_to(each)), None)
    if last is None:
        raise VerbError("Nothing was said to you here that you could react to.")
    _react(desk, last, text)


def _react(desk: Desk, message: Message, text: str) -> None:
    if text:
        toggle(desk, message, read_emoji(text))
        return
    from tui_xmpp.ui.screens.reactions import ReactionScreen

    desk.ask(ReactionScreen(desk, message), lambda emoji: toggle(desk, message, emoji))


def toggle(desk: Desk, message: Message, emoji: str) -> None:
    """Add an emoji of ours to a message, or take it back where it stands there."""
    messages = desk.views.conversation(message.account, message.peer).messages
    now = next((each for each in messages if each.key == message.key), message)
    desk.submit(c.React(message.account, message.peer, message.key, toggled(now, emoji)))
    if emoji not in emojis_by(now, Direction.OUTGOING):
        kept = [emoji, *(each for each in recent(desk) if each != emoji)]
        desk.client.remember(RECENT, kept[:MOST_OFFERED])


def read_emoji(text: str) -> str:
    """Read an emoji, or the name of one with or without colons; raise ``VerbError`` for what is neither."""
    emoji = emoji_of(text)
    if emoji is None:
        from tui_xmpp.ui.completion import find_emoji

        name = text.strip().strip(":").casefold().replace(" ", "_")
        emoji = next((picture for picture, found in find_emoji(name) if found == name), None)
    if emoji is None:
        raise VerbError(f"There is no emoji called {text.strip()[:40]}. /react and nothing after it lets you choose.")
    return emoji


def recent(desk: Desk) -> list[str]:
    """Return the emoji reacted with lately, latest first."""
    kept = desk.client.recall(RECENT)
    return [each for each in kept if emoji_of(each) == each] if isinstance(kept, list) else []


def offers(desk: Desk, message: Message, query: str) -> Iterator[tuple[str, str]]:
    """Yield emoji with their names: those that a name begins, or where nothing is asked for, those most likely wanted.

    What stands under the message is the likeliest.
    """
    wanted = query.strip().strip(":").casefold().replace(" ", "_")
    if not wanted:
        under = [emoji for each in message.reactions for emoji in each.emojis]
        for emoji in list(dict.fromkeys((*under, *recent(desk), *COMMON)))[: max(MOST_OFFERED, len(under))]:
            yield emoji, COMMON.get(emoji, "")
        return
    if (typed := emoji_of(query)) is not None:
        yield typed, COMMON.get(typed, "")
        return
    from tui_xmpp.ui.completion import find_emoji

    for picture, name in find_emoji(wanted):
        yield picture, name.replace("_", " ")
