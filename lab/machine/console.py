# SPDX-License-Identifier: GPL-2.0-only
"""The kernel console is a test result: find what must never be in it."""

from __future__ import annotations

import re

# Each is the beginning of a report; the order is that of how much it explains.
BAD = re.compile(
    r"(?:Oops: |BUG: |kernel BUG at |Kernel panic|WARNING: (?!.*\bunverified\b)|Unrecoverable |Bad kernel stack|"
    r"rcu:? .*(?:detected stall|self-detected|kthread .*starved)|INFO: rcu|soft lockup|hard LOCKUP|"
    r"INFO: task .* blocked for more than|INFO: (?:possible|suspicious)|possible (?:recursive|circular|irq) lock|"
    r"inconsistent lock state|DEBUG_LOCKS_WARN_ON|Badness at|lab init: |"
    r"UBSAN: |unreferenced object 0x|BUG [\w-]+ \(|ODEBUG: |pagealloc: .*corruption|"
    r"turning off the locking correctness validator|emulate_step_test: .*\bFAIL|"
    r"Program Exception|Unable to handle kernel|Kernel access of bad area|list_(?:add|del) corruption)"
)

EXCERPT = 30


def lines(data: bytes) -> list[str]:
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data.decode(errors="replace"))
    return [line.rstrip("\r") for line in text.split("\n")]


def crash(data: bytes) -> list[str]:
    """The lines from the first report on; empty if the console is clean."""
    found = lines(data)
    for number, line in enumerate(found):
        if BAD.search(line):
            return found[max(0, number - 2) : number + EXCERPT]
    return []


def tail(data: bytes) -> list[str]:
    return [line for line in lines(data) if line.strip()][-15:]
