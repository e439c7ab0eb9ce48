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
                one, two = (self.step_shape.values(s) for s in (here, there))
                wrong = ", ".join(f"{n} {one[n]:#x} and {two[n]:#x}" for n in one if one[n] != two[n])
                raise rsp.Broken(f"KVM and TCG have not loaded the same state: {wrong}")
            time.sleep(1)

    def _choose(self) -> None:
        for stub in (self.kvm, self.tcg):
            stub.choose(self.step_numbers)

    def run(self, count: int, here: checkpoint.Checkpoint, limit: float = 0) -> Result:
        """Up to that many steps, in so many seconds (0: as many as it takes)."""
        start = time.monotonic()
        heart = ui.Heartbeat("lockstep", 20)
        heart.note = partial(self._so_far, count)
        while self.result.steps < count and not self.result.difference:
            if limit and time.monotonic() > start + limit:
                raise LabError(f"{self.result.steps} of {count} steps in {limit:.0f} s", errors.TIMEOUT)
            self._choose()
            self._batch(min(BATCH, count - self.result.steps), start, heart)
            if not self.result.difference:
                self._compare_rest()
            if not self.result.difference and self.result.steps % SAVE == 0:
                here.write(self.tcg, self.result.steps, self.result.by_rule)
        self.result.seconds = time.monotonic() - start
        return self.result

    def _batch(self, count: int, start: float, heart: ui.Heartbeat) -> None:
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
                self._tick(start, heart)
            if self.result.difference or self.result.steps == end:
                return
            word = self.at_hand(states[-1])
            if word is not None and ppc.reserves(word):
                self._over_reservation(before, word)
                self._tick(start, heart)

    def _tick(self, start: float, heart: ui.Heartbeat) -> None:
        self.result.seconds = time.monotonic() - start
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
            one, two = (self.step_shape.values(s) for s in (here, there))
            if [n for n in one if one[n] != two[n]] != ["cr"] or one["cr"] ^ two["cr"] != CR0_EQ or one["cr"] & CR0_EQ:
                break
            # It stored nothing, so it is as if it had not been tried.
            for name, value in self.step_shape.values(before).items():
                if one[name] != value:
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
        one, two = (self.step_shape.values(s) for s in (kvm, tcg))
        names = [n for n in one if one[n] != two[n]]
        code = self.last[-1][1] if self.last else None
        registers = partial(self.step_shape.values, before)
        for rule in self.table.rule:
            if code is None or not names or not set(names) <= rule.allows(code, registers):
                continue
            if any((one[n] ^ two[n]) & ~rule.bits for n in names):
                continue
            to, value = (self.kvm, two) if rule.goes_on_with == "tcg" else (self.tcg, one)
            for name in names:
                self.put(to, name, value[name])
            self.result.by_rule[rule.name] = self.result.by_rule.get(rule.name, 0) + 1
            return
        deque(ahead, maxlen=0)  # KVM's side must have stopped before it can be asked
        self.result.difference = self._report(names, before, one, two)

    def _compare_rest(self) -> None:
        """The registers that are not compared after each step; in parts, as many as fit."""
        for part in (self.rest[at : at + 48] for at in range(0, len(self.rest), 48)):
            shape = stepping.State([*[r for r in self.layout if r.number < 70], *part], self.order)
            states = []
            for stub in (self.kvm, self.tcg):
                stub.choose([r.number for r in part])
                states.append(shape.values(stub.state()))
            one, two = states
            names = [r.name for r in part if one[r.name] != two[r.name]]
            if names:
                self.result.difference = [
                    f"difference in {', '.join(names)}, found after step {self.result.steps}: "
                    f"it began at most {BATCH} steps before",
                    *(f"  {n:8} KVM {one[n]:#x}, TCG {two[n]:#x}" for n in names),
                ]
                return

    def _report(self, names: list[str], before: bytes, one: dict[str, int], two: dict[str, int]) -> list[str]:
        last = self.step_shape.values(before)
        lines = [f"difference in {', '.join(names)} after step {self.result.steps}"]
        lines += [f"  {'':8} {'before':>18} {'KVM':>18} {'TCG':>18}"]
        lines += [f"{'>' if n in names else ' '} {n:8} {last[n]:#18x} {one[n]:#18x} {two[n]:#18x}" for n in last]
        under_kvm = [(at, self.instruction(self.kvm, at)) for at, _ in self.last]
        sides = [stepping.disassemble(self.who, code) for code in (list(self.last), under_kvm)]
        lines += ["the last instructions" + ("" if sides[0] == sides[1] else " (TCG)"), *sides[0]]
        if sides[0] != sides[1]:
            lines += ["and what KVM's guest has there now", *sides[1]]
        return lines
