# SPDX-License-Identifier: GPL-2.0-only
"""Runs in gdb: what the sessions share. A session is a list of cases, each with a name and its assertions."""

import contextlib
import importlib
import os
import signal
import threading
from collections.abc import Callable
from typing import Literal

import gdb

HELPED = os.environ.get("SESSION_FLOW") == "helped"  # else gdb's own settings, and nothing done behind its back
LIMIT = float(os.environ.get("SESSION_LIMIT", "60"))  # seconds until something that runs must have stopped
GIVE_UP = 20  # more, until gdb is told again: then it leaves a QEMU that does not answer

_cases: list[Callable[[], None]] = []
_unhelped: set[str] = set()


class Failed(Exception):
    """A case's assertion does not hold."""


def case(function: Callable[[], None]) -> Callable[[], None]:
    """Marks a case; they run in the order of the file."""
    _cases.append(function)
    return function


def default_case(function: Callable[[], None]) -> Callable[[], None]:
    """A case that an unpatched QEMU fails, whatever helps it otherwise: it is for FLOW=default only."""
    _unhelped.add(function.__name__)
    return case(function)


def do(command: str) -> str:
    return gdb.execute(command, to_string=True)


def reg(name: str) -> int:
    value = gdb.parse_and_eval(f"${name}")
    return int(value.cast(gdb.lookup_type("unsigned long long"))) & (1 << 8 * value.type.sizeof) - 1


def byte_order() -> Literal["little", "big"]:
    return "little" if "little" in do("show endian") else "big"


def word(at: int) -> int:
    data = gdb.selected_inferior().read_memory(at, 4)
    return int.from_bytes(bytes(data), byte_order())


def write_words(at: int, words: tuple[int, ...]) -> None:
    gdb.selected_inferior().write_memory(at, b"".join(w.to_bytes(4, byte_order()) for w in words))


def put(values: dict[str, int]) -> None:
    """Registers."""
    for name, value in values.items():
        do(f"set ${name} = {value:#x}")


def address(name: str) -> int:
    """Of a symbol."""
    return int(gdb.parse_and_eval(f"(unsigned long long)&{name}"))


def equal(what: str, have: int, must: int) -> None:
    if have != must:
        raise Failed(f"{what} is {have:#x}, not {must:#x}")


def true(what: str, value: object) -> None:
    if not value:
        raise Failed(what)


def runs(command: str, limit: float = LIMIT, how: Callable[[str], object] = do) -> bool:
    """A command that runs the guest; false if it had to be interrupted. how: what executes it."""
    late, done = threading.Event(), threading.Event()

    def interrupt() -> None:
        wait = limit
        while not done.wait(wait):
            late.set()
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            wait = GIVE_UP

    (watch := threading.Thread(target=interrupt)).start()
    try:
        how(command)
    except KeyboardInterrupt:
        late.set()
    finally:
        done.set()
        watch.join()
    return not late.is_set()


def see() -> None:
    """Let an unpatched QEMU translate addresses as the guest does now.

    Under KVM, such a QEMU translates by the MSR of the last reset or incoming migration, or
    by the one that gdb has written last. Until gdb writes the MSR, it reads memory, and puts
    its breakpoints, where the guest's addresses led to at that time.
    """
    if HELPED:
        translate_by(reg("msr"))


def translate_by(msr: int) -> None:
    text = msr.to_bytes(gdb.parse_and_eval("$msr").type.sizeof, byte_order())
    do(f"maintenance packet P41={text.hex()}")


def monitor(command: str) -> None:
    """A command of QEMU's monitor, which must not fail; gdb asks for the registers anew after it."""
    said = do(f"monitor {command}")
    true(f"{command}: {said}", "rror" not in said)
    do("maintenance flush register-cache")


def connect() -> None:
    do(f"target remote {os.environ['SESSION_SOCKET']}")
    see()


def main(script: str) -> None:
    """All cases of a script, as TAP: what one leaves behind is what the next starts from."""
    importlib.import_module(script)
    settings = ["confirm off", "pagination off", "width 0", "remotetimeout 120"]
    if HELPED:  # else gdb would take breakpoints out before see() can say where they are
        settings.append("breakpoint always-inserted on")
    for setting in settings:
        do(f"set {setting}")
    print(f"TAP version 13\n1..{len(_cases)}", flush=True)
    try:
        connect()
        gone = ""
    except gdb.error as why:
        gone = str(why)
    for number, function in enumerate(_cases, 1):
        if HELPED and function.__name__ in _unhelped:
            print(f"ok {number} {function.__name__} # SKIP needs CLIENT=patched", flush=True)
            continue
        try:
            if gone:
                raise Failed(gone)
            function()
            print(f"ok {number} {function.__name__}", flush=True)
        except (Failed, gdb.error, gdb.MemoryError, IndexError) as why:  # IndexError: an earlier case found nothing
            print(f"# {why}\nnot ok {number} {function.__name__}", flush=True)
    with contextlib.suppress(gdb.error):
        do("kill")
