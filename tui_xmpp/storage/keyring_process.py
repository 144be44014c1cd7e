"""The system's keyring in a process of its own: this file is run, not imported.

What a keyring needs (D-Bus, ciphers, a search through all that is installed) would stay in memory for the whole day to
be used for a moment. So it lives in a process that is started when a secret is wanted and ends when its input does.

It reads one request a line and answers each with one line, both JSON, in ASCII: ``[method, *arguments]``, then
``{"value": …}``, ``{"absent": true}`` where there was nothing to delete, or ``{"failed": "ErrorName"}``. Secrets travel
through these two pipes and no other way: not as arguments, not in the environment, not in an error's words.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend


def main() -> None:
    """Answer requests until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a backend may print is no answer
    with suppress(Exception):
        _system_keyring()  # found while nobody waits yet; who asks is told why there is none
    for line in sys.stdin.buffer:
        answers.write(json.dumps(_answer(json.loads(line))).encode("ascii") + b"\n")
        answers.flush()


def _answer(request: list[str]) -> dict[str, object]:
    try:
        from keyring.errors import PasswordDeleteError

        method, *arguments = request
        try:
            return {"value": getattr(_system_keyring(), method)(*arguments)}
        except PasswordDeleteError:
            return {"absent": True}
    except Exception as error:
        # A keyring backend is foreign code with errors of many kinds, from D-Bus to its own.
        return {"failed": type(error).__name__}


def _system_keyring() -> KeyringBackend:
    import keyring
    from keyring.backends import fail, null
    from keyring.errors import NoKeyringError

    backend = keyring.get_keyring()
    if isinstance(backend, fail.Keyring | null.Keyring):
        raise NoKeyringError
    return backend


if __name__ == "__main__":
    main()
