# SPDX-License-Identifier: GPL-2.0-only
"""One program in one booted target: make run, make boot, make shell."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from lab.config import data
from lab.core import ui
from lab.core.errors import LabError
from lab.core.options import Options
from lab.kernel import busybox, kbuild, selftests
from lab.machine import boot, programs, protocol, verdict

LIMIT = 600


def run(options: Options) -> int:
    """make run: the exit status of the program PAYLOAD= in a booted target, see verdict.status()."""
    base, target = data.chosen(options)
    name = options.payload
    if not name:
        raise LabError(f"make run wants PAYLOAD=program, static, built with {target.build.cross}gcc -static")
    path = Path(name).expanduser()
    program = programs.check(path, target)
    try:
        args = shlex.split(options.args)
    except ValueError as why:
        raise LabError(f"ARGS={options.args}: {why}: quote it as in a shell") from None
    built = kbuild.build(base, target.build)
    command = protocol.Command(path.name, [f"/bin/{path.name}", *args], options.limit or LIMIT)
    spec = boot.Spec(target, built, [command], {f"bin/{path.name}": program}, log=f"run-{target.name}")
    ui.say(f"booting {built.release} on {target.name}")
    record = boot.run(spec, ui.show)
    boot.echo_console(record)
    return verdict.status(spec, record)


def boot_only(options: Options) -> int:
    """Boot, identify, end."""
    base, target = data.chosen(options)
    built = kbuild.build(base, target.build)
    spec = boot.Spec(target, built, [], log=f"boot-{target.name}")
    record, found = verdict.run(spec, "")
    if not found.code:
        kinds = " and ".join(k.upper() for k in ("pr", "hv") if record.channel.facts.get(k) == "yes")
        up = f"up after {record.first_result or 0:.1f} s"
        ui.status("PASSED", f"{target.name}: {built.release}, KVM {kinds} guests can be created; {up}")
    return found.code


def interactive(options: Options) -> int:
    """make shell: an interactive console in a booted target; LabError without a terminal."""
    base, target = data.chosen(options)
    if not sys.stdin.isatty():
        raise LabError("make shell needs a terminal; to run a program use make run")
    built = kbuild.build(base, target.build)
    files = selftests.programs(selftests.build(target.build), data.programs(target), target.build)
    files[programs.BUSYBOX] = busybox.build(target.build)
    command = protocol.Command("shell", ["/bin/sh"], 0, shell=True)
    spec = boot.Spec(target, built, [programs.INSTALL, command], files, interactive=True)
    ui.say(f"booting {built.release} on {target.name}; 'exit' ends it, Ctrl-A X kills it")
    record = boot.run(spec)
    return verdict.status(spec, record) if record.channel.outcomes else 0
