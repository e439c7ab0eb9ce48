# SPDX-License-Identifier: GPL-2.0-only
"""Guests for a real QEMU (lab/data/guests/*.toml): the same machine under KVM and under TCG."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from pathlib import Path

from lab.config import data
from lab.core import cache, proc
from lab.core.errors import LabError
from lab.core.options import Options
from lab.debian import tools
from lab.kernel import kbuild
from lab.machine import cpio, programs

GUEST = "openbios-g4"
BASE = "mainline"  # of the guest's own kernel, if it has one
INSIDE = "/tmp/lab"  # where a target's QEMU finds the files of its boot
# The guest's serial console goes to where QEMU itself talks.
CONSOLE = ["-chardev", "file,id=console,path=/dev/stdout", "-serial", "chardev:console"]
DEFAULTS = ("-nographic", "-nodefaults", "-no-user-config", "-S")


@dataclass(frozen=True)
class Guest:
    """lab/data/guests/NAME.toml."""

    name: str  # of the file
    summary: str  # one line for people
    program: str  # the QEMU that runs it, without its folder
    args: list[str]  # of QEMU: the machine
    architecture: str  # as gdb calls it
    endian: data.Endian  # at its first instruction
    firmware: str  # that of the lab's own QEMU, whichever QEMU runs it
    kernel: str = ""  # the kernel build that it runs; else firmware only
    cmdline: str = ""  # of that kernel
    init: str = "idle.c"  # of lab/guest/init: its first process
    up: str = "guest: up"  # what its console says at the end of its boot
    rom: list[int] = field(default_factory=list)  # address and size, if that and RAM are all that is executed
    defaults: list[str] = field(default_factory=lambda: [*DEFAULTS])  # QEMU options that all guests have

    @property
    def build(self) -> data.KernelBuild | None:
        """The build of the kernel that it runs; None for a guest of firmware only."""
        return data.build(self.kernel) if self.kernel else None


def find(name: str) -> Guest:
    """The guest of lab/data/guests/NAME.toml."""
    return data.guest(name, Guest)


def chosen(options: Options) -> Guest:
    """The guest that GUEST= names, or the default."""
    return find(options.guest or GUEST)


def symbols(guest: Guest) -> Path | None:
    """The ELF file that gdb reads symbols from."""
    return kbuild.build(data.base(BASE), guest.build).vmlinux if guest.build else None


def first_process(guest: Guest) -> bytes:
    """The program of its first process, with what gdb needs to know of it. LabError if it does not compile."""
    assert guest.build is not None
    return programs.compile_for(guest.build, f"guest/init/{guest.init}", programs.DEBUGGED)


def program(guest: Guest) -> Path | None:
    """The ELF file of the guest's first process."""
    if guest.build is None:
        return None
    content = first_process(guest)
    final = cache.folder() / "guests" / f"init-{cache.digest(content)[:12]}"
    if not final.exists():
        cache.write(final, content)
    return final


def symbol(table: str, name: str) -> int | None:
    """The address of a symbol in the output of readelf -sW; of a function with two entries the local one, which every
    call reaches. None if it is not there."""
    for line in table.splitlines():
        words = line.split()
        if len(words) > 7 and words[-1] == name and words[6] != "UND":
            offset = re.search(r"\[<localentry>: (\d+)\]", line)
            return int(words[1], 16) + int(offset[1] if offset else 0)
    return None


def address(guest: Guest, place: str) -> int:
    """Of a symbol of the guest's kernel or first process, or as it is written."""
    with contextlib.suppress(ValueError):
        return int(place, 0)
    for elf in (symbols(guest), program(guest)):
        if elf is None or guest.build is None:
            raise LabError(f"{guest.name} has no symbols: give START= as an address, not '{place}'")
        if (found := symbol(proc.output([f"{guest.build.cross}readelf", "-sW", elf]).decode(), place)) is not None:
            return found
    raise LabError(f"{guest.name} has no symbol '{place}': give START= as an address, or one of the kernel's symbols")


def firmware(guest: Guest) -> dict[str, bytes]:
    """Its content, by its name."""
    return {guest.firmware: (tools.tool_root("emulator") / "usr/share/qemu" / guest.firmware).read_bytes()}


def files(guest: Guest) -> dict[str, bytes]:
    """What QEMU loads, by name; the kernel without its symbols: it goes through an initramfs."""
    found, vmlinux = firmware(guest), symbols(guest)
    if guest.build is None or vmlinux is None:
        return found
    strip: list[str | Path] = [f"{guest.build.cross}strip", vmlinux, "-o"]
    final = cache.folder() / "guests" / f"{vmlinux.parent.name}-{guest.build.name}"
    cache.stage(final, lambda work: proc.output([*strip, work / "vmlinux"]))
    return found | {"vmlinux": (final / "vmlinux").read_bytes(), "initrd": initrd(guest)}


def initrd(guest: Guest) -> bytes:
    """The guest's initramfs: its first process, and nothing else."""
    root = cpio.Archive()
    for name in ("dev", "proc", "sys", "tmp"):
        root.folder(name)
    root.device("dev/console", 5, 1)
    root.device("dev/null", 1, 3)
    root.file("init", first_process(guest))
    return root.data()


def command(guest: Guest, program: list[str], folder: str, more: list[str]) -> list[str]:
    """QEMU's command line; folder: where it finds files()."""
    loads = []
    if guest.kernel:
        loads = ["-kernel", f"{folder}/vmlinux", "-initrd", f"{folder}/initrd", "-append", guest.cmdline]
    return [*program, "-L", folder, *guest.args, *guest.defaults, *loads, *more]
