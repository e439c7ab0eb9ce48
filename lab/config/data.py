# SPDX-License-Identifier: GPL-2.0-only
"""The data files as dataclasses: hosts, kernel builds, kernels, suites, guests, expectations, packages."""

from __future__ import annotations

import fnmatch
import functools
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from lab.config.loader import Kind, load, make, named, read
from lab.core.cache import ROOT
from lab.core.errors import LabError
from lab.core.options import Options

LAB = ROOT / "lab"
DATA = LAB / "data"
Endian = Literal["big", "little"]


@dataclass(frozen=True)
class Package:
    """A Debian package, and the command or file that shows it is there."""

    name: str  # of the package
    has: str  # a command in PATH, or a path that begins with /


@dataclass(frozen=True)
class Qemu:
    """The emulator of a target: [qemu]."""

    binary: str  # the program, without its folder
    args: list[str]  # machine, CPU and what else makes it that machine
    memory: str = "512M"  # as -m takes it
    smp: int = 1  # CPUs
    virtio_ports: bool = False  # for all but the console, instead of serial ports
    buses: list[str] = field(default_factory=list)  # PCI buses, one for each device; empty: one bus has room for all


@dataclass(frozen=True)
class Boot:
    """How a target boots, says its results, and ends: [boot]."""

    console: str  # the terminal of the kernel's messages, without /dev/
    result: str  # the terminal that init writes the results to, without /dev/
    end: Literal["poweroff", "restart"]  # how init ends the machine
    limit: int  # seconds from power on until init speaks
    cmdline: str = ""  # more words for the kernel's command line
    client: str = ""  # the terminal by which gdb reaches a QEMU in the host; empty: gdb cannot
    patience: int = 1  # factor for the limits of tests on a slow kernel, not for 'limit' above
    hold_vm: bool = False  # init keeps a VM of KVM PR, so that those of the tests are not the first and the last


@dataclass(frozen=True)
class Must:
    """What must be true once booted, else the run is worthless: [must]."""

    machine: str  # uname -m
    cpuinfo: list[str]  # regular expressions, each of which a line of /proc/cpuinfo matches
    pr: bool = True  # a KVM PR guest can be created
    hv: bool = False  # a KVM HV guest can be created


@dataclass(frozen=True)
class KernelBuild:
    """lab/data/builds/NAME.toml: what a kernel and the programs for it are built with."""

    name: str  # of the file
    summary: str  # one line for people
    bits: Literal[32, 64]  # of its programs
    endian: Endian  # of its programs
    cross: str  # prefix of its compiler and binutils
    fragments: list[str]  # files of lab/data/configs, later ones win
    packages: list[Package]  # of Debian: the cross compiler
    inherits: str = ""  # the build whose keys these are on top of; fragments add up

    @property
    def programs(self) -> str:
        """The build whose test programs are used with it: they do not depend on the configuration."""
        return self.inherits or self.name


@dataclass(frozen=True)
class Target:
    """lab/data/targets/NAME.toml: an emulated host, and the kernel build that it boots."""

    name: str  # of the file
    summary: str  # one line for people
    build: KernelBuild  # in the file: its name; the host's own name if it is absent
    qemu: Qemu  # the emulator
    boot: Boot  # how it boots and ends
    must: Must  # how to know it
    like: str = ""  # the host whose keys these are on top of
    default: bool = True  # in a make test without T=


@dataclass(frozen=True)
class Base:
    """lab/data/bases/NAME.toml: a kernel source, and what is applied to it."""

    name: str  # of the file
    summary: str  # one line for people
    package: str  # of Debian with the kernel's source: a regular expression for its name
    suites: tuple[str, ...]  # of Debian, where to look for it
    base: str  # the file of the checkout that pins the version
    series: str = ""  # the folder of the checkout with the mails; none: the kernel as it is
    of: str = ""  # the base whose series this is a backport of
    configs: tuple[str, ...] = ()  # fragments of lab/data/configs that its kernels need besides a build's own

    def configured(self, kernel_build: KernelBuild) -> KernelBuild:
        """A kernel build with this base's fragments on top."""
        return replace(kernel_build, fragments=[*kernel_build.fragments, *self.configs])

    @property
    def patches(self) -> Path:
        """The folder with the mails. LabError if the kernel is taken as it is."""
        if not self.series:
            raise LabError(f"K={self.name} has no series; use K=mainline, or a backport")
        return ROOT / self.series

    @property
    def base_file(self) -> Path:
        """The file that pins the version; it need not be there."""
        return ROOT / self.base


@dataclass(frozen=True)
class Test:
    """[[test]] of a suite: a program in the target, or something with a guest of a QEMU in there."""

    binary: str  # the program, a script of lab/gdb/scripts, or a key of JUDGES in lab/runner/suite.py
    limit: int  # seconds, times the target's patience
    targets: list[str] = field(default_factory=list)  # all if empty
    also: list[str] = field(default_factory=list)  # targets that are no default ones, on which it runs without T=
    hv: bool = False  # about KVM HV, so for targets that have it; else for those with PR
    name: str = ""  # if it is not the binary's
    args: list[str] = field(default_factory=list)  # of the program
    bases: list[str] = field(default_factory=list)  # without K=: on these only
    ktap: bool = True  # False: no KTAP, the exit status is the result
    guest: str = ""  # of a QEMU in the target: for a session of gdb
    start: str = ""  # the symbol or address where it begins, reached under TCG; else at reset
    steps: int = 0  # in lockstep, instead of a session

    @property
    def id(self) -> str:
        """What TEST=, results and lab/data/expect call it."""
        return self.name or self.binary

    def fits(self, target: Target) -> bool:
        """Does this test run on the target? A host in 'targets' also stands for the hosts that are 'like' it. A test
        with a guest runs on the named host only: nested QEMU is too slow on a kernel that checks itself."""
        names = {target.name} if self.guest else {target.name, target.like}
        wanted = {*self.targets, *self.also}
        return (target.must.hv if self.hv else target.must.pr) and (not self.targets or bool(names & wanted))


def names(kind: str) -> list[str]:
    """The names that lab/data/<kind>/*.toml gives, sorted."""
    return sorted(p.stem for p in (DATA / kind).glob("*.toml"))


def _find(kind: str, variable: str, name: str) -> Path:
    if name not in names(kind):
        raise LabError(f"unknown {variable}={name}; known: {', '.join(names(kind))}")
    return DATA / kind / f"{name}.toml"


def build(name: str) -> KernelBuild:
    """The kernel build of a file, with what it inherits. LabError for unknown names and keys."""
    path = _find("builds", "build", name)
    table = load(path)
    if parent := table.get("inherits"):
        base = load(_find("builds", "inherits", parent))
        if "inherits" in base:
            raise LabError(f"{path}: {parent} inherits itself: name {base['inherits']}")
        table = base | table | {"fragments": base["fragments"] + table.get("fragments", [])}
    return make(KernelBuild, {"name": name} | table, path)


def target(name: str) -> Target:
    """The host T=name, with what it has from the one that it is like. LabError for unknown names and keys."""
    path = _find("targets", "T", name)
    table = load(path)
    if parent := table.get("like"):
        base = load(_find("targets", "like", parent))
        if "like" in base:
            raise LabError(f"{path}: {parent} is itself like another: name that one")
        merged = {key: base[key] | table.get(key, {}) for key in ("qemu", "boot", "must")}
        table = {"build": parent} | base | table | merged
    return make(Target, {"name": name} | table | {"build": build(table.get("build", name))}, path)


def targets(pattern: str) -> list[Target]:
    """Those that T= names, * and ? in it stand for anything; the default ones if it is empty."""
    if not pattern:
        return [t for t in map(target, names("targets")) if t.default]
    found = fnmatch.filter(names("targets"), pattern)
    return [target(name) for name in found or [pattern]]


def chosen(options: Options, target_name: str = "pseries-p8") -> tuple[Base, Target]:
    """The kernel base K= and the host T=, or the defaults of commands."""
    return base(options.kernel or "mainline"), target(options.target or target_name)


def base(name: str) -> Base:
    """The kernel base K=name. LabError for unknown names and keys."""
    path = _find("bases", "K", name)
    return make(Base, {"name": name} | load(path), path)


@dataclass(frozen=True)
class Suite:
    """lab/data/suites/NAME.toml."""

    test: list[Test]  # in the order of running
    bases: list[str] = field(default_factory=list)  # of the tests that name none


def guest(name: str, kind: type[Kind]) -> Kind:
    """The guest GUEST=name, as the dataclass 'kind'. LabError for unknown names and keys."""
    path = _find("guests", "GUEST", name)
    return make(kind, {"name": name} | load(path), path)


def suite(name: str) -> list[Test]:
    """The tests of SUITE=name. LabError for unknown targets and bases, and for tests of one name."""
    path = _find("suites", "SUITE", name)
    file = read(Suite, path)
    tests = [replace(test, bases=test.bases or file.bases) for test in file.test]
    for test in tests:
        for kind, wanted in (("target", [*test.targets, *test.also]), ("base", test.bases)):
            known = names(f"{kind}s")
            for one in wanted:
                if one not in known:
                    raise LabError(f"{path}: unknown {kind} '{one}'; known: {', '.join(known)}")
        if [t.id for t in tests].count(test.id) > 1:
            raise LabError(f"{path}: two tests are called '{test.id}': give one of them a name")
    return tests


SUITE = "kvm-powerpc"  # the series' own


def programs(target: Target) -> list[Test]:
    """Those of the series' own suite that run in a target itself, not in a guest of QEMU there."""
    return [test for test in suite(SUITE) if test.fits(target) and not test.guest]


@dataclass(frozen=True)
class Known:
    """What is known of tests on a kernel, or with a QEMU."""

    test: str  # PROGRAM.CASE, or PROGRAM as a whole; * and ? stand for anything, but not in PROGRAM
    why: str  # it passes there, or fails, or does not fail each time
    rate: str = ""  # of flakes: how often it fails


@dataclass(frozen=True)
class Expected:
    """[HOST] of lab/data/expect/NAME.toml. With `fails`, all else must pass; without, all but `passes` must fail."""

    passes: list[Known] = field(default_factory=list)  # though the kernel is not patched
    flakes: list[Known] = field(default_factory=list)  # are not judged
    fails: list[Known] = field(default_factory=list)  # though the kernel is patched

    def must_fail(self, test: str) -> bool:
        """Whether a test has to fail, if it is neither a flake nor skipped."""
        return matched(self.fails, test) if self.fails else not matched(self.passes, test)


def matched(rows: list[Known], test: str) -> bool:
    """Does one of these name the test?"""
    return any(fnmatch.fnmatchcase(test, row.test) for row in rows)


def expected(base_name: str) -> dict[str, Expected] | None:
    """What a kernel must do, per host; None: nothing is recorded of it, so nothing may fail."""
    path = DATA / "expect" / f"{base_name}.toml"
    return named(Expected, path) if path.exists() else None


@functools.cache
def options_of(program: str) -> list[str]:
    """The options with which the lab calls a program (lab/data/options.toml); not to be changed."""
    return named(list[str], DATA / "options.toml")[program]


def packages() -> dict[str, list[Package]]:
    """Debian packages by what they are needed for (lab/data/packages.toml)."""
    return named(list[Package], DATA / "packages.toml")
