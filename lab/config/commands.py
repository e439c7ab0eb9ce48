# SPDX-License-Identifier: GPL-2.0-only
"""The table of commands (lab/data/commands.toml): for help, for the documents, and for the front."""

from __future__ import annotations

import importlib
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lab.config import data
from lab.core import cache, errors, markdown
from lab.core import options as options_
from lab.core.errors import LabError
from lab.core.options import Options

FILE = data.DATA / "commands.toml"
WIDTH = 100
INDENT = 18
STATUS = (
    ("passed", errors.PASSED),
    ("a test failed", errors.FAILED),
    ("a tool or the set-up failed", errors.SETUP),
    ("the kernel in the host crashed", errors.CRASHED),
    ("a time limit passed", errors.TIMEOUT),
)
EVERYWHERE = ("KERNEL_SRC", "V")  # variables that each command takes


@dataclass(frozen=True)
class Command:
    """A command of make: [[command]]."""

    name: str  # small letters, for the Makefile to tell it from a variable
    run: str  # module:function of the lab, which takes Options and returns an exit status
    group: str = ""  # of [groups]
    what: str = ""  # it does, in one line
    cost: str = ""  # in time, on Debian 12 with two cores
    uses: list[str] = field(default_factory=list)  # its variables, besides those of every command
    stage: bool = False  # a part of other commands, which help lists by name only


@dataclass(frozen=True)
class Variable:
    """What is given as NAME=value: [[variable]]."""

    name: str  # capital letters; a field of lab/core/options.py
    what: str  # it means, in one line
    lists: str = ""  # the folder of data files whose names it takes
    values: list[str] = field(default_factory=list)  # the only ones that it takes; none: any


@dataclass(frozen=True)
class Table:
    """lab/data/commands.toml: every command and variable, for help, the Makefile, README.md and docs/."""

    groups: dict[str, str]  # the titles of help's parts, by what a command's 'group' calls them
    command: list[Command]  # in the order of help
    variable: list[Variable]  # in the order of help


def table() -> Table:
    """The file, checked: every group and variable that a command names is there."""
    made = data.read(Table, FILE)
    known = {v.name for v in made.variable}
    for command in made.command:
        if not command.stage and command.group not in made.groups:
            raise LabError(f"{FILE}: {command.name} is in no group; known: {', '.join(made.groups)}")
        if unknown := set(command.uses) - known:
            raise LabError(f"{FILE}: {command.name} uses {', '.join(sorted(unknown))}, which no [[variable]] describes")
    return made


def _lines(first: str, said: str) -> list[str]:
    return textwrap.wrap(
        said, WIDTH, initial_indent=f"  {first:{INDENT - 2}}", subsequent_indent=" " * INDENT, break_on_hyphens=False
    )


def _described(command: Command) -> list[str]:
    more = " ".join(f"{v}=" for v in command.uses)
    cost = f"[{command.cost}]" if command.cost else ""
    return _lines(command.name, command.what) + _lines("", f"{cost} {more}".strip())


def help_text() -> str:
    """What 'make help' prints."""
    made = table()
    lines = ["usage: make COMMAND [VARIABLE=value ...]"]
    for group, title in made.groups.items():
        lines += ["", title]
        for command in made.command:
            if command.group == group and not command.stage:
                lines += _described(command)
    lines += ["", "Stages of the above: " + " ".join(c.name for c in made.command if c.stage), "", "Variables"]
    for variable in made.variable:
        lines += _lines(f"{variable.name}=", variable.what)
    codes = ", ".join(f"{code} {what}" for what, code in STATUS)
    lines += ["", *textwrap.wrap(f"exit status: {codes}. {FRONT}", WIDTH)]
    lines += ["", f"Everything is kept in {cache.place()}."]
    return "\n".join(lines)


FRONT = (
    "make itself turns every failure into 2; 'python3 -m lab COMMAND VARIABLE=value' is the same as "
    "'make COMMAND VARIABLE=value' and exits with the status as it is."
)


def listed(kind: str) -> list[tuple[str, str]]:
    """The names that a variable takes, each with its summary; targets of a plain make test first."""
    files = {name: data.load(data.DATA / kind / f"{name}.toml") for name in data.names(kind)}
    names = sorted(files, key=lambda name: not files[name].get("default", True))
    return [(name, files[name].get("summary", "")) for name in names]


def help_of(variable: Variable) -> str:
    """'make help T=' and its like."""
    rows = listed(variable.lists)
    width = max(len(name) for name, _ in rows)
    lines = [f"  {name:{width}}  {summary}".rstrip() for name, summary in rows]
    return "\n".join([f"{variable.name}=: {variable.what}", "", *lines])


def for_documents() -> list[str]:
    """All groups, as a table of Markdown each."""
    made = table()
    lines: list[str] = []
    for group, title in made.groups.items():
        rows = [
            [f"`{' '.join(['make', c.name, *(f'{v}=' for v in c.uses)])}`", c.what, c.cost]
            for c in made.command
            if c.group == group and not c.stage
        ]
        lines += [f"**{title}**", "", *markdown.table(["command", "what it does", "time"], rows), ""]
    return lines[:-1]


def variables_for_documents() -> list[str]:
    """The table of make's variables."""
    return markdown.table(["variable", "meaning"], [[f"`{v.name}=`", v.what] for v in table().variable])


def first_commands() -> list[str]:
    """README's first screen."""
    rows = [(f"make {c.name}", c.what, c.cost) for c in table().command if c.name in ("demo", "test")]
    shorts = [what.split("; ")[0].split(", on the ")[0] for _, what, _ in rows]
    return [f"    {command:11} # {short}: {cost}" for (command, _, cost), short in zip(rows, shorts, strict=True)]


def takes(command: Command) -> list[str]:
    """The variables that a command takes."""
    if command.name == "help":  # it tells about those that are named
        return [v.name for v in table().variable if v.lists]
    return [*command.uses, *EVERYWHERE]


def find(name: str) -> Command:
    """A command by its name. LabError for one that is not there."""
    known = {c.name: c for c in table().command}
    if name not in known:
        raise LabError(f"unknown command '{name}'; known: {', '.join(sorted(known))}")
    return known[name]


def function(command: Command) -> Callable[[Options], int]:
    """What a command runs; imported now, so that 'make help' works on any machine."""
    module, _, name = command.run.partition(":")
    found: Callable[[Options], int] = getattr(importlib.import_module(f"lab.{module}"), name)
    return found


def main(options: Options) -> int:
    """make help, or 'make help T=' and its like."""
    asked = [v for v in table().variable if v.lists and v.name in options.given]
    print("\n\n".join(map(help_of, asked)) or help_text())
    return 0


def check_values(told: Options) -> None:
    """LabError for a value that a variable does not take: told before anything is built."""
    for variable in table().variable:
        value = getattr(told, options_.field_of(variable.name), "")
        if variable.values and value and value not in variable.values:
            raise LabError(f"unknown {variable.name}={value}; known: {', '.join(variable.values)}")


def help_about(name: str) -> str:
    """'python3 -m lab COMMAND --help'; of all commands if that is none."""
    command = next((c for c in table().command if c.name == name), None)
    if command is None:
        return help_text()
    lines = [f"usage: make {command.name} [VARIABLE=value ...]", "", *_described(command), ""]
    wanted = set(takes(command))
    for variable in table().variable:
        if variable.name in wanted:
            lines += _lines(f"{variable.name}=", variable.what)
    return "\n".join(lines)


def problems(made: Table, makefile: Path) -> list[str]:
    """Where the front, the table and the options do not agree."""
    bad = [f"{FILE}: {v.name} is no field of lab/core/options.py" for v in made.variable
           if v.name not in (*options_.variables(), options_.ELSEWHERE)]  # fmt: skip
    for command in made.command:
        try:
            function(command)
        except (ImportError, AttributeError) as why:
            bad.append(f"{FILE}: {command.name} runs {command.run}, which is not there: {why}")
    text = makefile.read_text()
    named = sorted(c.name for c in made.command)
    bad += [f"{makefile}: names {n} itself: it belongs into {FILE.name}" for n in named if f"\n{n}:" in text]
    return bad
