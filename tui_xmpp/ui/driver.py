"""The terminal: keys without a wake-up while there are none, and what to do when it is gone."""

from __future__ import annotations

import os
import select
import sys
from codecs import getincrementaldecoder
from typing import Any

from textual import constants
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from tui_xmpp.ui.background import Listener


class TerminalDriver(LinuxDriver):
    """Textual's own driver, whose reading thread looks ten times a second whether there is anything.

    This one sleeps until there is. After a read it looks once more when an escape has waited long enough for the rest
    of its sequence, so Alt with a letter takes ``ESCDELAY`` and not the next tenth of a second.
    """

    class Gone(Message):
        """The terminal is no more: its window was closed, or the line to it broke."""

    _is_ours = False
    """Whether the terminal is the program's now, and not the shell's."""
    _end = _ender = -1
    """A pipe by which the thread is told to end."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Draw where the terminal is: errors may have been sent elsewhere (``2>errors.txt``)."""
        super().__init__(*arguments, **options)
        if sys.__stdout__ is not None and not (sys.__stderr__ is not None and sys.__stderr__.isatty()):
            sys.__stdout__.reconfigure(errors="backslashreplace")
            self._file = sys.__stdout__

    def start_application_mode(self) -> None:
        """Take the terminal and begin to read."""
        self._is_ours = True
        if self._end < 0:
            self._end, self._ender = os.pipe()
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def stop_application_mode(self) -> None:
        """Hand the terminal back as it was: widgets that go away later still may want to write to it."""
        self.write("\x1b[0 q")
        super().stop_application_mode()
        self._is_ours = False

    def send_message(self, message: Message) -> None:
        """Hand over at once: what is read here is read in the app's own thread."""
        self._app.post_message(message)

    def write(self, data: str) -> None:
        """Write to the terminal; when it is gone its thread has ended, and nobody would take from its queue."""
        if self._is_ours and self._writer_thread is not None and self._writer_thread.is_alive():
            super().write(data)

    def disable_input(self) -> None:
        """Read no more."""
        if self._key_thread is not None and self._key_thread.is_alive():
            os.write(self._ender, b"\0")
        super().disable_input()

    def close(self) -> None:
        """Let go of the terminal, for now or for good."""
        super().close()
        if self._end >= 0:
            os.close(self._ender)
            os.close(self._end)
            self._end = self._ender = -1

    def run_input_thread(self) -> None:
        """Read until told to end, or until the terminal is gone."""
        parser = Listener(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        patience: float | None = None
        while True:
            ready, _, _ = select.select((self.fileno, self._end), (), (), patience)
            if self._end in ready:
                os.read(self._end, 1)
                return
            if ready:
                data = self._read()
                if not data:
                    self._app.post_message(self.Gone())
                    return
                text = decode(data)
                # The rest of a character may still be on its way, and an empty text would be the end to the parser.
                found = parser.feed(text) if text else ()
            else:
                found = parser.tick()
            for event in found:
                self.process_message(event)
            patience = constants.ESCAPE_DELAY if ready else None

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, 4096)
        except OSError:
            return b""
