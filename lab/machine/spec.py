# SPDX-License-Identifier: GPL-2.0-only
"""One boot: what it needs, and what it leaves."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from lab.config import data
from lab.kernel.kbuild import Kernel
from lab.machine import protocol


@dataclass
class Spec:
    """One boot, whole: everything that run() needs to know."""

    target: data.Target  # the machine
    kernel: Kernel  # what it boots
    commands: list[protocol.Command]  # what init runs, in this order; none: boot, identify, end
    files: dict[str, bytes] = field(default_factory=dict)  # by their paths in the initramfs, all executable
    limit: float | None = None  # seconds in all; None: made up of the parts' limits
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
