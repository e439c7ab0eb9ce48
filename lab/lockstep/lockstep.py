# SPDX-License-Identifier: GPL-2.0-only
"""make lockstep: one guest under KVM PR and under TCG, compared after every step."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from lab.config import data
from lab.core import cache, errors, ui
from lab.core.errors import LabError
from lab.core.options import Options
from lab.debian import install
from lab.guest import guest, nested_qemu
from lab.kernel import kbuild
from lab.lockstep import checkpoint, pair, rsp, stepping
from lab.machine import programs, verdict
from lab.results import ktap, records, tally

STEPS = 20000


@contextlib.contextmanager
def under_kvm(base: data.Base, target: data.Target, who: guest.Guest, state: Path | None = None) -> Iterator[rsp.Pilot]:
    """A pilot at the guest, stopped at reset or in the state.

    LabError if the host, QEMU or the console is not well. At the end the host is gone.
    """
    plan = nested_qemu.plan(base, target, who, [], f"lockstep-{base.name}-{target.name}-{who.name}", state)
    preload = "-"
    plan.files["pilot"] = programs.compile_for(target.build, "lockstep/pilot.c")
    if nested_qemu.chosen() == nested_qemu.DEBIAN:  # the patched one holds interrupts back itself
        preload = f"{nested_qemu.inside(target)}/blockirq"
        plan.files["blockirq"] = programs.compile_for(target.build, "lockstep/blockirq.c", programs.PRELOAD)
    plan.argv = [f"{nested_qemu.inside(target)}/pilot", nested_qemu.port(target), preload, *plan.argv]
    ui.say(f"booting {plan.kernel.release} on {target.name}; the guest is {who.name}: {who.summary}")
    with nested_qemu.Client(plan) as host:
        host.wait_for(host.socket.exists, pair.TARGET, "serial port of the target")
        pilot = rsp.Pilot(host.socket, pair.TARGET + host.spec.target.boot.limit)
        try:
            pilot.greeting()
            yield pilot
            if (found := verdict.of_console(host.end().console)).code:
                for line in found.excerpt:
                    ui.say(f"  {line}")
                raise LabError(f"{target.name}: {found.text}", found.code)
        except rsp.Broken as why:
            ui.say(f"lockstep: {why}")
            host.fail("answer from QEMU")
        finally:
            pilot.wire.close()


def main(options: Options) -> int:
    """make lockstep: step the guest under KVM and TCG. FAILED at a difference."""
    base, target = data.chosen(options)
    who, count, start = guest.chosen(options), options.steps or STEPS, options.start
    install.ensure([*kbuild.needs(target.build), *data.packages()["demo"]])
    nested_qemu.root(target)
    nested_qemu.port(target)
    here = checkpoint.checkpoint(kbuild.build(base, target.build).release, who, start)
    resume = options.resume and here.read()
    if options.resume and not resume:
        ui.say("nothing to resume: no run of this kernel, this guest and this START has stopped; from the beginning")
    if resume:
        ui.say(f"going on after step {here.done}")
        if here.done >= count:
            raise LabError(f"{here.done} steps are done: give more STEPS, or leave RESUME= out")
    state = here.state if resume else checkpoint.start_state(base, target, who, start)
    watch = watched(options.watch)
    found = compare(base, target, who, count, here, state, watch=watch)
    leave_record(base, target, who, found, start, watch)
    return report(who, found, start)


def compare(
    base: data.Base,
    target: data.Target,
    who: guest.Guest,
    count: int,
    here: checkpoint.Checkpoint,
    state: Path | None = None,
    limit: float = 0,
    watch: int | None = None,
) -> pair.Result:
    """Both machines, up to that many steps: from the state, or from reset; watch: an address, on KVM's side."""
    with stepping.reference(who, state) as tcg, under_kvm(base, target, who, state) as kvm:
        both = pair.Pair(who, kvm, tcg, pair.Result(here.done, begin=here.done, by_rule=here.by_rule))
        if state:
            both.settle()
        if watch is not None:
            kvm.watch(watch)
        return both.run(count, here, limit)


def watched(text: str) -> int | None:
    """The address that WATCH= gives, if it gives one. LabError if it is none."""
    try:
        return int(text, 16) if text else None
    except ValueError:
        raise LabError(f"WATCH={text}: give a hexadecimal address") from None


def leave_record(
    base: data.Base, target: data.Target, who: guest.Guest, result: pair.Result, start: str, watch: int | None = None
) -> None:
    """Of a walk that came to its end, or to a difference."""
    name = f"{who.name}-{start or 'reset'}-{result.steps}{'' if watch is None else '-watched'}"
    if patched := nested_qemu.chosen() == nested_qemu.PATCHED:
        name += f"-{nested_qemu.PATCHED}"
    record = records.Record("lockstep", base.name, target.name, name, seconds=result.seconds)
    record.counts = {"failed" if result.difference else "passed": 1}
    record.facts = {"guest": who.name, "start": start, "steps": result.steps, "rate": round(result.rate)}
    record.facts |= {"different": bool(result.difference), "by rule": result.by_rule}
    if patched:
        record.facts["client"] = nested_qemu.PATCHED
    if watch is not None:
        record.facts["watch"] = f"{watch:#x}"
    records.leave(record, base, target, sessions=True)


def judge(base: data.Base, target: data.Target, test: data.Test) -> tally.Judged:
    """A suite's test: so many steps without a difference. LabError if a machine or the host's console is not well."""
    who = guest.find(test.guest)
    state = checkpoint.start_state(base, target, who, test.start)
    with cache.scratch("lockstep") as folder:
        found = compare(base, target, who, test.steps, checkpoint.Checkpoint(folder), state, test.limit)
    leave_record(base, target, who, found, test.start)
    said = summary(who, found, test.start)
    ui.say(said)
    if found.difference:
        return tally.Judged([ktap.Result(test.id, ktap.Status.FAIL, said, tuple(found.difference))])
    return tally.Judged([ktap.Result(test.id, ktap.Status.PASS)])


def summary(who: guest.Guest, result: pair.Result, start: str) -> str:
    end = "a difference" if result.difference else "no difference"
    return f"{who.name} from {start or 'reset'}: {result.steps} steps, {end}, {result.rate:.0f} steps a second"


def report(who: guest.Guest, result: pair.Result, start: str) -> int:
    for line in result.difference:
        print(line)
    for name, times in result.by_rule.items():
        print(f"by rule '{name}' (lab/data/lockstep.toml): {times} times")
    print(summary(who, result, start))
    return errors.FAILED if result.difference else errors.PASSED
