# SPDX-License-Identifier: GPL-2.0-only
"""Runs in gdb: what sessions with watchpoints share."""

from __future__ import annotations

import gdb
from session import do, equal


class watched:
    """A watchpoint for a while. Its hits must be the hardware's, or those of gdb's own steps if software."""

    def __init__(self, expression: str, kind: int = gdb.WP_WRITE, software: bool = False) -> None:
        self.expression, self.kind, self.software = expression, kind, software

    def __enter__(self) -> gdb.Breakpoint:
        do(f"set can-use-hw-watchpoints {int(not self.software)}")
        try:
            self.point = gdb.Breakpoint(self.expression, gdb.BP_WATCHPOINT, self.kind)
        finally:
            do("set can-use-hw-watchpoints 1")
        equal("a software watchpoint", self.point.type == gdb.BP_WATCHPOINT, self.software)
        return self.point

    def __exit__(self, *_: object) -> None:
        if self.point.is_valid():
            self.point.delete()


def at(address: int) -> str:
    """The word at an address, as an expression of gdb's."""
    return f"*(unsigned int *){address:#x}"
