"""The verbs about what stands under a message: emoji of the one side and of the other (XEP-0444)."""

from __future__ import annotations

from collections.abc import Iterator

from tui_xmpp.core import commands as c
from tui_xmpp.core.model import Delivery, Direction, Message, ReactionRules
from tui_xmpp.core.reactions import emoji_of, emojis_by, id_for_reactions, toggled
from tui_xmpp.ui.desk import Desk, VerbError
from tui_xmpp.ui.messages import chosen

RECENT = "recent reactions"
MOST_OFFERED = 10
_MOST_NAMED = 20
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
    return message.delivery is not Delivery.FAILED and id_for_reactions(message) is not None


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
        toggle(desk, message, *read_emoji(text))
        return
    from tui_xmpp.ui.screens.reactions import ReactionScreen

    desk.ask(ReactionScreen(desk, message), lambda found: toggle(desk, message, *found))


def toggle(desk: Desk, message: Message, emoji: str, name: str) -> None:
    """Add an emoji of ours, which is called that, to a message, or take it back where it stands there."""

    def known(failure: str | None) -> None:
        try:
            _toggle(desk, message, emoji, name)
        except VerbError as error:
            desk.complain(str(error))

    desk.submit(c.ReadReactionRules(message.account, message.peer), known)


def _toggle(desk: Desk, message: Message, emoji: str, name: str) -> None:
    view = desk.views.conversation(message.account, message.peer)
    now = next((each for each in view.messages if each.key == message.key), message)
    emojis = toggled(now, emoji, view.reaction_rules.most)
    is_added = emoji in emojis
    if is_added:
        _check(desk, message, emojis, view.reaction_rules)
    desk.submit(c.React(message.account, message.peer, message.key, emojis))
    if is_added:
        before = recent(desk)
        kept = {emoji: name or before.get(emoji, "")} | {each: words for each, words in before.items() if each != emoji}
        desk.client.remember(RECENT, [f"{each} {words}".strip() for each, words in kept.items()][:MOST_OFFERED])


def _check(desk: Desk, message: Message, emojis: tuple[str, ...], rules: ReactionRules) -> None:
    """Raise ``VerbError`` for what the other side does not take (XEP-0444 §2.2)."""
    whose = desk.title(message.account, message.peer)
    if rules.most == 0 or rules.allowed == ():
        raise VerbError(f"The other side's program takes no reactions: {whose} would not see it.")
    if rules.allowed is not None and not set(emojis) <= set(rules.allowed):
        raise VerbError(f"{whose}'s program takes only these: {' '.join(rules.allowed[:_MOST_NAMED])}")
    if rules.most is not None and len(emojis) > rules.most:
        raise VerbError(f"{whose}'s program takes at most {rules.most} of you under a message: take one back first.")


def read_emoji(text: str) -> tuple[str, str]:
    """Read an emoji, or the name of one with or without colons; raise ``VerbError`` for what is neither.

    Return it with its name, which is empty where it was not named.
    """
    if (emoji := emoji_of(text)) is not None:
        return emoji, ""
    from tui_xmpp.ui.completion import find_emoji

    name = _as_named(text)
    for picture, found in find_emoji(name):
        if found == name:
            return picture, name.replace("_", " ")
    raise VerbError(f"There is no emoji called {text.strip()[:40]}. /react and nothing after it lets you choose.")


def _as_named(text: str) -> str:
    return text.strip().strip(":").casefold().replace(" ", "_")


def recent(desk: Desk) -> dict[str, str]:
    """Return the emoji reacted with lately, latest first, with their names as far as they are known."""
    kept = desk.client.recall(RECENT)
    pairs = [each.partition(" ")[::2] for each in kept] if isinstance(kept, list) else []
    return {emoji: name for emoji, name in pairs if emoji_of(emoji) == emoji}


def offers(desk: Desk, message: Message, query: str) -> Iterator[tuple[str, str]]:
    """Yield emoji with their names: those that a name begins, or where nothing is asked for, those most likely wanted.

    What stands under the message is the likeliest. What the other side is known not to take is left out, unless it
    stands there to be taken back.
    """
    allowed = desk.views.conversation(message.account, message.peer).reaction_rules.allowed
    own = emojis_by(message, Direction.OUTGOING)
    for emoji, name in _offers(desk, message, query, allowed or ()):
        if allowed is None or emoji in allowed or emoji in own:
            yield emoji, name


def _offers(desk: Desk, message: Message, query: str, allowed: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    wanted = _as_named(query)
    named = recent(desk) | COMMON
    if not wanted:
        under = [emoji for each in message.reactions for emoji in each.emojis]
        for emoji in list(dict.fromkeys((*under, *(allowed or named))))[: max(MOST_OFFERED, len(under), len(allowed))]:
            yield emoji, named.get(emoji, "")
        return
    if (typed := emoji_of(query)) is not None:
        yield typed, named.get(typed, "")
        return
    from tui_xmpp.ui.completion import find_emoji

    for picture, name in find_emoji(wanted):
        yield picture, name.replace("_", " ")
