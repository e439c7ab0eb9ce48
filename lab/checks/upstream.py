# SPDX-License-Identifier: GPL-2.0-only
"""make check-upstream: every commit, every configuration, every compiler; and what else maintainers ask."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from lab.config import data
from lab.core import cache, errors, proc, ui
from lab.core.errors import LabError
from lab.debian import debian
from lab.kernel import division, kbuild, source
from lab.results import records
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
    target: str  # whose compiler and fragments it has
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
    config: data.Target
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


def configs() -> list[data.Target]:
    """The configurations, as targets that no machine boots."""
    found = []
    for row in file().config:
        base = data.target(row.target)
        fragments = [*([] if row.instead else base.fragments), *row.add]
        for name in fragments:
            if not (data.DATA / "configs" / name).exists():
                raise LabError(f"{MATRIX}: {row.name}: no lab/data/configs/{name}")
        found.append(
            dataclasses.replace(
                base, name=row.name, summary=row.summary, kernel=f"check-{row.name}", fragments=fragments
            )
        )
    return found


def booted() -> list[data.Target]:
    """The targets that every commit is booted on."""
    return [data.target(name) for name in file().boot]


def chosen(*found: list[data.Target]) -> list[list[data.Target]]:
    """All of each list, or those that T= names."""
    wanted = [name for name in (os.environ.get("T") or "").split(",") if name]
    known = [c.name for some in found for c in some]
    for name in wanted:
        if name not in known:
            raise LabError(f"unknown T={name}; make check-upstream knows: {', '.join(known)}")
    return [[c for c in some if not wanted or c.name in wanted] for some in found]


def compilers() -> list[Compiler]:
    """What each commit is built by."""
    return file().compiler


def compiled(path: str) -> bool:
    """Does the kernel's build depend on this file?"""
    return not path.startswith(("Documentation/", "tools/testing/")) and path != "MAINTAINERS"


def commits(base: data.Base) -> list[Commit]:
    """BASE, and the tree after each mail, by the files that the series touches."""
    assert base.series_dir is not None
    found = source.find(base)
    made: list[Commit] = []
    with tempfile.TemporaryDirectory(prefix=".gauntlet.", dir=cache.folder()) as name:
        where = Path(name)
        chosen_series = worktree.chosen(base)
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


class Gauntlet:
    """The builds of a base's commits, and what is known of them."""

    def __init__(self, base: data.Base) -> None:
        self.base = base
        self.source = source.find(base)
        if not self.source.key:
            raise LabError("make check-upstream takes no KERNEL_SRC=: results are kept by what BASE names")
        self.configs, self.boots = chosen(configs(), booted())
        self.compilers, self.build = compilers(), file().build
        self.commits = commits(base)
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

    def out(self, cell: Cell) -> data.Target:
        """A build folder of its own for each compiler."""
        return dataclasses.replace(cell.config, kernel=f"{cell.config.kernel}-{cell.compiler.name}")

    def run(self) -> list[tuple[Cell, Result]]:
        """All cells; builds those whose result is not known."""
        debian.ensure([p for c in self.configs for p in kbuild.needs(c)])
        debian.ensure([p for c in self.compilers for p in c.packages])
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
        target = self.out(cell)
        log = cache.log(f"check-{cell.config.name}-{cell.compiler.name}")
        out = kbuild.configure(self.tree, target, log)
        args, env = kbuild.make_variables(target, out.name, cell.compiler.cc)
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


def messages(text: str) -> Counter[str]:
    """Warnings and errors without the line numbers that every patch moves."""
    found: Counter[str] = Counter()
    for line in text.splitlines():
        if m := MESSAGE.match(line):
            found[f"{m['file']}: {m['text']}"] += 1
    return found


def new_messages(result: Result, base: Result) -> list[str]:
    """What a build says and BASE's does not; each once, however often it is said."""
    more = Counter(result.messages) - Counter(base.messages)
    return sorted(more)


def impossible(results: list[tuple[Cell, Result]]) -> dict[str, str]:
    """What cannot be built on BASE either, and why."""
    return {cell.name: result.failed for cell, result in results if cell.commit.number == 0 and result.failed}


def growth(results: list[tuple[Cell, Result]]) -> list[str]:
    """Bytes of code of each module before and after."""
    rows = []
    for cell, before in results:
        if cell.commit.number == 0 and before.sizes:
            after = [r for c, r in results if c.name == cell.name][-1]
            for module, size in before.sizes.items():
                now = after.sizes.get(module, 0)
                rows.append(f"{module}, {cell.name}: {size} -> {now} bytes of code ({now - size:+})")
    return rows


@dataclass
class Matrix:
    """The table, commits by configurations; and what is wrong with each of the builds that were judged."""

    rows: list[str] = field(default_factory=list)
    builds: list[list[str]] = field(default_factory=list)  # of each: lines, none if it is good

    @property
    def bad(self) -> list[str]:
        """All lines."""
        return [line for lines in self.builds for line in lines]


def matrix(gauntlet: Gauntlet, results: list[tuple[Cell, Result]]) -> Matrix:
    """Judge the builds, each once: not those of a commit that changes nothing compiled, nor what BASE cannot build."""
    stock = {cell.name: result for cell, result in results if cell.commit.number == 0}
    found = Matrix()
    rows = found.rows
    width = max(len(c.subject) for c in gauntlet.commits)
    what = f"new warnings: {'/'.join(k.name for k in gauntlet.compilers)}"
    rows.append(f"{what:{width + 3}}  " + "  ".join(f"{c.name:>{len(c.name)}}" for c in gauntlet.configs))
    last, series = "", ""
    for commit in gauntlet.commits:
        if commit.key == last:
            continue  # a test or a document: nothing was to be built
        last = commit.key
        if commit.series != series:
            series = commit.series
            rows.append(series)
        words = {}
        for cell, result in results:
            if cell.commit is not commit:
                continue
            new = new_messages(result, stock[cell.name]) if commit.number else []
            words[cell.name] = str(len(new)) if commit.number else "ok"
            if stock[cell.name].failed:
                words[cell.name] = "-"
                continue
            why = [f"new: {m}" for m in new]
            if result.failed:
                words[cell.name] = "FAIL"
                why.insert(0, result.failed)
            found.builds.append([f"{commit.number} {commit.subject}: {cell.name}: {x}" for x in why])
        cells = []
        for config in gauntlet.configs:
            both = "/".join(words[f"{config.name} {k.name}"] for k in gauntlet.compilers)
            cells.append(f"{both:>{len(config.name)}}")
        rows.append(f"{commit.number:2} {commit.subject:{width}}  " + "  ".join(cells))
    return found


def count(table: Matrix, boots: dict[str, list[str]], states: int, bad_checks: int, checks: int) -> tuple[int, int]:
    """Passed and failed: builds, boots (a line of 'boots' for each that failed, of so many states), and checks."""
    failed = sum(map(bool, table.builds)) + sum(map(len, boots.values())) + bad_checks
    return len(table.builds) + states * len(boots) + checks - failed, failed


def main() -> int:
    from lab.checks import upstream_boot, upstream_once, upstream_tests

    start = time.monotonic()
    base = data.base(os.environ.get("K") or "mainline")
    if base.series_dir is None:
        raise LabError(f"K={base.name} has no series; use K=mainline")
    gauntlet = Gauntlet(base)
    results = gauntlet.run()
    table = matrix(gauntlet, results)
    bad = table.bad
    ui.say(f"{len(results)} cells, {gauntlet.ran} of them built now, in {ui.took(time.monotonic() - start)}")
    tests = upstream_tests.run(gauntlet)
    boots = upstream_boot.run(gauntlet)
    checks = {f"the selftests build after every commit for {t}": upstream_once.Found(why) for t, why in tests.items()}
    whole = not any(os.environ.get(v) for v in ("T", "SERIES", "PART"))
    if whole:
        checks |= upstream_once.run(gauntlet)
    print()
    print("\n".join(table.rows))
    cannot = impossible(results)
    for name, why in cannot.items():
        print(f"-: {name} cannot be built on BASE either: {why}")
    print()
    print("\n".join(growth(results)))
    for name, died in boots.items():
        print(f"{'FAILED' if died else 'ok':7} every commit boots on {name}")
        bad += [f"{line} (booted on {name})" for line in died]
    for name, lines in checks.items():
        print(f"{'FAILED' if lines.bad else 'ok':7} {name}{': ' + lines.note if lines.note else ''}")
    for line in [*bad, *(f"{name}: {line}" for name, lines in checks.items() for line in lines.bad)]:
        print(line)
    states = len({commit.key for commit in gauntlet.commits})
    passed, failed = count(table, boots, states, sum(bool(c.bad) for c in checks.values()), len(checks))
    if whole:
        record = records.Record("check-upstream", base.name, "", seconds=time.monotonic() - start)
        record.counts = {k: v for k, v in (("passed", passed), ("failed", failed)) if v}
        record.facts = {"notes": growth(results), "bad": bad[: records.LISTED]}
        record.facts["bad"] += [f"{name}: {line}" for name, lines in checks.items() for line in lines.bad][:10]
        records.leave(record, base)
    ui.say(f"took {ui.took(time.monotonic() - start)}")
    print(f"{passed} passed, {failed} failed", flush=True)
    return errors.FAILED if failed else errors.PASSED
