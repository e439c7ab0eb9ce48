# SPDX-License-Identifier: GPL-2.0-only
"""Boot a kernel in QEMU, with the console and the results on terminals of their own."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import selectors
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from lab.config import data
from lab.core import cache, proc, ui
from lab.core.errors import LabError
from lab.debian import debian
from lab.kernel.kbuild import Kernel
from lab.machine import cpio, protocol

GRACE = 5  # seconds that QEMU has to end by itself after the last word of init


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


PROGRAM = ["-static"]
PRELOAD = ["-shared", "-fPIC", "-nostdlib"]  # the libc is that of the program it is put into


def compile_for(target: data.Target, name: str, kind: list[str] = PROGRAM) -> bytes:
    """A program, or something to preload, built for the target; name: of a file below lab/."""
    code = data.LAB / name
    key = cache.digest(code.read_bytes(), target.cross, kind)[:12]
    final = cache.folder() / "init" / f"{Path(name).stem}-{target.kernel}-{key}"
    debian.ensure(target.packages)
    with cache.lock(f"init-{target.kernel}"):  # two machines may start at once
        if not final.exists():
            with tempfile.TemporaryDirectory(prefix=".init.", dir=cache.folder()) as folder:
                work = Path(folder) / "program"
                flags = ["-O2", "-Wall", "-Wextra", "-Werror", *kind]
                proc.logged([f"{target.cross}gcc", *flags, "-o", work, code], cache.log("init"), f"building {name}")
                final.parent.mkdir(exist_ok=True)
                os.rename(work, final)
    return final.read_bytes()


def initramfs(spec: Spec, nonce: str) -> bytes:
    """The compressed archive that the kernel unpacks: init, its plan, and the files of the boot."""
    target = spec.target
    root = cpio.Archive()
    for name in ("dev", "proc", "sys", "tmp", "lab", "bin"):
        root.folder(name)
    root.device("dev/console", 5, 1)
    root.device("dev/null", 1, 3)
    root.file("init", compile_for(target, "machine/init/init.c"))
    share = "share" if spec.share else ""
    root.file(
        "lab/plan", protocol.plan(nonce, target.boot.result, target.boot.end, spec.commands, share, spec.raw), 0o644
    )
    for name, content in spec.files.items():
        root.file(name, content)
    return root.data()


def emulator(target: data.Target) -> list[str]:
    """How to run the QEMU of tools.toml for a target, without the words for a boot. It may be fetched first."""
    root = debian.tool_root("emulator")
    return [*debian.command(root, f"usr/bin/{target.qemu.binary}"), "-L", str(root / "usr/share/qemu")]


def command_line(spec: Spec, initrd: Path, console: str, result: str) -> list[str]:
    """QEMU's arguments for a boot; console, result: -chardev's words for the two terminals."""
    target = spec.target
    words = [f"console={target.boot.console}", "panic=-1", "oops=panic", target.boot.cmdline, spec.cmdline]
    args = [
        *target.qemu.args,
        "-m",
        target.qemu.memory,
        "-smp",
        str(target.qemu.smp),
        # Not just "-display none": it tells the firmware that the serial port is its console.
        "-nographic",
        "-nodefaults",
        "-no-user-config",
        "-no-reboot",
        "-monitor",
        "none",
        "-kernel",
        str(spec.kernel.vmlinux),
        "-initrd",
        str(initrd),
        "-append",
        " ".join(w for w in words if w),
        "-chardev",
        console,
        "-serial",
        "chardev:console",
        "-chardev",
        result,
    ]
    buses = iter(f",bus={bus}" for bus in target.qemu.buses)
    ports = ["result"]
    for number, path in enumerate(spec.sockets):
        ports.append(f"port{number}")
        args += ["-chardev", f"socket,id={ports[-1]},path={path},server=on,wait=off"]
    if target.qemu.virtio_ports:
        args += ["-device", f"virtio-serial-pci{next(buses, '')}"]
    for port in ports:
        virtio = ["-device", f"virtserialport,chardev={port},name={port}"]
        args += virtio if target.qemu.virtio_ports else ["-serial", f"chardev:{port}"]
    if spec.share:
        args += [
            "-fsdev",
            f"local,id=share,path={spec.share},security_model=none,readonly=on,multidevs=remap",
            "-device",
            f"virtio-9p-pci,fsdev=share,mount_tag=share{next(buses, '')}",
        ]
    return [*args, *spec.qemu_args]


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


class _Pipe:
    """A pipe that a child process writes to by name; a context, at whose end both of its ends are closed."""

    def __enter__(self) -> _Pipe:
        self.read, self.write = os.pipe()
        self._open = [self.read, self.write]
        return self

    @property
    def path(self) -> str:
        """The end to write to, for the child that inherits it."""
        return f"/proc/self/fd/{self.write}"

    def close_write(self) -> None:
        """This process has it no longer: reading ends when the child does."""
        self._open.remove(self.write)
        os.close(self.write)

    def __exit__(self, *_: object) -> None:
        for end in self._open:
            os.close(end)


def run(spec: Spec, on_output: Callable[[bytes], None] | None = None) -> Record:
    """Boot, watch, and end: by itself, or at a limit.

    on_output gets what the running command prints. Of the boot nothing is left but logs, if spec.log names them.
    LabError if QEMU cannot be had or started; what became of the machine is in the record.
    """
    nonce = secrets.token_hex(8)
    target = spec.target
    place = cache.folder() / "run"
    place.mkdir(exist_ok=True)
    with contextlib.ExitStack() as undo:
        work = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix=f"{target.name}-", dir=place)))
        initrd, said = work / "initramfs.cpio.gz", work / "qemu"
        initrd.write_bytes(initramfs(spec, nonce))
        console, result = undo.enter_context(_Pipe()), undo.enter_context(_Pipe())
        console_to = f"file,id=console,path={console.path}"
        if spec.interactive:
            console_to = "stdio,id=console,mux=on,signal=off"
        argv = [*emulator(target), *command_line(spec, initrd, console_to, f"file,id=result,path={result.path}")]
        with open(said, "wb") as stderr, _started(argv, spec, stderr, (console.write, result.write)) as child:
            console.close_write()
            result.close_write()
            watch = _Watch(spec, protocol.Channel(nonce, on_output))
            watch.loop(console.read, result.read)
            watch.stream.close()
            record = Record(
                bytes(watch.console), watch.stream, watch.timed_out, _status(child), "", watch.seconds(), watch.first
            )
        record.qemu_says = said.read_text(errors="replace").strip()
    if spec.log:
        cache.write(cache.log(f"{spec.log}-console"), record.console)
        cache.write(cache.log(f"{spec.log}-results"), bytes(watch.raw))
        if record.qemu_says:
            cache.write(cache.log(f"{spec.log}-qemu"), record.qemu_says.encode())
    return record


@contextlib.contextmanager
def _started(argv: list[str], spec: Spec, stderr: BinaryIO, fds: tuple[int, ...]) -> Iterator[subprocess.Popen[bytes]]:
    if not spec.interactive:
        with proc.group(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            pass_fds=fds,
            env=proc.environment(),
        ) as child:
            yield child
        return
    # A console that is typed at must stay in the terminal's own group.
    with subprocess.Popen(argv, stderr=sys.stderr, pass_fds=fds, env=proc.environment()) as child:
        try:
            yield child
        finally:
            child.terminate()  # not killed: QEMU gives the terminal its modes back


class _Watch:
    """Reads both terminals of a running machine until it ends or a limit is reached."""

    def __init__(self, spec: Spec, stream: protocol.Channel) -> None:
        self.spec, self.stream = spec, stream
        self.start = time.monotonic()
        self.console, self.raw = bytearray(), bytearray()
        self.timed_out = ""
        self.first: float | None = None
        self.ended: float | None = None
        self.total = spec.limit
        if self.total is None and all(c.limit for c in spec.commands):
            self.total = spec.target.boot.limit + sum(c.limit + 2 for c in spec.commands)

    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.start

    def loop(self, console: int, result: int) -> None:
        """Read both descriptors until QEMU closes them, init has said its last word, or a limit has passed."""
        heart = ui.Heartbeat(f"{self.spec.target.name}: running")
        with selectors.DefaultSelector() as wait:
            wait.register(result, selectors.EVENT_READ)
            wait.register(console, selectors.EVENT_READ)
            while wait.get_map():
                for key, _ in wait.select(timeout=0.5):
                    got = os.read(key.fd, 65536)
                    if not got:
                        wait.unregister(key.fd)
                    elif key.fd == result:
                        self.raw += got
                        self.stream.feed(got)
                    else:
                        self.console += got
                if self._enough():
                    break
                if not (self.spec.interactive or self.spec.stop):
                    running = self.stream.running
                    heart.what = f"{self.spec.target.name}: running {running.name if running else ''}".rstrip()
                    heart.beat()

    def _enough(self) -> bool:
        now = self.seconds()
        if self.spec.stop and self.spec.stop.is_set():
            return True
        if self.stream.identified and self.first is None:
            self.first = now
            if identity(self.spec, self.stream.facts):
                return True
        if self.stream.done:
            # Some machines cannot switch themselves off.
            self.ended = self.ended or now
            return now > self.ended + GRACE
        limit = self.spec.target.boot.limit
        if not self.stream.identified and not self.spec.interactive and now > limit:
            self.timed_out = f"no start of the tests {limit} s after power on"
        elif self.total is not None and now > self.total:
            self.timed_out = f"no end after {self.total:.0f} s"
        return bool(self.timed_out)


def _status(child: subprocess.Popen) -> int | None:
    """QEMU's exit status; None if it has to be killed."""
    try:
        return child.wait(timeout=1)
    except subprocess.TimeoutExpired:
        return None


def refuse(spec: Spec, record: Record) -> LabError | None:
    """The set-up's own faults: QEMU would not start, or the wrong machine booted."""
    stream = record.channel
    if stream.identified:
        wrong = identity(spec, stream.facts)
        return LabError(f"{spec.target.name}: wrong machine booted, the run is worthless: {wrong}") if wrong else None
    if not record.console and not record.timed_out and record.qemu_status:
        return LabError(
            f"QEMU does not start: {record.qemu_says.splitlines()[-1] if record.qemu_says else 'no reason given'}"
        )
    return None
