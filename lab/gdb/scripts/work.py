# SPDX-License-Identifier: GPL-2.0-only
"""Runs in gdb: what sessions with a Linux guest do at work(), a function of its first process."""

from __future__ import annotations

from session import (
    Failed,
    address,
    breakpoint_at,
    equal,
    go,
    reg,
    step,
    true,
    word,
)

from lab.guest.ppc import MSR_PR, SC

BL_MASK, BL = 0xFC000003, 0x48000001


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


def next_over(call: int) -> bool:
    """nexti over the bl at an address; false if an interrupt came first."""
    true(f"a bl at {call:#x}", word(call) & BL_MASK == BL)
    with breakpoint_at(f"*{call:#x}"):
        equal("the pc", go(), call)
        go("nexti")
    if interrupted(call):
        return False
    equal("the pc after nexti", reg("pc"), call + 4)
    return True


def call_of_work() -> int:
    with breakpoint_at("*work"):
        equal("the pc", go(), address("work"))
        return reg("lr") - 4


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
