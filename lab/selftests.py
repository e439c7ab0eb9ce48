# SPDX-License-Identifier: GPL-2.0-only
"""Build the kvm selftests of the patched tree for a target."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from . import cache, data, debian, kernel, proc, source, ui
from .errors import LabError

BASE = "mainline"  # whatever kernel is tested, the tests are the series' own


def build(target: data.Target) -> Path:
    """A folder with the test programs."""
    debian.ensure(kernel.needs(target))
    base = data.base(BASE)
    tree = source.prepare(base)
    key = cache.digest(tree.key, kernel.compiler(target), target.cross)[:12]
    final = cache.folder() / "selftests" / target.programs / key
    if tree.key and final.exists():
        os.utime(final)
        return final
    with cache.lock(f"build-{tree.path.name}"):
        source.patch(base, tree)
        cache.need_space(1)
        what = f"building the selftests for {target.programs}"
        log = cache.log(f"selftests-{target.programs}")
        log.unlink(missing_ok=True)
        ui.say(f"{what}; log: {log}")
        out = tree.path / f"out-tests-{target.programs}"
        out.mkdir(exist_ok=True)
        args, env = kernel.make_variables(target, out.name)
        proc.logged(["make", "-s", *args, "headers"], log, what, cwd=tree.path, env=env)
        # LDFLAGS by the environment: the makefiles add to it.
        env |= {"LDFLAGS": "-static"}
        args = [a for a in args if not a.startswith("O=")]
        tests = tree.path / "tools/testing/selftests"
        shutil.rmtree(out / "kselftest", ignore_errors=True)
        mark = log.stat().st_size
        proc.logged(
            ["make", f"-j{os.cpu_count() or 1}", "-C", tests, *args, f"O={out}", "TARGETS=kvm"], log, what, env=env
        )
        warnings = [x for x in log.read_bytes()[mark:].decode(errors="replace").splitlines() if "warning:" in x]
        if warnings:
            raise LabError(f"the selftests do not build without warnings: {warnings[0].strip()} (log: {log})")
        made = [
            p for p in (out / "kselftest/kvm").rglob("*") if p.is_file() and p.suffix == "" and os.access(p, os.X_OK)
        ]
        if not made:
            raise LabError(f"the selftests build nothing for {target.name}: see {log}")
        with cache.building(final) as work:
            for program in made:
                # Without debugging information, which each boot would have to unpack.
                proc.output([f"{target.cross}strip", "-o", work / program.name, program])
        kernel.prune(final.parent.iterdir())
    return final


def programs(folder: Path, tests: list[data.Test], target: data.Target) -> dict[str, bytes]:
    """What the suite wants, by its path in the target."""
    files: dict[str, bytes] = {}
    for test in tests:
        path = folder / test.binary
        if not path.exists():
            raise LabError(
                f"the suite names {test.binary}, which the selftests did not build for {target.name}; "
                f"built: {', '.join(sorted(p.name for p in folder.iterdir()))}"
            )
        files[f"bin/{test.binary}"] = path.read_bytes()
    return files
