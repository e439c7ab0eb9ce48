# SPDX-License-Identifier: GPL-2.0-only
"""Two vCPUs of a POWER8 partition, each in a loop of its own, and gdb's scheduler-locking.

gdb writes the loops, and a call of RTAS that starts the second vCPU, into the guest's memory.
"""

import contextlib

import gdb
from run import breakpoint_at, go, interrupt_after, run_to, step_exactly, step_to, stops
from session import case, default_case, do, equal, put, reg, true, word, write_words
from watch import watched

from lab.guest.ppc import FAKE_SC_1, MSR_SF

H_RTAS, START_CPU = 0xF000, 0x2006
CODE, ARGUMENTS, COUNTERS = 0x2000000, 0x2010000, (0x2020000, 0x2020080)
# ld r4,0(r3); addi r4,r4,1; std r4,0(r3); b back
LOOP = (0xE8830000, 0x38840001, 0xF8830000, 0x4BFFFFF4)
LOOPS = (0x2000100, 0x2000200)


def count(vcpu: int) -> int:
    data = gdb.selected_inferior().read_memory(COUNTERS[vcpu], 8)
    return int.from_bytes(bytes(data), "big")


def on(vcpu: int) -> None:
    do(f"thread {vcpu + 1}")


def in_loop(vcpu: int, loop: int) -> None:
    on(vcpu)
    true(f"vCPU {vcpu} is in its loop, at {reg('pc'):#x}", reg("pc") in range(loop, loop + 4 * len(LOOP), 4))


def run_both(seconds: float, loops: tuple[int, int] = LOOPS) -> None:
    """Let both run until Ctrl-C: each is in its loop then, and has counted."""
    before = count(0), count(1)
    interrupt_after(seconds)
    for vcpu in (0, 1):
        in_loop(vcpu, loops[vcpu])
        true(f"vCPU {vcpu} counts: {before[vcpu]}, {count(vcpu)}", count(vcpu) > before[vcpu])


def step_three_rounds(vcpu: int) -> int:
    """Step a vCPU three times through its loop; how often the other one has counted meanwhile."""
    in_loop(vcpu, LOOPS[vcpu])
    mine, other = count(vcpu), count(1 - vcpu)
    for _ in range(3 * len(LOOP)):
        true("no interrupt", step_exactly())
        equal("gdb's thread", gdb.selected_thread().num, vcpu + 1)
    equal("the counter of the stepped one", count(vcpu), mine + 3)
    return count(1 - vcpu) - other


@contextlib.contextmanager
def locking(mode: str):
    do(f"set scheduler-locking {mode}")
    try:
        yield
    finally:
        do("set scheduler-locking off")


@case
def two_threads() -> None:
    equal("gdb's threads", len(gdb.selected_inferior().threads()), 2)
    on(0)


@case
def start_the_second() -> None:
    write_words(CODE, (FAKE_SC_1,))
    for at in LOOPS:
        write_words(at, LOOP)
    for at in COUNTERS:
        write_words(at, (0, 0))
    put({"msr": reg("msr") | MSR_SF})
    for number in (1, 8):  # the second's, by how many threads QEMU leaves room for
        write_words(ARGUMENTS, (START_CPU, 3, 1, number, LOOPS[1], COUNTERS[1], 0xDEAD))
        put({"r3": H_RTAS, "r4": ARGUMENTS, "pc": CODE})
        step_to(CODE + 4, "a hypercall")
        equal("r3", reg("r3"), 0)
        if word(ARGUMENTS + 24) == 0:
            break
    equal("RTAS's answer", word(ARGUMENTS + 24), 0)
    put({"r3": COUNTERS[0], "pc": LOOPS[0]})


@case
def both_run() -> None:
    run_both(2)


@case
def breakpoint_of_each() -> None:
    for vcpu in (0, 1, 1, 0):
        counts = []
        for _ in stops(breakpoint_at(LOOPS[vcpu]), 3, LOOPS[vcpu]):
            equal("gdb's thread", gdb.selected_thread().num, vcpu + 1)
            counts.append(count(vcpu))
        true(f"once around the loop each time: {counts}", counts == [counts[0] + n for n in range(3)])


@case
def stepi_with_scheduler_locking_on() -> None:
    with locking("on"):
        for vcpu in (0, 1):
            equal("what the other one has counted", step_three_rounds(vcpu), 0)


@case
def continue_with_scheduler_locking_on() -> None:
    with locking("on"):
        for vcpu in (0, 1):
            in_loop(vcpu, LOOPS[vcpu])
            mine, other = count(vcpu), count(1 - vcpu)
            interrupt_after(1)
            in_loop(vcpu, LOOPS[vcpu])
            true("it counts", count(vcpu) > mine)
            equal("the counter of the other one", count(1 - vcpu), other)


@case
def stepi_with_scheduler_locking_off() -> None:
    for vcpu in (0, 1):
        true("the other one goes on", step_three_rounds(vcpu) > 0)


@case
def scheduler_locking_step() -> None:
    with locking("step"):
        for vcpu in (0, 1):
            equal("what the other one has counted", step_three_rounds(vcpu), 0)
            with breakpoint_at(LOOPS[1 - vcpu] + 8):
                equal("the pc", go(), LOOPS[1 - vcpu] + 8)
                equal("gdb's thread: continue lets both run", gdb.selected_thread().num, 2 - vcpu)


@default_case
def watch_of_each() -> None:
    """Both run; the one that stores is gdb's thread."""
    for vcpu in (0, 1, 1, 0):
        first = count(vcpu)
        for n in stops(watched(f"*(unsigned long long *){COUNTERS[vcpu]:#x}"), 3, LOOPS[vcpu] + 12):
            equal("gdb's thread", gdb.selected_thread().num, vcpu + 1)
            equal("the counter", count(vcpu), first + n)


@case
def both_at_one_breakpoint_that_is_deleted() -> None:
    """One stops the guest; what the other one has hit by then is no breakpoint any more."""
    on(1)
    put({"pc": LOOPS[0]})
    for n in range(10):
        run_to(LOOPS[0] + 4 * (n % len(LOOP)))
        run_both(0.3, (LOOPS[0], LOOPS[0]))
    on(1)
    put({"pc": LOOPS[1]})


@case
def interrupts_while_both_run() -> None:
    for n in range(10):
        run_both(0.2 + 0.037 * n)
        for vcpu in (0, 1):
            on(vcpu)
            with locking("on"):
                for _ in range(5):
                    true("no interrupt", step_exactly())
