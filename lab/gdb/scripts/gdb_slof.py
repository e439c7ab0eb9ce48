# SPDX-License-Identifier: GPL-2.0-only
"""SLOF on a POWER8 partition: 64-bit, big endian, hypercalls.

The addresses are those of the SLOF that QEMU 10.0 of Debian has; the first case looks
whether it is that one.
"""

import gdb
from run import breakpoint_at, go, interrupt_after, run_to, step, step_exactly, step_to, stops
from session import case, do, equal, put, reg, true, word

from lab.guest.ppc import FAKE_SC_1, MSR_SF, RFI

RESET, START, MTMSRD = 0x100, 0x4000, 0x4014
MTMSRD_R11 = 0x7D600164
EARLY_SC, PATCHED = 0x4074, 0x4BBC  # the first hypercall; where the firmware has looked whether they work
EARLY_TEXT = 0x4000, 0x8400  # its first stage
ENTER_NEXT = 0x4D4C  # bctrl to the second stage, once it and its interrupt vectors have been loaded
HANDLER = 0x100  # the second stage is entered like an interrupt
# The CPU of a partition does not give sc 1 in problem state to KVM but to its own hypervisor,
# which refuses it. SLOF finds that out and puts an instruction there that KVM knows.
SC_1 = 0x44000022
H_PUT_TERM_CHAR, H_GET_TERM_CHAR, H_REMOVE = 0x58, 0x54, 0x04
MINUS = 1 << 64
H_SUCCESS, H_FUNCTION, H_PRIVILEGE, H_NOT_FOUND = 0, MINUS - 2, MINUS - 3, MINUS - 7
NO_SUCH_HCALL = 0xABCC
TO_PROMPT = 20  # seconds


def found(code: int, start: int, end: int) -> list[int]:
    """Addresses of an instruction, by gdb's own search."""
    lines = do(f"find /w {start:#x}, {end - 1:#x}, {code:#x}").splitlines()
    return [at for line in lines if line.startswith("0x") and not (at := int(line.split()[0], 16)) & 3]


@case
def first_instruction() -> None:
    equal("the pc", reg("pc"), RESET)
    equal("the instruction that sets the MSR", word(MTMSRD), MTMSRD_R11)
    equal("the first hypercall", word(EARLY_SC), SC_1)


@case
def stepi_plain() -> None:
    step_to(START, "b")
    for at in range(START + 4, MTMSRD + 4, 4):
        step_to(at, "an arithmetic instruction, or mfmsr")


@case
def stepi_mtmsrd() -> None:
    value = reg("r11")
    equal("what is about to be written has MSR[SF]", value & MSR_SF, MSR_SF)
    step_to(MTMSRD + 4, "mtmsrd")
    equal("MSR[SF]", reg("msr") & MSR_SF, MSR_SF)
    step_to(MTMSRD + 8, "isync")


@case
def breakpoint_counts() -> None:
    greeting = "\n\r\nSLOF"
    for n in stops(breakpoint_at(EARLY_SC), len(greeting), EARLY_SC):
        equal("the hypercall", reg("r3"), H_PUT_TERM_CHAR)
        equal("the character", reg("r6") >> 56, ord(greeting[n - 1]))


@case
def stepi_hypercall_of_the_host() -> None:
    """The partition's hypervisor emulates it behind the CPU's back, so that no trace interrupt
    follows, and the step ends one later: that is the machine, not KVM."""
    must = reg("lr")
    equal("the instruction", word(EARLY_SC), SC_1)
    equal("the next one, blr", word(EARLY_SC + 4), 0x4E800020)
    step_to(must, "a hypercall that is not KVM's, and blr")
    equal("r3", reg("r3"), H_PRIVILEGE)


HYPERCALLS: list[int] = []
SECOND: list[int] = []  # where the second stage begins


@case
def find_hypercalls() -> None:
    before = found(SC_1, *EARLY_TEXT)
    true("some sc 1", len(before) >= 3)
    run_to(PATCHED)
    HYPERCALLS[:] = found(FAKE_SC_1, *EARLY_TEXT)
    true(f"each has become KVM's: {list(map(hex, HYPERCALLS))}", set(before) <= set(HYPERCALLS))
    equal("more than these: the one that the firmware has tried", len(HYPERCALLS) - len(before), 1)


@case
def stepi_hypercall() -> None:
    """Completed by QEMU: the next character of the greeting."""
    points = [gdb.Breakpoint(f"*{at:#x}") for at in HYPERCALLS]
    for _ in range(8):
        at = go()
        true(f"a hypercall: {at:#x}", at in HYPERCALLS)
        equal("r3", reg("r3"), H_PUT_TERM_CHAR)
        step_to(at + 4, "a hypercall that QEMU completes")
        equal("r3", reg("r3"), H_SUCCESS)
    equal("the hits", sum(p.hit_count for p in points), 8)
    for point in points:
        point.delete()


def hypercall(at: int, number: int, must: int, arguments: dict[str, int]) -> None:
    registers = [f"r{n}" for n in range(13)] + ["pc", "cr", "ctr", "xer", "lr"]
    before = {name: reg(name) for name in registers}
    put(arguments | {"r3": number, "pc": at})
    step_to(at + 4, f"hypercall {number:#x}")
    equal(f"r3 after hypercall {number:#x}", reg("r3"), must)
    put(before)


@case
def stepi_hypercalls_with_gdb_s_registers() -> None:
    at = HYPERCALLS[0]
    for _ in range(3):
        hypercall(at, H_GET_TERM_CHAR, H_SUCCESS, {"r4": 0})
        hypercall(at, NO_SUCH_HCALL, H_FUNCTION, {})
        hypercall(at, H_REMOVE, H_NOT_FOUND, {"r4": 0, "r5": 8, "r6": 0})  # KVM completes it


@case
def breakpoint_at_a_vector() -> None:
    run_to(ENTER_NEXT)
    equal("the hits", run_to(HANDLER), 1)


@case
def stepi_rfid() -> None:
    for _ in range(4):
        true("a step without an interrupt", step_exactly())
    start = reg("pc")
    SECOND.append(start)
    at = next(a for a in range(start, start + 0x400, 4) if word(a) in RFI)
    run_to(at)
    must, msr = reg("srr0"), reg("srr1")
    step_to(must, "rfid")
    equal("MSR[SF]", reg("msr") & MSR_SF, msr & MSR_SF)
    true("a step goes on from there", step_exactly())


@case
def interrupt_while_running() -> None:
    interrupt_after(TO_PROMPT)
    at = reg("pc")
    step()
    true(f"a step goes on from {at:#x}", reg("pc") != at)


@case
def interrupts_while_polling_by_hypercall() -> None:
    """Ctrl-C at twenty moments, exact steps from there, and one over the hypercall of the next poll."""
    calls = found(FAKE_SC_1, SECOND[0], SECOND[0] + 0x20000)
    true("hypercalls in the second stage", calls)
    points = {at: gdb.Breakpoint(f"*{at:#x}") for at in calls}
    for _ in range(100):
        poll = go()
        true(f"a hypercall: {poll:#x}", poll in calls)
        if reg("r3") == H_GET_TERM_CHAR:
            break
    for at, point in points.items():
        if at != poll:
            point.delete()
    for n in range(20):
        points[poll].enabled = False
        interrupt_after(0.1 + 0.037 * n)
        for _ in range(12):
            true("a step without an interrupt", step_exactly())
        points[poll].enabled = True
        equal("the pc", go(), poll)
        equal("the hypercall: one that asks for a key", reg("r3"), H_GET_TERM_CHAR)
        step_to(poll + 4, "a hypercall")
        equal("r3", reg("r3"), H_SUCCESS)
        equal("r4: no key", reg("r4"), 0)
