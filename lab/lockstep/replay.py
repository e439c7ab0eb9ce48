# SPDX-License-Identifier: GPL-2.0-only
"""make replay: what TCG did, step by step, once more under KVM PR in a host that Debian has no QEMU for."""

from __future__ import annotations

import re
import struct
import tempfile
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.config import data
from lab.core import cache, errors, ui
from lab.core.errors import LabError
from lab.core.options import Options
from lab.debian import install, tools
from lab.guest import guest, ppc
from lab.kernel import kbuild
from lab.lockstep import rsp, stepping, tolerances
from lab.machine import boot, programs, protocol, verdict
from lab.results import ktap, records, tally

TARGET = "mac99-g4"
STEPS = 20000
MAGIC = b"KVMSTEPS"
PAGE = 4096
LIMIT = 60  # seconds for the boot's rest and the comparison of memory, and for so many steps:
STEPS_A_SECOND = 200


@dataclass(frozen=True)
class Trace:
    """What lab/lockstep/replay.c reads; steps: those that there are."""

    steps: int
    content: bytes
    rom: bytes


class Recorder(stepping.Walk):
    """The reference alone, and what it did in the form of replay.c."""

    def __init__(self, who: guest.Guest, tcg: rsp.Stub) -> None:
        super().__init__(who, tcg)
        self.names = list(self.step_shape.at)
        self.bits = 8 * next(r.size for r in self.layout if r.name == "r0")
        self.steps = 0

    def record(self, count: int) -> bytes:
        """The registers at the start, and each step; ends early where an exit would change what the guest does."""
        self.tcg.choose(self.step_numbers)
        before = self.step_shape.values(state := self.tcg.state())
        out = [struct.pack(f">{len(before)}Q", *before.values())]
        heart = ui.Heartbeat(f"recording {self.who.name} under TCG")
        while self.steps < count:
            word = self.at_hand(state)
            if word is None or ppc.reserves(word):
                break
            state = list(self.tcg.steps(1))[-1]
            after = self.step_shape.values(state)
            out.append(self._step(word, before, after))
            before = after
            self.steps += 1
            heart.beat()
        return b"".join(out)

    def _step(self, word: int, before: dict[str, int], after: dict[str, int]) -> bytes:
        changed = [(i, after[n]) for i, n in enumerate(self.names) if after[n] != before[n]]
        may = [
            (number, self.names.index(name), rule.bits & 2**64 - 1)
            for number, rule in enumerate(self.table.rule)
            for name in sorted(rule.allows(word, lambda: before))
        ]
        text = struct.pack(">IBB", word, len(changed), len(may))
        text += b"".join(struct.pack(">BQ", *change) for change in changed)
        return text + b"".join(struct.pack(">BBQ", *one) for one in may)


def record(who: guest.Guest, count: int) -> Trace:
    """From reset. The reference's memory is part of it: the ROM at the start, the RAM's checksums at the end."""
    if not who.rom:
        fit = ", ".join(n for n in data.names("guests") if guest.find(n).rom)
        raise LabError(f"{who.name} is not a ROM and some RAM: use GUEST={fit}")
    at, size = who.rom
    ram = int(who.args[who.args.index("-m") + 1]) << 20
    with stepping.reference(who) as tcg, tempfile.TemporaryDirectory(prefix="lab-") as name:
        rom = tcg.physical(at, size, Path(name) / "rom")
        recorder = Recorder(who, tcg)
        tcg.choose([recorder.numbers["pvr"]])
        pvr = int.from_bytes(tcg.state()[-4:], "big")
        steps = recorder.record(count)
        pages = list(_pages(tcg.physical(0, ram, Path(name) / "ram")))
    head = MAGIC + struct.pack(">IIIQQQ", recorder.steps, pvr, recorder.bits, ram, at, size)
    return Trace(recorder.steps, b"".join([head, steps, struct.pack(">I", len(pages)), *pages]), rom)


def _pages(ram: bytes) -> Iterator[bytes]:
    empty = bytes(PAGE)
    for number in range(len(ram) // PAGE):
        page = ram[number * PAGE : (number + 1) * PAGE]
        if page != empty:
            yield struct.pack(">II", number, zlib.crc32(page))


def trace(who: guest.Guest, count: int) -> Trace:
    """As it was recorded before, or anew."""
    names = (__file__, stepping.__file__, tolerances.__file__, str(data.DATA / "lockstep.toml"))
    made_of = [Path(name).read_bytes() for name in names]
    key = cache.digest(who, count, tools.tool_root("emulator").name, *made_of, *guest.files(who).values())[:12]
    final = cache.folder() / "lockstep" / f"trace-{who.name}-{key}"

    def fill(work: Path) -> None:
        made = record(who, count)
        (work / "trace").write_bytes(made.content)
        (work / "rom").write_bytes(made.rom)

    cache.stage(final, fill)
    content = (final / "trace").read_bytes()
    steps = struct.unpack_from(">I", content, len(MAGIC))[0]
    if steps < count:
        ui.say(f"{who.name} comes to a load that reserves after {steps} steps; they are all that can be compared")
    return Trace(steps, content, (final / "rom").read_bytes())


def judge(base: data.Base, target: data.Target, test: data.Test) -> tally.Judged:
    """A suite's test: so many steps without a difference. LabError if the host is not well."""
    return tally.Judged([compare(base, target, guest.find(test.guest), test.steps, test.id, test.limit)])


def compare(base: data.Base, target: data.Target, who: guest.Guest, count: int, name: str, limit: int) -> ktap.Result:
    """The guest in the host; what that says about a difference is in the result. LabError if the host is not well."""
    built, what = kbuild.build(base, target.build), trace(who, count)
    command = protocol.Command(name, ["/bin/replay", "/lab/trace", "/lab/rom"], limit * target.boot.patience)
    files = {"bin/replay": programs.compile_for(target.build, "lockstep/replay.c")}
    files |= {"lab/trace": what.content, "lab/rom": what.rom}
    spec = boot.Spec(target, built, [command], files, log=f"replay-{base.name}-{target.name}-{who.name}")
    began = time.monotonic()
    record, found = verdict.run(spec, f": {what.steps} steps of {who.name}, as TCG made them")
    if found.code:
        raise LabError(found.text, found.code)
    outcome = record.channel.outcomes[0]
    lines = outcome.output.decode(errors="replace").splitlines()
    same = re.match(r"same (\d+) (\d+)$", lines[-1] if lines else "")
    if outcome.how != "exit" or outcome.value:
        same = None
    leave_record(base, target, who, what.steps, outcome.ms / 1000, good=bool(same))
    if not same:
        status = ktap.Status.TIMEOUT if outcome.how == "timeout" else ktap.Status.FAIL
        return ktap.Result(name, status, f"{outcome.how} {outcome.value}", tuple(lines))
    for line in lines[:-1]:
        _, number, times = line.split()
        ui.say(f"by rule '{tolerances.table(who).rule[int(number)].name}' (lab/data/lockstep.toml): {times} times")
    ui.say(
        f"{who.name} on {target.name}: {same[1]} steps, {same[2]} accesses to devices and the memory "
        f"as under TCG, {outcome.ms / 1000:.1f} of {time.monotonic() - began:.0f} s"
    )
    return ktap.Result(name, ktap.Status.PASS)


def leave_record(
    base: data.Base, target: data.Target, who: guest.Guest, steps: int, seconds: float, good: bool
) -> None:
    record = records.Record("replay", base.name, target.name, f"{who.name}-{steps}", seconds=seconds)
    record.counts = {"passed" if good else "failed": 1}
    record.facts = {"guest": who.name, "steps": steps, "different": not good, "rate": round(steps / (seconds or 1))}
    records.leave(record, base, target)


def main(options: Options) -> int:
    base, target = data.chosen(options, TARGET)
    who, count = guest.chosen(options), options.steps or STEPS
    install.ensure(kbuild.needs(target.build))
    result = compare(base, target, who, count, who.name, LIMIT + count // STEPS_A_SECOND)
    for line in result.notes:
        print(line)
    why = f": {result.why}" if result.why else ""
    ui.status(result.status.value, f"{base.name} {target.name}: {result.id}{why}")
    return errors.FAILED if result.status.bad else errors.PASSED
