# SPDX-License-Identifier: GPL-2.0-only
"""Watchpoints in Linux as a guest, stopped in its first process (lab/guest/init/idle.c, at work())."""

import gdb
from run import breakpoint_at, go, interrupt_after, run_to, step
from session import address, do, equal, reg, true
from session import default_case as case
from watch import at, watched
from work import arg, jiffies, problem_state, start_the_clock


def value(what: str) -> int:
    return int(gdb.parse_and_eval(what))


@case
def watch_a_variable_of_the_process() -> None:
    first = value("rounds")
    with watched("rounds") as point:
        for n in range(1, 6):
            go()
            problem_state()
            equal("rounds", value("rounds"), first + n)
        equal("the hits", point.hit_count, 5)
        shown = do("info watchpoints")
        true(f"gdb lists the hits: {shown}", "already hit 5 times" in shown)


@case
def watch_on_the_stack_until_its_frame_ends() -> None:
    with breakpoint_at("sum"):
        go()
    number = value("n")
    caller = int(gdb.selected_frame().older().pc())
    seen = []
    with watched("total") as point:
        for _ in range(5):
            go()
            if not point.is_valid() or reg("pc") == caller:
                break
            seen.append(value("total"))
    equal("the pc: sum() has returned", reg("pc"), caller)
    true(f"what total was: {seen}", seen[-3:] == [number, 2 * number, 3 * number])
    equal("sum()'s result", arg(), 3 * number)


@case
def watch_a_variable_of_the_kernel() -> None:
    """The clock's: written in an interrupt, whichever process runs."""
    start_the_clock()
    before = jiffies()
    with watched(at(address("jiffies"))) as point:
        for n in range(1, 6):
            go()
            true("it has gone up", jiffies() > before)
            before = jiffies()
            equal("the hits", point.hit_count, n)


@case
def stepi_with_a_watchpoint_set() -> None:
    """From the kernel's store to the process, and on to the next one."""
    with watched("rounds") as point:
        go()
        first = value("rounds")
        for _ in range(100):
            step()
        before = point.hit_count
        while value("rounds") == first and point.hit_count == before:
            go()
        equal("rounds", value("rounds"), first + 1)


@case
def interrupts_with_watchpoints_set() -> None:
    with watched("*(int *)((char *)&rounds + sizeof rounds)"), watched(at(address("jiffies") + 8)):
        for n in range(5):
            first = value("rounds")
            interrupt_after(0.5 + 0.1 * n)
            run_to("work")
            true("the process goes on", value("rounds") > first)
