# SPDX-License-Identifier: GPL-2.0-only
"""Build the kvm selftests of the patched tree for a target."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab.config import data
from lab.core import cache, proc
from lab.core.errors import LabError
from lab.debian import install
from lab.kernel import kbuild, source

BASE = "mainline"  # whatever kernel is tested, the tests are the series' own


def prepare(
    tree: Path, kernel_build: data.KernelBuild, out: Path, log: Path, what: str
) -> tuple[list[str | Path], dict[str, str]]:
    """Make the headers in 'out', a folder in the tree; the command and environment for static selftests there."""
    args, env = kbuild.make_variables(kernel_build, out.name)
    proc.logged(["make", "-s", *args, "headers"], log, what, cwd=tree, env=env)
    args = [a for a in args if not a.startswith("O=")]
    command = ["make", f"-j{os.cpu_count() or 1}", "-C", str(tree / "tools/testing/selftests"), *args, f"O={out}"]
    # LDFLAGS by the environment: the makefiles add to it.
    return [*command, "TARGETS=kvm"], env | {"LDFLAGS": "-static"}


@dataclass(frozen=True)
class Make:
    """The selftests' makefile in a tree that is locked, for a target."""

    tree: source.Tree
    kernel_build: data.KernelBuild
    what: str
    log: Path

    @property
    def out(self) -> Path:
        """The build folder, in the tree; test programs of targets that share them are built once."""
        return self.tree.path / f"out-tests-{self.kernel_build.programs}"

    def goal(self, *words: str) -> None:
        """Static programs, without a warning."""
        self.out.mkdir(exist_ok=True)
        command, env = prepare(self.tree.path, self.kernel_build, self.out, self.log, self.what)
        shutil.rmtree(self.out / "kselftest", ignore_errors=True)
        mark = self.log.stat().st_size
        proc.logged([*command, *words], self.log, self.what, env=env)
        said = self.log.read_bytes()[mark:].decode(errors="replace").splitlines()
        warnings = [line for line in said if "warning:" in line]
        if warnings:
            raise LabError(f"the selftests do not build without warnings: {warnings[0].strip()} (log: {self.log})")


def _programs(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file() and p.suffix == "" and os.access(p, os.X_OK)]


def _kept(kernel_build: data.KernelBuild, folder: str, doing: str, fill: Callable[[Make, Path], None]) -> Path:
    """What 'fill' puts into an empty folder; made again only if the tests or the compiler have changed."""
    install.ensure(kbuild.needs(kernel_build))
    base = data.base(BASE)
    tree = source.prepare(base)
    key = cache.digest(tree.key, kbuild.compiler(kernel_build), kernel_build.cross)[:12]
    final = cache.folder() / "selftests" / folder / key
    what, log = f"{doing} the selftests for {kernel_build.programs}", cache.log(f"selftests-{folder}")
    make = Make(tree, kernel_build, what, log)
    kbuild.kept(tree, final, lambda: source.patch(base, tree), lambda work: fill(make, work), what, log)
    return final


def build(kernel_build: data.KernelBuild) -> Path:
    """A folder with the test programs."""

    def fill(make: Make, work: Path) -> None:
        make.goal("all")
        made = _programs(make.out / "kselftest/kvm")
        if not made:
            raise LabError(f"the selftests build nothing for {kernel_build.name}: see {make.log}")
        for program in made:
            # Without debugging information, which each boot would have to unpack.
            proc.output([f"{kernel_build.cross}strip", "-o", work / program.name, program])

    return _kept(kernel_build, kernel_build.programs, "building", fill)


def installed(kernel_build: data.KernelBuild) -> Path:
    """What 'make install' of the selftests makes, with the kernel's own runner."""

    def fill(make: Make, work: Path) -> None:
        make.goal("install", f"INSTALL_PATH={work}")
        for program in _programs(work / "kvm"):
            proc.output([f"{kernel_build.cross}strip", program])

    return _kept(kernel_build, f"{kernel_build.programs}-installed", "installing", fill)


def programs(folder: Path, tests: list[data.Test], kernel_build: data.KernelBuild) -> dict[str, bytes]:
    """What the suite wants, by its path in the target."""
    files: dict[str, bytes] = {}
    for test in tests:
        path = folder / test.binary
        if not path.exists():
            raise LabError(
                f"the suite names {test.binary}, which the selftests did not build for {kernel_build.name}; "
                f"built: {', '.join(sorted(p.name for p in folder.iterdir()))}"
            )
        files[f"bin/{test.binary}"] = path.read_bytes()
    return files
