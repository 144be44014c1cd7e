"""SCREEN: everything that knows Textual."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

_TYPES = "textual.types"


class _Types(ModuleType):
    """Textual's module of that name, which imports trees, tables and menus, read when more than two names are wanted.

    All that Textual itself takes from it at a start are two kinds of callbacks. Ten milliseconds of a first painting
    are too many for widgets that are never shown.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in ("CallbackType", "IgnoreReturnCallbackType"):
            from textual import _types

            return getattr(_types, name)
        from importlib import import_module

        if sys.modules.get(_TYPES) is self:
            del sys.modules[_TYPES]
        return getattr(import_module(_TYPES), name)


sys.modules.setdefault(_TYPES, _Types(_TYPES))
