# SPDX-License-Identifier: GPL-2.0-only
"""A little-endian program on a POWER8, in real mode; gdb writes it into the guest's memory."""

import re

import gdb
from session import (
    MSR_SF,
    breakpoint_at,
    case,
    do,
    equal,
    go,
    main,
    put,
    reg,
    step_to,
    true,
    word,
)

MSR_LE, MSR_VEC, MSR_FP = 1, 1 << 25, 1 << 13
CODE, DATA = 0x2000000, 0x2010000
ACCESSES = {
    "stvx v3,0,r7": 0x7C6039CE,
    "lvx v4,0,r7": 0x7C8038CE,
    "stfd f1,0(r7)": 0xD8270000,
    "lfd f2,0(r7)": 0xC8470000,
    "stw r5,0(r7)": 0x90A70000,
    "b 0x2000000": 0x4BFFFFEC,
}
VECTOR_WORDS = (0x00112233, 0x44556677, 0x8899AABB, 0xCCDDEEFF)


def write(at: int, words: tuple[int, ...]) -> None:
    gdb.selected_inferior().write_memory(at, b"".join(w.to_bytes(4, "little") for w in words))


@case
def little_endian() -> None:
    """QEMU orders the bytes of registers as the guest's MSR says at that moment; gdb as it is told."""
    write(CODE, tuple(ACCESSES.values()))
    put({"pc": CODE, "r7": DATA, "r5": 0x1234})
    put({"msr": reg("msr") | MSR_SF | MSR_VEC | MSR_FP | MSR_LE})
    do("set endian little")
    do("maintenance flush register-cache")
    equal("the pc", reg("pc"), CODE)
    equal("r5", reg("r5"), 0x1234)
    equal("MSR[LE]", reg("msr") & MSR_LE, MSR_LE)
    for n, text in enumerate(ACCESSES):
        shown = re.sub(r"\s+", " ", do(f"x/i {CODE + 4 * n:#x}"))
        true(f"x/i shows {text}: {shown}", text in shown)


@case
def registers_of_the_vector_unit() -> None:
    """What gdb sets is what the guest stores, and what the guest loads is what gdb shows."""
    do(f"set $vr3.v4_int32 = {{{', '.join(map(hex, VECTOR_WORDS))}}}")
    step_to(CODE + 4, "stvx")
    for n, must in enumerate(VECTOR_WORDS):
        equal(f"word {n} that the guest stored", word(DATA + 4 * n), must)
    write(DATA, tuple(reversed(VECTOR_WORDS)))
    step_to(CODE + 8, "lvx")
    for n, must in enumerate(reversed(VECTOR_WORDS)):
        equal(f"word {n} of $vr4", int(gdb.parse_and_eval(f"(unsigned int)$vr4.v4_int32[{n}]")) & 0xFFFFFFFF, must)


@case
def registers_of_the_floating_point_unit() -> None:
    do("set $f1 = 1.5")
    step_to(CODE + 12, "stfd")
    equal("the number that the guest stored", word(DATA + 4), 0x3FF80000)
    write(DATA, (0, 0xC0040000))
    step_to(CODE + 16, "lfd")
    true("$f2 is -2.5", float(gdb.parse_and_eval("$f2")) == -2.5)


@case
def breakpoint_counts() -> None:
    with breakpoint_at(f"*{CODE + 16:#x}") as here:
        for n in range(1, 5):
            equal("the pc", go("continue" if n > 1 else f"jump *{CODE:#x}"), CODE + 16)
            equal("the hits", here.hit_count, n)
        step_to(CODE + 20, "an instruction with a breakpoint")
    equal("what the guest stored", word(DATA), 0x1234)


main()
