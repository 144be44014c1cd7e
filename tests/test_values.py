"""The quick decorator makes of a class what the standard one makes of it."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import field

import pytest

from tui_xmpp.core.commands import ProvidePassword
from tui_xmpp.jid import BareJID
from tui_xmpp.values import changed, dataclass


@dataclass(frozen=True, slots=True)
class Quick:
    """A value with every kind of field."""

    name: str
    secret: str = field(default="", repr=False)
    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Heir(Quick):
    number: int = 0

    @property
    def double(self) -> int:
        return 2 * self.number


@dataclasses.dataclass(frozen=True, slots=True)
class Standard:
    name: str
    secret: str = field(default="", repr=False)
    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Single:
    name: str


@dataclass(slots=True)
class Open:
    """May be changed, and is then another."""

    name: str
    number: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Prepared:
    """Has a field that is made of another."""

    name: str
    length: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", len(self.name))

    def __repr__(self) -> str:
        return "prepared"


@dataclass
class Loose:
    name: str
    tags: list[str] = field(default_factory=list)


def test_what_is_not_frozen_can_be_changed_and_has_no_hash() -> None:
    value = Open("a", number=1)
    assert value == Open("a", number=2)  # a field that is not compared
    value.name = "b"
    assert value != Open("a")
    with pytest.raises(TypeError):
        hash(value)
    with pytest.raises(AttributeError):
        value.other = 1  # type: ignore[attr-defined]


def test_a_field_can_be_made_and_identity_kept() -> None:
    value = Prepared("abc")
    assert value.length == 3
    assert repr(value) == "prepared"
    assert value != Prepared("abc")
    assert {value: 1}[value] == 1


def test_without_slots_the_class_stays_the_one_that_was_written() -> None:
    value = Loose("a")
    value.tags.append("b")
    assert value == Loose("a", ["b"])
    assert Loose("a").tags == []
    assert repr(value) == "Loose(name='a', tags=['b'])"
    assert vars(value) == {"name": "a", "tags": ["b"]}


def test_equal_values_are_equal_and_others_not() -> None:
    assert Quick("a", "b") == Quick("a", secret="b")
    assert Quick("a") != Quick("b")
    assert Quick("a") != Heir("a")
    assert hash(Single("a")) == hash(Single("a")) != hash(Single("b"))


def test_a_field_hidden_from_repr_stays_hidden() -> None:
    assert repr(Quick("a", "b")) == repr(Standard("a", "b")).replace("Standard", "Quick")
    assert "obstinate" not in repr(ProvidePassword(BareJID.parse("a@b.example"), "obstinate"))


def test_nothing_can_be_set_deleted_or_added() -> None:
    value = Quick("a")
    with pytest.raises(dataclasses.FrozenInstanceError):
        value.name = "b"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del value.name
    with pytest.raises((AttributeError, TypeError)):
        object.__setattr__(value, "other", 1)


def test_each_value_has_its_own_default() -> None:
    assert Quick("a").tags is not Quick("a").tags


def test_an_heir_has_the_fields_of_both() -> None:
    heir = Heir("a", number=2)
    assert [each.name for each in dataclasses.fields(heir)] == ["name", "secret", "tags", "number"]
    assert heir.double == 4
    match heir:
        case Heir(name, _, _, number):
            assert (name, number) == ("a", 2)


def test_values_can_be_replaced_copied_and_pickled() -> None:
    heir = Heir("a", number=2)
    assert dataclasses.replace(heir, number=3) == Heir("a", number=3)
    assert copy.copy(heir) == copy.deepcopy(heir) == pickle.loads(pickle.dumps(heir)) == heir


def test_too_few_or_unknown_arguments_are_refused() -> None:
    for arguments in ({}, {"name": "a", "other": 1}):
        with pytest.raises(TypeError):
            Quick(**arguments)  # type: ignore[arg-type]


def test_a_changed_value_is_what_the_standard_library_makes_of_it() -> None:
    from tests.support.facts import incoming

    message = incoming("a", body="words")
    assert changed(message, place=7, origin_id="x") == dataclasses.replace(message, place=7, origin_id="x")
    with pytest.raises(TypeError):
        changed(message, nothing=1)
