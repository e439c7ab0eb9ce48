# SPDX-License-Identifier: GPL-2.0-only
"""Programs for a host: those of the lab in C, which are compiled for it, busybox, and the user's own."""

from __future__ import annotations

import struct
from pathlib import Path

from lab.config import data
from lab.core import cache, proc
from lab.core.errors import LabError
from lab.debian import install
from lab.kernel import kbuild
from lab.machine import protocol

PROGRAM = ["-static"]
DEBUGGED = [*PROGRAM, "-g"]
PRELOAD = ["-shared", "-fPIC", "-nostdlib"]  # the libc is that of the program it is put into
BUSYBOX = "bin/busybox"  # where it is in a booted host
EM_PPC, EM_PPC64 = 20, 21
PT_INTERP = 3
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


def check(path: Path, target: data.Target) -> bytes:
    """The bytes of the program PAYLOAD=; LabError if the target's init cannot run it."""
    ours = target.build
    try:
        program = path.read_bytes()
    except OSError as why:
        raise LabError(f"PAYLOAD={path}: {why.strerror}: name a static program for {target.name}") from None
    hint = f"build it with {ours.cross}gcc -static"
    if program[:4] != b"\x7fELF" or len(program) < 64:
        raise LabError(f"PAYLOAD={path} is no ELF program: {hint}")
    wide, order = ours.bits == 64, "<" if ours.endian == "little" else ">"
    kind = bytes([2 if wide else 1, 1 if order == "<" else 2])
    machine = struct.pack(f"{order}H", EM_PPC64 if wide else EM_PPC)
    if (program[4:6], program[18:20]) != (kind, machine):
        raise LabError(f"PAYLOAD={path} is not for {target.name} ({ours.bits} bits, {ours.endian} endian): {hint}")
    # e_phoff, e_phentsize and e_phnum
    start, size, count = struct.unpack_from(order + ("Q14xHH" if wide else "I10xHH"), program, 32 if wide else 28)
    for i in range(count):
        if struct.unpack_from(f"{order}I", program, start + i * size)[0] == PT_INTERP:
            raise LabError(f"PAYLOAD={path} needs shared libraries, which the target does not have: {hint}")
    return program
