# SPDX-License-Identifier: GPL-2.0-only
"""Linux as a guest whose kernel tests its own debugger (lab/guest/init/kgdb.c), debugged from outside."""

import gdb
from run import breakpoint_at, go, interrupt_after, run_to, step, step_exactly, step_to, stops, translated
from session import Failed, address, case, equal, reg, true, word
from work import interrupt_and_step, interrupted, traced

from lab.guest.ppc import BREAK, MSR_PR, MSR_SE, PROGRAM, RFI, TRACE

ROUND = "param_set_kgdbts_var"  # called by the guest's process for each round
SRR1_TRAP = 0x20000
NIP, TRAP = 4 * 32, 4 * 40  # in the guest's struct pt_regs
ALONE = 10  # seconds
AGAIN = 10  # times that an interrupt may come first


def words(name: str, number: int) -> dict[int, int]:
    at = address(name)
    return {a: word(a) for a in range(at, at + 4 * number, 4)}


def stepped() -> int:
    """The function in which the guest's kernel steps."""
    return address("kgdbts_break_test")


def kernel() -> None:
    """Where gdb can read and put breakpoints: in the guest's kernel, with translation on."""
    translated()
    for _ in range(1000):
        if not reg("msr") & MSR_PR:
            return
        step()
    raise Failed(f"no system call within 1000 steps, at {reg('pc'):#x}")


def rounds() -> int:
    """Of the tests, all passed: the guest's kernel logs nothing else than that they run."""
    kernel()
    run_to(ROUND)
    size = word(address("log_buf_len"))
    log = bytes(gdb.selected_inferior().read_memory(address("__log_buf"), size))
    true("a log of kgdb's tests", b"kgdbts:RUN" in log)
    at = log.find(b"kgdbts: ")
    true(f"no complaint: {log[at : at + 80]!r}", at < 0)
    return int(gdb.parse_and_eval("*(unsigned long *)&rounds"))


@case
def stopped_between_rounds() -> None:
    equal("the pc", reg("pc"), address(ROUND))
    first = rounds()
    equal("rounds", rounds(), first + 1)


@case
def without_a_debugger() -> None:
    first = rounds()
    interrupt_after(ALONE)
    count = rounds() - first
    true(f"more than two rounds: {count}", count > 2)


@case
def breakpoint_in_the_handler_of_steps() -> None:
    for _ in stops(breakpoint_at("*kgdb_singlestep"), 4, address("kgdb_singlestep")):
        regs = reg("r3")
        equal("where the guest's step led to", word(regs + NIP), stepped() + 4)
        equal("the interrupt", word(regs + TRAP) & ~0xF, TRACE)
    rounds()


def to_a_step() -> None:
    """Behind the rfi by which the guest's kernel begins a step."""
    kernel()
    returns = [at for at, code in words("interrupt_return", 256).items() if code in RFI]
    points = [gdb.Breakpoint(f"*{at:#x}") for at in returns]
    for point in points:
        point.condition = f"($srr1 & {MSR_SE:#x}) != 0"
    go()
    for point in points:
        point.delete()
    true("rfi", reg("pc") in returns)
    step_to(stepped(), "rfi")
    equal("MSR[PR] and the guest's own MSR[SE]", reg("msr") & (MSR_PR | MSR_SE), MSR_SE)


def to_trace_interrupt() -> bool:
    """Step over the instruction that the guest steps, to the guest's Trace interrupt; false if another came first."""
    to_a_step()
    return traced(stepped())


@case
def stepi_into_the_trace_interrupt() -> None:
    true("a way there without another interrupt", any(to_trace_interrupt() for _ in range(AGAIN)))
    rounds()


@case
def stepi_through_the_trace_interrupt() -> None:
    true("a way there without another interrupt", any(to_trace_interrupt() for _ in range(AGAIN)))
    for _ in range(500):
        step_exactly()
    rounds()


@case
def stepi_into_the_guests_own_breakpoint() -> None:
    place = next(at for at, code in words("kgdb_breakpoint", 32).items() if code == BREAK)
    for _ in range(3):
        for _ in range(AGAIN):
            kernel()
            run_to(place)
            step()
            if not interrupted(place):
                break
        equal("the pc", reg("pc"), PROGRAM)
        equal("SRR0", reg("srr0"), place)
        equal("the cause, in SRR1", reg("srr1") & SRR1_TRAP, SRR1_TRAP)
        rounds()  # kgdb looks for its breakpoint in memory, and must not find gdb's


@case
def breakpoint_where_the_guests_step_ends() -> None:
    list(stops(breakpoint_at(stepped() + 4), 6, stepped() + 4))
    rounds()


@case
def interrupts_while_the_guest_debugs_itself() -> None:
    first = rounds()
    interrupt_and_step()
    true("the tests go on", rounds() > first)
