"""Frozen, slotted dataclasses that are made quickly.

The standard decorator compiles six functions for each class, which for the hundred values this program names is a third
of what it adds to the start of an interpreter. This one compiles ``__init__`` alone and shares the rest.
"""

from __future__ import annotations

import dataclasses
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    _T = TypeVar("_T")

    def dataclass(*, frozen: bool, slots: bool, kw_only: bool = False) -> Any:
        """Make a class what ``dataclasses.dataclass(frozen=True, slots=True)`` makes of it; takes nothing else."""
        if not (frozen and slots):
            raise TypeError("a value is frozen and has slots")
        return lambda cls: _value(cls, kw_only)

    def _value(cls: type, kw_only: bool) -> type:
        doc = cls.__doc__
        cls.__doc__ = doc or cls.__name__  # else the signature is written out, which is as dear as all the rest
        cls = dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(cls)
        fields = dataclasses.fields(cls)
        names = [each.name for each in fields]
        inherited = {name for base in cls.__mro__[1:] for name in getattr(base, "__slots__", ())}
        body = {key: value for key, value in vars(cls).items() if key not in names}
        body.pop("__dict__", None)
        body.pop("__weakref__", None)
        body |= {
            "__slots__": tuple(name for name in names if name not in inherited),
            "__init__": _init(cls, fields),
            "__eq__": _eq,
            "__hash__": _hash,
            "__repr__": body.get("__repr__", _repr),
            "__setattr__": _refuse,
            "__delattr__": _refuse,
            "__getstate__": _getstate,
            "__setstate__": _setstate,
            "_values": staticmethod(attrgetter(*names) if len(names) > 1 else _tuple_of(names)),
        }
        made = type(cls)(cls.__name__, cls.__bases__, body)
        made.__qualname__ = cls.__qualname__
        return made

    def _tuple_of(names: list[str]) -> Any:
        return lambda value: tuple(getattr(value, name) for name in names)

    def _init(cls: type, fields: tuple[dataclasses.Field[Any], ...]) -> Any:
        parameters: list[str] = []
        lines: list[str] = []
        known: dict[str, Any] = {"_set": object.__setattr__, "_missing": dataclasses.MISSING}
        is_keyword = False
        for each in sorted(fields, key=lambda one: bool(one.kw_only)):
            name = value = each.name
            if each.kw_only and not is_keyword:
                is_keyword = True
                parameters.append("*")
            if each.default is not dataclasses.MISSING:
                known[f"_default_{name}"] = each.default
                parameters.append(f"{name}=_default_{name}")
            elif each.default_factory is not dataclasses.MISSING:
                known[f"_make_{name}"] = each.default_factory
                parameters.append(f"{name}=_missing")
                value = f"_make_{name}() if {name} is _missing else {name}"
            else:
                parameters.append(name)
            lines.append(f"_set(self, {name!r}, {value})")
        if hasattr(cls, "__post_init__"):
            lines.append("self.__post_init__()")
        made: dict[str, Any] = {}
        # The names of a class's own fields are all that varies in this text.
        exec(f"def __init__(self, {', '.join(parameters)}):\n " + "\n ".join(lines or ["pass"]), known, made)  # noqa: S102
        return made["__init__"]

    def _eq(self: Any, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self._values(self) == other._values(other)

    def _hash(self: Any) -> int:
        return hash(self._values(self))

    def _repr(self: Any) -> str:
        told = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self) if f.repr)
        return f"{type(self).__qualname__}({told})"

    def _refuse(self: object, name: str, *value: object) -> NoReturn:
        raise dataclasses.FrozenInstanceError(f"cannot change field {name!r}")

    def _getstate(self: Any) -> list[Any]:
        return [getattr(self, each.name) for each in dataclasses.fields(self)]

    def _setstate(self: Any, state: list[Any]) -> None:
        for each, value in zip(dataclasses.fields(self), state, strict=True):
            object.__setattr__(self, each.name, value)
