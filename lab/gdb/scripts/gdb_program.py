# SPDX-License-Identifier: GPL-2.0-only
"""What users do with a program in real mode on a G4; gdb writes the program into the guest's memory."""

import re

import gdb
from session import (
    breakpoint_at,
    case,
    default_case,
    do,
    equal,
    go,
    interrupt_after,
    main,
    put,
    reg,
    step,
    step_to,
    true,
    word,
    write_words,
)

from lab.guest.ppc import MSR_PR

RESET, ENTRY = 0xFFF00100, 0xFFF02520  # of OpenBIOS: the first instruction, and where it leads
MSR_VEC, MSR_FP = 1 << 25, 1 << 13
CODE, DATA, OTHER, VECTOR = 0x100000, 0x200000, 0x101000, 0xC00
NOP, BACK = 0x60000000, 0x4BFFFFFC  # b to the instruction before
SYSCALLS = (0x44000002, 0x4BFFFFFC)  # sc; b CODE
HANDLER = (0x39290001, 0x4C000064)  # addi r9, r9, 1; rfi
ACCESSES = {
    "stvx v3,0,r7": 0x7C6039CE,
    "lvx v4,0,r7": 0x7C8038CE,
    "stfd f1,0(r7)": 0xD8270000,
    "lfd f2,0(r7)": 0xC8470000,
}
VECTOR_WORDS = (0x00112233, 0x44556677, 0x8899AABB, 0xCCDDEEFF)


@case
def registers_of_the_vector_unit() -> None:
    """What gdb sets is what the guest stores, and what the guest loads is what gdb shows."""
    write_words(CODE, tuple(ACCESSES.values()))
    put({"msr": MSR_VEC | MSR_FP, "pc": CODE, "r7": DATA})
    for n, text in enumerate(ACCESSES):
        shown = re.sub(r"\s+", " ", do(f"x/i {CODE + 4 * n:#x}"))
        true(f"x/i shows {text}: {shown}", text in shown)
    do(f"set $vr3.v4_int32 = {{{', '.join(map(hex, VECTOR_WORDS))}}}")
    step_to(CODE + 4, "stvx")
    for n, must in enumerate(VECTOR_WORDS):
        equal(f"word {n} that the guest stored", word(DATA + 4 * n), must)
    write_words(DATA, tuple(reversed(VECTOR_WORDS)))
    step_to(CODE + 8, "lvx")
    for n, must in enumerate(reversed(VECTOR_WORDS)):
        equal(f"word {n} of $vr4", int(gdb.parse_and_eval(f"(unsigned int)$vr4.v4_int32[{n}]")) & 0xFFFFFFFF, must)
    do("set $f1 = 1.5")
    step_to(CODE + 12, "stfd")
    equal("the number that the guest stored", word(DATA), 0x3FF80000)
    write_words(DATA, (0xC0040000, 0))
    step_to(CODE + 16, "lfd")
    true("$f2 is -2.5", float(gdb.parse_and_eval("$f2")) == -2.5)


@case
def jump_after_an_interrupt() -> None:
    """A system call that the guest has begun is not taken where gdb lets it go on."""
    write_words(CODE, SYSCALLS)
    write_words(VECTOR, HANDLER)
    write_words(OTHER, (NOP, NOP, BACK))
    for n in range(20):
        put({"pc": CODE, "msr": MSR_PR, "r9": 0})
        interrupt_after(0.1 + 0.007 * n)
        calls = reg("r9")
        true("the guest calls", calls)
        with breakpoint_at(f"*{OTHER + 4:#x}"):
            equal("the pc after jump", go(f"jump *{OTHER:#x}"), OTHER + 4)
        equal("system calls", reg("r9"), calls)


@default_case
def reset_with_breakpoints() -> None:
    """The firmware is loaded again at a reset; gdb's breakpoints stop the guest all the same."""
    with breakpoint_at(f"*{ENTRY:#x}") as here:
        for n in range(1, 4):
            do("monitor system_reset")
            do("maintenance flush register-cache")
            equal("the pc", reg("pc"), RESET)
            equal("the pc", go(), ENTRY)
            equal("the hits", here.hit_count, n)
            step()
    true("no breakpoint is left in the firmware", word(ENTRY) != 0x00DDDD00)


main()
