# SPDX-License-Identifier: GPL-2.0-only
"""Runs in gdb: what the sessions share. A session is a list of cases, each with a name and its assertions."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from typing import Literal

import gdb

from lab.guest import ppc
from lab.guest.ppc import MSR_DR, MSR_EE, MSR_IR, MSR_SE, SC

HELPED = os.environ.get("SESSION_FLOW") == "helped"  # else gdb's own settings, and nothing done behind its back
LIMIT = float(os.environ.get("SESSION_LIMIT", "60"))  # seconds until something that runs must have stopped
GIVE_UP = 20  # more, until gdb is told again: then it leaves a QEMU that does not answer
SEQUENCE = 16  # instructions in which gdb looks for the store conditional
SHORT = 0.05  # seconds
TRAP = 0x00DDDD00
BREAK = 0x7D821008  # twge r2, r2: the breakpoints of Linux itself, as a guest
MSR_SF, PROGRAM, TRACE = 1 << 63, 0x700, 0xD00

_cases: list[Callable[[], None]] = []
_unhelped: set[str] = set()


class Failed(Exception):
    """A case's assertion does not hold."""


def case(function: Callable[[], None]) -> Callable[[], None]:
    """Marks a case; they run in the order of the file."""
    _cases.append(function)
    return function


def default_case(function: Callable[[], None]) -> Callable[[], None]:
    """A case that an unpatched QEMU fails, whatever helps it otherwise: it is for FLOW=default only."""
    _unhelped.add(function.__name__)
    return case(function)


def do(command: str) -> str:
    return gdb.execute(command, to_string=True)


def reg(name: str) -> int:
    value = gdb.parse_and_eval(f"${name}")
    return int(value.cast(gdb.lookup_type("unsigned long long"))) & (1 << 8 * value.type.sizeof) - 1


def byte_order() -> Literal["little", "big"]:
    return "little" if "little" in do("show endian") else "big"


def word(at: int) -> int:
    data = gdb.selected_inferior().read_memory(at, 4)
    return int.from_bytes(bytes(data), byte_order())


def write_words(at: int, words: tuple[int, ...]) -> None:
    gdb.selected_inferior().write_memory(at, b"".join(w.to_bytes(4, byte_order()) for w in words))


def put(values: dict[str, int]) -> None:
    """Registers."""
    for name, value in values.items():
        do(f"set ${name} = {value:#x}")


def address(name: str) -> int:
    """Of a symbol."""
    return int(gdb.parse_and_eval(f"(unsigned long long)&{name}"))


def equal(what: str, have: int, must: int) -> None:
    if have != must:
        raise Failed(f"{what} is {have:#x}, not {must:#x}")


def true(what: str, value: object) -> None:
    if not value:
        raise Failed(what)


def runs(command: str, limit: float = LIMIT, how: Callable[[str], object] = do) -> bool:
    """A command that runs the guest; false if it had to be interrupted. how: what executes it."""
    late, done = threading.Event(), threading.Event()

    def interrupt() -> None:
        wait = limit
        while not done.wait(wait):
            late.set()
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            wait = GIVE_UP

    (watch := threading.Thread(target=interrupt)).start()
    try:
        how(command)
    except KeyboardInterrupt:
        late.set()
    finally:
        done.set()
        watch.join()
    return not late.is_set()


def see() -> None:
    """Let an unpatched QEMU translate addresses as the guest does now.

    Under KVM, such a QEMU translates by the MSR of the last reset or incoming migration, or
    by the one that gdb has written last. Until gdb writes the MSR, it reads memory, and puts
    its breakpoints, where the guest's addresses led to at that time.
    """
    if HELPED:
        _translate_by(reg("msr"))


def _translate_by(msr: int) -> None:
    text = msr.to_bytes(gdb.parse_and_eval("$msr").type.sizeof, byte_order())
    do(f"maintenance packet P41={text.hex()}")


def real_breakpoint(place: str) -> gdb.Breakpoint:
    """At a real address, while the guest is stopped with translation on.

    gdb has effective addresses only, and reads and writes memory by the translation of the
    moment. A hardware breakpoint needs no memory.
    """
    if not HELPED:
        return gdb.Breakpoint(place, type=gdb.BP_HARDWARE_BREAKPOINT)
    _translate_by(reg("msr") & ~(MSR_IR | MSR_DR))
    try:
        return gdb.Breakpoint(place)
    finally:
        see()


def interrupt_after(seconds: float) -> None:
    """Let the guest run, and stop it by Ctrl-C."""
    true("it runs until it is interrupted", not runs("continue", seconds))
    see()


def interrupt_and_step() -> None:
    """Ctrl-C at ten moments, and exact steps from there, wherever that is."""
    for n in range(10):
        interrupt_after(0.1 + 0.053 * n)
        for _ in range(10):
            step_exactly()


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
    """Run to an address, or to a symbol's, by a breakpoint for that while; the breakpoint's hits."""
    by_name = isinstance(place, str)
    with breakpoint_at(f"*{place}" if by_name else place) as here:
        equal("the pc", go(), address(place) if by_name else place)
        return here.hit_count


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
    leads. gdb sets none for bclr and bcctr.
    """
    at = reg("pc")
    if not ppc.reserves(word(at)):
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


def connect() -> None:
    do(f"target remote {os.environ['SESSION_SOCKET']}")
    see()


def main() -> None:
    """All cases, as TAP: what one leaves behind is what the next starts from."""
    settings = ["confirm off", "pagination off", "width 0", "remotetimeout 120"]
    if HELPED:  # else gdb would take breakpoints out before see() can say where they are
        settings.append("breakpoint always-inserted on")
    for setting in settings:
        do(f"set {setting}")
    print(f"TAP version 13\n1..{len(_cases)}", flush=True)
    try:
        connect()
        gone = ""
    except gdb.error as why:
        gone = str(why)
    for number, function in enumerate(_cases, 1):
        if HELPED and function.__name__ in _unhelped:
            print(f"ok {number} {function.__name__} # SKIP needs CLIENT=patched", flush=True)
            continue
        try:
            if gone:
                raise Failed(gone)
            function()
            print(f"ok {number} {function.__name__}", flush=True)
        except (Failed, gdb.error, gdb.MemoryError, IndexError) as why:  # IndexError: an earlier case found nothing
            print(f"# {why}\nnot ok {number} {function.__name__}", flush=True)
    with contextlib.suppress(gdb.error):
        do("kill")
