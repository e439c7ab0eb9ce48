# SPDX-License-Identifier: GPL-2.0-only
"""Runs in gdb: what the sessions share. A session is a list of cases, each with a name and its assertions."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable

import gdb

LIMIT = float(os.environ.get("SESSION_WAIT", "60"))  # seconds until something that runs must have stopped
MSR_PR, MSR_IR, MSR_DR = 0x4000, 0x20, 0x10
RFI = (0x4C000064, 0x4C000024)

_cases: list[Callable[[], None]] = []


class Failed(Exception):
    pass


def case(function: Callable[[], None]) -> Callable[[], None]:
    """Marks a case; they run in the order of the file."""
    _cases.append(function)
    return function


def do(command: str) -> str:
    return gdb.execute(command, to_string=True)


def reg(name: str) -> int:
    value = gdb.parse_and_eval(f"${name}")
    return int(value.cast(gdb.lookup_type("unsigned long long"))) & (1 << 8 * value.type.sizeof) - 1


def word(at: int) -> int:
    data = gdb.selected_inferior().read_memory(at, 4)
    return int.from_bytes(bytes(data), "little" if "little" in do("show endian") else "big")


def equal(what: str, have: int, must: int) -> None:
    if have != must:
        raise Failed(f"{what} is {have:#x}, not {must:#x}")


def true(what: str, value: object) -> None:
    if not value:
        raise Failed(what)


def runs(command: str, limit: float = LIMIT) -> bool:
    """A command that runs the guest; false if it had to be interrupted."""
    late = threading.Event()

    def interrupt() -> None:
        late.set()
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    timer = threading.Timer(limit, interrupt)
    timer.start()
    try:
        do(command)
    except KeyboardInterrupt:
        late.set()
    finally:
        timer.cancel()
    return not late.is_set()


def see() -> None:
    """Let QEMU translate addresses as the guest does now.

    Under KVM it goes by the MSR that it has seen last itself: that of the reset, of the
    load of a state, or one that gdb has written. Until then gdb reads, and puts its
    breakpoints, where the guest's addresses led to at that time.
    """
    size = 2 * gdb.parse_and_eval("$msr").type.sizeof
    do(f"maintenance packet P41={reg('msr'):0{size}x}")


def go(command: str = "continue") -> int:
    """Run to a stop; the pc there."""
    stopped = runs(command)
    see()
    if not stopped:
        raise Failed(f"'{command}' does not stop: interrupted at {reg('pc'):#x}")
    return reg("pc")


def step() -> int:
    return go("stepi")


def step_to(must: int, what: str) -> None:
    at = reg("pc")
    equal(f"the pc after {what} at {at:#x}", step(), must)


@contextlib.contextmanager
def breakpoint_at(place: str, **options: object):
    """A breakpoint for a while; its hit_count is gdb's."""
    made = gdb.Breakpoint(place, **options)
    try:
        yield made
    finally:
        made.delete()


def connect() -> None:
    do(f"target remote {os.environ['SESSION_SOCKET']}")
    see()


def main() -> None:
    """All cases, as TAP: what one leaves behind is what the next starts from."""
    # always-inserted: else gdb would take breakpoints out before see() can say where they are
    for setting in ("confirm off", "pagination off", "width 0", "remotetimeout 120", "breakpoint always-inserted on"):
        do(f"set {setting}")
    print(f"TAP version 13\n1..{len(_cases)}", flush=True)
    try:
        connect()
        gone = ""
    except gdb.error as why:
        gone = str(why)
    for number, function in enumerate(_cases, 1):
        try:
            if gone:
                raise Failed(gone)
            function()
            print(f"ok {number} {function.__name__}", flush=True)
        except (Failed, gdb.error, gdb.MemoryError) as why:
            print(f"# {why}\nnot ok {number} {function.__name__}", flush=True)
    with contextlib.suppress(gdb.error):
        do("kill")
