# SPDX-License-Identifier: GPL-2.0-only
"""The matrix of make check-upstream: every commit of the series, every configuration, every compiler."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from lab.config import data
from lab.core import cache, proc, ui
from lab.core.errors import LabError
from lab.core.options import Options
from lab.debian import install
from lab.kernel import division, kbuild, source
from lab.series import repository, worktree

MATRIX = data.DATA / "upstream.toml"


MESSAGE = re.compile(r"^(?:\.\./)*(?P<file>[^\s:]+):(?:\d+:)*\s*(?P<text>(?:sparse: )?(?:\w+ )?(?:warning|error): .*)$")


@dataclass(frozen=True)
class Compiler:
    """[[compiler]] of lab/data/upstream.toml."""

    name: str  # for people, and for folders
    make: tuple[str, ...] = ()  # more words for make
    cc: str = ""  # in the place of the cross compiler
    packages: tuple[data.Package, ...] = ()  # of Debian, which it needs


@dataclass(frozen=True)
class Config:
    """[[config]] of lab/data/upstream.toml: a target's configuration, and what is other."""

    name: str  # for people, for folders and T=
    summary: str  # one line for people
    build: str  # of lab/data/builds, whose compiler and fragments it has
    add: list[str] = field(default_factory=list)  # fragments of lab/data/configs on top
    instead: bool = False  # in the place of the target's own fragments


@dataclass(frozen=True)
class File:
    """lab/data/upstream.toml."""

    config: list[Config]  # every commit is built with each
    compiler: list[Compiler]  # and by each
    boot: list[str]  # targets that every commit is booted on
    build: str = "arch/powerpc/kvm/"  # what make builds


@dataclass(frozen=True)
class Commit:
    """A state of the series: what it makes of the files, and what decides a build."""

    number: int  # 0: BASE
    subject: str
    files: source.Overlay = field(repr=False, hash=False, compare=False)
    key: str = ""
    series: str = ""


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


def file() -> File:
    """lab/data/upstream.toml."""
    return data.read(File, MATRIX)


def configs() -> list[data.KernelBuild]:
    """The configurations."""
    found = []
    for row in file().config:
        base = data.build(row.build)
        fragments = [*([] if row.instead else base.fragments), *row.add]
        for name in fragments:
            if not (data.DATA / "configs" / name).exists():
                raise LabError(f"{MATRIX}: {row.name}: no lab/data/configs/{name}")
        found.append(dataclasses.replace(base, name=row.name, summary=row.summary, fragments=fragments))
    return found


def booted() -> list[data.Target]:
    """The targets that every commit is booted on."""
    return [data.target(name) for name in file().boot]


def chosen(
    names: str, some: list[data.KernelBuild], hosts: list[data.Target]
) -> tuple[list[data.KernelBuild], list[data.Target]]:
    """All configurations and hosts, or those that T= names."""
    wanted = [name for name in names.split(",") if name]
    known = [c.name for c in some] + [h.name for h in hosts]
    for name in wanted:
        if name not in known:
            raise LabError(f"unknown T={name}; make check-upstream knows: {', '.join(known)}")
    if not wanted:
        return some, hosts
    return [c for c in some if c.name in wanted], [h for h in hosts if h.name in wanted]


def compilers() -> list[Compiler]:
    """What each commit is built by."""
    return file().compiler


def compiled(path: str) -> bool:
    """Does the kernel's build depend on this file?"""
    return not path.startswith(("Documentation/", "tools/testing/")) and path != "MAINTAINERS"


def commits(base: data.Base, options: Options) -> list[Commit]:
    """BASE, and the tree after each mail, by the files that the series touches."""
    assert base.series_dir is not None
    found = source.find(base)
    made: list[Commit] = []
    with tempfile.TemporaryDirectory(prefix=".upstream.", dir=cache.folder()) as name:
        where = Path(name)
        chosen_series = worktree.chosen(base, options)
        repository.scratch(where, found, base.series_dir, {s.name for s in chosen_series})
        names = division.of_subject(chosen_series)
        for number, line in enumerate(repository.git(where, "log", "--reverse", "--format=%H %s").splitlines()):
            commit, _, subject = line.partition(" ")
            repository.git(where, "checkout", "-q", "--detach", commit)
            there = repository.git(where, "ls-files", "-z").split("\0")
            files = {n: ((where / n).read_bytes(), (where / n).stat().st_mode & 0o777 | 0o644) for n in there if n}
            # Only what is other than in BASE: a later mail that touches another file changes no key before it.
            stock = made[0].files if made else files
            parts = [x for n, f in sorted(files.items()) if compiled(n) and stock.get(n) != f for x in (n, f[0])]
            key = cache.digest(found.key, *parts)[:16]
            made.append(Commit(number, subject if number else "BASE", files, key, names.get(subject, "")))
    return made


class Builds:
    """The builds of a base's commits, and what is known of them."""

    def __init__(self, base: data.Base, options: Options) -> None:
        self.base = base
        self.source = source.find(base)
        if not self.source.key:
            raise LabError("make check-upstream takes no KERNEL_SRC=: results are kept by what BASE names")
        self.configs, self.boots = chosen(options.target, configs(), booted())
        self.compilers, self.build = compilers(), file().build
        self.commits = commits(base, options)
        self.store = cache.folder() / "gauntlet"
        self.tree = source.Tree(
            cache.folder() / "trees" / f"check-{base.name}-{self.source.key}", self.source.kernel, "", self.source.key
        )
        self.ran = 0

    def cells(self) -> list[Cell]:
        """Every build; those with the same inputs have the same path."""
        found = []
        versions = {c.name: self.version(c) for c in self.compilers}
        for commit in self.commits:
            for config in self.configs:
                for compiler in self.compilers:
                    parts = [commit.key, kbuild.fragment(config), config.cross, self.build, *compiler.make]
                    name = cache.digest(*parts, compiler.cc or kbuild.compiler(config), versions[compiler.name])[:20]
                    found.append(Cell(commit, config, compiler, self.store / f"{name}.json"))
        return found

    def version(self, compiler: Compiler) -> str:
        """What the compiler and the checker say of their versions."""
        checker = "sparse --version; " if "CHECK=sparse" in compiler.make else ""
        cc = f"{compiler.cc} --version" if compiler.cc else "true"
        return proc.output(["sh", "-c", f"{{ {checker}{cc}; }} 2>&1"]).decode()

    def out(self, cell: Cell) -> data.KernelBuild:
        """A build folder of its own for each compiler."""
        return dataclasses.replace(cell.config, name=f"check-{cell.config.name}-{cell.compiler.name}")

    def run(self) -> list[tuple[Cell, Result]]:
        """All cells; builds those whose result is not known."""
        install.ensure([p for c in self.configs for p in kbuild.needs(c)])
        install.ensure([p for c in self.compilers for p in c.packages])
        cells = self.cells()
        with cache.lock(f"build-{self.tree.path.name}"):
            for commit in self.commits:
                todo = list({c.path: c for c in cells if c.commit is commit and not c.path.exists()}.values())
                if todo:
                    self.some(commit, todo)
        return [(cell, Result(**json.loads(cell.path.read_text()))) for cell in cells]

    def some(self, commit: Commit, todo: list[Cell]) -> None:
        """Bring the tree to a commit and build these cells of it."""
        ui.say(f"{commit.number:2} {commit.subject}: {len(todo)} builds")
        source.clone(self.source, self.tree.path)
        source.sync(self.tree.path, self.source.tree, commit.files)
        cache.need_space(2)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            try:
                for _ in pool.map(self.one, todo):
                    pass
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                proc.kill_all()
                raise

    def one(self, cell: Cell) -> None:
        """Build one cell and keep what was said."""
        start = time.monotonic()
        build = self.out(cell)
        log = cache.log(f"check-{cell.config.name}-{cell.compiler.name}")
        out = kbuild.configure(self.tree, build, log)
        args, env = kbuild.make_variables(build, out.name, cell.compiler.cc)
        done = proc.captured(
            ["make", "-s", "-k", *args, *cell.compiler.make, self.build], f"{cell.name}", cwd=self.tree.path, env=env
        )
        text = done.stdout.decode(errors="replace")
        with open(log, "a", encoding="utf-8") as kept:
            kept.write(f"\n# {cell.commit.number} {cell.commit.subject}\n{text}")
        found = messages(text)
        failed = ""
        if done.returncode:
            failed = next((m for m in found if "error: " in m), (text.strip().splitlines() or ["no reason given"])[-1])
        sizes = self.sizes(cell, self.tree.path / out.name)
        result = Result(failed, dict(found), time.monotonic() - start, sizes)
        cache.write(cell.path, json.dumps(dataclasses.asdict(result)).encode())
        self.ran += 1

    def sizes(self, cell: Cell, out: Path) -> dict[str, int]:
        """Bytes of code in each module, as `size` counts them."""
        modules = [p for p in sorted((out / self.build).glob("kvm*.o")) if p.with_suffix(".mod").exists()]
        if not modules:
            return {}
        lines = proc.output([f"{cell.config.cross}size", *modules]).decode().splitlines()[1:]
        return {Path(line.split()[5]).stem: int(line.split()[0]) for line in lines}

    def on_each_host(
        self,
        kind: str,
        doing: str,
        key: Callable[[Commit, data.Target], str],
        judge: Callable[[Commit, data.Target], str],
    ) -> dict[str, list[str]]:
        """For each host, what is wrong with which commit, a line each. judge() says why, or "" for nothing; it is asked
        once for all commits with one key, and never again: what it says is kept."""
        found: dict[str, list[str]] = {t.name: [] for t in self.boots}
        for target in self.boots:
            install.ensure(kbuild.needs(target.build))
            first: dict[str, Commit] = {}
            for commit in self.commits:
                first.setdefault(key(commit, target), commit)
            for name, commit in first.items():
                path = self.store / f"{kind}-{name}.json"
                if not path.exists():
                    ui.say(f"{commit.number:2} {commit.subject}: {doing} {target.name}")
                    cache.write(path, json.dumps(judge(commit, target)).encode())
                if why := json.loads(path.read_text()):
                    found[target.name].append(f"{commit.number} {commit.subject}: {why}")
        return found


def messages(text: str) -> Counter[str]:
    """Warnings and errors without the line numbers that every patch moves."""
    found: Counter[str] = Counter()
    for line in text.splitlines():
        if m := MESSAGE.match(line):
            found[f"{m['file']}: {m['text']}"] += 1
    return found
