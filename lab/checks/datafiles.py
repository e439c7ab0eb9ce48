# SPDX-License-Identifier: GPL-2.0-only
"""Every TOML file of the checkout: the dataclass whose fields are its keys, and who reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from lab.checks import checkpatch, documents, matrix
from lab.config import commands, data
from lab.core import cache
from lab.core.errors import LabError
from lab.debian import tools
from lab.demo import demo
from lab.gdb import unhelped
from lab.guest import guest
from lab.kernel import division, kbuild, patchset
from lab.lockstep import tolerances
from lab.runner import fuzz, mutants
from lab.series import backport_notes, catalog

# By a pattern of its path in the checkout: what a file, or each table or value in it ([NAME]), is, and its reader.
FILES: dict[str, tuple[type, Callable[[Path], object]]] = {
    "lab/data/bases/*.toml": (data.Base, lambda path: data.base(path.stem)),
    "lab/data/builds/*.toml": (data.KernelBuild, lambda path: kbuild.fragment(data.build(path.stem))),
    "lab/data/expect/*.toml": (data.Expected, lambda path: data.expected(path.stem)),
    "lab/data/guests/*.toml": (guest.Guest, lambda path: guest.find(path.stem)),
    "lab/data/suites/*.toml": (data.Suite, lambda path: data.suite(path.stem)),
    "lab/data/targets/*.toml": (data.Target, lambda path: data.target(path.stem)),
    "lab/data/checkpatch.toml": (checkpatch.Accepted, lambda path: data.read(checkpatch.Accepted, path)),
    "lab/data/commands.toml": (commands.Table, lambda path: commands.table()),
    "lab/data/files.toml": (int, lambda path: data.named(int, path)),
    "lab/data/fuzz.toml": (fuzz.File, lambda path: fuzz.file()),
    "lab/data/lockstep.toml": (tolerances.File, lambda path: data.read(tolerances.File, path)),
    "lab/data/mutants.toml": (mutants.File, mutants.load),
    "lab/data/options.toml": (str, lambda path: data.named(list[str], path)),
    "lab/data/packages.toml": (data.Package, lambda path: data.packages()),
    "lab/data/rooms.toml": (str, lambda path: documents.packages()),
    "lab/data/tools.toml": (tools.Tool, lambda path: tools.tools()),
    "lab/data/unhelped.toml": (unhelped.Reason, lambda path: unhelped.reasons()),
    "lab/data/upstream.toml": (matrix.File, lambda path: [*map(kbuild.fragment, matrix.configs())]),
    "lab/data/who.toml": (catalog.File, lambda path: data.read(catalog.File, path)),
    "lab/demo/expected.toml": (demo.Expected, lambda path: demo.expected()),
    "patches/*/BASE": (patchset.Base, patchset.read_base),
    "patches/*/backport.toml": (backport_notes.File, lambda path: backport_notes.Notes(path.parent)),
    "patches/*/series.toml": (division.File, division.parse),
}


def problems(tracked: Iterable[str]) -> list[str]:
    """What is wrong with the checkout's data files: keys, types, names of other files; one that nothing reads."""
    bad = []
    for name in tracked:
        path = Path(name)
        reader = next((read for form, (_, read) in FILES.items() if path.match(form)), None)
        if reader:
            try:
                reader(cache.ROOT / name)
            except LabError as why:
                bad.append(str(why))
        elif path.parts[0] in ("lab", "patches") and path.suffix == ".toml":
            bad.append(f"{name}: nothing reads it: name its dataclass in lab/checks/datafiles.py")
    return bad + expectations()


def expectations() -> list[str]:
    """Expectations that name no target or no test of a suite, or give no reason."""
    tests = {x for name in data.names("suites") for t in data.suite(name) for x in (t.binary, t.id)}
    bad = []
    for base in data.names("expect"):
        for name, must in (data.expected(base) or {}).items():
            rows, where = [*must.passes, *must.fails, *must.flakes], f"lab/data/expect/{base}.toml: [{name}]"
            if name not in data.names("targets"):
                bad.append(f"{where}: unknown target")
            if bool(must.fails) != bool(data.base(base).series):
                bad.append(f"{where}: a patched kernel needs 'fails', and only a patched kernel has it")
            bad += [f"{where}: no suite has {k.test}" for k in rows if k.test.split(".")[0] not in tests]
            bad += [f"{where}: say why {k.test} passes, fails, or is a flake" for k in rows if not k.why.strip()]
    for why, reason in unhelped.reasons().items():
        listed = (*reason.fails, *reason.sometimes, *reason.follows)
        bad += [f"{unhelped.LIST}: [{why}]: no suite has {t}" for t in listed if t.split(".")[0] not in tests]
    return bad
