# SPDX-License-Identifier: GPL-2.0-only
"""A shell and the usual commands for every target: Debian packages them for some of these hosts only."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from lab.config import data
from lab.core import cache, proc, ui
from lab.core.errors import LabError
from lab.debian import apt, install, tools
from lab.kernel import kbuild

PACKAGE = "busybox"
CONFIG = data.DATA / "configs/busybox.config"


def _configure(tree: Path, out: Path, log: Path) -> None:
    goal = ["make", "-s", "-C", str(tree), f"O={out}"]
    proc.logged([*goal, "allnoconfig"], log, "configuring busybox")
    config, wanted = out / ".config", CONFIG.read_text()
    both = kbuild.symbols(config.read_text()) | kbuild.symbols(wanted)
    cache.write(config, "".join(f"{name}={value}\n" for name, value in both.items()).encode())
    # What gets visible by that has its default: empty lines answer all questions.
    proc.logged(["sh", "-c", f"yes '' | {shlex.join([*goal, 'oldconfig'])}"], log, "configuring busybox")
    if lost := kbuild.lost(wanted, config.read_text()):
        raise LabError(f"busybox's configuration lost {', '.join(lost)}: correct {CONFIG}; log: {log}")


def build(kernel_build: data.KernelBuild) -> bytes:
    """The program, static, for hosts of that kernel build."""
    install.ensure(kbuild.needs(kernel_build))
    tree = apt.source_tree(PACKAGE, tools.tools()[PACKAGE].suites[0])
    log = cache.log("busybox")

    def fill(work: Path) -> None:
        log.unlink(missing_ok=True)
        ui.say(f"building busybox for {kernel_build.programs}; log: {log}")
        with cache.scratch("busybox") as out:
            _configure(tree, out, log)
            args = [f"-j{os.cpu_count() or 1}", "-C", str(tree), f"O={out}", f"CROSS_COMPILE={kernel_build.cross}"]
            proc.logged(["make", "-s", *args, "busybox"], log, "building busybox")
            os.rename(out / "busybox", work / "busybox")

    key = cache.digest(tree.name, CONFIG.read_bytes(), kbuild.compiler(kernel_build), kernel_build.cross)[:12]
    final = cache.folder() / "init" / f"shell-{kernel_build.programs}-{key}"
    return (cache.stage(final, fill) / "busybox").read_bytes()
