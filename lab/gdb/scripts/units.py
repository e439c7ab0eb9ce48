# SPDX-License-Identifier: GPL-2.0-only
"""Runs in gdb: vector and floating-point registers as gdb has them, against the guest's own view, in real mode."""

import re

import gdb
from run import step_to
from session import byte_order, do, equal, put, reg, true, word, write_words

MSR_VEC, MSR_FP = 1 << 25, 1 << 13
ACCESSES = {
    "stvx v3,0,r7": 0x7C6039CE,
    "lvx v4,0,r7": 0x7C8038CE,
    "stfd f1,0(r7)": 0xD8270000,
    "lfd f2,0(r7)": 0xC8470000,
}
VECTOR = (0x00112233, 0x44556677, 0x8899AABB, 0xCCDDEEFF)
BACKWARDS = tuple(reversed(VECTOR))


def vector(code: int, data: int) -> None:
    """What gdb sets is what the guest stores, what the guest loads is what gdb shows; x/i shows the instructions."""
    write_words(code, tuple(ACCESSES.values()))
    put({"msr": reg("msr") | MSR_VEC | MSR_FP, "pc": code, "r7": data})
    for n, text in enumerate(ACCESSES):
        shown = re.sub(r"\s+", " ", do(f"x/i {code + 4 * n:#x}"))
        true(f"x/i shows {text}: {shown}", text in shown)
    do(f"set $vr3.v4_int32 = {{{', '.join(map(hex, VECTOR))}}}")
    step_to(code + 4, "stvx")
    for n, must in enumerate(VECTOR):
        equal(f"word {n} that the guest stored", word(data + 4 * n), must)
    write_words(data, BACKWARDS)
    step_to(code + 8, "lvx")
    for n, must in enumerate(BACKWARDS):
        shown = int(gdb.parse_and_eval(f"(unsigned int)$vr4.v4_int32[{n}]"))
        equal(f"word {n} of $vr4", shown & 0xFFFFFFFF, must)


def floating_point(code: int, data: int) -> None:
    """Behind vector()."""
    high = 0 if byte_order() == "big" else 4  # of a number's two words in memory
    do("set $f1 = 1.5")
    step_to(code + 12, "stfd")
    equal("the number that the guest stored", word(data + high), 0x3FF80000)
    write_words(data + high, (0xC0040000,))
    step_to(code + 16, "lfd")
    true("$f2 is -2.5", float(gdb.parse_and_eval("$f2")) == -2.5)
