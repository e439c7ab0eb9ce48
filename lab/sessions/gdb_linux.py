# SPDX-License-Identifier: GPL-2.0-only
"""Linux as a guest, stopped in its first process (lab/init/idle.c, at work())."""

import gdb
from session import (
    MSR_DR,
    MSR_IR,
    MSR_PR,
    Failed,
    breakpoint_at,
    case,
    equal,
    go,
    main,
    reg,
    runs,
    see,
    step,
    true,
    word,
)

SC = 0x44000002


def address(name: str) -> int:
    return int(gdb.parse_and_eval(f"(unsigned long long)&{name}"))


def arg() -> int:
    return reg("r3")


def problem_state() -> None:
    true(f"problem state (msr {reg('msr'):#x})", reg("msr") & MSR_PR)


@case
def stopped_in_problem_state() -> None:
    equal("the pc", reg("pc"), address("work"))
    problem_state()


@case
def user_breakpoint_counts() -> None:
    first = arg()
    with breakpoint_at("*work") as here:
        for n in range(1, 5):
            equal("the pc", go(), address("work"))
            problem_state()
            equal("work()'s argument: none is missed", arg(), first + n)
        equal("the hits", here.hit_count, 4)


@case
def user_breakpoint_with_condition() -> None:
    first = arg()
    with breakpoint_at("*work") as here:
        here.condition = f"$r3 == {first + 3}"
        equal("the pc", go(), address("work"))
        equal("work()'s argument", arg(), first + 3)


def interrupted(before: int) -> bool:
    """Was the step's event an interrupt from outside? It comes before the instruction."""
    if reg("pc") not in (0x500, 0x900):
        return False
    equal("SRR0", reg("srr0"), before)
    return True


@case
def user_stepi_on_a_breakpoint() -> None:
    with breakpoint_at("*work") as here:
        equal("the pc", go(), address("work"))
        step()
        if not interrupted(address("work")):
            equal("the pc after the instruction with a breakpoint", reg("pc"), address("work") + 4)
        equal("the hits", here.hit_count, 1)
        equal("the pc", go(), address("work"))


@case
def user_return() -> None:
    caller = reg("lr")
    equal("the pc after work()", go(f"advance *{caller:#x}"), caller)
    problem_state()


def to_sc() -> bool:
    """Step from write() to its system call; false if an interrupt came first."""
    with breakpoint_at("*write"):
        equal("the pc", go(), address("write"))
    for _ in range(60):
        at = reg("pc")
        if word(at) == SC:
            return True
        step()
        if interrupted(at):
            return False
    raise Failed(f"no sc within 60 steps of write(), at {reg('pc'):#x}")


@case
def stepi_sc() -> None:
    true("a way to the system call without an interrupt, in ten", any(to_sc() for _ in range(10)))
    at = reg("pc")
    step()
    if interrupted(at):
        return  # right, too: the sc comes after it
    equal("the pc's place in the vectors", reg("pc") & 0xFFFFF, 0xC00)
    equal("MSR[PR]", reg("msr") & MSR_PR, 0)
    equal("SRR0", reg("srr0"), at + 4)


@case
def stepi_to_the_kernel() -> None:
    for _ in range(100):
        step()
        if reg("msr") & (MSR_IR | MSR_DR) == MSR_IR | MSR_DR:
            break
    equal("translation", reg("msr") & (MSR_IR | MSR_DR), MSR_IR | MSR_DR)
    true(f"the kernel's addresses ({reg('pc'):#x})", reg("pc") >> (31 if reg("pc") < 1 << 32 else 63))


@case
def kernel_breakpoint() -> None:
    with breakpoint_at("*ksys_write") as here:
        equal("the pc", go(), address("ksys_write"))
        equal("MSR[PR]", reg("msr") & MSR_PR, 0)
        equal("the hits", here.hit_count, 1)


@case
def kernel_finish() -> None:
    caller = reg("lr")
    equal("the pc after ksys_write()", go(f"advance *{caller:#x}"), caller)


@case
def kernel_page_fault() -> None:
    with breakpoint_at("*handle_mm_fault") as here:
        for _ in range(2):
            equal("the pc", go(), address("handle_mm_fault"))
        equal("the hits", here.hit_count, 2)


@case
def kernel_context_switch() -> None:
    with breakpoint_at("*__switch_to"):
        one = go() and arg()
        two = go() and arg()
    true("two tasks take turns", one != two)


@case
def lives_on() -> None:
    with breakpoint_at("*work"):
        equal("the pc", go(), address("work"))
        first = arg()
        equal("the pc", go(), address("work"))
        equal("work()'s argument", arg(), first + 1)


@case
def interrupt_while_running() -> None:
    true("it runs until it is interrupted", not runs("continue", 3))
    see()
    at = reg("pc")
    step()
    true(f"a step goes on from {at:#x}", reg("pc") != at)


main()
