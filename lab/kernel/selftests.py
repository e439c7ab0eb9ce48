# SPDX-License-Identifier: GPL-2.0-only
"""Build the kvm selftests of the patched tree for a target."""

from __future__ import annotations

import os
import shutil
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


def executables(folder: Path) -> list[Path]:
    """The test programs in a folder and below it."""
    return [p for p in folder.rglob("*") if p.is_file() and p.suffix == "" and os.access(p, os.X_OK)]


def strip(path: Path, stripped: Path, kernel_build: data.KernelBuild) -> None:
    """Copy a program without debugging information: each boot unpacks the programs from its initramfs."""
    proc.output([f"{kernel_build.cross}strip", "-o", stripped, path])


def _kept(kernel_build: data.KernelBuild, installing: bool) -> Path:
    """The folder of build(), or that of installed(); made again only if the tests or the compiler have changed."""
    install.ensure(kbuild.needs(kernel_build))
    base = data.base(BASE)
    tree = source.prepare(base)
    folder = f"{kernel_build.programs}-installed" if installing else kernel_build.programs
    key = cache.digest(tree.key, kbuild.compiler(kernel_build), kernel_build.cross)[:12]
    final, log = cache.folder() / "selftests" / folder / key, cache.log(f"selftests-{folder}")
    what = f"{'installing' if installing else 'building'} the selftests for {kernel_build.programs}"

    def fill(work: Path) -> None:
        # Test programs of targets that share them are built once.
        out = tree.path / f"out-tests-{kernel_build.programs}"
        out.mkdir(exist_ok=True)
        command, env = prepare(tree.path, kernel_build, out, log, what)
        shutil.rmtree(out / "kselftest", ignore_errors=True)
        mark = log.stat().st_size
        proc.logged([*command, *(["install", f"INSTALL_PATH={work}"] if installing else ["all"])], log, what, env=env)
        said = log.read_bytes()[mark:].decode(errors="replace").splitlines()
        if warnings := [line for line in said if "warning:" in line]:
            raise LabError(f"the selftests do not build without warnings: {warnings[0].strip()} (log: {log})")
        made = (work if installing else out / "kselftest") / "kvm"
        if not (found := executables(made)):
            raise LabError(f"the selftests build nothing for {kernel_build.name}: see {log}")
        for path in found:
            strip(path, path if installing else work / path.name, kernel_build)

    kbuild.kept(tree, final, lambda: source.patch(base, tree), fill, what, log)
    return final


def build(kernel_build: data.KernelBuild) -> Path:
    """A folder with the test programs."""
    return _kept(kernel_build, False)


def installed(kernel_build: data.KernelBuild) -> Path:
    """What 'make install' of the selftests makes, with the kernel's own runner."""
    return _kept(kernel_build, True)


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
