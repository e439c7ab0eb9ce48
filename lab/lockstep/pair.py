# SPDX-License-Identifier: GPL-2.0-only
"""Both machines of a comparison, stepped together."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from lab.core import errors, ui
from lab.core.errors import LabError
from lab.guest import guest, ppc
from lab.lockstep import checkpoint, rsp, stepping

SAVE = 20000  # steps between two checkpoints
BATCH = 1000  # steps between two looks at the registers that are not compared after each
SHOWN = 10  # instructions before a difference
ATOMIC = 16  # instructions in which a reservation must be used, as gdb has it
AGAIN = 20  # times that one may be lost to something else: a fault, the host's interrupts
CR0_EQ = 0x20000000
TARGET = 120  # seconds that an answer may take


@dataclass
class Result:
    """What was done; difference: the report of the first one."""

    steps: int = 0
    seconds: float = 0.0
    begin: int = 0
    by_rule: dict[str, int] = field(default_factory=dict)
    difference: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return (self.steps - self.begin) / self.seconds if self.seconds else 0.0


class Pair(stepping.Walk):
    """Both machines, at the same instruction."""

    def __init__(self, who: guest.Guest, kvm: rsp.Stub, tcg: rsp.Stub, result: Result) -> None:
        super().__init__(who, tcg)
        self.kvm, self.result = kvm, result
        if kvm.layout() != self.layout:
            raise LabError("QEMU under KVM and under TCG do not have the same registers: are they the same version?")
        self.rest = self.named(self.table.registers.rest)
        self.last: deque[tuple[int, int | None]] = deque(maxlen=SHOWN)

    def settle(self) -> None:
        """Wait until KVM's side has loaded the state too."""
        end = time.monotonic() + TARGET
        self._choose()
        while (here := self.kvm.state()) != (there := self.tcg.state()):
            if time.monotonic() > end:
                differs = self.step_shape.differing(here, there)
                wrong = ", ".join(f"{name} {one:#x} and {two:#x}" for name, (one, two) in differs.items())
                raise rsp.Broken(f"KVM and TCG have not loaded the same state: {wrong}")
            time.sleep(1)

    def _choose(self) -> None:
        for stub in (self.kvm, self.tcg):
            stub.choose(self.step_numbers)

    def run(self, count: int, here: checkpoint.Checkpoint, limit: float = 0) -> Result:
        """Up to that many steps, in so many seconds (0: as many as it takes)."""
        heart = ui.Heartbeat("lockstep", 20)
        heart.note = partial(self._so_far, count)
        while self.result.steps < count and not self.result.difference:
            if limit and heart.elapsed() > limit:
                raise LabError(f"{self.result.steps} of {count} steps in {limit:.0f} s", errors.TIMEOUT)
            self._choose()
            self._batch(min(BATCH, count - self.result.steps), heart)
            if not self.result.difference:
                self._compare_rest()
            if not self.result.difference and self.result.steps % SAVE == 0:
                here.write(self.tcg, self.result.steps, self.result.by_rule)
        self.result.seconds = heart.elapsed()
        return self.result

    def _batch(self, count: int, heart: ui.Heartbeat) -> None:
        """The reference goes ahead, to where both must meet; then KVM's side, and each state is compared."""
        end = self.result.steps + count
        while self.result.steps < end and not self.result.difference:
            states, code = self._lead(end - self.result.steps)
            kvm = self.kvm.steps(len(code))
            before = next(kvm)
            self._check(kvm, before, before, states[0])
            for word, there in zip(code, states[1:], strict=True):
                if self.result.difference:
                    break
                self.last.append((self.pc(before), word))
                here = next(kvm)
                self.result.steps += 1
                self._check(kvm, before, here, there)
                before = here
                self._tick(heart)
            if self.result.difference or self.result.steps == end:
                return
            word = self.at_hand(states[-1])
            if word is not None and ppc.reserves(word):
                self._over_reservation(before, word)
                self._tick(heart)

    def _tick(self, heart: ui.Heartbeat) -> None:
        self.result.seconds = heart.elapsed()
        heart.beat()

    def _so_far(self, count: int) -> str:
        result = self.result
        left = (count - result.steps) / result.rate if result.rate else 0
        rate = f"{result.rate:.0f} a second, no difference"
        return f"{result.steps} of {count} steps, {rate}, {ui.took(left)} to go"

    def _lead(self, count: int) -> tuple[list[bytes], list[int | None]]:
        """The reference's states, and its instructions, up to one that a rule is for or one that reserves."""
        states, code = [self.tcg.state()], list[int | None]()
        while len(code) < count:
            word = self.at_hand(states[-1])
            if word is not None and ppc.reserves(word):
                break
            states.append(deque(self.tcg.steps(1), maxlen=1)[0])
            code.append(word)
            registers = partial(self.step_shape.values, states[-2])
            if word is not None and any(rule.fits(word, registers) for rule in self.table.rule):
                break
        return states, code

    def _over_reservation(self, before: bytes, word: int) -> None:
        """One step from a load that reserves to behind the store, as gdb does: an exit loses the reservation.

        Without interrupts, as a step is; they would come where the guest runs.
        """
        start = self.pc(before)
        values = self.step_shape.values(before)
        outside, at = set[int](), start
        with self.as_code(self.tcg, values["msr"]):
            for at in range(start + 4, start + 4 * ATOMIC, 4):
                inside = self.instruction(self.tcg, at)
                if inside is None:
                    break
                if (target := ppc.target(inside, at, values.__getitem__)) is not None:
                    outside.add(target)
                if ppc.uses_reservation(inside):
                    break
        outside = {x for x in outside if not start <= x <= at} | {at + 4}
        there = self._unit(self.tcg, before, outside)
        here = self._unit(self.kvm, before, outside)
        for _ in range(AGAIN):
            differs = self.step_shape.differing(here, there)
            if list(differs) != ["cr"] or differs["cr"][1] != differs["cr"][0] | CR0_EQ:
                break
            # It stored nothing, so it is as if it had not been tried.
            for name, (value, _) in self.step_shape.differing(before, here).items():
                self.put(self.kvm, name, value)
            here = self._unit(self.kvm, before, outside)
        self.last.append((start, word))
        self.result.steps += 1
        self._check(iter(()), before, here, there)

    def _unit(self, stub: rsp.Stub, before: bytes, outside: set[int]) -> bytes:
        """To one of these places, at full speed; the state there."""
        msr = self.step_shape.values(before)["msr"]
        self.put(stub, "msr", msr & ~ppc.MSR_EE)
        with self.as_code(stub, msr & ~ppc.MSR_EE):
            for place in sorted(outside):
                stub.insert(place)
        stub.resume()
        with self.as_code(stub, msr & ~ppc.MSR_EE):
            for place in sorted(outside):
                stub.remove(place)
        self.put(stub, "msr", msr)
        stub.choose(self.step_numbers)
        return stub.state()

    def _check(self, ahead: Iterator[bytes], before: bytes, kvm: bytes, tcg: bytes) -> None:
        if kvm == tcg:
            return
        differs = self.step_shape.differing(kvm, tcg)
        code = self.last[-1][1] if self.last else None
        registers = partial(self.step_shape.values, before)
        for rule in self.table.rule:
            if code is None or not differs or not differs.keys() <= rule.allows(code, registers):
                continue
            if any((one ^ two) & ~rule.bits for one, two in differs.values()):
                continue
            for name, (one, two) in differs.items():
                if rule.goes_on_with == "tcg":
                    self.put(self.kvm, name, two)
                else:
                    self.put(self.tcg, name, one)
            self.result.by_rule[rule.name] = self.result.by_rule.get(rule.name, 0) + 1
            return
        deque(ahead, maxlen=0)  # KVM's side must have stopped before it can be asked
        self.result.difference = self._report(before, kvm, tcg)

    def _compare_rest(self) -> None:
        """The registers that are not compared after each step; in parts, as many as fit."""
        for part in (self.rest[at : at + 48] for at in range(0, len(self.rest), 48)):
            shape = stepping.State([*self.general, *part], self.order)
            for stub in (self.kvm, self.tcg):
                stub.choose([r.number for r in part])
            all_differ = shape.differing(self.kvm.state(), self.tcg.state())
            if differs := {r.name: all_differ[r.name] for r in part if r.name in all_differ}:
                self.result.difference = [
                    f"difference in {', '.join(differs)}, found after step {self.result.steps}: "
                    f"it began at most {BATCH} steps before",
                    *(f"  {name:8} KVM {one:#x}, TCG {two:#x}" for name, (one, two) in differs.items()),
                ]
                return

    def _report(self, before: bytes, kvm: bytes, tcg: bytes) -> list[str]:
        last, one, two = (self.step_shape.values(state) for state in (before, kvm, tcg))
        differs = self.step_shape.differing(kvm, tcg)
        lines = [f"difference in {', '.join(differs)} after step {self.result.steps}"]
        lines += [f"  {'':8} {'before':>18} {'KVM':>18} {'TCG':>18}"]
        lines += [f"{'>' if n in differs else ' '} {n:8} {last[n]:#18x} {one[n]:#18x} {two[n]:#18x}" for n in last]
        under_kvm = [(at, self.instruction(self.kvm, at)) for at, _ in self.last]
        sides = [stepping.disassemble(self.who, code) for code in (list(self.last), under_kvm)]
        lines += ["the last instructions" + ("" if sides[0] == sides[1] else " (TCG)"), *sides[0]]
        if sides[0] != sides[1]:
            lines += ["and what KVM's guest has there now", *sides[1]]
        return lines
