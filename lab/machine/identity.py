# SPDX-License-Identifier: GPL-2.0-only
"""Is the machine that booted the one that its file promises?"""

from __future__ import annotations

import re

from lab.core.errors import LabError
from lab.machine.spec import Record, Spec


def identity(spec: Spec, facts: dict[str, str]) -> str:
    """What is wrong with the machine that booted; empty if it is the right one."""
    must = spec.target.must
    for key, want in (("release", spec.kernel.release), ("machine", must.machine)):
        if facts.get(key) != want:
            return f"uname says {key} {facts.get(key, 'nothing')}, not {want}"
    for pattern in must.cpuinfo:
        if not re.search(pattern, facts.get("cpuinfo", ""), re.MULTILINE):
            return f"/proc/cpuinfo has no line that matches {pattern}"
    if (must.pr or must.hv) and facts.get("kvm") != "yes":
        return f"/dev/kvm: {facts.get('kvm', 'nothing known')}"
    for kind in ("pr", "hv"):
        if getattr(must, kind) and facts.get(kind) != "yes":
            return f"a KVM {kind.upper()} guest cannot be created: {facts.get(kind, 'nothing known')}"
    return ""


def refuse(spec: Spec, record: Record) -> LabError | None:
    """The set-up's own faults: QEMU would not start, or the wrong machine booted."""
    stream = record.channel
    if stream.identified:
        wrong = identity(spec, stream.facts)
        return LabError(f"{spec.target.name}: wrong machine booted, the run is worthless: {wrong}") if wrong else None
    if not record.console and not record.timed_out and record.qemu_status:
        return LabError(f"QEMU does not start: {(record.qemu_says.splitlines() or ['no reason given'])[-1]}")
    return None
