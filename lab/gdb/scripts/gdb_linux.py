# SPDX-License-Identifier: GPL-2.0-only
"""Linux as a guest, stopped in its first process (lab/guest/init/idle.c, at work())."""

import time

from run import breakpoint_at, go, interrupt_after, run_to, step, stops, translated
from session import Failed, address, case, connect, default_case, do, equal, reg, true, word
from work import BL, BL_MASK, arg, attach, call_of_work, interrupted, next_over, problem_state, start_the_clock, to_sc

from lab.guest.ppc import MSR_PR

ALONE = 3  # seconds for which the guest runs without a debugger


@case
def stopped_in_problem_state() -> None:
    equal("the pc", reg("pc"), address("work"))
    problem_state()


@default_case
def clock_runs() -> None:
    start_the_clock()
    run_to("work")


@case
def user_breakpoint_counts() -> None:
    first = arg()
    for n in stops(breakpoint_at("*work"), 4, address("work")):
        problem_state()
        equal("work()'s argument: none is missed", arg(), first + n)


@case
def user_breakpoint_with_condition() -> None:
    first = arg()
    with breakpoint_at("*work") as here:
        here.condition = f"$r3 == {first + 3}"
        equal("the pc", go(), address("work"))
        equal("work()'s argument", arg(), first + 3)


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


@case
def user_nexti_over_a_call() -> None:
    call = call_of_work()
    for _ in range(10):
        first = arg()
        if next_over(call):
            break
    else:
        raise Failed("no nexti without an interrupt, in ten")
    problem_state()
    equal("work()'s result", arg(), 3 * (first + 1) + 1)
    run_to("work")


@case
def user_nexti_stops_at_a_breakpoint() -> None:
    call = call_of_work()
    with breakpoint_at(call), breakpoint_at("*work") as there:
        equal("the pc", go(), call)
        go("nexti")
        if not interrupted(call):
            equal("the pc: a breakpoint in what is called", reg("pc"), address("work"))
            equal("the hits", there.hit_count, 1)


@case
def user_finish() -> None:
    run_to("work")
    caller, n = reg("lr"), arg()
    equal("the pc after finish", go("finish"), caller)
    problem_state()
    equal("work()'s result", arg(), 3 * n + 1)


def sc_to_kernel() -> None:
    """QEMU translates by MSR[PR] too: breakpoints in the kernel can be set in the kernel only."""
    true("a way to the system call without an interrupt, in ten", any(to_sc() for _ in range(10)))
    step()
    translated()


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
    translated()
    true(f"the kernel's addresses ({reg('pc'):#x})", reg("pc") >> (31 if reg("pc") < 1 << 32 else 63))


@case
def kernel_breakpoint() -> None:
    equal("the hits", run_to("ksys_write"), 1)
    equal("MSR[PR]", reg("msr") & MSR_PR, 0)


@case
def kernel_finish() -> None:
    """Not out of ksys_write(): it returns to where ret_from_syscall begins, which gdb takes for another function's
    frame than the one it waits for."""
    run_to("vfs_write")
    caller = reg("lr")
    equal("the pc after vfs_write()", go("finish"), caller)
    equal("MSR[PR]", reg("msr") & MSR_PR, 0)
    equal("vfs_write()'s result, for the one byte that idle.c writes", arg(), 1)


@case
def kernel_nexti_over_a_call() -> None:
    start = address("ksys_write")
    calls = [at for at in range(start, start + 200, 4) if word(at) & BL_MASK == BL]
    true("a bl in ksys_write()", calls)
    true("a nexti without an interrupt, in ten", any(next_over(calls[0]) for _ in range(10)))
    equal("MSR[PR]", reg("msr") & MSR_PR, 0)


@case
def kernel_page_fault() -> None:
    list(stops(breakpoint_at("*handle_mm_fault"), 2, address("handle_mm_fault")))


@case
def kernel_context_switch() -> None:
    with breakpoint_at("*__switch_to"):
        one = go() and arg()
        two = go() and arg()
    true("two tasks take turns", one != two)


@default_case
def kernel_from_problem_state() -> None:
    run_to("work")
    problem_state()
    text = do("x/i ksys_write")
    true(f"gdb disassembles the kernel: {text}", "ksys_write" in text and ".long" not in text)


@default_case
def breakpoints_in_the_process_and_the_kernel() -> None:
    """gdb takes both out at each stop, and puts both in to go on, wherever the guest is."""
    places = {address("work"): 0, address("ksys_write"): 0}
    with breakpoint_at("*work"), breakpoint_at("*ksys_write"):
        last = None
        for _ in range(12):
            at = go()
            true(f"one of them: {at:#x}", at in places)
            places[at] += 1
            if at == address("work"):
                true(f"no call of work() is missed: {last}, {arg()}", last is None or arg() == last + 1)
                last = arg()
    true(f"both are hit: {places}", min(places.values()) > 1)


@case
def lives_on() -> None:
    with breakpoint_at("*work"):
        equal("the pc", go(), address("work"))
        first = arg()
        equal("the pc", go(), address("work"))
        equal("work()'s argument", arg(), first + 1)


@case
def interrupt_while_running() -> None:
    interrupt_after(3)
    at = reg("pc")
    step()
    true(f"a step goes on from {at:#x}", reg("pc") != at)


def find_work() -> None:
    """From wherever the guest was stopped to a place where the process's addresses lead somewhere."""
    translated()
    if reg("msr") & MSR_PR:
        sc_to_kernel()
    run_to("ksys_write")


def counts_on(before: int) -> int:
    """Breakpoint, step, breakpoint: no call of work() is missed; the last one's argument."""
    with breakpoint_at("*work") as here:
        equal("the pc", go(), address("work"))
        first = arg()
        true(f"work() has gone on from {before} (it is at {first})", first > before)
        step()
        if again := interrupted(address("work")):  # its handler returns to the breakpoint
            equal("the pc", go(), address("work"))
        else:
            equal("the pc after a step", reg("pc"), address("work") + 4)
        for n in range(1, 4):
            equal("the pc", go(), address("work"))
            equal("work()'s argument", arg(), first + n)
        equal("the hits", here.hit_count, 4 + again)
    return arg()


@case
def detach_and_attach() -> None:
    find_work()
    last = counts_on(0)
    for _ in range(3):
        do("detach")
        time.sleep(ALONE)
        attach()
        find_work()
        last = counts_on(last + 1)  # + 1: it has gone on without a debugger


@case
def detach_with_breakpoints() -> None:
    """They must be gone: nobody would answer to one that is left behind."""
    last = counts_on(0)
    sc_to_kernel()
    with breakpoint_at("*ksys_write"), breakpoint_at("*work"):
        equal("the pc", go(), address("ksys_write"))
        do("detach")
        time.sleep(ALONE)
        do("delete")
        attach()
    find_work()
    counts_on(last + 1)


@case
def disconnect_and_connect() -> None:
    """The guest waits, stopped, and gdb puts its breakpoints in anew."""
    with breakpoint_at("*work"):
        equal("the pc", go(), address("work"))
        last = arg()
        do("disconnect")
        time.sleep(1)
        connect()
        equal("the pc has not moved", reg("pc"), address("work"))
        equal("work()'s argument", arg(), last)
        equal("the pc", go(), address("work"))
        equal("work()'s argument", arg(), last + 1)
