# SPDX-License-Identifier: GPL-2.0-only
"""Programs of the lab in C, compiled for a host."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from lab.config import data
from lab.core import cache, proc
from lab.debian import install

PROGRAM = ["-static"]


PRELOAD = ["-shared", "-fPIC", "-nostdlib"]  # the libc is that of the program it is put into


def compile_for(kernel_build: data.KernelBuild, name: str, kind: list[str] = PROGRAM) -> bytes:
    """A program, or something to preload, built for the target; name: of a file below lab/."""
    code = data.LAB / name
    key = cache.digest(code.read_bytes(), kernel_build.cross, kind)[:12]
    final = cache.folder() / "init" / f"{Path(name).stem}-{kernel_build.name}-{key}"
    install.ensure(kernel_build.packages)
    with cache.lock(f"init-{kernel_build.name}"):  # two machines may start at once
        if not final.exists():
            with tempfile.TemporaryDirectory(prefix=".init.", dir=cache.folder()) as folder:
                work = Path(folder) / "program"
                flags = ["-O2", "-Wall", "-Wextra", "-Werror", *kind]
                proc.logged(
                    [f"{kernel_build.cross}gcc", *flags, "-o", work, code], cache.log("init"), f"building {name}"
                )
                final.parent.mkdir(exist_ok=True)
                os.rename(work, final)
    return final.read_bytes()
