# SPDX-License-Identifier: GPL-2.0-only
"""make bench: what the series costs, in instructions of the emulated host (E1, E2)."""

from __future__ import annotations

import time

from lab.config import data
from lab.core import ui
from lab.core.errors import FAILED, PASSED, LabError
from lab.core.options import Options
from lab.kernel import kbuild
from lab.machine import boot, programs, protocol, verdict
from lab.results import records

# QEMU's clock counts instructions; flushes that mitigations make would drown KVM's part.
ICOUNT = ["-icount", "shift=0,sleep=off", "-smp", "1"]
CMDLINE = "mitigations=off"
LIMIT = 120
E1 = 1.001  # no debugger attached: patched against stock
E2 = 1.10  # a step against an empty exit, in the same run
FREE = ("emulated", "hypercall", "pagefault")
STEPS = ("step_native", "step_emulated")
# Watchpoints: the row, how many instructions of the guest an event has, what it may cost at most
WATCHES = (
    ("watch_elsewhere", "access to another page", 1, None),
    ("watch_load", "load from a page with watched stores", 1, 10),
    ("watch_store", "store beside a watched word", 1, 6000),
    ("watch_reserve", "lwarx and stwcx. beside a watched word", 1, 6000),
    ("break_loop", "instruction in a breakpoint's page", 3, 1800),
)
HITS = ("watch_hit_again", "watch_hit")  # the guest starts at the access that is watched, or behind it
HIT = 1.15  # a hit against an empty exit
# Without a bound. 750: KVM replaces dcbz in a guest's code, and looks again after stores and exits to userspace.
COSTS = (("osi_exit", "osi_exit"), ("750_exit", "osi_exit of a 750"), ("750_store", "its store to a page that ran"))


def measure(base: data.Base, target: data.Target) -> dict[str, float]:
    """Instructions per operation on one kernel, by operation. Builds and boots it; LabError if a program failed."""
    built = kbuild.build(base, target.build)
    code = programs.compile_for(target.build, "checks/bench.c")
    command, log = protocol.Command("bench", ["/bin/bench"], LIMIT), f"bench-{base.name}-{target.name}"
    spec = boot.Spec(target, built, [command], {"bin/bench": code}, cmdline=CMDLINE, qemu_args=ICOUNT, log=log)
    ui.say(f"counting instructions of {built.release} on {target.name}")
    said = bytearray()
    record = boot.run(spec, said.extend)
    if verdict.status(spec, record):
        raise LabError(f"bench failed on {built.release}: {said.decode(errors='replace').strip() or 'no output'}")
    return {name: float(value) for name, value in (line.split() for line in said.decode().splitlines())}


def table(stock: dict[str, float], mainline: dict[str, float]) -> tuple[list[str], bool]:
    """The lines to print, and whether every bound holds."""
    lines = [f"{'instructions per event':28} {'unpatched':>9} {'patched':>9} {'ratio':>7}  bound"]
    good = True

    def line(what: str, old: float | None, new: float, ratio: float, bound: float) -> None:
        nonlocal good
        good &= ratio <= bound
        before = f"{old:9.1f}" if old is not None else f"{'':9}"
        lines.append(f"{what:28} {before} {new:9.1f} {ratio:7.4f}  {bound} {'holds' if ratio <= bound else 'BROKEN'}")

    for name in FREE:
        line(f"E1 {name}", stock[name], mainline[name], mainline[name] / stock[name], E1)
    for name in STEPS:
        line(f"E2 {name} / osi_exit", None, mainline[name], mainline[name] / mainline["osi_exit"], E2)
    for name, what, events, most in WATCHES:
        cost = mainline[name] / events
        # Not one exit: the same as without watchpoints, within a few instructions of the timer's ticks
        bound = mainline["watch_none"] + 3 if most is None else most
        good &= cost <= bound
        lines.append(f"{what:48} {cost:8.1f}  at most {bound:.0f}: {'holds' if cost <= bound else 'BROKEN'}")
    for name in HITS:
        line(f"{name} / osi_exit", None, mainline[name], mainline[name] / mainline["osi_exit"], HIT)
    lines += [f"{what:28} {stock[name]:9.1f} {mainline[name]:9.1f}" for name, what in COSTS if name in stock]
    return lines, good


def main(options: Options) -> int:
    """make bench: the table of both kernels, and a record. FAILED if a bound does not hold."""
    start = time.monotonic()
    base, target = data.chosen(options)
    lines, good = table(measure(data.base("stock-mainline"), target), measure(base, target))
    print("\n".join(lines))
    counts, facts = {"passed" if good else "failed": 1}, {"lines": lines}
    seconds = time.monotonic() - start
    record = records.Record("bench", base.name, target.name, counts=counts, seconds=seconds, facts=facts)
    records.leave(record, base, target)
    return PASSED if good else FAILED
