# SPDX-License-Identifier: GPL-2.0-only
"""Guests of a real QEMU under KVM PR, without a debugger: do they come up?"""

from __future__ import annotations

from . import client, data, guest, ktap, ui
from .errors import LabError


def judge(base: data.Base, target: data.Target, test: data.Test) -> ktap.Result:
    """A suite's test: the guest says what it says when it is up, within the test's limit after QEMU's start."""
    who = guest.find(test.guest)
    what = client.plan(base, target, who, [*guest.CONSOLE, *client.GREETS], f"{test.id}-{base.name}-{target.name}")
    what.argv.remove("-S")
    try:
        with client.Client(what) as host:
            host.greeting()
            host.wait_for(lambda: who.up.encode() in host.said, test.limit, f"'{who.up}' of {who.name}")
    except LabError as why:
        return ktap.Result(test.id, ktap.Status.FAIL, str(why))
    ui.say(f"{who.name} is up: it says '{who.up}'")
    return ktap.Result(test.id, ktap.Status.PASS)
