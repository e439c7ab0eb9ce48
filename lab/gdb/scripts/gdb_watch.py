# SPDX-License-Identifier: GPL-2.0-only
"""Hardware breakpoints and watchpoints on a G4, in real mode; gdb writes the program into the guest's memory."""

import time

import gdb
from run import breakpoint_at, go, interrupt_after, run_to, step, stops
from session import default_case as case
from session import do, equal, put, reg, true, word, write_words
from watch import at, watched

from lab.guest.ppc import NOP, branch

CODE, DATA, LATER = 0x100000, 0x200000, 0x110000
COUNT = DATA + 0x100
ARRAY = DATA + 0x180
LOOP = (
    0x80C70100,  # lwz r6, 0x100(r7)
    0x38C60001,  # addi r6, r6, 1
    0x90C70100,  # stw r6, 0x100(r7)
    0x98C701BF,  # stb r6, 0x1bf(r7): the last byte of ARRAY
    0x91070200,  # stw r8, 0x200(r7): beside all that is watched
    0x4BFFFFEC,  # b LOOP
)
LOAD, STORE, BYTE, BESIDE = CODE, CODE + 8, CODE + 12, CODE + 16
LWARX, STWCX = CODE + 0x100, CODE + 0x108
ATOMIC = (
    0x7CC03828,  # lwarx r6, 0, r7
    0x38C60001,  # addi r6, r6, 1
    0x7CC0392D,  # stwcx. r6, 0, r7
    0x40C2FFF4,  # bne- ATOMIC
    0x4BFFFFF0,  # b ATOMIC
)
NVRAM = 0xFFF04000
DEVICE = (
    0x88C90000,  # lbz r6, 0(r9)
    0x38C60001,  # addi r6, r6, 1
    0x98C90000,  # stb r6, 0(r9)
    0x4BFFFFF4,  # b DEVICE
)
READ, WRITE, ACCESS = gdb.WP_READ, gdb.WP_WRITE, gdb.WP_ACCESS


@case
def set_up() -> None:
    put({"msr": 0, "r7": DATA, "r8": 0, "pc": CODE})
    write_words(CODE, LOOP)
    write_words(CODE + 0x100, ATOMIC)
    write_words(COUNT, (0,))


@case
def watch_stops_behind_the_store() -> None:
    for n in stops(watched(at(COUNT)), 5, STORE + 4):
        equal("the value", word(COUNT), n)


@case
def rwatch_stops_behind_the_load() -> None:
    before = word(COUNT)
    for n in stops(watched(at(COUNT), READ), 3, LOAD + 4):
        equal("r6", reg("r6"), before + n - 1)


@case
def awatch_stops_at_both() -> None:
    with watched(at(COUNT), ACCESS) as point:
        for _ in range(2):
            equal("the pc", go(), STORE + 4)
            equal("the pc", go(), LOAD + 4)
        equal("the hits", point.hit_count, 4)


@case
def watch_and_rwatch_at_one_address() -> None:
    with watched(at(COUNT)) as write, watched(at(COUNT), READ) as read:
        for _ in range(2):
            equal("the pc", go(), STORE + 4)
            equal("the pc", go(), LOAD + 4)
        equal("the hits of the write", write.hit_count, 2)
        equal("the hits of the read", read.hit_count, 2)


@case
def watch_64_bytes() -> None:
    list(stops(watched(f"*(unsigned char (*)[64]){ARRAY:#x}"), 3, BYTE + 4))


@case
def watch_a_device_register() -> None:
    """A byte of the Mac's NVRAM: what is stored stays, and each access is an exit to QEMU."""
    write_words(CODE + 0x280, DEVICE)
    put({"pc": CODE + 0x280, "r9": NVRAM})
    byte = f"*(unsigned char *){NVRAM:#x}"
    for _ in stops(watched(byte), 3, CODE + 0x28C):
        equal("the register", int(gdb.parse_and_eval(byte)), reg("r6") & 0xFF)
    list(stops(watched(byte, READ), 3, CODE + 0x284))
    put({"pc": CODE})


@case
def watch_beside_an_access() -> None:
    with watched(at(DATA + 0x204)), watched(at(COUNT - 4)), watched(at(COUNT + 4)):
        first = word(COUNT)
        interrupt_after(2)
        true("it has counted", word(COUNT) > first)


@case
def stepi_onto_the_access() -> None:
    run_to(STORE)
    with watched(at(COUNT)) as point:
        equal("the pc after the store", step(), STORE + 4)
        equal("the hits", point.hit_count, 1)
        for must in (BYTE + 4, BESIDE + 4, LOAD, LOAD + 4, STORE, STORE + 4):
            equal("the pc after a step", step(), must)
        equal("the hits", point.hit_count, 2)


def found(rounds: int, software: bool) -> list[tuple[int, int]]:
    """The pc and what has been counted, of each stop; from the loop's first instruction, with the counter at 0."""
    put({"pc": CODE})
    write_words(COUNT, (0,))
    with watched(at(COUNT), software=software):
        return [(go(), word(COUNT)) for _ in range(rounds)]


@case
def software_watchpoint_finds_the_same() -> None:
    hardware, software = found(5, False), found(5, True)
    true(f"the stops are the same: {hardware}, {software}", hardware == software)


@case
def watch_with_condition() -> None:
    first = word(COUNT)
    with watched(at(COUNT)) as point:
        point.condition = f"{at(COUNT)} == {first + 100}"
        equal("the pc", go(), STORE + 4)
        equal("the value", word(COUNT), first + 100)


@case
def breakpoints_and_watchpoints_together() -> None:
    with watched(at(COUNT)), breakpoint_at(LOAD), breakpoint_at(BYTE):
        for _ in range(3):
            equal("the pc", go(), LOAD)
            equal("the pc", go(), STORE + 4)
            # gdb stops there for the watchpoint, and so not for the breakpoint at the same place


@case
def hbreak_before_the_code_is_there() -> None:
    equal("memory", word(LATER), 0)
    with breakpoint_at(LATER, type=gdb.BP_HARDWARE_BREAKPOINT) as point:
        equal("memory is as it was", word(LATER), 0)
        put({"pc": CODE + 0x80, "ctr": LATER})
        write_words(CODE + 0x80, (0x4E800420,))  # bctr
        write_words(LATER, (NOP, branch(CODE - LATER - 4)))
        equal("the pc", go(), LATER)
        equal("the hits", point.hit_count, 1)
        equal("the pc", step(), LATER + 4)
    equal("the pc", step(), CODE)


@case
def watch_a_lock_word() -> None:
    write_words(DATA, (0,))
    put({"pc": LWARX})
    for n in stops(watched(at(DATA)), 3, STWCX + 4):
        equal("the value", word(DATA), n)
    with watched(at(DATA + 4)):
        first = word(DATA)
        interrupt_after(2)
        true("the atomic loop goes on", word(DATA) > first)


@case
def interrupts_with_a_watchpoint_set() -> None:
    put({"pc": CODE})
    with watched(at(DATA + 0x300)):
        for n in range(5):
            first = word(COUNT)
            interrupt_after(0.2 + 0.1 * n)
            true("it counts", word(COUNT) > first)


def rounds_a_second(rounds: int) -> float:
    """From the loop's first instruction. A breakpoint ends it: gdb can miss a Ctrl-C while it steps."""
    with breakpoint_at(CODE + 0x200) as here:
        here.ignore_count = rounds
        began = time.monotonic()
        equal("the pc", go(), CODE + 0x200)
        return rounds / (time.monotonic() - began)


@case
def a_hundred_times_as_fast_as_by_steps() -> None:
    """A loop that stores to the watched page by one instruction in twelve."""
    write_words(CODE + 0x200, (*LOOP[:3], *[NOP] * 8, branch(-44)))
    put({"pc": CODE + 0x200})
    with watched(at(COUNT + 4)):
        first = word(COUNT)
        interrupt_after(3)
        fast = (word(COUNT) - first) / 3
    run_to(CODE + 0x200)
    with watched(at(COUNT + 4), software=True):
        slow = rounds_a_second(40)
    print(f"# rounds a second: {fast:.0f} with the hardware's, {slow:.1f} with gdb's")
    true("a hundred times as fast", slow > 0 and fast >= 100 * slow)
    put({"pc": CODE})


@case
def more_than_there_is_room_for() -> None:
    before = reg("pc")
    points = [gdb.Breakpoint(at(DATA + 0x400 + 4 * n), gdb.BP_WATCHPOINT, WRITE) for n in range(17)]
    try:
        do("stepi")
        refused = False
    except gdb.error:
        refused = True
    true("gdb is told", refused)
    equal("the pc has not moved", reg("pc"), before)
    points.pop().delete()
    step()
    true("sixteen fit", reg("pc") != before)
    for point in points:
        point.delete()
