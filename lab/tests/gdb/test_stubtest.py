# SPDX-License-Identifier: GPL-2.0-only
"""The cases for QEMU's gdbstub, with a small stub in its place: each finds its defect, and no other does."""

from __future__ import annotations

import contextlib
import unittest
from unittest import mock

from lab.config import data
from lab.core import options
from lab.core.options import Options
from lab.gdb import stubtest
from lab.guest import ppc
from lab.lockstep import lockstep, rsp
from lab.results.ktap import Status

NAMES = (*(f"r{n}" for n in range(32)), "pc", "msr", "srr0", "dbatu", "dbatl", "ibatu", "ibatl")
MTSPR = {
    stubtest.MTSPR_DBAT0U_R3: ("dbatu", "r3"),
    stubtest.MTSPR_DBAT0L_R4: ("dbatl", "r4"),
    stubtest.MTSPR_IBAT0U_R3: ("ibatu", "r3"),
    stubtest.MTSPR_IBAT0L_R4: ("ibatl", "r4"),
}


class Small(rsp.Stub):
    """Registers, memory and a BAT of each kind. defect: the case that must fail."""

    def __init__(self, defect: str = "") -> None:
        self.defect = defect
        self.now = dict.fromkeys(NAMES, 0)
        self.before = dict(self.now)  # at the last stop but one
        self.asked = True  # has 'g' been asked for since the last stop?
        self.words: dict[int, int] = {}
        self.inserted: dict[int, tuple[int, int]] = {}  # real address, and what the guest has there
        self.removed: dict[int, tuple[int, list[int]]] = {}  # real address, and the code around it
        self.stuck = False  # with a breakpoint that was refused

    def layout(self) -> list[rsp.Register]:
        return [rsp.Register(name, number, 4) for number, name in enumerate(NAMES)]

    def by_bat(self, kind: str, at: int) -> int | None:
        """Where a BAT leads an address to."""
        upper, lower = self.now[f"{kind}u"], self.now[f"{kind}l"]
        within = (upper & stubtest.BAT_256M) << 15 | stubtest.BESIDE - 1
        if not upper & stubtest.BAT_VS or (at ^ upper) & ~within:
            return None
        return lower & ~within | at & within

    def real(self, at: int, fetch: bool = False) -> int | None:
        """Where gdb's address leads to, as that of a breakpoint if 'fetch'."""
        code, reads = self.now["msr"] & ppc.MSR_IR, self.now["msr"] & ppc.MSR_DR
        if self.defect == "code_with_data_translation_off" and not (fetch or reads):
            code = 0
        if self.defect == "breakpoint_in_split_real_mode":
            fetch = False
        if not (code or (reads and not fetch)):
            return at if at < stubtest.KERNEL else None
        if self.now["msr"] & ppc.MSR_PR and self.defect == "kernel_from_problem_state":
            return None
        kinds = ["ibat"] * bool(code) + ["dbat"] * bool(reads)
        found = (self.by_bat(kind, at) for kind in (kinds if fetch else reversed(kinds)))
        return next((place for place in found if place is not None), None)

    def step(self) -> None:
        word = self.words.get(self.now["pc"])
        if word == stubtest.TRAP:
            if self.defect == "breakpoint_of_the_guest":
                return
            self.now |= {"srr0": self.now["pc"], "pc": stubtest.PROGRAM, "msr": 0}
            return
        if word in MTSPR:
            to, source = MTSPR[word]
            self.now[to] = self.now[source]
        self.now["pc"] += 4

    def run(self, steps: int) -> str:
        self.before, self.asked = dict(self.now), False
        for _ in range(steps):
            self.step()
            if self.now["pc"] in self.inserted:
                break
        return "T05thread:01;"

    def guests(self, at: int) -> int:
        """What the guest has in a word of memory that may have breakpoints."""
        there = (word for place, word in self.inserted.values() if place == at)
        have = self.words.get(at, 0)
        return next(there, have) if have == stubtest.TRAP else have

    def around(self, at: int) -> list[int]:
        """The eight aligned words that a word is one of."""
        return [self.guests((at & ~31) + n) for n in range(0, 32, 4)]

    def put_in(self, address: int) -> None:
        at = self.real(address, fetch=True)
        lost = ("breakpoint_from_an_interrupt_handler", "breakpoint_of_a_handler_with_translation_on")
        if at is None and self.defect != lost[self.now["msr"] != 0]:
            before = self.removed.get(address)
            at = before[0] if before and self.around(before[0]) == before[1] else None
        if at is None or address & 3 or self.stuck:
            raise KeyError
        if self.defect == "two_breakpoints_on_one_word":
            self.inserted[address] = at, self.words.get(at, 0)
        else:
            word = self.guests(at)
            self.inserted = {a: (x, word if x == at else w) for a, (x, w) in self.inserted.items()}
            self.inserted[address] = at, word
        self.words[at] = stubtest.TRAP

    def take_out(self, address: int) -> None:
        at, word = self.inserted[address]
        self.removed[address] = at, self.around(at)
        del self.inserted[address]
        lost = self.now["msr"] and self.real(address, fetch=True) is None
        if lost and self.defect == "breakpoint_where_nothing_is_mapped_any_more":
            raise KeyError
        others = any(place == at for place, _ in self.inserted.values())
        if others and self.defect != "two_breakpoints_on_one_word":
            return
        if self.words[at] == stubtest.TRAP or self.defect == "overwritten_breakpoint":
            self.words[at] = word

    def ask(self, text: str) -> str:
        first, _, rest = text[1:].partition("," if text[0] in "mMzZ" else "=")
        if text[0] == "g":
            if self.defect == "write_after_a_stop" and not self.asked:
                self.now |= {"r5": self.before["r5"]}
            self.asked = True
        elif text[0] == "p":
            stale = self.defect == "p_after_a_stop" and not self.asked
            return f"{(self.before if stale else self.now)[NAMES[int(first, 16)]]:08x}"
        elif text[0] == "P":
            self.now[NAMES[int(first, 16)]] = int(rest, 16)
        elif text[0] == "M":
            code = bytes.fromhex(rest.partition(":")[2])
            for n in range(0, len(code), 4):
                self.words[int(first, 16) + n] = int.from_bytes(code[n : n + 4], "big")
        elif text[0] == "m":
            at = self.real(int(first, 16))
            return "E14" if at is None else f"{self.words.get(at, 0):08x}"
        elif text[0] in "sc":
            return self.run(1 if text[0] == "s" else 9)
        elif text[:2] == "Z1":
            self.stuck = self.defect == "breakpoint_that_kvm_refuses"
            return "E22"
        else:
            try:
                {"Z": self.put_in, "z": self.take_out}[text[0]](int(rest.partition(",")[0], 16))
            except KeyError:
                return "E22"
        return "OK"


class Cases(unittest.TestCase):
    def failed(self, defect: str = "") -> dict[str, str]:
        found = stubtest.run(Small(defect), "gdbstub")
        self.assertEqual([r.id for r in found], [f"gdbstub.{case.__name__}" for case in stubtest.CASES])
        return {r.id: r.why for r in found if r.status is Status.FAIL}

    def test_a_stub_without_defects(self) -> None:
        self.assertEqual(self.failed(), {})

    def test_each_defect_is_found_by_its_case(self) -> None:
        for case in stubtest.CASES:
            with self.subTest(case.__name__):
                self.assertEqual(list(self.failed(case.__name__)), [f"gdbstub.{case.__name__}"])

    def test_what_a_failure_says(self) -> None:
        (why,) = self.failed("p_after_a_stop").values()
        self.assertEqual(why, "the pc is 0x101000, not 0x101004")
        (why,) = self.failed("breakpoint_where_nothing_is_mapped_any_more").values()
        self.assertEqual(why, "the answer to z0 is 'E22', not 'OK'")

    def test_a_stub_that_goes(self) -> None:
        """The cases after it are asked for too, and each says what happened."""
        stub = Small()
        with mock.patch.object(stub, "run", side_effect=rsp.Broken("QEMU has ended")):
            found = stubtest.run(stub, "gdbstub")
        bad = [r for r in found if r.status is Status.FAIL]
        self.assertEqual({r.why for r in bad}, {"QEMU has ended"})
        self.assertEqual(len(found), len(stubtest.CASES))
        self.assertEqual((bad[0].id, bad[-1].id), (found[0].id, found[-1].id))


class Judge(unittest.TestCase):
    def judged(self, flow: str) -> list[tuple[str, Status, str]]:
        test = data.Test("gdbstub", 9, guest="openbios-g4")
        with (
            mock.patch.object(options, "everywhere", Options(flow=flow)),
            mock.patch.object(lockstep, "under_kvm", return_value=contextlib.nullcontext(Small("p_after_a_stop"))),
        ):
            found = stubtest.judge(data.base("mainline"), data.target("mac99-g4"), test).results
        return [(r.id, r.status, r.why) for r in found if r.status is not Status.PASS]

    def test_debian_s_qemu(self) -> None:
        self.assertEqual(self.judged(""), [("gdbstub", Status.SKIP, "needs CLIENT=patched")])
        self.assertEqual([name for name, *_ in self.judged("default")], ["gdbstub.p_after_a_stop"])


if __name__ == "__main__":
    unittest.main()
