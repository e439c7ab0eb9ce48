# SPDX-License-Identifier: GPL-2.0-only
"""The builds of make check-upstream: every commit of the series with each configuration, by each compiler."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import shutil
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from lab.checks import matrix
from lab.config import data
from lab.core import cache, proc, ui
from lab.core.errors import LabError
from lab.core.options import Options
from lab.debian import install
from lab.kernel import kbuild, source

T = TypeVar("T")
R = TypeVar("R")
Results = list[tuple[matrix.Cell, matrix.Result]]
OnHost = Callable[[matrix.Commit, data.Target], str]
# What make says that was killed, or that could not run its tools: nothing is known of the build then.
LOST = ("no reason given", "sparse is not available")
STAMP = "lab.cell"  # in a build folder: the file name of the result that the last build in it made
SOURCE = re.compile(r"(?<![\w/.])\.\./([\w/.-]+\.[chS])\b")
MESSAGE = re.compile(r"^(?:\.\./)*(?P<file>[^\s:]+):(?:\d+:)*\s*(?P<text>(?:sparse: )?(?:\w+ )?(?:warning|error): .*)$")


class Builds:
    """The builds of a base's commits, and what is known of them."""

    def __init__(self, base: data.Base, options: Options) -> None:
        self.base = base
        self.source = source.find(base)
        if not self.source.key:
            raise LabError("make check-upstream keeps results by what BASE names: leave KERNEL_SRC= out")
        self.configs, self.boots = matrix.chosen(options.target)
        table = matrix.file()
        self.compilers, self.build, self.unread = table.compiler, table.build[0], table.unread
        self.made = {row.name: [*table.build, *row.also] for row in table.config}  # what make builds
        self.commits = matrix.commits(base, options)
        self.touched = {name for commit in self.commits for name in commit.files}
        self.store = cache.folder() / "gauntlet"
        path = cache.folder() / "trees" / f"check-{base.name}-{self.source.key}"
        self.tree = source.Tree(path, self.source.kernel, "", self.source.key)
        self.turn = threading.Lock()  # of the hosts: cache.lock() says that another make has the tree
        self.ran = 0
        self.impossible: set[str] = set()  # names of the cells that BASE does not build
        self.good: set[tuple[str, str]] = set()  # what was done on a host, and its key
        # By name of a cell: the results of all commits before, as file names.
        self.earlier: dict[str, set[str]] = defaultdict(set)

    def cells(self) -> list[matrix.Cell]:
        """Every build; those with the same inputs have the same path."""
        found = []
        versions = {c.name: self.version(c) for c in self.compilers}
        last = {c.key for c in matrix.ends(self.commits)}
        for commit in self.commits:
            for config in self.configs:
                for compiler in (c for c in self.compilers if commit.key in last or not c.ends):
                    parts = [commit.key_of(config.name), kbuild.fragment(config), config.cross]
                    parts += [*self.made[config.name], *compiler.make]
                    name = cache.digest(*parts, compiler.cc or kbuild.compiler(config), versions[compiler.name])[:20]
                    found.append(matrix.Cell(commit, config, compiler, self.store / f"{name}.json"))
        return found

    def version(self, compiler: matrix.Compiler) -> str:
        """What the compiler and the checker say of their versions."""
        checker = "sparse --version; " if "CHECK=sparse" in compiler.make else ""
        cc = f"{compiler.cc} --version" if compiler.cc else "true"
        return proc.output(["sh", "-c", f"{{ {checker}{cc}; }} 2>&1"]).decode()

    def run(self) -> Results:
        """The results of all builds. Makes those that are not in self.store yet, and keeps them there."""
        install.ensure([p for c in self.configs for p in kbuild.needs(c)])
        install.ensure([p for c in self.compilers for p in c.packages])
        cells = self.cells()
        with cache.lock(f"build-{self.tree.path.name}"):
            before: dict[str, matrix.Cell] = {}
            for commit in self.commits:
                here = [c for c in cells if c.commit is commit]
                todo = list({c.path: c for c in here if not self.known(c, before.get(c.name))}.values())
                if todo:
                    ui.say(f"{commit.number:2} {commit.subject}: {len(todo)} builds")
                    source.sync(self.tree.path, self.source, commit.files)
                    cache.need_space(2)
                    parallel(self.one, todo)
                if not before:
                    self.impossible = {c.name for c in here if json.loads(c.path.read_text())["failed"]}
                before |= {c.name: c for c in here}
                for cell in here:
                    self.earlier[cell.name].add(cell.path.name)
        return [(cell, matrix.Result(**json.loads(cell.path.read_text()))) for cell in cells]

    def known(self, cell: matrix.Cell, before: matrix.Cell | None) -> bool:
        """Is the result there? It is that of the commit before if only files change that its build did not read, or if
        BASE does not build."""
        if not cell.path.exists() and before:
            result = json.loads(before.path.read_text())
            same = result["reads"] and not reread(before.commit, cell.commit, set(result["reads"]))
            if same or cell.name in self.impossible:
                cache.write(cell.path, json.dumps(result | {"seconds": 0.0}).encode())
        return cell.path.exists()

    def one(self, cell: matrix.Cell) -> None:
        """Build one cell and keep what was said."""
        start = time.monotonic()
        # A build folder of its own for each compiler
        build = dataclasses.replace(cell.config, name=f"check-{cell.config.name}-{cell.compiler.name}")
        log = cache.log(build.name)
        stamp = self.folder(build, self.earlier[cell.name]) / STAMP
        out = kbuild.configure(self.tree, build, log)
        args, env = kbuild.make_variables(build, out.name, cell.compiler.cc)
        command = ["make", "-s", "-k", *args, *cell.compiler.make, *self.made[cell.config.name]]
        code, text = proc.captured(command, cell.name, cwd=self.tree.path, env=env)
        with open(log, "a", encoding="utf-8") as kept:
            kept.write(f"\n# {cell.commit.number} {cell.commit.subject}\n{text}")
        found = messages(text)
        failed = ""
        if code:
            last = (text.strip().splitlines() or [LOST[0]])[-1]
            failed = next((m for m in found if "error: " in m), last)
            if any(word in failed for word in LOST):
                raise LabError(f"{cell.name}, {cell.commit.subject}: {failed}, so it was not built: run it again")
            ui.status("FAILED", f"{cell.name}: {cell.commit.number} {cell.commit.subject}: {failed}")
        read = [] if failed else self.read(out, cell.config.name)
        result = matrix.Result(failed, dict(found), time.monotonic() - start, self.sizes(cell, out), read)
        cache.write(cell.path, json.dumps(dataclasses.asdict(result)).encode())
        cache.write(stamp, cell.path.name.encode())
        self.ran += 1

    def read(self, out: Path, name: str) -> list[str]:
        """Which of the files that patches touch a build has read. LabError if 'unread' has one of them."""
        read = sorted(self.touched & reads(out))
        for wrong in matrix.matched(read, self.unread.get(name, [])):
            raise LabError(f"{matrix.MATRIX}: {name} reads {wrong}: correct [unread], and remove {self.store}")
        return read

    def folder(self, build: data.KernelBuild, earlier: set[str]) -> Path:
        """The build folder, emptied unless its last build ended and was that of a commit before.

        make says the warnings of what it compiles. The other files were compiled for a commit before, whose result
        has their warnings.
        """
        out = self.tree.path / f"out-{build.name}"
        stamp = out / STAMP
        if not stamp.exists() or stamp.read_text() not in earlier:
            shutil.rmtree(out, ignore_errors=True)
        stamp.unlink(missing_ok=True)
        return out

    def sizes(self, cell: matrix.Cell, out: Path) -> dict[str, int]:
        """Bytes of code in each module, as `size` counts them."""
        modules = [p for p in sorted((out / self.build).glob("kvm*.o")) if p.with_suffix(".mod").exists()]
        if not modules:
            return {}
        lines = proc.output([f"{cell.config.cross}size", *modules]).decode().splitlines()[1:]
        return {Path(line.split()[5]).stem: int(line.split()[0]) for line in lines}

    @contextlib.contextmanager
    def at(self, commit: matrix.Commit, host: str = "") -> Iterator[source.Tree]:
        """A tree at a commit, which nobody else changes: the host's own, or that of the builds. Hosts are at different
        commits at a time; in one tree for all, make would compile again what has not changed."""
        path = Path("-".join(filter(None, [str(self.tree.path), host])))
        with self.turn, cache.lock(f"build-{path.name}"):
            source.sync(path, self.source, commit.files)
            cache.need_space(1.5)
            yield dataclasses.replace(self.tree, path=path)

    def on_each_host(
        self, kind: str, doing: str, commits: list[matrix.Commit], key: OnHost, judge: OnHost
    ) -> dict[str, list[str]]:
        """For each host, what is wrong with which commit, a line each. judge() says why, or "" for nothing; it is asked
        once for all commits with one key, and never again: what it says is kept. The hosts run at the same time, all of
        them: while one builds, the others wait for their turn or boot."""

        def one(target: data.Target) -> list[str]:
            found = []
            first: dict[str, matrix.Commit] = {}
            for commit in commits:
                first.setdefault(key(commit, target), commit)
            for name, commit in first.items():
                path = self.store / f"{kind}-{name}.json"
                if not path.exists():
                    ui.say(f"{commit.number:2} {commit.subject}: {doing} {target.name}")
                    cache.write(path, json.dumps(judge(commit, target)).encode())
                if why := json.loads(path.read_text()):
                    found.append(f"{commit.number} {commit.subject}: {why}")
                    ui.status("FAILED", f"{target.name}: {kind}: {found[-1]}")
                else:
                    self.good.add((kind, name))
            return found

        install.ensure([p for t in self.boots for p in kbuild.needs(t.build)])
        return dict(zip((t.name for t in self.boots), parallel(one, self.boots, len(self.boots)), strict=True))


def parallel(what: Callable[[T], R], some: Iterable[T], threads: int | None = None) -> list[R]:
    """The results of a function for each, in order; as many at once as there are threads, or CPUs. A failure or an
    interrupt ends all that runs."""
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        try:
            return list(pool.map(what, some))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            proc.kill_all()
            raise


def reads(out: Path) -> set[str]:
    """The files of the tree that kbuild's notes of a build folder name."""
    notes = (p.read_text(errors="replace") for p in out.rglob(".*.cmd"))
    return {name for text in notes for name in SOURCE.findall(text)}


def reread(before: matrix.Commit, after: matrix.Commit, read: set[str]) -> bool:
    """Does a commit change what a build of the commit before it read, or how things are built?"""
    names = {n for n in before.files.keys() | after.files.keys() if before.files.get(n) != after.files.get(n)}
    return any(n in read or Path(n).name.startswith(("Makefile", "Kconfig")) for n in names if matrix.compiled(n))


def messages(text: str) -> Counter[str]:
    """Warnings and errors without the line numbers that every patch moves."""
    found = map(MESSAGE.match, text.splitlines())
    return Counter(f"{m['file']}: {m['text']}" for m in found if m)
