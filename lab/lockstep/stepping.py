# SPDX-License-Identifier: GPL-2.0-only
"""Guests that are stepped by a gdbstub: the reference, which TCG runs, and what all of them have."""

from __future__ import annotations

import contextlib
import fnmatch
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from lab.config import data
from lab.core import proc
from lab.debian import tools
from lab.guest import guest, nested_qemu
from lab.guest.ppc import MSR_DR, MSR_IR
from lab.lockstep import rsp, tolerances

REFERENCE = 60  # seconds that an answer may take


class State:
    """Registers by name, out of the bytes of a state."""

    def __init__(self, registers: list[rsp.Register], order: data.Endian) -> None:
        self.order, start = order, 0
        self.at: dict[str, slice] = {}
        for reg in registers:
            self.at[reg.name] = slice(start, start + reg.size)
            start += reg.size

    def values(self, state: bytes) -> dict[str, int]:
        """All registers by name."""
        return {name: int.from_bytes(state[at], self.order) for name, at in self.at.items()}

    def differing(self, one: bytes, other: bytes) -> dict[str, tuple[int, int]]:
        """The registers that differ, and what each is in both states."""
        pairs = zip(self.values(one).items(), self.values(other).values(), strict=True)
        return {name: (a, b) for (name, a), b in pairs if a != b}


class Walk:
    """A machine that is stepped: its registers, its instructions; tcg: the one that goes ahead."""

    def __init__(self, who: guest.Guest, tcg: rsp.Stub) -> None:
        self.who, self.tcg, self.table = who, tcg, tolerances.table(who)
        self.layout, self.order = tcg.layout(), who.endian
        self.general = [r for r in self.layout if r.number < 70]  # those of 'g'
        step = self.named(self.table.registers.step)
        self.step_shape = State([*self.general, *step], self.order)
        self.step_numbers = [r.number for r in step]
        self.numbers = {r.name: r.number for r in reversed(self.layout)}

    def named(self, patterns: list[str]) -> list[rsp.Register]:
        """Registers beyond those of 'g' whose names match one of the patterns, in the patterns' order."""
        found: dict[str, rsp.Register] = {}
        for pattern in patterns:
            for reg in self.layout:
                if fnmatch.fnmatchcase(reg.name, pattern):
                    found.setdefault(reg.name, reg)
        return [r for r in found.values() if r.number >= 70]

    def pc(self, state: bytes) -> int:
        """The address of the next instruction."""
        return int.from_bytes(state[self.step_shape.at["pc"]], self.order)

    def instruction(self, stub: rsp.Stub, at: int) -> int | None:
        """The word at an address, translated as that of data; None if it cannot be read."""
        text = stub.memory(at, 4)
        return int.from_bytes(text, self.order) if len(text) == 4 else None

    def at_hand(self, state: bytes) -> int | None:
        """The instruction at the reference's pc."""
        at = self.pc(state)
        if (word := self.instruction(self.tcg, at)) is None:
            with self.as_code(self.tcg, self.step_shape.values(state)["msr"]):
                word = self.instruction(self.tcg, at)
        return word

    @contextlib.contextmanager
    def as_code(self, stub: rsp.Stub, msr: int) -> Iterator[None]:
        """QEMU translates gdb's addresses as those of data: in split real mode, let these be as for code."""
        split = (msr & MSR_IR != 0) != (msr & MSR_DR != 0)
        if split:
            self.put(stub, "msr", msr & ~MSR_DR | (MSR_DR if msr & MSR_IR else 0))
        try:
            yield
        finally:
            if split:
                self.put(stub, "msr", msr)

    def put(self, stub: rsp.Stub, name: str, value: int) -> None:
        """Write a register by its name."""
        at = self.step_shape.at[name]
        stub.sure(f"P{self.numbers[name]:x}={value.to_bytes(at.stop - at.start, self.order).hex()}")


def disassemble(who: guest.Guest, code: list[tuple[int, int | None]]) -> list[str]:
    """Lines of objdump's; code: addresses and instructions."""
    cross = data.target(nested_qemu.HOST).build.cross
    lines = []
    for at, word in code:
        text = "unreadable"
        if word is not None:
            with tempfile.NamedTemporaryFile() as raw:
                raw.write(word.to_bytes(4, who.endian))
                raw.flush()
                how = ["-D", "-b", "binary", "-m", who.architecture, f"-E{who.endian[0].upper()}"]
                said = proc.output([f"{cross}objdump", *how, f"--adjust-vma={at:#x}", raw.name]).decode()
            text = f"{word:08x}  " + " ".join(said.strip().splitlines()[-1].split("\t")[2:])
        lines.append(f"  {at:#010x}: {text}")
    return lines


class Reference(rsp.Direct):
    """The guest under TCG of the lab's own QEMU on this machine; it can be saved."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "stub", REFERENCE)
        self._qmp = rsp.Wire(folder / "qmp", REFERENCE)
        self._qmp.line()
        self.monitor("qmp_capabilities")

    def monitor(self, command: str, **arguments: object) -> dict:
        """What a QMP command returns. Broken if QEMU refuses it."""
        self._qmp.send(json.dumps({"execute": command, "arguments": arguments}).encode())
        while True:
            said = json.loads(self._qmp.line())
            if "error" in said:
                raise rsp.Broken(f"QEMU refuses {command}: {said['error']['desc']}")
            if "return" in said:
                return said["return"]

    def until(self, command: str, good: str) -> None:
        """Ask the monitor until it says that. Broken if it says that it failed, or does not say it in time."""
        end = time.monotonic() + REFERENCE
        while (status := self.monitor(command).get("status")) != good:
            if status == "failed" or time.monotonic() > end:
                raise rsp.Broken(f"QEMU: {command} says {status}, not {good}")
            time.sleep(0.02)

    def physical(self, address: int, size: int, scratch: Path) -> bytes:
        """The guest's memory, by way of a file."""
        self.monitor("pmemsave", val=address, size=size, filename=str(scratch))
        return scratch.read_bytes()

    def save(self, path: Path) -> None:
        """Write the stopped guest to a file, which is there as a whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        self.monitor("migrate", uri=f"file:{new}")
        self.until("query-migrate", "completed")
        new.rename(path)

    def close(self) -> None:
        """End both connections."""
        self.wire.close()
        self._qmp.close()


@contextlib.contextmanager
def reference(who: guest.Guest, state: Path | None = None) -> Iterator[Reference]:
    """The guest under TCG, stopped at reset or in a saved state; at the end of the block it is gone."""
    root = tools.tool_root("emulator")
    program = [*tools.command(root, f"usr/bin/{who.program}"), "-L", str(root / "usr/share/qemu"), "-accel", "tcg"]
    with tempfile.TemporaryDirectory(prefix="lab-") as name:
        folder = Path(name)
        for file, content in guest.files(who).items():
            (folder / file).write_bytes(content)
        # It is saved where gdb has stopped it, and must not want to be 'running' or 'debug' when loaded.
        more = ["-global", "migration.store-global-state=off", "-qmp", f"unix:{folder}/qmp,server=on,wait=off"]
        more += ["-chardev", f"socket,id=g,path={folder}/stub,server=on,wait=off", "-gdb", "chardev:g"]
        argv = guest.command(who, program, name, more + (["-incoming", f"file:{state}"] if state else []))
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        with proc.group(argv, env=proc.environment(), **quiet), contextlib.closing(Reference(folder)) as tcg:
            if state:
                tcg.until("query-status", "paused")  # it has been loaded
            yield tcg
