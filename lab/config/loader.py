# SPDX-License-Identifier: GPL-2.0-only
"""TOML files as frozen dataclasses: a field is a key, its annotation the type, its default what an absent key means.

Field types: str, int, bool, another such dataclass (a table), list[T] and tuple[T, ...] (an array), dict[str, T]
(a table with names of its own), Literal (one of some values).
"""

from __future__ import annotations

import tomllib
import typing
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

from lab.core.errors import LabError

Kind = TypeVar("Kind")
_WORDS = {str: "a string", int: "a whole number", bool: "true or false", dict: "a table"}
_ARRAYS = (list, tuple)


def load(path: Path) -> dict[str, Any]:
    """The file as it is. LabError if it is not there or no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LabError(f"{path} is missing: restore it with git") from None
    except tomllib.TOMLDecodeError as why:
        raise LabError(f"{path}: {why}") from None


def make(kind: type[Kind], table: dict[str, Any], where: Path, name: str = "") -> Kind:
    """A dataclass from a table; 'name' is that table's in the file. LabError for keys that are unknown, missing, or
    of another type."""
    assert is_dataclass(kind)
    hints, inside = typing.get_type_hints(kind), f"{name}." if name else ""
    for key in table:
        if key not in hints:
            raise LabError(f"{where}: unknown key '{inside}{key}'; known: {', '.join(sorted(hints))}")
    for one in fields(kind):
        if one.name not in table and one.default is MISSING and one.default_factory is MISSING:
            raise LabError(f"{where}: the key '{inside}{one.name}' is missing")
    return kind(**{key: convert(value, hints[key], f"{inside}{key}", where) for key, value in table.items()})


def convert(value: Any, hint: Any, name: str, where: Path) -> Any:
    """A value of the file as the type that 'hint' names. LabError if it is of another one."""
    kind, inner = typing.get_origin(hint) or hint, typing.get_args(hint)
    if kind is typing.Literal:
        if value in inner:
            return value
        raise LabError(f"{where}: {name} = {value!r}: it wants {' or '.join(map(repr, inner))}")
    if kind in _ARRAYS and isinstance(value, _ARRAYS):
        return kind(convert(one, inner[0], f"{name}[{at}]", where) for at, one in enumerate(value))
    if kind is dict and isinstance(value, dict):
        return {key: convert(one, inner[1], f"{name}.{key}", where) for key, one in value.items()}
    if is_dataclass(kind):
        if isinstance(value, kind):
            return value
        if isinstance(value, dict):
            return make(kind, value, where, name)
    elif type(value) is kind:
        return value
    wanted = _WORDS[dict] if is_dataclass(kind) else _WORDS.get(kind, "an array")
    raise LabError(f"{where}: {name} = {value!r}: it wants {wanted}")


def read(kind: type[Kind], path: Path) -> Kind:
    """A whole file as a dataclass."""
    return make(kind, load(path), path)


def named(kind: type[Kind], path: Path) -> dict[str, Kind]:
    """A whole file whose keys are names of its own, each with a value, an array or a table of that kind."""
    return {name: convert(value, kind, name, path) for name, value in load(path).items()}
