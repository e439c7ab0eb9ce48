# SPDX-License-Identifier: GPL-2.0-only
"""Programs for a host: those of the lab in C, which are compiled for it, and busybox."""

from __future__ import annotations

from pathlib import Path

from lab.config import data
from lab.core import cache, proc
from lab.debian import install
from lab.kernel import kbuild
from lab.machine import protocol

PROGRAM = ["-static"]
DEBUGGED = [*PROGRAM, "-g"]
PRELOAD = ["-shared", "-fPIC", "-nostdlib"]  # the libc is that of the program it is put into
BUSYBOX = "bin/busybox"  # where it is in a booted host
INSTALL = protocol.Command("busybox", [f"/{BUSYBOX}", "--install", "-s", "/bin"], 30)


def compile_for(kernel_build: data.KernelBuild, name: str, kind: list[str] = PROGRAM) -> bytes:
    """A program, or something to preload; name: of a file below lab/. LabError if it does not compile."""
    code = data.LAB / name
    flags = ["-O2", "-Wall", "-Wextra", "-Werror", *kind]
    install.ensure(kernel_build.packages)
    key = cache.digest(code.read_bytes(), kernel_build.cross, kbuild.compiler(kernel_build), flags)[:12]

    def fill(work: Path) -> None:
        argv: list[str | Path] = [f"{kernel_build.cross}gcc", *flags, "-o", work / "program", code]
        proc.logged(argv, cache.log("init"), f"building {name}")

    final = cache.folder() / "init" / f"{Path(name).stem}-{kernel_build.programs}-{key}"
    return (cache.stage(final, fill) / "program").read_bytes()
