# SPDX-License-Identifier: GPL-2.0-only
"""Guests of a real QEMU under KVM PR, without a debugger: do they come up?"""

from __future__ import annotations

from lab.config import data
from lab.core import ui
from lab.guest import guest, nested_qemu
from lab.results import ktap, tally


def judge(base: data.Base, target: data.Target, test: data.Test) -> tally.Judged:
    """A suite's test: the guest says what it says when it is up. LabError if it does not within the test's limit."""
    who = guest.find(test.guest)
    more = [*guest.CONSOLE, *nested_qemu.GREETS]
    what = nested_qemu.plan(base, target, who, more, f"{test.id}-{base.name}-{target.name}")
    what.argv.remove("-S")
    with nested_qemu.Client(what) as host:
        host.greeting()
        host.wait_for(lambda: who.up.encode() in host.said, test.limit, f"'{who.up}' of {who.name}")
        record = host.end()
    ui.say(f"{who.name} is up: it says '{who.up}'")
    results = [ktap.Result(test.id, ktap.Status.PASS)]
    return nested_qemu.judged(test.id, results, record, f"{base.name} {target.name}, {what.kernel.release}")
