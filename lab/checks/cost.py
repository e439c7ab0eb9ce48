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
ICOUNT = ["-icount", "shift=0,sleep=off"]
CMDLINE = "mitigations=off"
LIMIT = 120
E1 = 1.001  # no debugger attached: patched against stock
E2 = 1.10  # a step against an empty exit, in the same run
FREE = ("emulated", "hypercall", "pagefault")
STEPS = ("step_native", "step_emulated")


def measure(base: data.Base, target: data.Target) -> dict[str, float]:
    built = kbuild.build(base, target.build)
    code = programs.compile_for(target.build, "checks/bench.c")
    spec = boot.Spec(
        target,
        built,
        [protocol.Command("bench", ["/bin/bench"], LIMIT)],
        {"bin/bench": code},
        cmdline=CMDLINE,
        qemu_args=[*ICOUNT, "-smp", "1"],
        log=f"bench-{base.name}-{target.name}",
    )
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
    lines.append(f"{'osi_exit':28} {stock['osi_exit']:9.1f} {mainline['osi_exit']:9.1f}")
    return lines, good


def main(options: Options) -> int:
    start = time.monotonic()
    base, target = data.chosen(options)
    lines, good = table(measure(data.base("stock-mainline"), target), measure(base, target))
    print("\n".join(lines))
    record = records.Record("bench", base.name, target.name, seconds=time.monotonic() - start)
    record.counts = {"passed" if good else "failed": 1}
    record.facts = {"lines": lines}
    records.leave(record, base, target)
    return PASSED if good else FAILED
