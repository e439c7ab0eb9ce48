# SPDX-License-Identifier: GPL-2.0-only
"""Guests of a real QEMU under KVM PR, without a debugger: do they come up?"""

from __future__ import annotations

from lab.config import data
from lab.core import ui
from lab.core.errors import LabError
from lab.guest import guest, nested_qemu
from lab.results import ktap, tally


def judge(base: data.Base, target: data.Target, test: data.Test) -> tally.Judged:
    """A suite's test: the guest says what it says when it is up, within the test's limit after QEMU's start."""
    who = guest.find(test.guest)
    more = [*guest.CONSOLE, *nested_qemu.GREETS]
    what = nested_qemu.plan(base, target, who, more, f"{test.id}-{base.name}-{target.name}")
    what.argv.remove("-S")
    try:
        with nested_qemu.Client(what) as host:
            host.greeting()
            host.wait_for(lambda: who.up.encode() in host.said, test.limit, f"'{who.up}' of {who.name}")
    except LabError as why:
        return tally.Judged([ktap.Result(test.id, ktap.Status.FAIL, str(why))])
    ui.say(f"{who.name} is up: it says '{who.up}'")
    return tally.Judged([ktap.Result(test.id, ktap.Status.PASS)])
