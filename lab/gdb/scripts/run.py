# SPDX-License-Identifier: GPL-2.0-only
"""Runs in gdb: how the sessions let the guest run to a stop, and step it."""

import contextlib
from collections.abc import Iterator

import gdb
from session import HELPED, Failed, address, equal, reg, runs, see, translate_by, true, word

from lab.guest import ppc
from lab.guest.ppc import BREAK, MSR_DR, MSR_EE, MSR_IR, MSR_SE, PROGRAM, SC, TRACE, TRAP

SEQUENCE = 16  # instructions in which gdb looks for the store conditional
SHORT = 0.05  # seconds


def real_breakpoint(place: str) -> gdb.Breakpoint:
    """At a real address, while the guest is stopped with translation on.

    gdb has effective addresses only, and reads and writes memory by the translation of the
    moment. A hardware breakpoint needs no memory.
    """
    if not HELPED:
        return gdb.Breakpoint(place, type=gdb.BP_HARDWARE_BREAKPOINT)
    translate_by(reg("msr") & ~(MSR_IR | MSR_DR))
    try:
        return gdb.Breakpoint(place)
    finally:
        see()


def interrupt_after(seconds: float) -> None:
    """Let the guest run, and stop it by Ctrl-C."""
    true("it runs until it is interrupted", not runs("continue", seconds))
    see()


def go(command: str = "continue") -> int:
    """Run to a stop; the pc there."""
    stopped = runs(command)
    see()
    if not stopped:
        raise Failed(f"'{command}' does not stop: interrupted at {reg('pc'):#x}")
    return reg("pc")


def step() -> int:
    return go("stepi")


def step_to(must: int, what: str) -> None:
    at = reg("pc")
    equal(f"the pc after {what} at {at:#x}", step(), must)


@contextlib.contextmanager
def breakpoint_at(place: int | str, **options: object):
    """A breakpoint for a while, at an address or a place as gdb has it; its hit_count is gdb's."""
    made = gdb.Breakpoint(f"*{place:#x}" if isinstance(place, int) else place, **options)
    try:
        yield made
    finally:
        if made.is_valid():
            made.delete()


def run_to(place: int | str) -> int:
    """Run to an address, or to that of a symbol, with a breakpoint that is deleted then; the breakpoint's hits."""
    by_name = isinstance(place, str)
    with breakpoint_at(f"*{place}" if by_name else place) as here:
        equal("the pc", go(), address(place) if by_name else place)
        return here.hit_count


def stops(by: contextlib.AbstractContextManager[gdb.Breakpoint], times: int, place: int) -> Iterator[int]:
    """Run 'times' times to a breakpoint or watchpoint; yields each stop's number.

    Each stop is at 'place', and gdb counts it.
    """
    with by as point:
        for n in range(1, times + 1):
            equal("the pc", go(), place)
            equal("the hits", point.hit_count, n)
            yield n


def bits() -> int:
    """Of the guest's registers."""
    return 8 * gdb.parse_and_eval("$pc").type.sizeof


def step_exactly() -> bool:
    """A step of one instruction. False if an interrupt came instead, with SRR0 at the instruction, or if gdb may miss
    the end of the step: the guest then runs for a moment.

    From a load that reserves gdb goes on to behind the store, without a stop. sc leads to its vector, and SRR0 is the
    instruction after it.
    """
    at, msr = reg("pc"), reg("msr")
    try:
        if gdb_may_miss():
            interrupt_after(SHORT)
            return False
        code = word(at)
        true(f"an instruction to read at {at:#x}, not a breakpoint: QEMU shows its own", code != TRAP)
        must, reserves = ppc.follows(code, at, reg, bits()), ppc.reserves(code)
    except gdb.MemoryError:  # gdb was let in between a jump and the fault at its end
        code, must, reserves = 0, None, False
    now = step()
    if now == 0xC00 and (code == SC or must is None):
        equal("SRR0 after sc", reg("srr0"), at + 4)
        return True
    if (now == must and code != BREAK) or (reserves and at < now <= at + 64):
        return True
    vectors = (0x300, 0x380, 0x400, 0x480) + ((0x500, 0x900) if msr & MSR_EE else ())
    vectors += (PROGRAM,) if code == BREAK else ()
    vectors += (TRACE,) if msr & MSR_SE else ()  # the guest's own, after the instruction before
    if now not in vectors:
        raise Failed(f"the pc after a step at {at:#x} is {now:#x}, not {'a vector' if must is None else hex(must)}")
    equal(f"SRR0 at {now:#x}", reg("srr0"), at)
    return False


def gdb_may_miss() -> bool:
    """True at a load-and-reserve whose sequence the guest can leave by bclr or bcctr.

    stepi lets the guest run from the load to a breakpoint of gdb's, behind the store conditional or where a branch
    leads. gdb sets none for bclr and bcctr. False also where gdb cannot read the instruction, as with MSR[DR] off
    in the kernel's flush_hash_pages(): stepi is one step then.
    """
    at = reg("pc")
    try:
        if not ppc.reserves(word(at)):
            return False
    except gdb.MemoryError:
        return False
    rest = [word(at + 4 * n) for n in range(1, SEQUENCE + 1)]
    end = next((n for n, code in enumerate(rest) if ppc.uses_reservation(code)), SEQUENCE)
    return any(ppc.by_register(code) for code in rest[:end])


def translated() -> None:
    """Step until translation is on; it may be so already."""
    for _ in range(100):
        if reg("msr") & (MSR_IR | MSR_DR) == MSR_IR | MSR_DR:
            return
        if gdb_may_miss():
            interrupt_after(SHORT)
        else:
            step()
    raise Failed(f"no translation within 100 steps, at {reg('pc'):#x}")


def access(code: int) -> ppc.Access | None:
    """What a load or store is about to do."""
    return ppc.access(code, reg, bits())
