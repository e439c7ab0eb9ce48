# SPDX-License-Identifier: GPL-2.0-only
"""What make check-upstream builds: configurations and compilers of lab/data/upstream.toml, and the commits."""

from __future__ import annotations

import dataclasses
import fnmatch
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from lab.config import data
from lab.core import cache
from lab.core.errors import LabError
from lab.core.options import Options
from lab.kernel import division, source
from lab.series import repository, worktree

MATRIX = data.DATA / "upstream.toml"
COMMENT = re.compile(rb'"(?:\\.|[^"\\\n])*"|/\*.*?\*/|//[^\n]*', re.DOTALL)


@dataclass(frozen=True)
class Compiler:
    """[[compiler]] of lab/data/upstream.toml."""

    name: str  # for people, and for folders
    make: tuple[str, ...] = ()  # more words for make
    cc: str = ""  # in the place of the cross compiler
    ends: bool = False  # builds what each series ends with, and not every commit
    packages: tuple[data.Package, ...] = ()  # of Debian, which it needs


@dataclass(frozen=True)
class Config:
    """[[config]] of lab/data/upstream.toml: a target's configuration, and what is other."""

    name: str  # for people, for folders and T=
    summary: str  # one line for people
    build: str  # of lab/data/builds, whose compiler and fragments it has
    add: list[str] = field(default_factory=list)  # fragments of lab/data/configs on top
    also: list[str] = field(default_factory=list)  # what make builds besides 'build'
    instead: bool = False  # in the place of the target's own fragments


@dataclass(frozen=True)
class File:
    """lab/data/upstream.toml."""

    config: list[Config]  # every commit is built with each
    compiler: list[Compiler]  # and by each, but for 'ends'
    boot: list[str]  # targets that every commit is booted on
    link: dict[str, str]  # kernel builds whose KVM is linked as modules once, with a fragment that makes it modules
    build: list[str]  # what make builds; the first is the folder of the modules
    unread: dict[str, list[str]] = field(default_factory=dict)  # by configuration or host: files it does not read


@dataclass(frozen=True)
class Commit:
    """A state of the series: what it makes of the files, and what decides a build."""

    number: int  # 0: BASE
    subject: str
    files: source.Overlay = field(repr=False, hash=False, compare=False)
    key: str = ""
    series: str = ""
    keys: dict[str, str] = field(default_factory=dict, repr=False, hash=False, compare=False)  # see key_of()

    def key_of(self, name: str) -> str:
        """What decides the build of a configuration or host: the key, but for the files that it does not read."""
        return self.keys.get(name, self.key)


@dataclass(frozen=True)
class Cell:
    """One build: a commit, a configuration, a compiler; path: where its result is kept."""

    commit: Commit
    config: data.KernelBuild
    compiler: Compiler
    path: Path

    @property
    def name(self) -> str:
        """Configuration and compiler."""
        return f"{self.config.name} {self.compiler.name}"


@dataclass
class Result:
    """What one build said; stored, so that it need not be done again."""

    failed: str = ""
    messages: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    sizes: dict[str, int] = field(default_factory=dict)  # text of the modules
    reads: list[str] = field(default_factory=list)  # of the files that patches touch, those that the build read


def wrong(result: Result, base: Result) -> list[str]:
    """Why a build is not good: its failure, and what it says and BASE's does not; each once."""
    new = sorted(Counter(result.messages) - Counter(base.messages))
    return [*([result.failed] if result.failed else []), *(f"new: {m}" for m in new)]


def file() -> File:
    """lab/data/upstream.toml."""
    return data.read(File, MATRIX)


def configs() -> list[data.KernelBuild]:
    """The configurations."""
    found = []
    for row in file().config:
        base = data.build(row.build)
        fragments = [*([] if row.instead else base.fragments), *row.add]
        found.append(dataclasses.replace(base, name=row.name, summary=row.summary, fragments=fragments))
    return found


def chosen(names: str) -> tuple[list[data.KernelBuild], list[data.Target]]:
    """The configurations, and the hosts that every commit is booted on; those that T= names, or all."""
    some, hosts = configs(), [data.target(name) for name in file().boot]
    known = [c.name for c in some] + [h.name for h in hosts]
    wanted = [name for name in names.split(",") if name] or known
    for name in wanted:
        if name not in known:
            raise LabError(f"unknown T={name}; make check-upstream knows: {', '.join(known)}")
    return [c for c in some if c.name in wanted], [h for h in hosts if h.name in wanted]


def compiled(path: str) -> bool:
    """Does the kernel's build depend on this file?"""
    return not path.startswith(("Documentation/", "tools/testing/")) and path != "MAINTAINERS"


def code(path: str, text: bytes) -> bytes:
    """What of a file decides how a build ends: C and assembly without comments and empty lines.

    kernel-doc stays, because W=1 checks it. What changes with comments is line numbers, as in WARN_ON().
    """
    if not path.endswith((".c", ".h", ".S")):
        return text
    kept = COMMENT.sub(lambda m: m[0] if m[0].startswith((b'"', b"/**")) else b" ", text)
    return re.sub(rb"\s*\n\s*", b"\n", kept)


def ends(some: list[Commit]) -> list[Commit]:
    """BASE and the last commit of each series."""
    after = [*(c.series for c in some[1:]), None]
    return [c for c, series in zip(some, after, strict=True) if not c.number or c.series != series]


def matched(names: Iterable[str], patterns: list[str]) -> list[str]:
    """Those that one of the patterns fits."""
    return [n for n in names if any(fnmatch.fnmatch(n, p) for p in patterns)]


def _key(kernel: str, changed: dict[str, bytes], unread: list[str]) -> str:
    """Of a kernel source with these changed files, but for those that fit a pattern of 'unread'."""
    skipped = matched(changed, unread)
    return cache.digest(kernel, *(x for n, text in changed.items() if n not in skipped for x in (n, text)))[:16]


def commits(base: data.Base, options: Options) -> list[Commit]:
    """BASE, and the tree after each mail, by the files that the series touches."""
    unread = file().unread
    found = source.find(base)
    made: list[Commit] = []
    with cache.scratch("upstream") as where:
        chosen_series = worktree.chosen(base, options)
        repository.scratch(where, found, base.patches, {s.name for s in chosen_series})
        names = division.of_subject(chosen_series)
        for number, line in enumerate(repository.git(where, "log", "--reverse", "--format=%H %s").splitlines()):
            commit, _, subject = line.partition(" ")
            repository.git(where, "checkout", "-q", "--detach", commit)
            files = {n: source.content(where / n) for n in repository.names(where, "ls-files")}
            # Only files that differ from BASE: a patch that touches another file then changes no key before it.
            stock = made[0].files if made else files
            other = {n: code(n, f[0]) for n, f in sorted(files.items()) if compiled(n) and stock.get(n) != f}
            keys = {name: _key(found.key, other, patterns) for name, patterns in unread.items()}
            title, key = subject if number else "BASE", _key(found.key, other, [])
            made.append(Commit(number, title, files, key, names.get(subject, ""), keys))
    return made
