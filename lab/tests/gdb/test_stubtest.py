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

NAMES = (*(f"r{n}" for n in range(32)), "pc", "msr", "srr0", "dbat", "ibat")
MTSPR = {stubtest.MTSPR_DBAT0U_R3: "dbat", stubtest.MTSPR_IBAT0U_R3: "ibat"}


class Small(rsp.Stub):
    """Registers, memory and a BAT of each kind. defect: the case that must fail."""

    def __init__(self, defect: str = "") -> None:
        self.defect = defect
        self.now = dict.fromkeys(NAMES, 0)
        self.before = dict(self.now)  # at the last stop but one
        self.asked = True  # has 'g' been asked for since the last stop?
        self.words: dict[int, int] = {}
        self.inserted: dict[int, tuple[int, int]] = {}  # real address, and what the guest has there
        self.removed: dict[int, tuple[int, int]] = {}

    def layout(self) -> list[rsp.Register]:
        return [rsp.Register(name, number, 4) for number, name in enumerate(NAMES)]

    def real(self, at: int) -> int | None:
        """Where gdb's address leads to."""
        code, reads = self.now["msr"] & ppc.MSR_IR, self.now["msr"] & ppc.MSR_DR
        if self.defect == "code_with_data_translation_off":
            code = 0
        if not (code or reads):
            return at if at < stubtest.KERNEL else None
        refused = self.now["msr"] & ppc.MSR_PR and self.defect == "kernel_from_problem_state"
        mapped = at >= stubtest.KERNEL and self.now["dbat" if reads else "ibat"] and not refused
        return at - stubtest.KERNEL if mapped else None

    def step(self) -> None:
        word = self.words.get(self.now["pc"])
        if word == stubtest.TRAP:
            if self.defect == "breakpoint_of_the_guest":
                return
            self.now |= {"srr0": self.now["pc"], "pc": stubtest.PROGRAM, "msr": 0}
            return
        if word in MTSPR:
            self.now[MTSPR[word]] = self.now["r3"]
        self.now["pc"] += 4

    def run(self, steps: int) -> str:
        self.before, self.asked = dict(self.now), False
        for _ in range(steps):
            self.step()
            if self.now["pc"] in self.inserted:
                break
        return "T05thread:01;"

    def put_in(self, address: int) -> None:
        at = self.real(address)
        if at is None and self.defect != "breakpoint_from_an_interrupt_handler":
            at, word = self.removed.get(address, (None, 0))
            at = at if at is not None and self.words[at] == word else None
        if at is None:
            raise KeyError
        self.inserted[address] = at, self.words.get(at, 0)
        self.words[at] = stubtest.TRAP

    def take_out(self, address: int) -> None:
        at, word = self.removed[address] = self.inserted.pop(address)
        lost = self.now["msr"] and self.real(address) is None
        if lost and self.defect == "breakpoint_where_nothing_is_mapped_any_more":
            raise KeyError
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
