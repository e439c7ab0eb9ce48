# SPDX-License-Identifier: GPL-2.0-only
"""Runs in gdb (gdb -batch -x steps.py guest.elf): the session of 'make demo'.

Prints what a person at the prompt would type and see. Commands that let the
guest run have a time limit, after which the guest is interrupted.
"""

import contextlib
import os
from collections.abc import Callable

import gdb
import session

CONNECT, BREAK, STEP = 60, 20, 5  # seconds
STEPS = int(os.environ["DEMO_STEPS"])
WATCH = bool(os.environ["DEMO_WATCH"])


def tell(text: str) -> None:
    """Print a line of the session."""
    print(text.strip(), flush=True)


def does(command: str) -> str:
    """A command at the prompt; what it answers."""
    tell(f"(gdb) {command}")
    return gdb.execute(command, to_string=True)


def where() -> None:
    """Print the instruction that the guest is at."""
    tell(gdb.execute("x/i $pc", to_string=True))


def runs(command: str, limit: float, how: Callable[[str], object] = session.do) -> bool:
    """A command that runs the guest; false if it had to be interrupted."""
    tell(f"(gdb) {command}")
    stopped = session.runs(command, limit, how)
    if not stopped:
        tell(f"did not stop: interrupted after {limit} s")
    where()
    return stopped


def show() -> None:
    """The session; DEMO_SOCKET is QEMU's gdbstub."""
    # Without the notifications: where() says it, and in one line.
    settings = ("confirm off", "pagination off", "width 0", "suppress-cli-notifications on")
    for setting in (*settings, f"remotetimeout {CONNECT}"):
        gdb.execute(f"set {setting}")
    does(f"target remote {os.environ['DEMO_SOCKET']}")
    does("load")
    does("set $msr = 0x1000")
    does("break *reported")
    if not runs("continue", BREAK):
        return
    for _ in range(STEPS):
        if not runs("stepi", STEP):
            break
    # A fresh look, so that a session that lost its guest shows this too.
    does("set $pc = look")
    where()
    if runs("stepi", STEP):
        tell(does("info registers r9"))


def watch() -> None:
    """Which instruction overwrites a word?"""
    does("delete")
    does("set $pc = clear")
    tell(does("watch *(int *)&victim"))
    # gdb says why it cannot insert a watchpoint, and its error does not.
    if runs("continue", BREAK, gdb.execute):
        tell(does("x/i $pc-4"))
        tell(does("info symbol $r7"))


try:
    show()
    if WATCH:
        watch()
except gdb.error as why:
    if str(why).strip() != "Command aborted.":  # what gdb says of the watchpoint is the reason
        tell(f"gdb: {why}")
finally:
    with contextlib.suppress(gdb.error):
        does("kill")
