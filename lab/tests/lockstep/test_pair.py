# SPDX-License-Identifier: GPL-2.0-only
"""The comparison of two machines, with two that are made up."""

from __future__ import annotations

import tempfile
import unittest
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from lab.core import errors
from lab.core.errors import LabError
from lab.guest import guest
from lab.lockstep import checkpoint, pair, rsp

GPRS = [rsp.Register(f"r{n}", n, 4) for n in range(32)]
LAYOUT = [*GPRS, *(rsp.Register(n, 64 + i, 4) for i, n in enumerate(("pc", "msr", "cr", "lr", "ctr", "xer")))]
LAYOUT += [rsp.Register("srr0", 145, 4), rsp.Register("f0", 71, 8)]
MFTB_R3, NOP, MTMSR, LBZX_R10 = 0x7C6C42E6, 0x60000000, 0x7C000124, 0x7D4448AE  # lbzx r10, r4, r9
LWARX, STWCX, BNE_12, BNE_BACK = 0x7C601828, 0x7C60192D, 0x4082000C, 0x4082FFF4


class Machine(rsp.Stub):
    """Runs 'code' from 0x100 on; each instruction sets what 'effects' says, if it says so."""

    def __init__(self, code: list[int], effects: dict[int, dict[str, int] | Iterator[dict[str, int]]]) -> None:
        self.code, self.effects = code, effects
        self.registers: list[int] = []
        self.values = {r.name: 0 for r in LAYOUT} | {"pc": 0x100}
        self.written: list[str] = []
        self.stops: list[int] = []
        self.ran_with: list[int] = []  # MSR, where it was not stepped

    def layout(self) -> list[rsp.Register]:
        return LAYOUT

    def choose(self, registers: list[int]) -> None:
        self.registers = registers

    def ask(self, text: str) -> str:
        if text[0] == "m":
            at = int(text[1:].partition(",")[0], 16)
            word = (at - 0x100) // 4
            return self.code[word].to_bytes(4, "big").hex() if word < len(self.code) else "E14"
        if text[:2] == "Z0":
            self.stops.append(int(text.split(",")[1], 16))
            return "OK"
        if text[:2] == "z0":
            self.stops.remove(int(text.split(",")[1], 16))
            return "OK"
        if text == "c":
            self.ran_with.append(self.values["msr"])
            while self.values["pc"] not in self.stops:
                self._step()
            return "T05thread:01;"
        number, _, value = text[1:].partition("=")
        self.written.append(text)
        self.values[next(r.name for r in LAYOUT if r.number == int(number, 16))] = int(value, 16)
        return "OK"

    def _state(self) -> bytes:
        named = [r for r in LAYOUT if r.number < 70] + [r for n in self.registers for r in LAYOUT if r.number == n]
        return b"".join(self.values[r.name].to_bytes(r.size, "big") for r in named)

    def steps(self, count: int) -> Iterator[bytes]:
        yield self._state()
        for _ in range(count):
            self._step()
            yield self._state()

    def _step(self) -> None:
        at = self.values["pc"]
        effect = self.effects.get((at - 0x100) // 4, {})
        self.values |= {"pc": at + 4} | (effect if isinstance(effect, dict) else next(effect))


def compare(code: list[int], kvm: dict, tcg: dict, limit: float = 0) -> tuple[pair.Result, Machine]:
    with tempfile.TemporaryDirectory() as name:
        machines = Machine(code, kvm), Machine(code, tcg)
        result = pair.Result()
        both = pair.Pair(guest.find("openbios-g4"), *machines, result)
        both.run(len(code), checkpoint.Checkpoint(Path(name)), limit)
        return result, machines[1]


class Compare(unittest.TestCase):
    def test_equal(self) -> None:
        result, _ = compare([NOP] * 5, {2: {"r4": 7}}, {2: {"r4": 7}})
        self.assertEqual((result.steps, result.difference, result.by_rule), (5, [], {}))

    def test_first_difference(self) -> None:
        result, _ = compare([NOP] * 5, {2: {"r4": 7}}, {})
        self.assertEqual(result.steps, 3)
        self.assertIn("difference in r4 after step 3", result.difference[0])
        self.assertTrue(any(line.startswith("> r4") for line in result.difference))
        self.assertIn("nop", "\n".join(result.difference))

    def test_lost_step(self) -> None:
        """What stock kernels do: the instruction after an emulated one is not seen."""
        result, _ = compare([NOP] * 5, {1: {"pc": 0x10C}}, {})
        self.assertEqual(result.steps, 2)
        self.assertIn("difference in pc", result.difference[0])

    def test_rule(self) -> None:
        result, tcg = compare([MFTB_R3, NOP], {0: {"r3": 99}}, {0: {"r3": 1}})
        self.assertEqual((result.difference, result.by_rule), ([], {"mftb": 1}))
        self.assertEqual(tcg.written, ["P3=00000063"])

    def test_rule_for_an_address(self) -> None:
        """Of the same load, only what it reads from the NVRAM may differ."""
        for address, times in ((0xFFF04000, 1), (0xFFF03FFF, 0)):
            at = {0: {"r9": address}}
            result, _ = compare([NOP, LBZX_R10, NOP], at | {1: {"r10": 0}}, at | {1: {"r10": 0x70}})
            self.assertEqual(result.by_rule.get("NVRAM beside the ROM", 0), times)
            self.assertEqual(bool(result.difference), not times)

    def test_rule_is_for_its_register(self) -> None:
        result, _ = compare([MFTB_R3, NOP], {0: {"r4": 99}}, {0: {"r4": 1}})
        self.assertIn("difference in r4", result.difference[0])

    def test_rule_is_for_its_bits(self) -> None:
        result, _ = compare([MTMSR], {0: {"msr": 0x3030}}, {0: {"msr": 0x2030}})
        self.assertEqual(result.difference, [])
        result, _ = compare([MTMSR], {0: {"msr": 0x3030}}, {0: {"msr": 0x3020}})
        self.assertIn("difference in msr", result.difference[0])

    def test_the_reference_waits_where_a_rule_may_change_it(self) -> None:
        """What a rule has put into a register is there for the instruction after it."""
        result, tcg = compare([NOP, MFTB_R3, NOP, NOP], {1: {"r3": 99}}, {1: {"r3": 1}})
        self.assertEqual((result.steps, result.difference, tcg.values["r3"]), (4, [], 99))

    def test_reservation(self) -> None:
        """One step from lwarx to behind stwcx., or to where a branch in between leads; without interrupts."""
        code = [NOP, LWARX, BNE_12, STWCX, BNE_BACK, NOP]
        result, tcg = compare(code, {0: {"msr": 0x9030}, 3: {"cr": 2}}, {0: {"msr": 0x9030}, 3: {"cr": 2}})
        self.assertEqual((result.steps, result.difference), (6, []))
        self.assertEqual((tcg.values["pc"], tcg.values["msr"], tcg.ran_with), (0x100 + 4 * 8, 0x9030, [0x1030]))
        lost = iter([{"cr": 0x80000000}, {"cr": 0xA0000000}])
        result, _ = compare(code, {3: lost}, {3: {"cr": 0xA0000000}})
        self.assertEqual((result.steps, result.difference), (6, []))
        result, _ = compare(code, {3: {"cr": 2}}, {})
        self.assertEqual(result.steps, 2)
        self.assertIn("difference in cr after step 2", result.difference[0])

    def test_limit(self) -> None:
        with self.assertRaisesRegex(LabError, "0 of 5 steps in 0 s") as why:
            compare([NOP] * 5, {}, {}, limit=1e-9)
        self.assertEqual(why.exception.code, errors.TIMEOUT)

    def test_rest(self) -> None:
        result, _ = compare([NOP], {0: {"f0": 1}}, {})
        self.assertIn("difference in f0", result.difference[0])

    def test_not_loaded(self) -> None:
        """A side that does not come to the other's state is told with what differs."""
        made = pair.Pair(guest.find("openbios-g4"), Machine([NOP], {}), Machine([NOP], {}), pair.Result())
        made.settle()
        made.tcg.ask("P3=00000005")
        with (
            mock.patch.object(pair, "TARGET", 0),
            self.assertRaisesRegex(rsp.Broken, "^KVM and TCG have not loaded the same state: r3 0x0 and 0x5$"),
        ):
            made.settle()

    def test_other_registers(self) -> None:
        """Two versions of QEMU number them in other ways."""
        other = Machine([NOP], {})
        with (
            mock.patch.object(other, "layout", return_value=LAYOUT[:-1]),
            self.assertRaisesRegex(LabError, "do not have the same registers: are they the same version"),
        ):
            pair.Pair(guest.find("openbios-g4"), other, Machine([NOP], {}), pair.Result())

    def test_other_code_under_kvm(self) -> None:
        """The report has the instructions of both."""
        with tempfile.TemporaryDirectory() as name:
            kvm, tcg = Machine([NOP, MTMSR], {1: {"r3": 1}}), Machine([NOP, NOP], {})
            made = pair.Pair(guest.find("openbios-g4"), kvm, tcg, pair.Result())
            with mock.patch.object(pair.stepping, "disassemble", lambda _, code: [f"{word:08x}" for _, word in code]):
                report = made.run(2, checkpoint.Checkpoint(Path(name))).difference
        self.assertEqual(report[-6:], [
            "the last instructions (TCG)", "60000000", "60000000",
            "and what KVM's guest has there now", "60000000", "7c000124",
        ])  # fmt: skip

    def test_saved(self) -> None:
        """After so many steps, with the rules that were used, and never after a difference."""
        saved = []

        class Here(checkpoint.Checkpoint):
            def write(self, tcg: rsp.Stub, done: int, by_rule: dict[str, int]) -> None:
                saved.append((done, dict(by_rule)))

        effects: list[dict[int, dict[str, int]]] = [{}, {3: {"r4": 9}}]
        for effect in effects:
            with mock.patch.multiple(pair, SAVE=2, BATCH=2):
                both = Machine([MFTB_R3] + [NOP] * 4, {0: {"r3": 9}, **effect}), Machine([MFTB_R3] + [NOP] * 4, {})
                pair.Pair(guest.find("openbios-g4"), *both, pair.Result()).run(5, Here(Path("none")))
        self.assertEqual(saved, [(2, {"mftb": 1}), (4, {"mftb": 1}), (2, {"mftb": 1})])

    def test_how_far(self) -> None:
        """The rate is that of this run, not of the steps before it."""
        result = pair.Result(steps=1100, seconds=10, begin=1000)
        made = pair.Pair(guest.find("openbios-g4"), Machine([NOP], {}), Machine([NOP], {}), result)
        self.assertEqual(made._so_far(1700), "1100 of 1700 steps, 10 a second, no difference, 1:00 to go")
        self.assertEqual(pair.Result(steps=5).rate, 0)


if __name__ == "__main__":
    unittest.main()
