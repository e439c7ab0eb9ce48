# SPDX-License-Identifier: GPL-2.0-only
"""QEMU's gdbstub under KVM PR, packet by packet: what patches/qemu changes and gdb's own order of packets hides."""

from __future__ import annotations

from collections.abc import Callable

from lab.config import data
from lab.core.errors import LabError
from lab.gdb import session
from lab.guest import guest, nested_qemu
from lab.guest.ppc import MSR_DR, MSR_IR, MSR_PR, NOP, PROGRAM, TRAP
from lab.lockstep import lockstep, rsp
from lab.results import ktap, tally

CODE = 0x100000  # RAM that nothing else uses; each case has a page of it
MTSPR_DBAT0U_R3, MTSPR_DBAT0L_R4 = 0x7C7883A6, 0x7C9983A6
MTSPR_IBAT0U_R3, MTSPR_IBAT0L_R4 = 0x7C7083A6, 0x7C9183A6
BAT_128K, BAT_256M, BAT_VS, BAT_RW = 0, 0x1FFC, 2, 2
KERNEL = 0xC0000000  # an effective address that a BAT translates, in privileged state only
HANDLER = 0x900  # the decrementer's vector; nothing maps it
REFUSED = "E22"  # -EINVAL
BESIDE = 0x20000  # the size of the smallest BAT, 128 KB


def equal(what: str, have: object, must: object) -> None:
    """LabError unless both are equal."""
    if have != must:
        show = [f"{x:#x}" if isinstance(x, int) else repr(x) for x in (have, must)]
        raise LabError(f"{what} is {show[0]}, not {show[1]}")


class Machine:
    """A stopped 32-bit guest. 'g' comes before each register: it synchronizes them in any QEMU."""

    def __init__(self, stub: rsp.Stub) -> None:
        self.stub = stub
        self.numbers = {r.name: r.number for r in reversed(stub.layout())}

    def get(self, name: str) -> int:
        """A register, read by packet p after g."""
        self.stub.ask("g")
        return int(self.stub.ask(f"p{self.numbers[name]:x}"), 16)

    def put(self, **values: int) -> None:
        """Write registers by packet P, each after g."""
        for name, value in values.items():
            self.stub.ask("g")
            self.stub.sure(f"P{self.numbers[name]:x}={value:08x}")

    def words(self, at: int, *words: int) -> None:
        """Write big-endian words to memory."""
        text = "".join(f"{w:08x}" for w in words)
        self.stub.sure(f"M{at:x},{len(text) // 2:x}:{text}")

    def word(self, at: int) -> int:
        """Read a big-endian word of memory."""
        return int.from_bytes(self.stub.memory(at, 4), "big")

    def real_mode(self, at: int, *code: int) -> int:
        """At the first of these instructions, with translation and interrupts off; its address."""
        self.put(msr=0, pc=at)
        self.words(at, *code)
        return at


def p_after_a_stop(guest: Machine) -> None:
    """'p' is the first packet after a step."""
    here = guest.real_mode(CODE + 0x1000, NOP, NOP)
    guest.stub.sure("s", "T05")
    equal("the pc", int(guest.stub.ask(f"p{guest.numbers['pc']:x}"), 16), here + 4)


def write_after_a_stop(guest: Machine) -> None:
    """'P' is the first packet after a step."""
    guest.real_mode(CODE + 0x2000, NOP, NOP)
    guest.stub.sure("s", "T05")
    guest.stub.sure(f"P{guest.numbers['r5']:x}=12345678")
    equal("r5", guest.get("r5"), 0x12345678)


def breakpoint_of_the_guest(guest: Machine) -> None:
    """KVM's instruction for breakpoints where the debugger has set none: the guest's Program interrupt."""
    here = guest.real_mode(CODE + 0x3000, TRAP, NOP)
    guest.stub.insert(PROGRAM)
    guest.stub.resume()
    equal("the pc", guest.get("pc"), PROGRAM)
    equal("SRR0", guest.get("srr0"), here)
    guest.stub.remove(PROGRAM)


def overwritten_breakpoint(guest: Machine) -> None:
    """The guest loads other code over a breakpoint: that code stays, and the breakpoint can be removed."""
    here = guest.real_mode(CODE + 0x4000, NOP)
    guest.stub.insert(here)
    guest.words(here, MTSPR_DBAT0L_R4)
    equal("the answer to z0", guest.stub.ask(f"z0,{here:x},4"), "OK")
    equal("the instruction", guest.word(here), MTSPR_DBAT0L_R4)


def breakpoint_where_nothing_is_mapped_any_more(guest: Machine) -> None:
    """A breakpoint is removed from where it was inserted, whatever the address leads to now."""
    here = guest.real_mode(CODE + 0x5000, MTSPR_DBAT0U_R3)
    guest.stub.insert(here)
    equal("memory, with the breakpoint", guest.word(here), TRAP)
    guest.put(msr=MSR_IR | MSR_DR)
    said = guest.stub.ask(f"z0,{here:x},4")
    guest.put(msr=0)
    equal("the answer to z0", said, "OK")
    equal("memory", guest.word(here), MTSPR_DBAT0U_R3)


def mapped(guest: Machine, place: int, code: tuple[int, ...], upper: int, lower: int) -> int:
    """Execute what writes the halves of a BAT; where that code is."""
    here = guest.real_mode(place, *code, NOP)
    guest.put(r3=upper, r4=lower)
    for _ in range(2):
        guest.stub.sure("s", "T05")
    return here


def kernel_mapped(guest: Machine, place: int, *bats: int) -> int:
    """Execute what lets KERNEL lead to real memory; where that code is."""
    code = bats or (MTSPR_DBAT0U_R3, MTSPR_DBAT0L_R4)
    return mapped(guest, place, code, KERNEL | BAT_256M | BAT_VS, BAT_RW)


def breakpoint_from_an_interrupt_handler(guest: Machine) -> None:
    """With translation off, a breakpoint is inserted again where it was with translation on, if nothing changed."""
    here = kernel_mapped(guest, CODE + 0x7000)
    guest.put(msr=MSR_IR | MSR_DR)
    guest.stub.insert(KERNEL + here)
    guest.stub.remove(KERNEL + here)
    guest.put(msr=0)
    equal("the answer to Z0", guest.stub.ask(f"Z0,{KERNEL + here:x},4"), "OK")
    equal("memory, with the breakpoint", guest.word(here), TRAP)
    guest.stub.remove(KERNEL + here)
    equal("memory", guest.word(here), MTSPR_DBAT0U_R3)
    guest.stub.insert(here)
    equal("the answer to Z0, with a breakpoint there", guest.stub.ask(f"Z0,{KERNEL + here:x},4"), "OK")
    guest.stub.remove(KERNEL + here)
    guest.stub.remove(here)
    equal("memory", guest.word(here), MTSPR_DBAT0U_R3)
    guest.words(here + 4, NOP)
    equal("the answer to Z0, beside other code", guest.stub.ask(f"Z0,{KERNEL + here:x},4"), REFUSED)


def breakpoint_of_a_handler_with_translation_on(guest: Machine) -> None:
    """With translation on, a breakpoint is inserted again where it was with translation off."""
    guest.real_mode(CODE + 0xB000, NOP)
    before = guest.word(HANDLER)
    guest.stub.insert(HANDLER)
    guest.stub.remove(HANDLER)
    guest.put(msr=MSR_IR | MSR_DR)
    said = guest.stub.ask(f"Z0,{HANDLER:x},4")
    guest.put(msr=0)
    equal("the answer to Z0", said, "OK")
    equal("memory, with the breakpoint", guest.word(HANDLER), TRAP)
    guest.stub.remove(HANDLER)
    equal("memory", guest.word(HANDLER), before)


def two_breakpoints_on_one_word(guest: Machine) -> None:
    """A real address and a translated one lead to it: the word changes back with the last of its breakpoints."""
    here = kernel_mapped(guest, CODE + 0x9000)
    guest.stub.insert(here)
    guest.put(msr=MSR_IR | MSR_DR)
    guest.stub.insert(KERNEL + here)
    guest.put(msr=0)
    guest.stub.remove(here)
    equal("memory, with the second breakpoint", guest.word(here), TRAP)
    guest.stub.insert(here)
    guest.stub.remove(KERNEL + here)
    equal("memory, with the first breakpoint", guest.word(here), TRAP)
    guest.words(here, NOP)
    guest.put(msr=MSR_IR | MSR_DR)
    guest.stub.insert(KERNEL + here)
    guest.put(msr=0)
    equal("memory, with a breakpoint instead of the overwritten one", guest.word(here), TRAP)
    guest.stub.remove(KERNEL + here)
    guest.stub.remove(here)
    equal("memory", guest.word(here), NOP)


def breakpoint_in_split_real_mode(guest: Machine) -> None:
    """With only MSR[DR] set, code is at its real address. The same address of data leads elsewhere."""
    code = (MTSPR_DBAT0U_R3, MTSPR_DBAT0L_R4)
    here = mapped(guest, CODE + 0xA000, code, CODE | BAT_128K | BAT_VS, CODE + BESIDE | BAT_RW)
    guest.put(msr=MSR_DR)
    guest.stub.insert(here)
    guest.put(msr=0)
    equal("memory, with the breakpoint", guest.word(here), TRAP)
    guest.stub.remove(here)
    equal("memory", guest.word(here), MTSPR_DBAT0U_R3)


def kernel_from_problem_state(guest: Machine) -> None:
    """What only the kernel may access can be read while the guest is in problem state."""
    here = kernel_mapped(guest, CODE + 0x6000)
    guest.put(msr=MSR_PR | MSR_IR | MSR_DR)
    said = guest.stub.memory(KERNEL + here, 4)
    guest.put(msr=0)
    equal("the memory", said.hex(), f"{MTSPR_DBAT0U_R3:08x}")


def code_with_data_translation_off(guest: Machine) -> None:
    """What instruction translation leads to is read, not the real address."""
    here = kernel_mapped(guest, CODE + 0x8000, MTSPR_IBAT0U_R3, MTSPR_IBAT0L_R4)
    guest.put(msr=MSR_IR)
    said = guest.stub.memory(KERNEL + here, 4)
    guest.put(msr=0)
    equal("the memory", said.hex(), f"{MTSPR_IBAT0U_R3:08x}")


def breakpoint_that_kvm_refuses(guest: Machine) -> None:
    """One of 8 bytes. It does not stand in the way of others, nor does one in the middle of an instruction."""
    here = guest.real_mode(CODE + 0xC000, NOP, NOP)
    equal("the answer to Z1", guest.stub.ask(f"Z1,{here:x},8"), REFUSED)
    equal("the answer to Z0", guest.stub.ask(f"Z0,{here + 2:x},4"), REFUSED)
    guest.stub.insert(here + 4)
    guest.stub.resume()
    equal("the pc", guest.get("pc"), here + 4)
    guest.stub.remove(here + 4)


CASES: tuple[Callable[[Machine], None], ...] = (
    p_after_a_stop,
    write_after_a_stop,
    breakpoint_of_the_guest,
    overwritten_breakpoint,
    breakpoint_where_nothing_is_mapped_any_more,
    breakpoint_from_an_interrupt_handler,
    breakpoint_of_a_handler_with_translation_on,
    two_breakpoints_on_one_word,
    breakpoint_in_split_real_mode,
    kernel_from_problem_state,
    code_with_data_translation_off,
    breakpoint_that_kvm_refuses,  # the last one: without the patch, none can be set after it
)


def run(stub: rsp.Stub, name: str) -> list[ktap.Result]:
    """All cases, on a guest at its reset."""
    machine, results = Machine(stub), []
    for case in CASES:
        try:
            case(machine)
            results.append(ktap.Result(f"{name}.{case.__name__}", ktap.Status.PASS))
        except LabError as why:
            results.append(ktap.Result(f"{name}.{case.__name__}", ktap.Status.FAIL, str(why)))
    return results


def judge(base: data.Base, target: data.Target, test: data.Test) -> tally.Judged:
    """The test 'gdbstub' of a suite. QEMU without patches/qemu fails it. With such a QEMU it runs only if FLOW=default,
    else it is skipped."""
    if session.flow() == session.HELPED:
        return tally.Judged([ktap.Result(test.id, ktap.Status.SKIP, f"needs CLIENT={nested_qemu.PATCHED}")])
    with lockstep.under_kvm(base, target, guest.find(test.guest)) as stub:
        return tally.Judged(run(stub, test.id))
