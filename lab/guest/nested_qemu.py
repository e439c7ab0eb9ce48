# SPDX-License-Identifier: GPL-2.0-only
"""A QEMU as a KVM client in a booted target, Debian's or CLIENT=patched, while the caller talks to it."""

from __future__ import annotations

import dataclasses
import json
import re
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, TypeVar

from lab.config import data
from lab.core import errors, options, ui
from lab.core.errors import LabError
from lab.debian import tools
from lab.guest import guest
from lab.kernel import kbuild, patched_qemu
from lab.machine import boot, protocol, verdict
from lab.results import ktap, tally

_Found = TypeVar("_Found")
DEBIAN, PATCHED = "debian", "patched"  # values of CLIENT=
HOST = "pseries-p8"
SOCKET = "target.sock"
# QMP's greeting tells QEMU's version, and that QEMU runs. No QMP command is sent.
GREETS = ["-qmp", "stdio"]
GREETING = re.compile(rb'\{"QMP": .*?\}\}')
# Times a host's own limit until init speaks: a run of hours must not end because the machine is busy.
PATIENCE = 5


@dataclass
class Plan:
    """What to run in which host."""

    target: data.Target
    kernel: kbuild.Kernel
    argv: list[str]
    program: str  # QEMU's path in the target
    files: dict[str, bytes] = field(default_factory=dict)
    limit: int = 0  # seconds; 0: as long as the caller wants
    log: str = ""


def chosen() -> str:
    """Which QEMU runs in the target: CLIENT=."""
    return options.everywhere.client or DEBIAN


def available(target: data.Target) -> bool:
    """Is there a QEMU to run in the target: Debian's, or the one that CLIENT= asks for?"""
    return target.must.machine in tools.PACKAGED or chosen() == PATCHED


def port(target: data.Target) -> str:
    """The terminal in the target whose other end is Client.socket."""
    if not target.boot.client:
        fit = ", ".join(n for n in data.names("targets") if data.target(n).boot.client)
        raise LabError(f"no client can be talked to in {target.name}: use T={fit}")
    return f"/dev/{target.boot.client}"


def inside(target: data.Target) -> str:
    """Where the QEMU in the target finds the files of a plan."""
    return guest.INSIDE if target.must.machine in tools.PACKAGED else "/lab"


def stub(target: data.Target) -> list[str]:
    """What a QEMU in the target needs to be told for gdb to reach it by Client.socket."""
    return [*GREETS, "-chardev", f"serial,id=g,path={port(target)}", "-gdb", "chardev:g"]


def root(target: data.Target) -> Path:
    """The folder that is the root of the QEMU that runs in the target."""
    if chosen() == PATCHED:
        return tools.bootable(patched_qemu.build(target))
    if not available(target):
        fit = ", ".join(n for n in data.names("targets") if data.target(n).must.machine in tools.PACKAGED)
        raise LabError(f"Debian has no QEMU for {target.name}: use CLIENT={PATCHED}, or T={fit}")
    return tools.bootable(tools.tool_root("emulator", tools.PACKAGED[target.must.machine]))


class Client:
    """A context: boots the host in a thread of its own; at its end nothing of it is left."""

    def __init__(self, plan: Plan) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="lab-")
        self.folder = Path(self._folder.name)
        self.socket = self.folder / SOCKET
        self.said = b""  # by what runs in the target
        self._stop, self._news = threading.Event(), threading.Condition()
        self._record: boot.Record | None = None
        self._why: BaseException | None = None
        patient = dataclasses.replace(plan.target.boot, limit=PATIENCE * plan.target.boot.limit)
        files = {f"lab/{name}": content for name, content in plan.files.items()}
        folder, shared = root(plan.target), plan.target.must.machine in tools.PACKAGED
        if not shared:
            program = plan.program.lstrip("/")
            files[program] = (folder / program).read_bytes()
        tty = plan.target.boot.client
        self.spec = boot.Spec(
            dataclasses.replace(plan.target, boot=patient),
            plan.kernel,
            [protocol.Command(Path(plan.argv[0]).name, plan.argv, plan.limit)],
            files,
            share=folder if shared else None,
            sockets=[self.socket],
            raw=[tty] if tty.startswith("hvc") else [],
            # No mitigations: they flush caches at each entry to the kernel, and an emulated host has no such caches.
            # One vCPU: what runs in the host only waits for the step.
            cmdline="mitigations=off",
            qemu_args=["-smp", "1"],
            log=plan.log,
            stop=self._stop,
        )
        self._thread = threading.Thread(target=self._run, name="host")

    def _run(self) -> None:
        try:
            self._record = boot.run(self.spec, self._heard)
        except BaseException as why:  # told by the thread that asked
            self._why = why
        with self._news:
            self._news.notify_all()

    def _heard(self, text: bytes) -> None:
        with self._news:
            self.said += text
            self._news.notify_all()

    def __enter__(self) -> Client:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.end()
        finally:
            self._folder.cleanup()

    @property
    def alive(self) -> bool:
        """Whether the host still runs."""
        return self._thread.is_alive()

    def wait_for(self, what: Callable[[], _Found | None], limit: float, name: str) -> _Found:
        """What what() returns, once that is true; LabError with the console's tail if it will not be."""
        end = time.monotonic() + limit
        with self._news:
            # Its thread may still be alive when the host is not.
            while not ((found := what()) or self._record or self._why or time.monotonic() > end):
                self._news.wait(0.5)
        if not found:
            self.fail(name if self._record or self._why else f"{name} within {limit:.0f} s")
        return found

    def fail(self, wanted: str) -> NoReturn:
        """The host did not do what was wanted: say what it did."""
        record = self.end()
        found = verdict.judge(self.spec, record)
        if found.code:
            found.tell(self.spec.target.name)
        said = [line for line in self.said.decode(errors="replace").splitlines() if line.strip()]
        for line in said[-8:]:
            ui.say(f"  {line}")
        raise LabError(f"{self.spec.target.name}: no {wanted}", found.code or errors.FAILED)

    def greeting(self) -> str:
        """QEMU's version, once it is up."""
        limit = self.spec.target.boot.limit + 60
        found = self.wait_for(lambda: GREETING.search(self.said), limit, "greeting of the QEMU in the target")
        version = json.loads(found[0])["QMP"]["version"]
        return "{major}.{minor}.{micro}".format(**version["qemu"]) + f" ({version['package']})"

    def ended(self, limit: float) -> boot.Record:
        """Let the machine end by itself, if it does so in time, and say how it was."""
        self._thread.join(limit)
        return self.end()

    def end(self) -> boot.Record:
        """End the machine, now, and say how it was."""
        self._stop.set()
        self._thread.join()
        if self._why:
            raise self._why
        assert self._record is not None
        return self._record


def judged(name: str, results: list[ktap.Result], record: boot.Record, where: str) -> tally.Judged:
    """The results of a test in a host that came up; in front of them one more if its kernel complains."""
    made = tally.Judged(results, record.seconds, record.first_result)
    if (found := verdict.of_console(record.console)).code:
        found.tell(where)
        made.code = found.code
        made.results.insert(0, ktap.Result(f"({name})", ktap.Status.CRASH, found.text))
    return made


def plan(
    base: data.Base, target: data.Target, who: guest.Guest, more: list[str], log: str, state: Path | None = None
) -> Plan:
    """A guest under KVM in a target, stopped at its first instruction or in a saved state."""
    root(target)  # a wrong T= is told before anything is built
    built = kbuild.build(base, target.build)
    program, files = f"/usr/bin/{who.program}", guest.files(who)
    if state:
        files["state"] = state.read_bytes()
        more = [*more, "-incoming", f"file:{inside(target)}/state"]
    argv = guest.command(who, [program, "-accel", "kvm"], inside(target), more)
    return Plan(target, built, argv, program, files, log=log)
