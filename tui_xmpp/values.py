"""Dataclasses that are made quickly.

The standard decorator reads all fields and compiles up to six functions for each class, which for the four hundred this
program names is more than half of what it adds to the start of an interpreter. This one shares the functions, and reads
the fields and compiles ``__init__`` when the first instance is made: most of what can be said is not said in a run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

_T = TypeVar("_T")


def changed(value: _T, **changes: Any) -> _T:
    """Do what ``dataclasses.replace`` does, in a sixth of the time, where ``__init__`` takes all fields by place."""
    cls: Any = type(value)
    read, places = _reader(cls)
    values = list(read(value))
    for name, new in changes.items():
        if name not in places:
            raise TypeError(f"{cls.__name__} has no field {name}")
        values[places[name]] = new
    made: _T = cls(*values)
    return made


@cache
def _reader(cls: Any) -> tuple[Callable[[Any], tuple[Any, ...]], dict[str, int]]:
    """Return what reads all fields of a class, of which it has several, and the place of each among them."""
    names: tuple[str, ...] = cls.__match_args__
    return attrgetter(*names), {name: place for place, name in enumerate(names)}


if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    _FIELDS = "__dataclass_fields__"  # where the standard library looks for them
    _DECLARED = "_declared_fields"

    def dataclass(
        cls: type[_T] | None = None,
        *,
        frozen: bool = False,
        slots: bool = False,
        eq: bool = True,
        repr: bool = True,  # noqa: A002 - the standard decorator's own word
        kw_only: bool = False,
    ) -> Any:
        """Make a class what ``dataclasses.dataclass`` makes of it; takes no other options than these.

        Annotations must be text (``from __future__ import annotations``).
        """
        if cls is None:
            return lambda given: dataclass(given, frozen=frozen, slots=slots, eq=eq, repr=repr, kw_only=kw_only)
        own = vars(cls)
        named = {name: kind for name, kind in own.get("__annotations__", {}).items() if not kind.startswith("ClassVar")}
        fields = _Fields(named, {name: own[name] for name in named if name in own}, kw_only)
        inherited = [name for base in cls.__mro__[-1:0:-1] for name in getattr(base, "__match_args__", ())]
        positional = () if kw_only else [name for name in named if fields.is_positional(name)]
        added: dict[str, Any] = {
            _FIELDS: fields,
            _DECLARED: fields,
            "__match_args__": (*dict.fromkeys((*inherited, *positional)),),
        }
        if "__init__" not in own:
            added["__init__"] = _first_init(fields, frozen)
        if repr and "__repr__" not in own:
            added["__repr__"] = _repr
        if eq and "__eq__" not in own:
            added |= {"__eq__": _eq, "_values": fields.first_values}
            if own.get("__hash__") is None:
                added["__hash__"] = _hash if frozen else None
        if frozen:
            added |= {"__setattr__": _refuse, "__delattr__": _refuse}
        if slots:
            added |= {"__getstate__": _getstate, "__setstate__": _setstate}
            cls = _slotted(cls, named, added)
        else:
            for name, default in fields.defaults.items():
                if isinstance(default, dataclasses.Field):
                    delattr(cls, name)
            for name, value in added.items():
                setattr(cls, name, value)
        fields.owner = cls
        return cls

    class _Fields:
        """The fields of one class: as declared, and as the standard library has them once it asks for them."""

        __slots__ = ("defaults", "is_keyword", "named", "owner")

        def __init__(self, named: dict[str, str], defaults: dict[str, Any], is_keyword: bool) -> None:
            self.named = named
            self.defaults = defaults
            self.is_keyword = is_keyword
            self.owner: type = object

        def is_positional(self, name: str) -> bool:
            default = self.defaults.get(name)
            return not isinstance(default, dataclasses.Field) or (default.init and default.kw_only is not True)

        def __get__(self, instance: object, owner: type) -> dict[str, dataclasses.Field[Any]]:
            made = type(self.owner.__name__, (), {"__doc__": "-", "__annotations__": self.named, **self.defaults})
            read = dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=self.is_keyword)(made)
            fields: dict[str, dataclasses.Field[Any]] = {}
            for base in self.owner.__mro__[-1:0:-1]:
                fields |= getattr(base, _FIELDS, {})
            fields |= getattr(read, _FIELDS)
            setattr(self.owner, _FIELDS, fields)
            return fields

        def declared(self) -> dict[str, tuple[dataclasses.Field[Any], bool]]:
            """Return what is said of each field, those of the bases first, and whether it is given by name only."""
            found: dict[str, tuple[dataclasses.Field[Any], bool]] = {}
            for base in self.owner.__mro__[::-1]:
                own: _Fields | None = vars(base).get(_DECLARED)
                for name in own.named if own is not None else ():
                    each = own.defaults.get(name, dataclasses.MISSING)
                    if not isinstance(each, dataclasses.Field):
                        each = dataclasses.field(default=each)
                    found[name] = each, own.is_keyword if each.kw_only is dataclasses.MISSING else each.kw_only
            return found

        def first_values(self, value: object) -> tuple[Any, ...]:
            """Return what is compared of an instance; the class is given a quicker way to do the same."""
            names = [name for name, (each, _) in self.declared().items() if each.compare]
            quicker = attrgetter(*names) if len(names) > 1 else _tuple_of(names)
            self.owner._values = staticmethod(quicker)
            return quicker(value)

    def _slotted(cls: type, named: dict[str, str], added: dict[str, Any]) -> type:
        """Make the class anew with slots for the fields that no base has."""
        inherited = {name for base in cls.__mro__[1:] for name in getattr(base, "__slots__", ())}
        body = {key: value for key, value in vars(cls).items() if key not in named}
        body.pop("__dict__", None)
        body.pop("__weakref__", None)
        body |= added
        body["__slots__"] = tuple(name for name in named if name not in inherited)
        made = type(cls)(cls.__name__, cls.__bases__, body)
        made.__qualname__ = cls.__qualname__
        return made

    def _tuple_of(names: list[str]) -> Any:
        return lambda value: tuple(getattr(value, name) for name in names)

    def _first_init(fields: _Fields, is_frozen: bool) -> Any:
        def __init__(self: Any, *arguments: Any, **named: Any) -> None:  # noqa: N807 - it stands in for that
            made = fields.owner.__init__ = _init(fields, is_frozen)
            made(self, *arguments, **named)

        return __init__

    def _init(fields: _Fields, is_frozen: bool) -> Any:
        cls = fields.owner
        parameters: list[str] = ["self"]
        lines: list[str] = []
        known: dict[str, Any] = {"_set": object.__setattr__, "_missing": dataclasses.MISSING}
        is_keyword = False
        for name, (each, is_by_name) in sorted(fields.declared().items(), key=lambda one: one[1][1]):
            value = name
            if is_by_name and each.init and not is_keyword:
                is_keyword = True
                parameters.append("*")
            parameter = name
            if each.default is not dataclasses.MISSING:
                known[f"_default_{name}"] = each.default
                parameter = f"{name}=_default_{name}"
                value = name if each.init else f"_default_{name}"
            elif each.default_factory is not dataclasses.MISSING:
                known[f"_make_{name}"] = each.default_factory
                parameter = f"{name}=_missing"
                value = f"_make_{name}() if {name} is _missing else {name}" if each.init else f"_make_{name}()"
            elif not each.init:
                continue  # __post_init__ sets it
            if each.init:
                parameters.append(parameter)
            slot = getattr(cls, name, None)
            if not is_frozen:
                lines.append(f"self.{name} = {value}")
            elif isinstance(slot, MemberDescriptorType):
                known[f"_set_{name}"] = slot.__set__  # in half the time of the other, which looks for it
                lines.append(f"_set_{name}(self, {value})")
            else:
                lines.append(f"_set(self, {name!r}, {value})")
        if hasattr(cls, "__post_init__"):
            lines.append("self.__post_init__()")
        made: dict[str, Any] = {}
        # The names of a class's own fields are all that varies in this text.
        exec(f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines or ["pass"]), known, made)  # noqa: S102
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
