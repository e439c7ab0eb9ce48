# SPDX-License-Identifier: GPL-2.0-only
"""What users do with a program in real mode on a G4; gdb writes the program into the guest's memory."""

import units
from run import breakpoint_at, go, interrupt_after, step, step_to
from session import case, default_case, equal, monitor, put, reg, true, word, write_words

from lab.guest.ppc import MSR_PR, NOP, RFI, SC, TRAP, branch

RESET, ENTRY = 0xFFF00100, 0xFFF02520  # of OpenBIOS: the first instruction, and where it leads
ARCH_INIT = 0xFFF080C0  # it runs in the copy of the ROM
CODE, DATA, OTHER, VECTOR = 0x100000, 0x200000, 0x101000, 0xC00
SYSCALLS = (SC, branch(-4))
HANDLER = (0x39290001, RFI[0])  # addi r9, r9, 1


@case
def registers_of_the_vector_unit() -> None:
    put({"msr": 0})
    units.vector(CODE, DATA)


@default_case
def registers_of_the_floating_point_unit() -> None:
    units.floating_point(CODE, DATA)


@case
def jump_after_an_interrupt() -> None:
    """A system call that the guest has begun is not taken where gdb lets it go on."""
    write_words(CODE, SYSCALLS)
    write_words(VECTOR, HANDLER)
    write_words(OTHER, (NOP, NOP, branch(-4)))
    for n in range(20):
        put({"pc": CODE, "msr": MSR_PR, "r9": 0})
        interrupt_after(0.3 + 0.007 * n)
        calls = reg("r9")
        true("the guest calls", calls)
        with breakpoint_at(OTHER + 4):
            equal("the pc after jump", go(f"jump *{OTHER:#x}"), OTHER + 4)
        equal("system calls", reg("r9"), calls)


@default_case
def reset_with_breakpoints() -> None:
    """The firmware is loaded again at a reset; gdb's breakpoints stop the guest all the same."""
    with breakpoint_at(ENTRY) as here:
        for n in range(1, 4):
            monitor("system_reset")
            equal("the pc", reg("pc"), RESET)
            equal("the pc", go(), ENTRY)
            equal("the hits", here.hit_count, n)
            step()
    true("no breakpoint is left in the firmware", word(ENTRY) != TRAP)


@default_case
def breakpoint_in_code_that_is_copied() -> None:
    """OpenBIOS copies itself from ROM to RAM, with the breakpoint, and goes on in the copy."""
    monitor("system_reset")
    with breakpoint_at(ARCH_INIT):
        equal("the pc", go(), ARCH_INIT)
        step_to(ARCH_INIT + 4, "the instruction with a breakpoint")
    true("no breakpoint is left in the copy", word(ARCH_INIT) != TRAP)
