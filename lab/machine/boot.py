# SPDX-License-Identifier: GPL-2.0-only
"""Boot a kernel in QEMU, with the console and the results on terminals of their own."""

from __future__ import annotations

import contextlib
import os
import secrets
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from lab.core import cache, options, proc, ui
from lab.machine import cpio, programs, protocol, qemu
from lab.machine.spec import Record, Spec, identity

GRACE = 5  # seconds that QEMU has to end by itself after the last word of init


def initramfs(spec: Spec, nonce: str) -> bytes:
    """The compressed archive that the kernel unpacks: init, its plan, and the files of the boot."""
    target = spec.target
    root = cpio.Archive()
    for name in ("dev", "proc", "sys", "tmp", "lab", "bin"):
        root.folder(name)
    root.device("dev/console", 5, 1)
    root.device("dev/null", 1, 3)
    root.file("init", programs.compile_for(target.build, "machine/init/init.c"))
    root.file("lab/plan", protocol.plan(nonce, target.boot, spec.commands, bool(spec.share), spec.raw), 0o644)
    for name, content in spec.files.items():
        root.file(name, content)
    return root.data()


def _pipe(undo: contextlib.ExitStack) -> tuple[BinaryIO, BinaryIO]:
    """Both ends of a pipe, which are closed at the end of the block at the latest."""
    read, write = os.pipe()
    return undo.enter_context(open(read, "rb", 0)), undo.enter_context(open(write, "wb", 0))


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
        (console, to_console), (result, to_result) = _pipe(undo), _pipe(undo)
        ends = [to_console.fileno(), to_result.fileno()]  # QEMU inherits them, and opens them by their names
        chardevs = [f"file,id={n},path=/proc/self/fd/{end}" for n, end in zip(("console", "result"), ends, strict=True)]
        if spec.interactive:
            chardevs[0] = "stdio,id=console,mux=on,signal=off"
        argv = [*qemu.emulator(target), *qemu.command_line(spec, initrd, *chardevs)]
        with open(said, "wb") as stderr, _started(argv, spec, stderr, ends) as child:
            to_console.close()  # reading ends when QEMU does
            to_result.close()
            watch = _Watch(spec, protocol.Channel(nonce, on_output))
            watch.loop(console.fileno(), result.fileno())
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
def _started(argv: list[str], spec: Spec, stderr: BinaryIO, fds: list[int]) -> Iterator[subprocess.Popen[bytes]]:
    env, nothing = proc.environment(), subprocess.DEVNULL
    if not spec.interactive:
        with proc.group(argv, stdin=nothing, stdout=nothing, stderr=stderr, pass_fds=fds, env=env) as child:
            yield child
        return
    # A console that is typed at must stay in the terminal's own group.
    with subprocess.Popen(argv, stderr=sys.stderr, pass_fds=fds, env=env) as child:
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
        limited = all(c.limit for c in spec.commands)
        self.total = spec.target.boot.limit + sum(c.limit + 2 for c in spec.commands) if limited else None

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
    with contextlib.suppress(subprocess.TimeoutExpired):
        return child.wait(timeout=1)
    return None


def echo_console(record: Record) -> None:
    """With V=1: print the kernel's console."""
    if options.everywhere.verbose:
        sys.stderr.write(record.console.decode(errors="replace"))
