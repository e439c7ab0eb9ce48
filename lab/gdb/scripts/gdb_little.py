# SPDX-License-Identifier: GPL-2.0-only
"""A little-endian program on a POWER8, in real mode; gdb writes it into the guest's memory."""

import units
from run import breakpoint_at, go, step_to
from session import case, do, equal, put, reg, word, write_words

from lab.guest.ppc import MSR_SF, branch

MSR_LE = 1
CODE, DATA, LOOP = 0x2000000, 0x2010000, 0x2001000
STW_R5_R7 = 0x90A70000  # stw r5, 0(r7)


@case
def little_endian() -> None:
    """QEMU orders the bytes of registers as the guest's MSR says at that moment; gdb as it is told."""
    put({"pc": CODE, "r5": 0x1234})
    put({"msr": reg("msr") | MSR_SF | MSR_LE})
    do("set endian little")
    do("maintenance flush register-cache")
    equal("the pc", reg("pc"), CODE)
    equal("r5", reg("r5"), 0x1234)
    equal("MSR[LE]", reg("msr") & MSR_LE, MSR_LE)


@case
def registers_of_the_vector_unit() -> None:
    units.vector(CODE, DATA)


@case
def registers_of_the_floating_point_unit() -> None:
    units.floating_point(CODE, DATA)


@case
def breakpoint_counts() -> None:
    write_words(LOOP, (STW_R5_R7, branch(-4)))
    put({"pc": LOOP})
    with breakpoint_at(LOOP + 4) as here:
        for n in range(1, 5):
            put({"r5": n})
            equal("the pc", go(), LOOP + 4)
            equal("the hits", here.hit_count, n)
            equal("what the guest stored", word(DATA), n)
        step_to(LOOP, "an instruction with a breakpoint")
