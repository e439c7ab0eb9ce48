# SPDX-License-Identifier: GPL-2.0-only
"""What a command is told as VARIABLE=value: parsed once, by the front, and handed to the command."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lab.core.errors import LabError


@dataclass(frozen=True)
class Options:
    """The values; empty, 0 or False: not given, and the command has its own default. lab/data/commands.toml says
    what each means and which command takes it."""

    kernel: str = ""  # K=
    target: str = ""  # T=
    guest: str = ""
    test: str = ""
    suite: str = ""
    mutants: bool = False
    client: str = ""  # see lab/guest/nested_qemu.py
    flow: str = ""  # see lab/gdb/session.py
    steps: int = 0
    start: str = ""
    resume: bool = False
    watch: str = ""
    seconds: int = 0
    seed: str = ""
    payload: str = ""
    args: str = ""
    limit: int = 0  # seconds
    series: str = ""
    part: str = ""
    format: str = ""
    sender: str = ""  # FROM=
    out: str = ""
    tree: str = ""
    kernel_src: str = ""
    verbose: bool = False  # V=
    given: frozenset[str] = field(default_factory=frozenset)  # the variables that were named, also with no value

    def said(self, *variables: str) -> str:
        """These variables as they were given, in one line."""
        return ", ".join(f"{v}={value}" for v in variables if (value := getattr(self, field_of(v))))


# The same for what is many calls below a command: KERNEL_SRC=, V=, CLIENT= and FLOW=. The front sets it once.
everywhere = Options()

_FIELDS = {"K": "kernel", "T": "target", "FROM": "sender", "V": "verbose"}
_TYPES = {name: kind for name, kind in typing.get_type_hints(Options).items() if name != "given"}
ELSEWHERE = "LAB_CACHE"  # no option: the cache reads it from the environment


def field_of(variable: str) -> str:
    """The field of Options that has the value of VARIABLE=."""
    return _FIELDS.get(variable, variable.lower())


def variables() -> list[str]:
    """All of them, as they are given."""
    names = {name: variable for variable, name in _FIELDS.items()}
    return [names.get(name, name.upper()) for name in _TYPES]


def _value(variable: str, text: str) -> str | int | bool:
    """The text as what the field is. LabError if it is not one."""
    kind = _TYPES[field_of(variable)]
    if kind is str or not text:
        return text or kind()
    if kind is bool:
        if not text.isdecimal():
            raise LabError(f"{variable}={text}: give 1 (on) or 0 (off)")
        return int(text) != 0
    if not text.isdecimal() or int(text) < 1:
        raise LabError(f"{variable}={text}: give a whole number, 1 or more")
    return int(text)


def parse(command: str, words: Iterable[str], takes: Iterable[str], environment: Mapping[str, str]) -> Options:
    """The words of a command line, and for variables that none of these gives, the environment.

    LabError for a word that is no VARIABLE=value, for a variable that the command does not take, and for values of
    another type. Of the environment, only what the command takes is looked at: the rest may be another program's.
    """
    takes = list(takes)
    values = {v: environment[v] for v in takes if v in environment}
    for word in words:
        variable, equals, value = word.partition("=")
        if not equals or variable not in variables():
            raise LabError(f"unknown argument '{word}'; known: {', '.join(v + '=' for v in [*variables(), ELSEWHERE])}")
        if variable not in takes:
            raise LabError(f"'{command}' takes no {variable}=; it takes {', '.join(v + '=' for v in takes)}")
        values[variable] = value
    fields: dict[str, typing.Any] = {field_of(v): _value(v, text) for v, text in values.items()}
    return Options(**fields, given=frozenset(values))
