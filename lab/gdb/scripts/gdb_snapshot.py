# SPDX-License-Identifier: GPL-2.0-only
"""Snapshots of a G4 between the steps of a program in real mode; gdb writes the program into the guest's memory."""

from run import breakpoint_at, go, step_to
from session import case, equal, monitor, put, reg, word, write_words

CODE, DATA = 0x100000, 0x200000
COUNT = (
    0x80C70000,  # lwz r6, 0(r7)
    0x38C60001,  # addi r6, r6, 1
    0x90C70000,  # stw r6, 0(r7)
    0x4BFFFFF4,  # b CODE
)


def once_around(first: int) -> None:
    """Four steps from the load, which reads 'first'."""
    for n in range(1, len(COUNT)):
        step_to(CODE + 4 * n, "an instruction")
    equal("the counter", word(DATA), first + 1)
    step_to(CODE, "b")


@case
def save_and_load_between_steps() -> None:
    write_words(CODE, COUNT)
    write_words(DATA, (0,))
    put({"msr": 0, "pc": CODE, "r7": DATA})
    once_around(0)
    monitor("snapshot_blkdev disk /tmp/disk qcow2")
    step_to(CODE + 4, "lwz")
    monitor("savevm between")
    for _ in range(3):
        step_to(CODE + 8, "addi")
        equal("r6", reg("r6"), 2)
        step_to(CODE + 12, "stw")
        equal("the counter", word(DATA), 2)
        step_to(CODE, "b")
        once_around(2)
        monitor("loadvm between")
        equal("the pc", reg("pc"), CODE + 4)
        equal("r6", reg("r6"), 1)
        equal("the counter", word(DATA), 1)


@case
def breakpoints_after_load() -> None:
    """A snapshot that is taken while the guest is stopped has no breakpoint of gdb in it."""
    with breakpoint_at(CODE + 12) as here:
        equal("the pc", go(), CODE + 12)
        monitor("savevm stopped")
        equal("the pc", go(), CODE + 12)
        equal("the counter", word(DATA), 3)
        monitor("loadvm stopped")
        equal("the pc", reg("pc"), CODE + 12)
        equal("the counter", word(DATA), 2)
        for n in (3, 4):
            equal("the pc", go(), CODE + 12)
            equal("the counter", word(DATA), n)
        equal("the hits", here.hit_count, 4)
    equal("the instruction", word(CODE + 12), COUNT[3])
