# SPDX-License-Identifier: GPL-2.0-only
"""Linux as a guest in which one process single-steps another (lab/guest/init/tracer.c), debugged from outside."""

import gdb
from run import breakpoint_at, go, interrupt_after, run_to, step_exactly, translated
from session import address, case, default_case, equal, reg, true
from work import interrupt_and_step, start_the_clock, traced

from lab.guest.ppc import MSR_DR, MSR_IR, MSR_PR, MSR_SE

ROUND = (0, 1, 9, 10, 11, 12, 2, 3, 4, 5, 4, 5, 6, 7)  # their order; the step over 7, sc, ends after 8
ALONE = 3  # seconds
AGAIN = 10  # times that an interrupt may come there, one after the other


def variable(name: str) -> int:
    """Of the tracer: its child has a copy of its own."""
    return int(gdb.parse_and_eval(f"*(unsigned long *)&{name}"))


def place(number: int) -> int:
    return address("traced") + 4 * number


def in_the_tracer() -> int:
    """Run to the tracer's next look at a step; how many it has seen before."""
    run_to("stepped")
    equal("the traced process's address", reg("r3"), reg("r4"))
    equal("what was wrong", variable("tracer_wrong"), 0)
    return variable("tracer_steps")


@case
def stopped_in_the_tracer() -> None:
    equal("the pc", reg("pc"), address("stepped"))
    equal("the traced process's address", reg("r3"), place(ROUND[1]))


@default_case
def clock_runs() -> None:
    start_the_clock()
    in_the_tracer()


@case
def tracer_sees_each_step() -> None:
    first = variable("tracer_steps")
    for n in range(1, 2 * len(ROUND)):
        equal("the steps", in_the_tracer(), first + n)
        equal("the traced process's address", reg("r3"), place(ROUND[(first + n + 1) % len(ROUND)]))


@case
def tracing_without_a_debugger() -> None:
    """For as long as an emulated Mac needs for two rounds."""
    first = in_the_tracer()
    for _ in range(20):
        interrupt_after(ALONE)
        translated()
        if (count := in_the_tracer() - first) > 2 * len(ROUND):
            break
    true(f"more than two rounds: {count} steps", count > 2 * len(ROUND))


def in_the_traced(number: int) -> None:
    run_to(place(number))
    equal("MSR[PR] and the guest's own MSR[SE]", reg("msr") & (MSR_PR | MSR_SE), MSR_PR | MSR_SE)


@case
def breakpoint_in_the_traced_code() -> None:
    for number in (2, 3, 4, 5, 4, 5, 6, 8):
        in_the_traced(number)


def to_trace_interrupt() -> bool:
    """Step over a traced instruction to the guest's own Trace interrupt; false if another one came first."""
    in_the_traced(2)
    return traced(place(2))


@case
def stepi_into_the_trace_interrupt() -> None:
    true("a way there without another interrupt, in ten", any(to_trace_interrupt() for _ in range(10)))


@case
def stepi_through_the_trace_interrupt() -> None:
    steps = 0
    while reg("msr") & (MSR_IR | MSR_DR) != MSR_IR | MSR_DR:
        true("a step without an interrupt", step_exactly())
        steps += 1
        true("translation within 100 steps", steps < 100)
    for _ in range(300):
        step_exactly()


@case
def tracer_has_seen_nothing_of_it() -> None:
    first = in_the_tracer()
    for n in range(1, len(ROUND) + 1):
        equal("the steps", in_the_tracer(), first + n)


def go_on() -> int:
    """To the next stop; if an interrupt comes while gdb steps over a breakpoint, the guest returns to that one."""
    here, seen = reg("pc"), variable("tracer_steps")
    for _ in range(AGAIN):
        if (pc := go()) != here or variable("tracer_steps") != seen:
            break
    return pc


def take_turns(numbers: tuple[int, ...]) -> None:
    """The traced process at these instructions, the tracer after each one."""
    first = in_the_tracer()
    points = [gdb.Breakpoint(f"*{place(n):#x}") for n in sorted(set(numbers))]
    with breakpoint_at("*stepped"):
        for n in range(1, 2 * len(ROUND) + 1):
            number = ROUND[(first + n) % len(ROUND)]
            if number in numbers:
                equal("the pc, of the traced process", go_on(), place(number))
            equal("the pc, of the tracer", go_on(), address("stepped"))
            equal("the traced process's address", reg("r3"), place(ROUND[(first + n + 1) % len(ROUND)]))
    for point in points:
        point.delete()
    in_the_tracer()


@case
def breakpoints_on_all_traced_instructions() -> None:
    # Every other one at a time: gdb steps over a breakpoint, the guest's Trace interrupt is
    # still to come then, and gdb would take a breakpoint there for hit.
    take_turns(ROUND[::2])
    take_turns(ROUND[1::2])


@case
def interrupts_while_tracing() -> None:
    first = in_the_tracer()
    interrupt_and_step()
    translated()
    count = in_the_tracer() - first
    true(f"the tracer goes on: {count} steps", count > 0)
