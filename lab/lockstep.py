# SPDX-License-Identifier: GPL-2.0-only
"""make lockstep: one guest under KVM PR and under TCG, compared after every step."""

from __future__ import annotations

import contextlib
import fnmatch
import json
import os
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from . import boot, cache, client, console, data, debian, errors, guest, kernel, ktap, payload, proc, rsp, ui
from .errors import LabError

STEPS = 20000
SAVE = 20000  # steps between two checkpoints
BATCH = 1000  # steps between two looks at the registers that are not compared after each
SHOWN = 10  # instructions before a difference
ATOMIC = 16  # instructions in which a reservation must be used, as gdb has it
AGAIN = 20  # times that one may be lost to something else: a fault, the host's interrupts
MSR_EE, MSR_IR, MSR_DR = 0x8000, 0x20, 0x10
CR0_EQ = 0x20000000
REFERENCE, TARGET, REACH = 60, 120, 900  # seconds that an answer may take


@dataclass(frozen=True)
class Rule:
    """What may differ after an instruction, and why."""

    name: str
    mask: int
    value: int
    registers: list[str]
    reason: str
    bits: int = -1
    guests: list[str] = field(default_factory=list)
    goes_on_with: str = "kvm"  # the side whose value both have then
    reads: list[int] = field(default_factory=list)  # only from these addresses, first and last; X-form loads

    def fits(self, instruction: int, registers: Callable[[], dict[str, int]]) -> bool:
        if instruction & self.mask != self.value:
            return False
        return not self.reads or self.reads[0] <= indexed(instruction, registers()) <= self.reads[1]

    def allows(self, instruction: int, registers: Callable[[], dict[str, int]]) -> set[str]:
        if not self.fits(instruction, registers):
            return set()
        return {f"r{instruction >> 21 & 31}" if name == "rD" else name for name in self.registers}


def indexed(instruction: int, registers: dict[str, int]) -> int:
    """The effective address of an X-form load, in 32-bit mode."""
    base = instruction >> 16 & 31
    return (registers[f"r{base}"] if base else 0) + registers[f"r{instruction >> 11 & 31}"] & 0xFFFFFFFF


@dataclass(frozen=True)
class Table:
    step: list[str]
    rest: list[str]
    rules: list[Rule]


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


def table(who: guest.Guest) -> Table:
    path = data.LAB / "lockstep.toml"
    text = data.load(path)
    rules = [data.make(Rule, rule, path) for rule in text.get("rule", [])]
    rules = [rule for rule in rules if not rule.guests or who.name in rule.guests]
    return Table(text["registers"]["step"], text["registers"]["rest"], rules)


def reserves(instruction: int) -> bool:
    """lbarx, lharx, lwarx, ldarx"""
    return instruction >> 26 == 31 and instruction >> 1 & 0x3FF in (52, 116, 20, 84)


def uses_reservation(instruction: int) -> bool:
    """stbcx., sthcx., stwcx., stdcx."""
    return instruction >> 26 == 31 and instruction & 0x7FF in (1389, 1453, 301, 429)


def branches_to(instruction: int, at: int, values: dict[str, int]) -> int | None:
    """Where a conditional branch leads to that is taken."""
    if instruction >> 26 == 19 and instruction >> 1 & 0x3FF in (16, 528):  # bclr, bcctr
        return values["lr" if instruction >> 1 & 0x3FF == 16 else "ctr"] & ~3
    if instruction >> 26 != 16:
        return None
    offset = (instruction & 0xFFFC ^ 0x8000) - 0x8000
    return offset if instruction & 2 else at + offset


class State:
    """Registers by name, out of the bytes of a state."""

    def __init__(self, registers: list[rsp.Register]) -> None:
        self._at: dict[str, tuple[int, int]] = {}
        start = 0
        for reg in registers:
            self._at[reg.name] = (start, start + reg.size)
            start += reg.size
        self.size = start

    def values(self, state: bytes, order: str) -> dict[str, int]:
        return {n: int.from_bytes(state[a:b], order) for n, (a, b) in self._at.items()}  # type: ignore[arg-type]

    def piece(self, state: bytes, name: str) -> bytes:
        start, end = self._at[name]
        return state[start:end]


class Pair:
    """Both machines, at the same instruction."""

    def __init__(self, who: guest.Guest, kvm: rsp.Pilot, tcg: Reference, result: Result) -> None:
        self.who, self.kvm, self.tcg, self.table, self.result = who, kvm, tcg, table(who), result
        self.layout = self._same_layout()
        general = [r for r in self.layout if r.number < 70]
        step = self._named(self.table.step)
        self.step_shape = State([*general, *step])
        self.step_numbers = [r.number for r in step]
        self.rest = self._named(self.table.rest)
        self.numbers = {r.name: r.number for r in reversed(self.layout)}
        self.last: deque[tuple[int, int | None]] = deque(maxlen=SHOWN)

    def _same_layout(self) -> list[rsp.Register]:
        one, two = self.kvm.layout(), self.tcg.layout()
        if one != two:
            raise LabError("QEMU under KVM and under TCG do not have the same registers: are they the same version?")
        return one

    def _named(self, patterns: list[str]) -> list[rsp.Register]:
        found: dict[str, rsp.Register] = {}
        for pattern in patterns:
            for reg in self.layout:
                if fnmatch.fnmatchcase(reg.name, pattern):
                    found.setdefault(reg.name, reg)
        return [r for r in found.values() if r.number >= 70]

    def pc(self, state: bytes) -> int:
        return int.from_bytes(self.step_shape.piece(state, "pc"), self.order)

    @property
    def order(self) -> str:
        return self.who.endian

    def instruction(self, stub: rsp.Stub, at: int) -> int | None:
        text = stub.memory(at, 4)
        return int.from_bytes(text, self.order) if len(text) == 4 else None  # type: ignore[arg-type]

    def settle(self) -> None:
        """Wait until KVM's side has loaded the state too."""
        end = time.monotonic() + TARGET
        self._choose()
        while (here := self.kvm.state()) != (there := self.tcg.state()):
            if time.monotonic() > end:
                one, two = (self.step_shape.values(s, self.order) for s in (here, there))
                wrong = ", ".join(f"{n} {one[n]:#x} and {two[n]:#x}" for n in one if one[n] != two[n])
                raise rsp.Broken(f"KVM and TCG have not loaded the same state: {wrong}")
            time.sleep(1)

    def _choose(self) -> None:
        for stub in (self.kvm, self.tcg):
            stub.choose(self.step_numbers)

    def run(self, count: int, here: Checkpoint, limit: float = 0) -> Result:
        """Up to that many steps, in so many seconds (0: as many as it takes)."""
        start = time.monotonic()
        heart = _Progress(self, count)
        while self.result.steps < count and not self.result.difference:
            if limit and time.monotonic() > start + limit:
                raise LabError(f"{self.result.steps} of {count} steps in {limit:.0f} s", errors.TIMEOUT)
            self._choose()
            self._batch(min(BATCH, count - self.result.steps), start, heart)
            if not self.result.difference:
                self._compare_rest()
            if not self.result.difference and self.result.steps % SAVE == 0:
                here.write(self.tcg, self.result)
        self.result.seconds = time.monotonic() - start
        return self.result

    def _batch(self, count: int, start: float, heart: _Progress) -> None:
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
            word = self._at_hand(states[-1])
            if word is not None and reserves(word):
                self._over_reservation(before, word)
                self._tick(start, heart)

    def _tick(self, start: float, heart: _Progress) -> None:
        self.result.seconds = time.monotonic() - start
        heart.beat()

    def _lead(self, count: int) -> tuple[list[bytes], list[int | None]]:
        """The reference's states, and its instructions, up to one that a rule is for or one that reserves."""
        states, code = [self.tcg.state()], list[int | None]()
        while len(code) < count:
            word = self._at_hand(states[-1])
            if word is not None and reserves(word):
                break
            states.append(deque(self.tcg.steps(1), maxlen=1)[0])
            code.append(word)
            registers = partial(self.step_shape.values, states[-2], self.order)
            if word is not None and any(rule.fits(word, registers) for rule in self.table.rules):
                break
        return states, code

    def _at_hand(self, state: bytes) -> int | None:
        """The instruction at the reference's pc."""
        at = self.pc(state)
        if (word := self.instruction(self.tcg, at)) is None:
            with self._as_code(self.tcg, self.step_shape.values(state, self.order)["msr"]):
                word = self.instruction(self.tcg, at)
        return word

    @contextlib.contextmanager
    def _as_code(self, stub: rsp.Stub, msr: int) -> Iterator[None]:
        """QEMU translates gdb's addresses as those of data: in split real mode, let these be as for code."""
        split = (msr & MSR_IR != 0) != (msr & MSR_DR != 0)
        if split:
            self._set(stub, "msr", msr & ~MSR_DR | (MSR_DR if msr & MSR_IR else 0))
        yield
        if split:
            self._set(stub, "msr", msr)

    def _over_reservation(self, before: bytes, word: int) -> None:
        """One step from a load that reserves to behind the store, as gdb does: an exit loses the reservation.

        Without interrupts, as a step is; they would come where the guest runs.
        """
        start = self.pc(before)
        values = self.step_shape.values(before, self.order)
        outside, at = set[int](), start
        with self._as_code(self.tcg, values["msr"]):
            for at in range(start + 4, start + 4 * ATOMIC, 4):
                inside = self.instruction(self.tcg, at)
                if inside is None:
                    break
                if (target := branches_to(inside, at, values)) is not None:
                    outside.add(target)
                if uses_reservation(inside):
                    break
        outside = {x for x in outside if not start <= x <= at} | {at + 4}
        there = self._unit(self.tcg, before, outside)
        here = self._unit(self.kvm, before, outside)
        for _ in range(AGAIN):
            one, two = (self.step_shape.values(s, self.order) for s in (here, there))
            if [n for n in one if one[n] != two[n]] != ["cr"] or one["cr"] ^ two["cr"] != CR0_EQ or one["cr"] & CR0_EQ:
                break
            # It stored nothing, so it is as if it had not been tried.
            for name, value in self.step_shape.values(before, self.order).items():
                if one[name] != value:
                    self._set(self.kvm, name, value)
            here = self._unit(self.kvm, before, outside)
        self.last.append((start, word))
        self.result.steps += 1
        self._check(iter(()), before, here, there)

    def _unit(self, stub: rsp.Stub, before: bytes, outside: set[int]) -> bytes:
        """To one of these places, at full speed; the state there."""
        msr = self.step_shape.values(before, self.order)["msr"]
        self._set(stub, "msr", msr & ~MSR_EE)
        with self._as_code(stub, msr & ~MSR_EE):
            for place in sorted(outside):
                stub.insert(place)
        stub.resume()
        with self._as_code(stub, msr & ~MSR_EE):
            for place in sorted(outside):
                stub.remove(place)
        self._set(stub, "msr", msr)
        stub.choose(self.step_numbers)
        return stub.state()

    def _set(self, stub: rsp.Stub, name: str, value: int) -> None:
        size = len(self.step_shape.piece(bytes(self.step_shape.size), name))
        stub.sure(f"P{self.numbers[name]:x}={value.to_bytes(size, self.order).hex()}")  # type: ignore[arg-type]

    def _check(self, ahead: Iterator[bytes], before: bytes, kvm: bytes, tcg: bytes) -> None:
        if kvm == tcg:
            return
        one, two = (self.step_shape.values(s, self.order) for s in (kvm, tcg))
        names = [n for n in one if one[n] != two[n]]
        code = self.last[-1][1] if self.last else None
        registers = partial(self.step_shape.values, before, self.order)
        for rule in self.table.rules:
            if code is None or not names or not set(names) <= rule.allows(code, registers):
                continue
            if any((one[n] ^ two[n]) & ~rule.bits for n in names):
                continue
            to, value = (self.kvm, two) if rule.goes_on_with == "tcg" else (self.tcg, one)
            for name in names:
                self._set(to, name, value[name])
            self.result.by_rule[rule.name] = self.result.by_rule.get(rule.name, 0) + 1
            return
        deque(ahead, maxlen=0)  # KVM's side must have stopped before it can be asked
        self.result.difference = self._report(names, before, one, two)

    def _compare_rest(self) -> None:
        """The registers that are not compared after each step; in parts, as many as fit."""
        for part in (self.rest[at : at + 48] for at in range(0, len(self.rest), 48)):
            shape = State([*[r for r in self.layout if r.number < 70], *part])
            states = []
            for stub in (self.kvm, self.tcg):
                stub.choose([r.number for r in part])
                states.append(shape.values(stub.state(), self.order))
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
        last = self.step_shape.values(before, self.order)
        lines = [f"difference in {', '.join(names)} after step {self.result.steps}"]
        lines += [f"  {'':8} {'before':>18} {'KVM':>18} {'TCG':>18}"]
        lines += [f"{'>' if n in names else ' '} {n:8} {last[n]:#18x} {one[n]:#18x} {two[n]:#18x}" for n in last]
        under_kvm = [(at, self.instruction(self.kvm, at)) for at, _ in self.last]
        sides = [disassemble(self.who, code) for code in (list(self.last), under_kvm)]
        lines += ["the last instructions" + ("" if sides[0] == sides[1] else " (TCG)"), *sides[0]]
        if sides[0] != sides[1]:
            lines += ["and what KVM's guest has there now", *sides[1]]
        return lines


class _Progress:
    def __init__(self, pair: Pair, count: int, every: float = 20.0) -> None:
        self.pair, self.count, self.every = pair, count, every
        self.last = time.monotonic()

    def beat(self) -> None:
        now = time.monotonic()
        if now - self.last < self.every:
            return
        self.last = now
        result = self.pair.result
        left = (self.count - result.steps) / result.rate if result.rate else 0
        ui.say(
            f"lockstep: {result.steps} of {self.count} steps, {result.rate:.0f} a second, no difference; "
            f"{ui.took(left)} to go"
        )


def disassemble(who: guest.Guest, code: list[tuple[int, int | None]]) -> list[str]:
    """Lines of objdump's; code: addresses and instructions."""
    cross = data.target(client.HOST).cross
    lines = []
    for at, word in code:
        text = "unreadable"
        if word is not None:
            with tempfile.NamedTemporaryFile() as raw:
                raw.write(word.to_bytes(4, who.endian))  # type: ignore[arg-type]
                raw.flush()
                how = ["-D", "-b", "binary", "-m", who.architecture, f"-E{who.endian[0].upper()}"]
                said = proc.output([f"{cross}objdump", *how, f"--adjust-vma={at:#x}", raw.name]).decode()
            text = f"{word:08x}  " + " ".join(said.strip().splitlines()[-1].split("\t")[2:])
        lines.append(f"  {at:#010x}: {text}")
    return lines


class Reference(rsp.Direct):
    """The guest under TCG of the lab's own QEMU on this machine; it can be saved."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "stub", REFERENCE)
        self._qmp = rsp.Wire(folder / "qmp", REFERENCE)
        self._qmp.line()
        self.monitor("qmp_capabilities")

    def monitor(self, command: str, **arguments: object) -> dict:
        self._qmp.send(json.dumps({"execute": command, "arguments": arguments}).encode())
        while True:
            line = self._qmp.line()
            try:
                said = json.loads(line)
            except ValueError:
                raise rsp.Broken(f"QEMU's monitor answers '{line[:40]}', which is no JSON") from None
            if "error" in said:
                raise rsp.Broken(f"QEMU refuses {command}: {said['error']['desc']}")
            if "return" in said:
                return said["return"]

    def _until(self, command: str, good: str, bad: str = "failed") -> None:
        end = time.monotonic() + REFERENCE
        while (status := self.monitor(command).get("status")) != good:
            if status == bad or time.monotonic() > end:
                raise rsp.Broken(f"QEMU: {command} says {status}, not {good}")
            time.sleep(0.02)

    def loaded(self) -> None:
        self._until("query-status", "paused")

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        self.monitor("migrate", uri=f"file:{new}")
        self._until("query-migrate", "completed")
        new.rename(path)

    def close(self) -> None:
        self.wire.close()
        self._qmp.close()


@contextlib.contextmanager
def reference(who: guest.Guest, state: Path | None = None) -> Iterator[Reference]:
    root = debian.tool_root("emulator")
    program = [*debian.command(root, f"usr/bin/{who.program}"), "-L", str(root / "usr/share/qemu"), "-accel", "tcg"]
    with tempfile.TemporaryDirectory(prefix="lab-") as name:
        folder = Path(name)
        for file, content in guest.files(who).items():
            (folder / file).write_bytes(content)
        # It is saved where gdb has stopped it, and must not want to be 'running' or 'debug' when loaded.
        more = ["-global", "migration.store-global-state=off", "-qmp", f"unix:{folder}/qmp,server=on,wait=off"]
        more += ["-chardev", f"socket,id=g,path={folder}/stub,server=on,wait=off", "-gdb", "chardev:g"]
        argv = guest.command(who, program, name, more + (["-incoming", f"file:{state}"] if state else []))
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        with proc.group(argv, env=proc.environment(), **quiet), contextlib.closing(Reference(folder)) as tcg:
            if state:
                tcg.loaded()
            yield tcg


@contextlib.contextmanager
def under_kvm(base: data.Base, target: data.Target, who: guest.Guest, state: Path | None = None) -> Iterator[rsp.Pilot]:
    more = ["-incoming", f"file:{guest.INSIDE}/state"] if state else []
    plan = client.plan(base, target, who, more, f"lockstep-{base.name}-{target.name}-{who.name}")
    plan.argv = [f"{guest.INSIDE}/pilot", client.port(target), f"{guest.INSIDE}/blockirq", *plan.argv]
    plan.files["pilot"] = boot.compile_for(target, "pilot.c")
    plan.files["blockirq"] = boot.compile_for(target, "blockirq.c", boot.PRELOAD)
    if state:
        plan.files["state"] = state.read_bytes()
    ui.say(f"booting {plan.kernel.release} on {target.name}; the guest is {who.name}: {who.summary}")
    with client.Client(plan) as host:
        host.wait_for(host.socket.exists, TARGET, "serial port of the target")
        pilot = rsp.Pilot(host.socket, TARGET + host.spec.target.boot.limit)
        try:
            pilot.greeting()
            yield pilot
            if report := console.crash(host.end().console):
                for line in report:
                    ui.say(f"  {line}")
                raise LabError(f"{target.name}: the kernel under test complains on its console", errors.CRASHED)
        except rsp.Broken as why:
            ui.say(f"lockstep: {why}")
            host.fail("answer from QEMU")
        finally:
            pilot.wire.close()


@dataclass
class Checkpoint:
    """Where a run may go on: the reference's state, which had been KVM's too."""

    folder: Path
    done: int = 0
    by_rule: dict[str, int] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def _notes(self) -> Path:
        return self.folder / "notes.json"

    def read(self) -> bool:
        if not (self.state.exists() and self._notes.exists()):
            return False
        notes = json.loads(self._notes.read_text())
        self.done, self.by_rule = notes["steps"], notes["by_rule"]
        return True

    def write(self, tcg: Reference, result: Result) -> None:
        self._notes.unlink(missing_ok=True)
        tcg.save(self.state)
        cache.write(self._notes, json.dumps({"steps": result.steps, "by_rule": result.by_rule}).encode())


def checkpoint(release: str, who: guest.Guest, start: str) -> Checkpoint:
    key = cache.digest(release, who, start, *guest.files(who).values())[:12]
    return Checkpoint(cache.folder() / "lockstep" / f"{who.name}-{start or 'reset'}-{key}")


def reach(who: guest.Guest, start: str, path: Path) -> None:
    """Run the reference to a place at full speed, and save it there."""
    at = guest.address(who, start)
    with reference(who) as tcg:
        ui.say(f"running {who.name} under TCG to {start} ({at:#x})")
        tcg.insert(at)
        tcg.wire.patience(REACH)
        tcg.resume()
        tcg.remove(at)
        tcg.save(path)


def start_state(base: data.Base, target: data.Target, who: guest.Guest, start: str) -> Path:
    """A file with the guest at that place."""
    path = checkpoint(kernel.build(base, target).release, who, start).folder / "start"
    if not path.exists():
        reach(who, start, path)
    return path


def main(base: data.Base, target: data.Target) -> int:
    who, count = guest.chosen(), payload.seconds("STEPS", STEPS)
    start = os.environ.get("START") or ""
    debian.ensure([*kernel.needs(target), *data.packages()["demo"]])
    client.root(target)
    client.port(target)
    here = checkpoint(kernel.build(base, target).release, who, start)
    state: Path | None = None
    resume = os.environ.get("RESUME") and here.read()
    if os.environ.get("RESUME") and not resume:
        ui.say("nothing to resume: no run of this kernel, this guest and this START has stopped; from the beginning")
    if resume:
        ui.say(f"going on after step {here.done}")
        state = here.state
        if here.done >= count:
            raise LabError(f"{here.done} steps are done: give more STEPS, or leave RESUME= out")
    elif start:
        state = start_state(base, target, who, start)
    return report(who, compare(base, target, who, count, here, state), start)


def compare(
    base: data.Base,
    target: data.Target,
    who: guest.Guest,
    count: int,
    here: Checkpoint,
    state: Path | None = None,
    limit: float = 0,
) -> Result:
    """Both machines, up to that many steps: from the state, or from reset."""
    with reference(who, state) as tcg, under_kvm(base, target, who, state) as kvm:
        pair = Pair(who, kvm, tcg, Result(here.done, begin=here.done, by_rule=here.by_rule))
        if state:
            pair.settle()
        return pair.run(count, here, limit)


def judge(base: data.Base, target: data.Target, test: data.Test) -> ktap.Result:
    """A suite's test: so many steps without a difference."""
    who = guest.find(test.guest)
    state = start_state(base, target, who, test.start) if test.start else None
    with tempfile.TemporaryDirectory(prefix=".lockstep.", dir=cache.folder()) as name:
        try:
            found = compare(base, target, who, test.steps, Checkpoint(Path(name)), state, test.limit)
        except LabError as why:
            status = ktap.Status.TIMEOUT if why.code == errors.TIMEOUT else ktap.Status.CRASH
            return ktap.Result(test.id, status, str(why))
    said = summary(who, found, test.start)
    ui.say(said)
    if found.difference:
        return ktap.Result(test.id, ktap.Status.FAIL, said, tuple(found.difference))
    return ktap.Result(test.id, ktap.Status.PASS)


def summary(who: guest.Guest, result: Result, start: str) -> str:
    end = "a difference" if result.difference else "no difference"
    return f"{who.name} from {start or 'reset'}: {result.steps} steps, {end}, {result.rate:.0f} steps a second"


def report(who: guest.Guest, result: Result, start: str) -> int:
    for line in result.difference:
        print(line)
    for name, times in result.by_rule.items():
        print(f"by rule '{name}' (lab/lockstep.toml): {times} times")
    print(summary(who, result, start))
    return errors.FAILED if result.difference else errors.PASSED
