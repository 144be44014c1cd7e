"""Where the user writes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.document._document import Document
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.widgets import TextArea

from tui_xmpp.jid import BareJID
from tui_xmpp.ui.keymap import keymap_of, moves
from tui_xmpp.ui.widgets.completion_list import Completer, CompletionList
from tui_xmpp.ui.widgets.pane_memory import PaneMemory
from tui_xmpp.values import dataclass

DRAFT_DELAY = 1.0
"""Seconds of writing after which a draft is worth keeping."""
HISTORY = 100
"""Sent texts remembered for each chat."""
LONG_PASTE = 4
"""Lines of a paste from which it is said what will be sent."""
MOST_PASTED = 200_000
"""Characters of a paste that are taken."""
UNSEEN = 1.0
"""Seconds in which a draft that came with its chat cannot have been read by who presses Enter."""


class Composer(TextArea, inherit_bindings=False):
    """A growing input that always says who is speaking, and keeps what is written with the chat it is written in."""

    DEFAULT_CSS = """
    Composer {
        width: 1fr; height: auto; min-height: 2; max-height: 34vh; padding: 0 1;
        border: none; border-top: blank; background: $surface;
        border-title-color: $foreground 55%; border-title-background: $surface; border-title-align: left;
        border-subtitle-color: $warning; scrollbar-size-vertical: 1;
    }
    Composer:focus {
        border: none; border-top: blank; border-title-color: $foreground 75%; border-title-background: $surface;
    }
    Composer.-real-cursor .text-area--cursor { background: $surface; color: $foreground; text-style: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "up", "Earlier lines and texts; from an empty line to the messages", show=False),
        Binding("down", "down", show=False),
        Binding("left", "cursor_left", show=False),
        Binding("right", "cursor_right", show=False),
        *moves({"line-start": "cursor_line_start", "line-end": "cursor_line_end"}),
        *moves({"word-left": "cursor_word_left", "word-right": "cursor_word_right"}),
        Binding("shift+left", "cursor_left(True)", show=False),
        Binding("shift+right", "cursor_right(True)", show=False),
        Binding("shift+up", "cursor_up(True)", show=False),
        Binding("shift+down", "cursor_down(True)", show=False),
        Binding("shift+home", "cursor_line_start(True)", show=False),
        Binding("shift+end", "cursor_line_end(True)", show=False),
        Binding("ctrl+shift+left", "cursor_word_left(True)", show=False),
        Binding("ctrl+shift+right", "cursor_word_right(True)", show=False),
        Binding("backspace", "delete_left", show=False),
        Binding("delete,ctrl+d", "delete_right", show=False),
        *moves({"delete-word-left": "delete_word_left", "delete-word-right": "delete_word_right"}),
        Binding("ctrl+x,super+x", "cut", show=False),
        Binding("ctrl+c,super+c", "copy", show=False),
        Binding("ctrl+v", "paste", show=False),
        *moves({"undo": "undo", "redo": "redo", "select-all": "select_all", "empty": "empty"}),
        *moves({"send": "send", "new-line": "line_break", "to-people": "leave", "to-messages": "messages"}),
        *moves({"earlier-text": "history(-1)", "later-text": "history(1)"}),
        *moves({"read-up": "page(-1)", "read-down": "page(1)", "oldest": "oldest", "newest": "newest"}),
    ]

    @dataclass(frozen=True)
    class Submitted:
        """The user sends ``text`` (a message, or a slash command) in the chat it was typed in, if in one.

        ``edits`` is the key of the message that it takes the place of: then it is no command. ``answers`` is the key
        of the message whose quotation begins it, which is so many characters (``quoted``) long.
        """

        account: BareJID | None
        peer: BareJID | None
        text: str
        edits: str | None = None
        answers: str | None = None
        quoted: int = 0

    @dataclass
    class DraftChanged(Message):
        """What is written but not sent changed; posted while writing, at rest and at a switch of chats."""

        account: BareJID
        peer: BareJID
        text: str

    class EditorWanted(Message):
        """The user wants to write in an editor of their own."""

    class Left(Message):
        """The user is done with writing for now."""

    @dataclass
    class MessagesWanted(Message):
        """The user wants to walk the messages."""

    @dataclass
    class ScrollWanted(Message):
        """The user wants to see other messages without leaving the composer; None: the oldest or newest."""

        pages: int
        is_to_end: bool = False

    def __init__(
        self,
        complete: Completer,
        completions: CompletionList,
        take: Callable[[Submitted], None],
        memory: PaneMemory | None = None,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
    ) -> None:
        self._is_styled = False
        super().__init__(id=id, highlight_cursor_line=False)
        self._said = ""
        self.cursor_blink = False
        self.match_cursor_bracket = False
        self.account: BareJID | None = None
        self.peer: BareJID | None = None
        self._complete = complete
        self._completions = completions
        # A call, not a message: a chat opened by a command is open before the next key typed ahead is looked at.
        self._take = take
        self._choice = -1
        self._chosen_text: str | None = None  # the text a completion made: it offers no new ones
        self._tail = ""
        self._kept = ""  # the draft as last told
        memory = memory or PaneMemory()
        self._drafts = memory.drafts
        self._aside: str | None = None  # the draft that waits while a command or an edited text stands in its place
        self._edits: str | None = None  # the message whose text is being edited
        self._quotation = ("", "")  # the message that is answered, and the quotation of it
        self._draft_timer: Timer | None = None
        self._sent = memory.sent
        self._recalled = 0  # how many texts back in the history
        self._unsent = ""  # what was written before going back
        self._found = ("", 0.0)  # the draft that came with the chat, and when
        self._is_chord = False  # Ctrl+X was the last key

    # -- the chat -------------------------------------------------------------------------------------------------

    def turn_to(self, account: BareJID | None, peer: BareJID | None, draft: str) -> None:
        """Write in this chat from now on; ``draft`` is what is stored for it, used unless this run knows better."""
        if (account, peer) == (self.account, self.peer):
            if draft != self._kept and self.text == self._kept and not self.has_unkept_draft:
                self._load(draft)
            return
        self._keep_draft()
        self._aside = self._edits = None
        self.account, self.peer = account, peer
        known = self._drafts.get((account, peer)) if account is not None and peer is not None else None
        self._recalled = 0
        self._load(draft if known is None else known)
        self._found = (self.text, time.monotonic())

    @property
    def has_unkept_draft(self) -> bool:
        """Whether something was written that is not told yet."""
        return self._draft_timer is not None

    def say(self, title: str, note: str) -> None:
        """Show who is speaking and, beside it, what stands in the way of being heard at once."""
        text = f"{title} · {note}" if note else title
        if text != self._said:
            self._said = text
            self._show_said()

    def _show_said(self) -> None:
        self.border_title = _plain(f"{self._said} · editing, Esc leaves it as it was" if self._edits else self._said)

    def replace_text(self, text: str) -> None:
        """Put ``text`` in place of what is written, as one step that can be undone, the cursor at its end."""
        self.history.checkpoint()
        self.replace(text, (0, 0), self.document.end)
        self.move_cursor(self.document.end)

    def begin_command(self, text: str = "/") -> None:
        """Type a slash command; a draft waits aside until the command is sent or taken back."""
        if self._aside is None and self.text and not self.text.startswith("/"):
            self._aside = self.text
        self.replace_text(text)

    def begin_edit(self, key: str, text: str) -> None:
        """Edit the text of a message; a draft waits aside until that is sent or left."""
        if self._aside is None:
            self._aside = self.text
        self._edits = key
        self._show_said()
        self.replace_text(text)
        self._close_completions()

    def quote(self, key: str, quotation: str) -> None:
        """Put the quotation of a message above what is written, in place of one that begins it."""
        self._quotation = (key, quotation)
        own = self.text.split("\n")
        while own and own[0].startswith("> "):
            del own[0]
        self.replace_text(quotation + "\n".join(own))

    def _resume_draft(self) -> None:
        """Go back to the draft that a command or an edited text had put aside."""
        if self._aside is not None:
            text, self._aside = self._aside, None
            self._edits = None
            self._show_said()
            self.replace_text(text)

    @property
    def draft(self) -> str:
        """What is written and not sent, also while a command is typed in its place."""
        return self.text if self._aside is None else self._aside

    def _load(self, text: str) -> None:
        self._kept = text
        if text != self.text:
            self.load_text(text)
            self.move_cursor(self.document.end)
        self._close_completions()

    # -- drafts ---------------------------------------------------------------------------------------------------

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._offer()
        if self.border_subtitle:
            self.border_subtitle = ""
        if self._aside is not None and not self.text and self._edits is None:
            self._resume_draft()
        if self.draft != self._kept and self._draft_timer is None and self.peer is not None:
            self._draft_timer = self.set_timer(DRAFT_DELAY, self._keep_draft)

    def _keep_draft(self) -> None:
        """Tell what is written, if that is news."""
        if self._draft_timer is not None:
            self._draft_timer.stop()
            self._draft_timer = None
        if self.account is None or self.peer is None or self.draft == self._kept:
            return
        self._kept = self._drafts[self.account, self.peer] = self.draft
        # As coming from here: Textual ends a message's way up at its sender, and a parent may be the one who calls.
        self.post_message(self.DraftChanged(self.account, self.peer, self.draft).set_sender(self))

    def on_unmount(self) -> None:
        self._show_terminal_cursor(is_shown=False)

    # -- sending --------------------------------------------------------------------------------------------------

    def action_send(self) -> None:
        """Send what is written; an empty text sends nothing."""
        text = self.text
        if not text.strip():
            return
        if self._is_unseen(text):
            self.border_subtitle = "written here before: Enter again sends it"
            return
        sent = self._sent.setdefault((self.account, self.peer), [])
        if not sent or sent[-1] != text:
            sent.append(text)
            del sent[:-HISTORY]
        self._recalled = 0
        self._close_completions()
        self.history.checkpoint()
        self.clear()
        edits = self._edits
        answers, quotation = self._quotation
        if edits is not None or not quotation or not text.startswith(quotation):
            answers = quotation = ""
        self._resume_draft()
        self._keep_draft()
        self._take(self.Submitted(self.account, self.peer, text, edits, answers or None, len(quotation)))

    def _is_unseen(self, text: str) -> bool:
        """Say whether Enter was pressed before the user can have seen that the chat brought a draft of its own."""
        (found, at), self._found = self._found, ("", 0.0)
        return text == found and time.monotonic() - at < UNSEEN

    def action_line_break(self) -> None:
        self._replace_via_keyboard("\n", *self.selection)

    def action_empty(self) -> None:
        """Empty the composer; undo brings the text back."""
        self._recalled = 0
        self.replace_text("")

    def action_history(self, step: int) -> None:
        """Walk the texts sent in this chat; what was being written waits below them."""
        sent = self._sent.get((self.account, self.peer), [])
        recalled = min(len(sent), max(0, self._recalled - step))
        if recalled == self._recalled:
            return
        if self._recalled == 0:
            self._unsent = self.text
        self._recalled = recalled
        self.replace_text(sent[-recalled] if recalled else self._unsent)
        self._close_completions()

    # -- moving ---------------------------------------------------------------------------------------------------

    def action_up(self) -> None:
        """Go up: in the list of completions, in the text, in the history, or from an empty composer to the messages."""
        if self._completions.items:
            self._choose(-1)
        elif not self.text:
            self.post_message(self.MessagesWanted())
        elif self.navigator.is_first_wrapped_line(self.cursor_location):
            self.action_history(-1)
        else:
            self.action_cursor_up()

    def action_down(self) -> None:
        """Go down: in the list of completions, in the text, or in the history."""
        if self._completions.items:
            self._choose(1)
        elif self.navigator.is_last_wrapped_line(self.cursor_location):
            self.action_history(1)
        else:
            self.action_cursor_down()

    def action_messages(self) -> None:
        """Ask to go among the messages."""
        self.post_message(self.MessagesWanted())

    def action_page(self, pages: int) -> None:
        self.post_message(self.ScrollWanted(pages))

    def action_oldest(self) -> None:
        self.post_message(self.ScrollWanted(-1, is_to_end=True))

    def action_newest(self) -> None:
        self.post_message(self.ScrollWanted(1, is_to_end=True))

    def action_leave(self) -> None:
        """Ask for the list of people."""
        self.post_message(self.Left())

    def action_copy(self) -> None:
        """Copy what is selected here or, where nothing is, among the messages."""
        if self.selected_text:
            super().action_copy()
        else:
            self.screen.action_copy_text()

    def action_cut(self) -> None:
        """Cut what is selected; without a selection nothing is lost."""
        if self.selected_text:
            super().action_cut()

    # -- painting -------------------------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        """Resolve the colours of cursor and selection anew at the next painting."""
        self._is_styled = False
        super().notify_style_update()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Paint without resolving the style sheet at each key, which is a third of what a key costs."""
        if not self._is_styled:
            self._is_styled = True
            return super().render_lines(crop)
        return super(TextArea, self).render_lines(crop)

    # -- completion -----------------------------------------------------------------------------------------------

    def _offer(self) -> None:
        if self.text == self._chosen_text:
            return
        self._chosen_text = None
        self._choice = -1
        text = self.text
        cursor = self._words.get_index_from_location(self.cursor_location)
        self._tail = text[cursor:]
        self._completions.offer(tuple(self._complete(text, cursor)) if text and self._edits is None else ())

    def _has_offers(self) -> bool:
        """Say whether there are ways to go on from what is written, also when it was written just now.

        A fast typist's Tab is here before the news of the letters typed ahead of it.
        """
        self._offer()
        return bool(self._completions.items)

    def _choose(self, step: int) -> None:
        """Put the next completion in place of what stands before the cursor."""
        items = self._completions.items
        self.choose((self._choice + step) % len(items) if self._choice >= 0 else (0 if step > 0 else len(items) - 1))

    def choose(self, index: int) -> None:
        """Take the completion at ``index`` of the list."""
        items = self._completions.items
        if not 0 <= index < len(items):
            return
        self._choice = index
        replacement = items[index].replacement
        self._chosen_text = replacement + self._tail if len(items) > 1 else None
        self.replace(replacement, (0, 0), self._tail_location())
        self.move_cursor(self._words.get_location_from_index(len(replacement)))
        self._completions.offer(items, index)

    @property
    def _words(self) -> Document:
        """The text as what it always is here: plain, without a language's syntax tree."""
        assert isinstance(self.document, Document)  # noqa: S101 - narrows the type
        return self.document

    def _tail_location(self) -> tuple[int, int]:
        return self._words.get_location_from_index(len(self.text) - len(self._tail))

    def _close_completions(self) -> None:
        self._chosen_text = self.text
        self._choice = -1
        self._completions.offer(())

    async def _on_key(self, event: events.Key) -> None:
        """Give the list of completions its keys, and keep the rest of TextArea's keys to bindings."""
        is_chord, self._is_chord = self._is_chord, event.key == "ctrl+x" and not self.selected_text
        if is_chord and event.key == "ctrl+e":
            event.stop()
            event.prevent_default()
            self.post_message(self.EditorWanted())
        elif event.key in ("tab", "shift+tab") and self._has_offers():
            event.stop()
            event.prevent_default()
            self._choose(1 if event.key == "tab" else -1)
        elif event.key == "tab":
            event.stop()
            event.prevent_default()
            self.post_message(self.MessagesWanted())
        elif event.key == "escape" and self._completions.items:
            event.stop()
            event.prevent_default()
            self._close_completions()
        elif event.key == "escape" and self._aside is not None:
            event.stop()
            event.prevent_default()
            self._resume_draft()
        elif event.key in ("\r", "shift+\r", "ctrl+\r"):  # as xterm's modifyOtherKeys comes out of Textual
            event.stop()
            event.prevent_default()
            self.action_line_break()
        elif event.key in keymap_of(self).keys("send"):
            # Here and not by its binding, which runs after the keys typed ahead of it.
            event.stop()
            event.prevent_default()
            self.action_send()
        else:
            await super()._on_key(event)

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.take_paste(event.text)

    def take_paste(self, text: str) -> None:
        """Take many lines as text to look at, never as many messages."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if len(text) > MOST_PASTED:
            self.notify(
                f"{len(text):,} characters are more than one message can take: nothing was pasted.",
                severity="error",
                markup=False,
            )
            return
        if result := self._replace_via_keyboard(text, *self.selection):
            self.move_cursor(result.end_location)
        if text.count("\n") + 1 >= LONG_PASTE:
            self.call_later(self._tell_size)

    def _tell_size(self) -> None:
        lines = self.document.line_count
        self.border_subtitle = (
            f"{lines:,} lines, {len(self.text):,} characters · Enter sends all · Ctrl+Z takes it back"
        )

    # -- the terminal's own cursor --------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self.app.app_resume_signal.subscribe(self, lambda _: self._show_terminal_cursor(is_shown=self.has_focus))

    def on_focus(self) -> None:
        self._show_terminal_cursor(is_shown=True)

    def on_blur(self) -> None:
        if not isinstance(self.screen.focused, Composer):  # else the cursor went to another pane's
            self._show_terminal_cursor(is_shown=False)

    def on_resize(self) -> None:
        self.place_cursor()

    def place_cursor(self) -> None:
        """Put the terminal's cursor where the next character will go, after the composer moved."""
        if self.has_focus and self.app.cursor_position != self.cursor_screen_offset:
            self.app.cursor_position = self.cursor_screen_offset
            self.refresh()

    def _show_terminal_cursor(self, *, is_shown: bool) -> None:
        """Let the terminal draw its cursor here, steady: input methods and screen readers follow that one."""
        driver = self.app._driver
        if driver is None or driver.is_headless or driver.is_web:
            return
        self.set_class(is_shown, "-real-cursor")
        if not is_shown and getattr(self.app, "plain_signs", None) is not None:
            return  # who listens follows the cursor wherever the focus goes
        driver.write("\x1b[2 q\x1b[?25h" if is_shown else "\x1b[?25l\x1b[0 q")


def _plain(text: str) -> str:
    """Escape what border titles would read as markup."""
    return text.replace("\\", "\\\\").replace("[", "\\[")
