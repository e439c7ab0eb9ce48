# SPDX-License-Identifier: GPL-2.0-only
"""make gdb: a prompt at a guest in a real QEMU in the booted host."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

from . import cache, client, data, debian, errors, guest, kernel, proc, ui, verdict
from .errors import LabError

GUEST = "openbios-g4"
CONNECT = 60  # seconds that gdb waits for an answer: the line is an emulated one


def chosen() -> guest.Guest:
    return guest.find(os.environ.get("GUEST") or GUEST)


def settings(who: guest.Guest) -> list[str]:
    """What gdb has to know before it attaches."""
    what = (f"architecture {who.architecture}", f"endian {who.endian}", f"remotetimeout {CONNECT}", "confirm off")
    return [f"set {setting}" for setting in what]


def command(who: guest.Guest, socket: object, more: list[str]) -> list[str]:
    words = [x for line in [*settings(who), f"target remote {socket}"] for x in ("-ex", line)]
    elf = guest.symbols(who)
    return ["gdb-multiarch", "-q", *more, *words, *([str(elf)] if elf else [])]


def interactive(base: data.Base, target: data.Target) -> int:
    if not sys.stdin.isatty():
        raise LabError("make gdb needs a terminal; scripted sessions are make test SUITE=gdb")
    who = chosen()
    debian.ensure([*kernel.needs(target), *data.packages()["demo"]])
    log = f"gdb-{base.name}-{target.name}-{who.name}"
    what = client.plan(base, target, who, [*guest.CONSOLE, *client.STUB], log)
    ui.say(f"booting {what.kernel.release} on {target.name}; the guest is {who.name}: {who.summary}")
    with client.Client(what) as host:
        version = host.greeting()
        ui.say(f"QEMU {version} is up in the target; the guest's console: {cache.log(log)} (written at the end)")
        with _prompt(command(who, host.socket, [])) as gdb:
            gdb.wait()
        record = host.end()
    cache.write(cache.log(log), host.said)
    found = verdict.judge(host.spec, record) if record.timed_out or not record.channel.running else None
    if found and found.code:
        found.tell(target.name)
        return found.code
    return errors.PASSED


@contextlib.contextmanager
def _prompt(argv: list[str]) -> Iterator[subprocess.Popen]:
    """gdb at this terminal, as its foreground group: Ctrl-C is for gdb, not for make."""
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    terminal, ours = sys.stdin.fileno(), os.getpgrp()
    try:
        with subprocess.Popen(argv, env=proc.environment(), process_group=0) as child:
            try:
                os.tcsetpgrp(terminal, child.pid)
                os.killpg(child.pid, signal.SIGCONT)  # if it was quicker than that
                yield child
            finally:
                child.kill()
                child.wait()
                os.tcsetpgrp(terminal, ours)
    except FileNotFoundError:
        raise LabError(f"{argv[0]}: command not found; install gdb-multiarch") from None
    finally:
        signal.signal(signal.SIGTTOU, before)
