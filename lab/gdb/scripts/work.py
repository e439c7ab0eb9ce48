# SPDX-License-Identifier: GPL-2.0-only
"""Runs in gdb: what sessions with a Linux guest share; work() is a function of its first process."""

import os
import socket

import gdb
from run import breakpoint_at, go, interrupt_after, run_to, step, step_exactly
from session import LIMIT, Failed, address, connect, equal, reg, true, word

from lab.guest.ppc import MSR_DR, MSR_IR, MSR_PR, MSR_SE, SC, TRACE

BL_MASK, BL = 0xFC000003, 0x48000001
KERNEL = 0xC0000000
SOON = 1000  # ticks of the time base


def arg() -> int:
    return reg("r3")


def problem_state() -> None:
    true(f"problem state (msr {reg('msr'):#x})", reg("msr") & MSR_PR)


def interrupted(before: int) -> bool:
    """Was the step's event an interrupt from outside? It comes before the instruction."""
    if reg("pc") not in (0x500, 0x900):
        return False
    equal("SRR0", reg("srr0"), before)
    return True


def traced(at: int) -> bool:
    """Step over an instruction that the guest itself traces, and into its own Trace interrupt; false if another
    interrupt came first."""
    bits = reg("msr") & (MSR_PR | MSR_SE)
    step()
    if interrupted(at):
        return False
    equal("the pc", reg("pc"), at + 4)
    equal("MSR[PR] and the guest's own MSR[SE]", reg("msr") & (MSR_PR | MSR_SE), bits)
    equal("the pc: the Trace interrupt is the next event", step(), TRACE)
    equal("SRR0", reg("srr0"), at + 4)
    equal("MSR[SE] in SRR1", reg("srr1") & MSR_SE, MSR_SE)
    equal("MSR[SE]", reg("msr") & MSR_SE, 0)
    return True


def next_over(call: int) -> bool:
    """nexti over the bl at an address; false if an interrupt came first."""
    true(f"a bl at {call:#x}", word(call) & BL_MASK == BL)
    with breakpoint_at(call):
        equal("the pc", go(), call)
        go("nexti")
    if interrupted(call):
        return False
    equal("the pc after nexti", reg("pc"), call + 4)
    return True


def call_of_work() -> int:
    run_to("work")
    return reg("lr") - 4


def to_sc() -> bool:
    """Step from write() to its system call; false if an interrupt came first."""
    run_to("write")
    for _ in range(60):
        at = reg("pc")
        if word(at) == SC:
            return True
        step()
        if interrupted(at):
            return False
    raise Failed(f"no sc within 60 steps of write(), at {reg('pc'):#x}")


def in_the_kernel() -> bool:
    """On its stack, with translation on."""
    return reg("msr") & (MSR_IR | MSR_DR | MSR_PR) == MSR_IR | MSR_DR and min(reg("pc"), reg("r1")) >= KERNEL


def to_the_kernel(seconds: float) -> None:
    """Ctrl-C, until the guest is stopped there."""
    for _ in range(20):
        interrupt_after(seconds)
        if in_the_kernel():
            return
    true("the kernel, in twenty interrupts", False)


def interrupt_and_step() -> None:
    """Ctrl-C at ten moments, and exact steps from there, wherever that is."""
    for n in range(10):
        interrupt_after(0.1 + 0.053 * n)
        for _ in range(10):
            step_exactly()


def jiffies() -> int:
    return word(address("jiffies"))


def start_the_clock() -> None:
    """A guest that comes from a file has no decrementer interrupt to come: KVM PR takes none from QEMU."""
    to_the_kernel(0.3)
    gdb.parse_and_eval(f"((int (*)(unsigned long, void *))decrementer_set_next_event)({SOON}, 0)")
    before = jiffies()
    to_the_kernel(0.5)
    true(f"the clock runs: {before}, {jiffies()}", jiffies() > before)


def attach() -> None:
    """Stop a running guest that nobody debugs, and debug it.

    A serial line does not tell QEMU that somebody connects: the first byte stops the guest
    and is lost, and the process stays detached, where QEMU's answer to gdb's first question
    would follow a null pointer. vAttach comes first, then, and not from gdb.
    """
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(LIMIT)
        line.connect(os.environ["SESSION_SOCKET"])
        line.sendall(b"+$vAttach;1#37")
        said = b""
        while not said.partition(b"$")[2].endswith(b";"):
            said = (said + line.recv(100)).partition(b"#")[0]
        line.sendall(b"+")
        true(f"attached: {said!r}", b"$T05" in said)
    connect()
