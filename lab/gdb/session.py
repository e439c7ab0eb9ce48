# SPDX-License-Identifier: GPL-2.0-only
"""gdb with a guest in the booted host: make gdb's prompt, and the sessions of make test SUITE=gdb."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from lab.config import data
from lab.core import cache, errors, proc, ui
from lab.core import options as options_
from lab.core.errors import LabError
from lab.core.options import Options
from lab.debian import install
from lab.guest import guest, nested_qemu
from lab.kernel import kbuild
from lab.lockstep import checkpoint
from lab.machine import boot, protocol, verdict
from lab.results import ktap, tally

CONNECT = 60  # seconds that gdb waits for an answer: the line is an emulated one
GONE = 10  # seconds that gdb has to notice that the host has ended
SCRIPTS = data.LAB / "gdb/scripts"
UNHELPED_LIMIT = 20  # seconds for a command in gdb, where it is known that many do not stop
DEFAULT, HELPED = "default", "helped"  # values of FLOW=


def settings(who: guest.Guest) -> list[str]:
    """What gdb has to know before it attaches."""
    what = (f"architecture {who.architecture}", f"endian {who.endian}", f"remotetimeout {CONNECT}", "confirm off")
    return [f"set {setting}" for setting in what]


def command(who: guest.Guest, socket: object) -> list[str]:
    """The command line of gdb for a guest's stub."""
    words = [x for line in [*settings(who), f"target remote {socket}"] for x in ("-ex", line)]
    elf = guest.symbols(who)
    return ["gdb-multiarch", "-q", *words, *([str(elf)] if elf else [])]


def interactive(options: Options) -> int:
    """make gdb: a guest that waits, and gdb on this terminal. Needs a terminal."""
    base, target = data.chosen(options)
    if not sys.stdin.isatty():
        raise LabError("make gdb needs a terminal; scripted sessions are make test SUITE=gdb")
    who = guest.chosen(options)
    install.ensure([*kbuild.needs(target.build), *data.packages()["demo"]])
    log = f"gdb-{base.name}-{target.name}-{who.name}"
    what = nested_qemu.plan(base, target, who, [*guest.CONSOLE, *nested_qemu.stub(target)], log)
    ui.say(f"booting {what.kernel.release} on {target.name}; the guest is {who.name}: {who.summary}")
    with nested_qemu.Client(what) as host:
        version = host.greeting()
        ui.say(f"QEMU {version} is up in the target; the guest's console: {cache.log(log)} (written at the end)")
        _prompt(command(who, host.socket))
        record = host.end()
    cache.write(cache.log(log), host.said)
    found = verdict.judge(host.spec, record) if record.timed_out or not record.channel.running else None
    if found and found.code:
        found.tell(target.name)
        return found.code
    return errors.PASSED


def flow() -> str:
    """How sessions run: with gdb's own settings, or with what works around Debian's QEMU. FLOW=."""
    return options_.everywhere.flow or (HELPED if nested_qemu.chosen() == nested_qemu.DEBIAN else DEFAULT)


def unhelped() -> bool:
    """Do sessions run as with Debian's QEMU and nothing else? Many cases wait for a stop in vain then."""
    return nested_qemu.chosen() == nested_qemu.DEBIAN and flow() == DEFAULT


def session(base: data.Base, target: data.Target, test: data.Test) -> tuple[protocol.Outcome, boot.Record, boot.Spec]:
    """A session of lab/gdb/scripts: what it prints, and what became of the host."""
    who = guest.find(test.guest)
    log = f"{test.id}-{base.name}-{target.name}"
    state = checkpoint.start_state(base, target, who, test.start)
    what = nested_qemu.plan(base, target, who, [*guest.CONSOLE, *nested_qemu.stub(target)], log, state)
    elves = [e for e in (guest.symbols(who), guest.program(who)) if e]
    words = [w for line in settings(who) for w in ("-ex", line)]
    words += [w for elf in elves[1:] for w in ("-ex", f"add-symbol-file {elf}")]
    words += ["-ex", "set python print-stack full", "-ex", f"python import session; session.main('{test.binary}')"]
    words += map(str, elves[:1])
    with nested_qemu.Client(what) as host:
        host.greeting()
        env = {"SESSION_SOCKET": str(host.socket), "SESSION_FLOW": flow()}
        if unhelped():
            env["SESSION_LIMIT"] = str(UNHELPED_LIMIT)
        outcome = batch(host, words, test.limit, env)
        outcome.name = test.id
        record = host.end()
    cache.write(cache.log(log), bytes(outcome.output) + b"\n--- the guest:\n" + host.said)
    return outcome, record, host.spec


def judge(base: data.Base, target: data.Target, test: data.Test) -> tally.Judged:
    """A suite's test: the results of a session's cases, and one more if the host's kernel complains."""
    outcome, record, spec = session(base, target, test)
    where = f"{base.name} {target.name}, {spec.kernel.release}"
    return nested_qemu.judged(test.id, ktap.parse(outcome), record, where)


def batch(host: nested_qemu.Client, words: list[str], limit: float, env: dict[str, str]) -> protocol.Outcome:
    """gdb by itself in the host's folder: what it prints, and how it ends. Its Python finds SCRIPTS and the lab."""
    env = proc.environment({"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": f"{SCRIPTS}:{cache.ROOT}"} | env)
    argv = ["gdb-multiarch", "-nx", "-batch", *words]
    outcome, began = protocol.Outcome("gdb"), time.monotonic()
    end = began + limit
    out = host.folder / "session"
    with (
        open(out, "wb") as said,
        proc.group(
            argv, cwd=host.folder, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, env=env
        ) as gdb,
    ):
        while gdb.poll() is None and time.monotonic() < end:
            if not host.alive:
                end = min(end, time.monotonic() + GONE)
            time.sleep(0.2)
        outcome.how, outcome.value = ("exit", gdb.returncode) if gdb.poll() is not None else ("timeout", int(limit))
    if outcome.how == "exit" and outcome.value < 0:
        outcome.how, outcome.value = "signal", -outcome.value
    outcome.output += out.read_bytes()
    outcome.ms = int(1000 * (time.monotonic() - began))
    return outcome


def _prompt(argv: list[str]) -> None:
    """gdb at this terminal, as its foreground group: Ctrl-C is for gdb, not for make."""
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    terminal, ours = sys.stdin.fileno(), os.getpgrp()
    try:
        with subprocess.Popen(argv, env=proc.environment(), process_group=0) as child:
            try:
                os.tcsetpgrp(terminal, child.pid)
                os.killpg(child.pid, signal.SIGCONT)  # if it was quicker than that
                child.wait()
            finally:
                child.kill()
                child.wait()
                os.tcsetpgrp(terminal, ours)
    except FileNotFoundError:
        raise LabError(f"{argv[0]}: command not found; install gdb-multiarch") from None
    finally:
        signal.signal(signal.SIGTTOU, before)
