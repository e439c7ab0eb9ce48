# SPDX-License-Identifier: GPL-2.0-only
"""Runs in gdb: what sessions with watchpoints share."""

import contextlib

import gdb
from session import do, equal


@contextlib.contextmanager
def watched(expression: str, kind: int = gdb.WP_WRITE, software: bool = False):
    """A watchpoint for a while. Its hits must be the hardware's, or those of gdb's own steps if software."""
    do(f"set can-use-hw-watchpoints {int(not software)}")
    try:
        point = gdb.Breakpoint(expression, gdb.BP_WATCHPOINT, kind)
    finally:
        do("set can-use-hw-watchpoints 1")
    try:
        equal("a software watchpoint", point.type == gdb.BP_WATCHPOINT, software)
        yield point
    finally:
        if point.is_valid():
            point.delete()


def at(address: int) -> str:
    """The word at an address, as an expression of gdb's."""
    return f"*(unsigned int *){address:#x}"
