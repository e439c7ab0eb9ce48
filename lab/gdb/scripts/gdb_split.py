# SPDX-License-Identifier: GPL-2.0-only
"""Split real mode on a G4: data translated, instructions not. Mac OS runs like this.

gdb writes a loop that does so into the guest's memory. Linux has the opposite for a few
instructions at a time: add_hash_page() clears MSR[DR] only.
"""

from run import breakpoint_at, go, interrupt_after, run_to, step_exactly, step_to, stops
from session import case, equal, put, reg, see, true, word, write_words

from lab.guest.ppc import MSR_DR, MSR_IR, RFI

CODE, DATA, REAL_DATA = 0x100000, 0x50000100, 0x200100
SETUP = (
    0x7D4501A4,  # mtsr 5, r10
    0x7D6601A4,  # mtsr 6, r11
    0x7C7883A6,  # mtspr DBAT0U, r3
    0x7C9983A6,  # mtspr DBAT0L, r4
    0x7CA00124,  # mtmsr r5
    0x4C00012C,  # isync
)
LOOP = CODE + 4 * len(SETUP)
BODY = (
    0x80C70000,  # lwz r6, 0(r7)
    0x38C60001,  # addi r6, r6, 1
    0x90C70000,  # stw r6, 0(r7)
    0x48000009,  # bl SUBROUTINE
    0x4BFFFFF0,  # b LOOP
    0x7D0802A6,  # SUBROUTINE: mflr r8
    0x7D2000A6,  # mfmsr r9
    0x4E800020,  # blr
)
MTMSR, CALL, SUBROUTINE = LOOP - 8, LOOP + 12, LOOP + 20
IN_ROUND = 8  # instructions
WITHIN = range(LOOP, LOOP + 4 * len(BODY), 4)


def split() -> None:
    equal("MSR[IR] and MSR[DR]", reg("msr") & (MSR_IR | MSR_DR), MSR_DR)


@case
def stepi_to_split_real_mode() -> None:
    put({"msr": 0})
    see()
    write_words(CODE, SETUP + BODY)
    write_words(REAL_DATA, (0,))
    # A segment's number each: KVM PR knows what a BAT translates by the number too, so that
    # with two of the same an address in the one would find the BAT of the other.
    put({"r3": 0x50000002, "r4": 0x200002, "r5": MSR_DR, "r7": DATA, "r10": 5, "r11": 6, "pc": CODE})
    for n in range(1, len(SETUP) + 1):
        step_to(CODE + 4 * n, "what sets it up")
    split()


@case
def stepi_in_split_real_mode() -> None:
    for n in range(1, 4):
        for _ in range(IN_ROUND):
            at = reg("pc")
            true("no interrupt", step_exactly())
            split()
            if at == CALL:
                equal("LR", reg("lr"), CALL + 4)
        equal("the pc after a round", reg("pc"), LOOP)
        equal("the counter, where its address leads to", word(DATA), n)
        equal("r8, what mflr gives", reg("r8"), CALL + 4)
        equal("r9, what mfmsr gives", reg("r9"), MSR_DR)


@case
def breakpoint_counts_in_split_real_mode() -> None:
    first = word(DATA)
    for n in stops(breakpoint_at(SUBROUTINE), 5, SUBROUTINE):
        split()
        equal("LR", reg("lr"), CALL + 4)
        equal("the counter", word(DATA), first + n)


@case
def stepi_on_a_breakpoint_in_split_real_mode() -> None:
    with breakpoint_at(LOOP), breakpoint_at(LOOP + 4):
        equal("the pc", go(), LOOP)
        step_to(LOOP + 4, "a load with a breakpoint")
        step_to(LOOP + 8, "an instruction with a breakpoint")


@case
def stepi_into_a_fault() -> None:
    run_to(LOOP)
    put({"r7": 0x60000000})
    step_to(0x300, "a load from where nothing is")
    equal("SRR0", reg("srr0"), LOOP)
    equal("SRR1[IR] and SRR1[DR]", reg("srr1") & (MSR_IR | MSR_DR), MSR_DR)
    equal("MSR[IR] and MSR[DR]", reg("msr") & (MSR_IR | MSR_DR), 0)
    equal("DAR", reg("dar"), 0x60000000)
    write_words(0x300, RFI[:1])
    put({"r7": DATA})
    step_to(LOOP, "rfi")
    split()
    step_to(LOOP + 4, "the load, which can go on now")


@case
def interrupts_in_split_real_mode() -> None:
    for n in range(10):
        before = word(DATA)
        interrupt_after(0.1 + 0.037 * n)
        split()
        true(f"the pc is in the loop: {reg('pc'):#x}", reg("pc") in WITHIN)
        for _ in range(IN_ROUND):
            true("no interrupt", step_exactly())
            split()
        true("it has counted", word(DATA) > before)


@case
def stepi_back_to_real_mode() -> None:
    run_to(SUBROUTINE)
    put({"r5": 0, "pc": MTMSR})
    step_to(MTMSR + 4, "mtmsr")
    equal("MSR[IR] and MSR[DR]", reg("msr") & (MSR_IR | MSR_DR), 0)
    step_to(MTMSR + 8, "isync")
    put({"r7": REAL_DATA})
    count = word(REAL_DATA)
    step_to(LOOP + 4, "the load, without translation")
    equal("r6", reg("r6"), count)
