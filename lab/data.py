# SPDX-License-Identifier: GPL-2.0-only
"""The data files: targets, bases, suites, packages."""

from __future__ import annotations

import fnmatch
import re
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from .cache import ROOT
from .errors import LabError

LAB = ROOT / "lab"


@dataclass(frozen=True)
class Package:
    """A Debian package, and the command or file that shows it is there."""

    name: str
    has: str


@dataclass(frozen=True)
class Qemu:
    binary: str
    args: list[str]
    memory: str = "512M"
    smp: int = 1
    virtio_ports: bool = False  # for all but the console, instead of serial ports
    buses: list[str] = field(default_factory=list)  # for one device each, where the machine does not have one for all


@dataclass(frozen=True)
class Boot:
    console: str
    result: str
    end: str
    limit: int
    cmdline: str = ""
    client: str = ""  # the terminal after that of the results: to a QEMU in the target
    patience: int = 1  # times the limits of tests, for a slow kernel


@dataclass(frozen=True)
class Must:
    """What must be true once booted, else the run is worthless."""

    machine: str
    cpuinfo: list[str]
    pr: bool = True
    hv: bool = False


@dataclass(frozen=True)
class Target:
    name: str
    kernel: str  # the target whose kernel and test programs it boots, mostly itself
    summary: str
    bits: int
    endian: str
    cross: str
    fragments: list[str]
    packages: list[Package]
    qemu: Qemu
    boot: Boot
    must: Must
    like: str = ""
    default: bool = True  # in a make test without T=

    @property
    def programs(self) -> str:
        """The target whose test programs run here: this one, what it is like, or whose kernel it boots."""
        return self.like or self.kernel


@dataclass(frozen=True)
class Base:
    name: str
    summary: str
    package: str
    suites: tuple[str, ...]
    base: str
    series: str = ""
    of: str = ""  # the base whose series this is a backport of

    @property
    def series_dir(self) -> Path | None:
        return ROOT / self.series if self.series else None

    @property
    def base_file(self) -> Path:
        return ROOT / self.base


@dataclass(frozen=True)
class Test:
    binary: str
    limit: int
    targets: list[str] = field(default_factory=list)
    also: list[str] = field(default_factory=list)  # targets that are no default ones, on which it runs without T=
    hv: bool = False  # about KVM HV, so for targets that have it; else for those with PR
    name: str = ""  # if it is not the binary's
    args: list[str] = field(default_factory=list)
    bases: list[str] = field(default_factory=list)  # without K=: on these only
    ktap: bool = True  # False: no KTAP, the exit status is the result
    guest: str = ""  # of a QEMU in the target: for a session of gdb
    start: str = ""
    steps: int = 0  # in lockstep, instead of a session

    @property
    def id(self) -> str:
        return self.name or self.binary

    def fits(self, target: Target) -> bool:
        """A QEMU with a guest is too much for a target that is another one with a kernel that checks itself."""
        names = {target.name} if self.guest else {target.name, target.like}
        wanted = {*self.targets, *self.also}
        return (target.must.hv if self.hv else target.must.pr) and (not self.targets or bool(names & wanted))


_Kind = TypeVar("_Kind")


def make(kind: type[_Kind], table: dict[str, Any], where: Path) -> _Kind:
    known = {f.name for f in fields(kind)}  # type: ignore[arg-type]
    for key in table:
        if key not in known:
            raise LabError(f"{where}: unknown key '{key}'; known: {', '.join(sorted(known))}")
    try:
        return kind(**table)
    except TypeError as why:
        raise LabError(f"{where}: {re.sub(r'^.*__init__..', '', str(why))}") from None


def load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LabError(f"{path} is missing: restore it with git") from None
    except tomllib.TOMLDecodeError as why:
        raise LabError(f"{path}: {why}") from None


def names(kind: str) -> list[str]:
    return sorted(p.stem for p in (LAB / kind).glob("*.toml"))


def _find(kind: str, variable: str, name: str) -> Path:
    if name not in names(kind):
        raise LabError(f"unknown {variable}={name}; known: {', '.join(names(kind))}")
    return LAB / kind / f"{name}.toml"


# What a kernel is built from: a target that boots another one's has it from there.
BUILD = ("bits", "endian", "cross", "fragments", "packages")


def _target_table(name: str) -> dict[str, Any]:
    """A target's file on top of the one it is 'like', whose kernel it boots but for fragments, which add up."""
    table = load(_find("targets", "T", name))
    if "like" not in table:
        return table
    base = _target_table(table["like"])
    if "like" in base:
        raise LabError(f"lab/targets/{name}.toml: {table['like']} is itself like another: name that one")
    for key in ("qemu", "boot", "must"):
        table[key] = base[key] | table.get(key, {})
    own = table.get("fragments", [])
    table["fragments"] = base["fragments"] + own
    return base | table | ({} if own else {"kernel": table["like"]})


def target(name: str) -> Target:
    path = _find("targets", "T", name)
    table = _target_table(name)
    if (owner := table.get("kernel")) and "like" not in table:
        if owner not in names("targets"):
            raise LabError(f"{path}: kernel = '{owner}' is no target; known: {', '.join(names('targets'))}")
        theirs = load(LAB / "targets" / f"{owner}.toml")
        for key in ("kernel", *BUILD):
            if key in (theirs if key == "kernel" else table):
                raise LabError(f"{path}: it boots the kernel of {owner}, so '{key}' belongs into {owner}.toml")
        table |= {key: theirs[key] for key in BUILD if key in theirs}
    for key, kind in (("qemu", Qemu), ("boot", Boot), ("must", Must)):
        table[key] = make(kind, table.get(key, {}), path)
    table["packages"] = [make(Package, p, path) for p in table.get("packages", [])]
    return make(Target, {"name": name, "kernel": name} | table, path)


def targets(pattern: str) -> list[Target]:
    """Those that T= names, * and ? in it stand for anything; the default ones if it is empty."""
    if not pattern:
        return [t for t in map(target, names("targets")) if t.default]
    found = fnmatch.filter(names("targets"), pattern)
    return [target(name) for name in found or [pattern]]


def base(name: str) -> Base:
    path = _find("bases", "K", name)
    table = load(path)
    table["suites"] = tuple(table.get("suites", []))
    return make(Base, {"name": name} | table, path)


def guest(name: str, kind: type[_Kind]) -> _Kind:
    path = _find("guests", "GUEST", name)
    return make(kind, {"name": name} | load(path), path)


def suite(name: str) -> list[Test]:
    path = _find("suites", "SUITE", name)
    tests = [make(Test, t, path) for t in load(path).get("test", [])]
    for test in tests:
        for wanted in [*test.targets, *test.also]:
            if wanted not in names("targets"):
                raise LabError(f"{path}: unknown target '{wanted}'; known: {', '.join(names('targets'))}")
        for wanted in test.bases:
            if wanted not in names("bases"):
                raise LabError(f"{path}: unknown base '{wanted}'; known: {', '.join(names('bases'))}")
    for test in tests:
        if [t.id for t in tests].count(test.id) > 1:
            raise LabError(f"{path}: two tests are called '{test.id}': give one of them a name")
    return tests


SUITE = "kvm-powerpc"  # the series' own


def programs(target: Target) -> list[Test]:
    """Those of the series' own suite that run in a target itself, not in a guest of QEMU there."""
    return [test for test in suite(SUITE) if test.fits(target) and not test.guest]


@dataclass(frozen=True)
class Expected:
    """Test ids that must fail; and those not judged, as a fault shows itself in them by chance."""

    fail: frozenset[str] = frozenset()
    luck: frozenset[str] = frozenset()


def expected(base_name: str) -> dict[str, Expected] | None:
    """What a base must do, per target; None: nothing is recorded of it, so nothing may fail."""
    path = LAB / "expect" / f"{base_name}.toml"
    if not path.exists():
        return None
    return {
        name: make(Expected, {kind: frozenset(ids) for kind, ids in table.items()}, path)
        for name, table in load(path).items()
    }


def packages() -> dict[str, list[Package]]:
    path = LAB / "packages.toml"
    return {need: [make(Package, p, path) for p in rows] for need, rows in load(path).items()}
