# SPDX-License-Identifier: GPL-2.0-only
"""OpenBIOS on a G4, from reset: translation off, then on, with its own page faults.

The addresses are those of the OpenBIOS that QEMU 10.0 of Debian has; the first
case looks whether it is that one.
"""

import gdb
from run import access, breakpoint_at, go, interrupt_after, real_breakpoint, run_to, step, step_exactly, step_to, stops
from session import case, equal, put, reg, true, word

from lab.guest.ppc import MSR_DR, MSR_IR, RFI

RESET, ENTRY, MTMSR = 0xFFF00100, 0xFFF02520, 0xFFF02538
COPY, COPY_END = 0xFFF02550, 0xFFF02594
ISI, HANDLER_RFI, TRANSLATED = 0x400, 0x251C, 0xFFF08B38
ARCH_INIT = 0xFFF080C0
CONTEXT_MTMSR, FIRST_FAULT = 0xFFF08174, 0xFFF08230
# The console is an ESCC: a loop until it can send and the store, the look at whether a key was hit.
SEND_POLL, SEND, KEY_POLL = 0xFFF1D490, 0xFFF1D49C, 0xFFF1D578
SEND_POLL_CODE, SEND_CODE, KEY_POLL_CODE = 0x893F0000, 0x9BDF0010, 0x89230000
ESCC = range(0x80013000, 0x80013040)
CAN_SEND, RECEIVED = 4, 1
POISON = 0xDEADBEEF


@case
def first_instruction() -> None:
    equal("the pc", reg("pc"), RESET)
    equal("the instruction at the context's switch", word(CONTEXT_MTMSR), 0x7C000124)
    equal("and at the start", word(MTMSR), 0x7C000124)


@case
def stepi_plain() -> None:
    step_to(ENTRY, "b")
    for n in range(1, 4):
        step_to(ENTRY + 4 * n, "an arithmetic instruction")
    step_to(MTMSR, "a taken branch")


@case
def stepi_mtmsr() -> None:
    step_to(MTMSR + 4, "mtmsr")
    equal("the MSR", reg("msr"), 0)


@case
def breakpoint_counts() -> None:
    with breakpoint_at(COPY) as here:
        for n in range(5):
            equal("the pc", go(), COPY)
            equal("r4, the copy's target", reg("r4"), 16 * n)
        equal("the hits", here.hit_count, 5)
        here.ignore_count = 10
        equal("the pc", go(), COPY)
        equal("the hits, with those ignored", here.hit_count, 16)
        equal("r4, the copy's target", reg("r4"), 16 * 15)


@case
def stepi_on_a_breakpoint() -> None:
    with breakpoint_at(COPY), breakpoint_at(COPY + 4):
        equal("the pc", go(), COPY + 4)
        step_to(COPY + 8, "the instruction with a breakpoint")
        equal("the pc", go(), COPY)
        step_to(COPY + 4, "an instruction with a breakpoint to one with another")


@case
def breakpoint_with_condition() -> None:
    with breakpoint_at(COPY) as here:
        here.condition = "$r4 % 64 == 0"
        for _ in range(2):
            equal("the pc", go(), COPY)
            equal("r4 % 64", reg("r4") % 64, 0)


@case
def until_and_advance() -> None:
    equal("the pc", go(f"advance *{COPY_END:#x}"), COPY_END)
    equal("the pc after until", go(f"until *{COPY_END + 4:#x}"), COPY_END + 4)


@case
def breakpoint_at_a_vector() -> None:
    equal("the hits", run_to(ISI), 1)
    equal("SRR0, where translation begins", reg("srr0"), TRANSLATED)


@case
def breakpoint_at_rfi() -> None:
    run_to(HANDLER_RFI)
    true("at an rfi", word(HANDLER_RFI) in RFI)


@case
def stepi_rfi() -> None:
    step_to(reg("srr0"), "rfi")
    equal("the pc", reg("pc"), TRANSLATED)
    equal("MSR[IR] and MSR[DR]", reg("msr") & (MSR_IR | MSR_DR), MSR_IR | MSR_DR)
    step()
    true(f"a step goes on from there, to {reg('pc'):#x}", reg("pc") != TRANSLATED)


@case
def breakpoint_translated() -> None:
    equal("the hits", run_to(ARCH_INIT), 1)


@case
def stepi_mtmsr_translated() -> None:
    run_to(CONTEXT_MTMSR)
    value = reg("r0")
    step_to(CONTEXT_MTMSR + 4, "mtmsr")
    equal("the MSR", reg("msr"), value)


@case
def stepi_into_a_page_fault() -> None:
    run_to(FIRST_FAULT)
    step_to(0x300, "an access to a page that is not mapped")
    equal("SRR0", reg("srr0"), FIRST_FAULT)


@case
def stepi_in_the_handler() -> None:
    for _ in range(8):
        at = reg("pc")
        step()
        true(f"the pc after {at:#x} is in the handler: {reg('pc'):#x}", reg("pc") != FIRST_FAULT)


@case
def the_fault_ends() -> None:
    run_to(HANDLER_RFI)
    step_to(FIRST_FAULT, "rfi")
    step_to(FIRST_FAULT + 4, "the access, once its page is mapped")


@case
def breakpoint_in_the_handler() -> None:
    """At the end of each fault, until the page of the console's code is mapped."""
    # Not by a condition: gdb would evaluate it, and read at the pc for it, before see().
    here = real_breakpoint(f"*{HANDLER_RFI:#x}")
    hits = 0
    while True:
        equal("the pc", go(), HANDLER_RFI)
        hits += 1
        if reg("srr0") & ~0xFFF == SEND & ~0xFFF:
            break
    equal("the hits", here.hit_count, hits)
    here.delete()
    step_to(reg("srr0"), "rfi")
    equal("MSR[IR] and MSR[DR]", reg("msr") & (MSR_IR | MSR_DR), MSR_IR | MSR_DR)


def at_access(place: int, code: int, store: bool) -> int:
    """Run to a load or store of the console; its register's number."""
    equal(f"the instruction at {place:#x}", word(place), code)
    run_to(place)
    what = access(code)
    true(f"{code:08x} is a {'store' if store else 'load'} of a byte", what and what.store == store and what.size == 1)
    true(f"its address is one of the ESCC: {what.address:#x}", what.address in ESCC)
    return what.register


@case
def stepi_mmio_load() -> None:
    number = at_access(SEND_POLL, SEND_POLL_CODE, store=False)
    put({f"r{number}": POISON})
    step_to(SEND_POLL + 4, "a load from MMIO")
    value = reg(f"r{number}")
    true(f"the ESCC's state is a byte: {value:#x}", value < 256)
    equal("that it can send", value & CAN_SEND, CAN_SEND)
    step_to(SEND_POLL + 8, "what follows")


@case
def stepi_mmio_store() -> None:
    number = at_access(SEND, SEND_CODE, store=True)
    equal("the first character", reg(f"r{number}"), ord("\r"))  # it comes before each \n
    step_to(SEND + 4, "a store to MMIO")
    equal("the register that was stored", reg(f"r{number}"), ord("\r"))


@case
def breakpoint_counts_at_mmio() -> None:
    banner = "\n>> " + 40 * "="
    for n in stops(breakpoint_at(SEND), len(banner), SEND):
        equal(f"character {n}: none is missed and none comes twice", reg("r30"), ord(banner[n - 1]))


@case
def interrupt_while_running() -> None:
    interrupt_after(3)
    at = reg("pc")
    step()
    true(f"a step goes on from {at:#x}", reg("pc") != at or word(at) == 0x48000000)


@case
def stepi_mmio_load_at_the_prompt() -> None:
    number = at_access(KEY_POLL, KEY_POLL_CODE, store=False)
    for _ in range(3):
        put({f"r{number}": POISON})
        step_to(KEY_POLL + 4, "a load from MMIO")
        value = reg(f"r{number}")
        true(f"the ESCC's state is a byte: {value:#x}", value < 256)
        equal("that it can send, and has received nothing", value & (CAN_SEND | RECEIVED), CAN_SEND)
        at_access(KEY_POLL, KEY_POLL_CODE, store=False)


@case
def interrupts_while_polling_mmio() -> None:
    """Ctrl-C at twenty moments, exact steps from there, and one over the load of the next poll."""
    loads = 0
    for n in range(20):
        interrupt_after(0.1 + 0.037 * n)
        for _ in range(12):
            what = access(word(reg("pc")))
            loads += bool(what and what.address in ESCC)
            true("a step without a fault: OpenBIOS has mapped what it polls with", step_exactly())
        number = at_access(KEY_POLL, KEY_POLL_CODE, store=False)
        put({f"r{number}": POISON})
        true("no interrupt", step_exactly())
        equal("that it can send, and has received nothing", reg(f"r{number}") & ~0xF8, CAN_SEND)


gdb.execute("set architecture powerpc:common", to_string=True)
gdb.execute("set endian big", to_string=True)
