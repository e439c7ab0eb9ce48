# SPDX-License-Identifier: GPL-2.0-only
"""From the reset of a little-endian Linux guest: a breakpoint where its kernel will be, and a watched lock."""

import gdb
from run import breakpoint_at, go
from session import address, equal, reg, true, word
from session import default_case as case
from watch import at, watched

LOCAL_ENTRY = 8  # bytes behind a function's global entry, which callers within the kernel do not use


@case
def hbreak_before_the_kernel_is_loaded() -> None:
    start = address("start_kernel")
    with (
        breakpoint_at(start, type=gdb.BP_HARDWARE_BREAKPOINT) as one,
        breakpoint_at(start + LOCAL_ENTRY, type=gdb.BP_HARDWARE_BREAKPOINT) as other,
    ):
        true(f"the pc is start_kernel's: {go():#x}", reg("pc") in (start, start + LOCAL_ENTRY))
        equal("the hits", one.hit_count + other.hit_count, 1)


@case
def watch_a_spinlock() -> None:
    """Taken and released for each thread that the kernel makes."""
    lock = address("pidmap_lock")
    with watched(at(lock)) as point:
        for n in range(1, 7):
            go()
            equal("the hits", point.hit_count, n)
            equal(f"the lock is held after its change number {n}", int(word(lock) != 0), n % 2)
