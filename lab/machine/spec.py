# SPDX-License-Identifier: GPL-2.0-only
"""One boot: what it needs, what it leaves, and whether the machine is the one that its file promises."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from pathlib import Path

from lab.config import data
from lab.core.errors import LabError
from lab.kernel.kbuild import Kernel
from lab.machine import protocol


@dataclass
class Spec:
    """One boot, whole: everything that run() needs to know."""

    target: data.Target  # the machine
    kernel: Kernel  # what it boots
    commands: list[protocol.Command]  # what init runs, in this order; none: boot, identify, end
    files: dict[str, bytes] = field(default_factory=dict)  # by their paths in the initramfs, all executable
    share: Path | None = None  # a folder that becomes the commands' root (pseries)
    sockets: list[Path] = field(default_factory=list)  # of more ports, which QEMU makes
    raw: list[str] = field(default_factory=list)  # terminals in the target, to be set raw
    cmdline: str = ""  # more words for the kernel
    qemu_args: list[str] = field(default_factory=list)  # more words for QEMU, after all others
    interactive: bool = False  # the console is this terminal
    log: str = ""  # name of the logs that keep console and results; none: they are not kept
    stop: threading.Event | None = None  # set by another thread, it ends the machine


@dataclass
class Record:
    """What a boot left behind; a verdict is made from this and nothing else."""

    console: bytes  # all of it
    channel: protocol.Channel  # what init said, and the programs' output
    timed_out: str = ""  # which limit, in words
    qemu_status: int | None = 0  # its exit status, below 0 for a signal; None: it had to be killed
    qemu_says: str = ""  # on its stderr
    seconds: float = 0.0  # from power on to the end
    first_result: float | None = None  # seconds from power on until init spoke; None: it did not


def identity(spec: Spec, facts: dict[str, str]) -> str:
    """What is wrong with the machine that booted; empty if it is the right one."""
    must = spec.target.must
    for key, want in (("release", spec.kernel.release), ("machine", must.machine)):
        if facts.get(key) != want:
            return f"uname says {key} {facts.get(key, 'nothing')}, not {want}"
    for pattern in must.cpuinfo:
        if not re.search(pattern, facts.get("cpuinfo", ""), re.MULTILINE):
            return f"/proc/cpuinfo has no line that matches {pattern}"
    if (must.pr or must.hv) and facts.get("kvm") != "yes":
        return f"/dev/kvm: {facts.get('kvm', 'nothing known')}"
    for kind in ("pr", "hv"):
        if getattr(must, kind) and facts.get(kind) != "yes":
            return f"a KVM {kind.upper()} guest cannot be created: {facts.get(kind, 'nothing known')}"
    return ""


def refuse(spec: Spec, record: Record) -> LabError | None:
    """The set-up's own faults: QEMU would not start, or the wrong machine booted."""
    stream = record.channel
    if stream.identified:
        if not (wrong := identity(spec, stream.facts)):
            return None
        return LabError(
            f"{spec.target.name}: wrong machine booted, the run is worthless: {wrong}; "
            f"correct lab/data/targets/{spec.target.name}.toml or the kernel's configuration"
        )
    if not record.console and not record.timed_out and record.qemu_status:
        return LabError(f"QEMU does not start: {(record.qemu_says.splitlines() or ['no reason given'])[-1]}")
    return None
