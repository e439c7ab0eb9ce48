# SPDX-License-Identifier: GPL-2.0-only
"""What changes the path of a Linux guest: call, jump, return, commands of a breakpoint, a breakpoint at a place with
two addresses (idle.c, at work())."""

import gdb
from run import breakpoint_at, go, run_to
from session import address, case, default_case, do, equal, reg, true
from work import KERNEL, arg, call_of_work, problem_state, start_the_clock, to_the_kernel

from lab.guest.ppc import MSR_DR, MSR_IR

DECREMENTER = 0x900  # where its handler runs, with translation off
TICKS = 0.05  # seconds; the guest's timer has a period of a few milliseconds
HITS = 20


def registers() -> dict[str, int]:
    return {name: reg(name) for name in ("pc", "msr", "lr", "ctr", "cr", "xer", *(f"r{n}" for n in range(32)))}


@default_case
def clock_runs() -> None:
    start_the_clock()


@case
def return_from_a_function() -> None:
    call_of_work()
    caller, n = reg("lr"), arg()
    do("return")
    equal("the pc", reg("pc"), caller)
    run_to("work")
    equal("work()'s argument", arg(), n + 1)


@case
def jump_back_to_a_call() -> None:
    call = call_of_work()
    n = arg()
    with breakpoint_at("*work") as here:
        equal("the pc", go(f"jump *{call:#x}"), address("work"))
        equal("work()'s argument, again", arg(), n)
        equal("the hits", here.hit_count, 1)
        problem_state()


@case
def call_after_an_interrupt() -> None:
    for n in range(10):
        to_the_kernel(0.3 + 0.03 * n)
        before = registers()
        equal("hex_to_bin('b')", int(gdb.parse_and_eval("((int (*)(int))hex_to_bin)('b')")), 11)
        after = registers()
        changed = {name: (hex(before[name]), hex(after[name])) for name in before if before[name] != after[name]}
        true(f"the registers are as they were: {changed}", not changed)


@default_case
def commands_that_continue() -> None:
    """Each takes longer than a tick of the guest."""
    run_to("work")
    first = arg()
    with breakpoint_at("*work") as here:
        here.silent = True
        here.commands = f"python import time; time.sleep({TICKS})\nif $r3 < {first + HITS}\ncontinue\nend"
        equal("the pc", go(), address("work"))
        equal("work()'s argument", arg(), first + HITS)
        equal("the hits", here.hit_count, HITS)


@default_case
def breakpoint_at_a_handler_by_its_symbol() -> None:
    """A symbol has the address with translation on. gdb gets a SIGTRAP at the other one, and the guest lives on."""
    with breakpoint_at(KERNEL + DECREMENTER):
        equal("the pc", go(), DECREMENTER)
    equal("MSR[IR] and MSR[DR]", reg("msr") & (MSR_IR | MSR_DR), 0)
    run_to("work")
