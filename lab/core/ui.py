# SPDX-License-Identifier: GPL-2.0-only
"""What the user sees: [12:31:07] lines on stderr, colour only on a terminal."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import TextIO

_LOCK = threading.Lock()
_START = time.monotonic()
_COLOURS = {"PASSED": 32, "FAILED": 31, "CRASHED": 31, "TIMEOUT": 31, "SKIPPED": 33, "XFAIL": 33}


def paint(text: str, status: str, stream: TextIO) -> str:
    """The text in the colour of a status, where the stream shows colours.

    NO_COLOR counts unless it is empty, and a dumb terminal has no colours.
    """
    colourful = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return f"\x1b[{_COLOURS[status]}m{text}\x1b[0m" if colourful and status in _COLOURS else text


def say(text: str) -> None:
    """One line with the time, on stderr; from any thread."""
    with _LOCK:
        print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


def status(word: str, text: str) -> None:
    """One line with a status word: PASSED, FAILED, CRASHED, TIMEOUT, SKIPPED or XFAIL."""
    say(f"[{paint(word, word, sys.stderr)}] {text}")


def took(seconds: float) -> str:
    """Seconds as minutes:seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def so_far() -> str:
    """The time since the command was given."""
    return f"{took(time.monotonic() - _START)} so far"


class Heartbeat:
    """Tells every so often that a long stage is still alive."""

    def __init__(self, what: str, every: float = 30.0) -> None:
        self.what, self.every = what, every
        self.note: Callable[[], str] = str  # how far it is, in words
        self.start = self.last = time.monotonic()

    def elapsed(self) -> float:
        """Seconds since it was made."""
        return time.monotonic() - self.start

    def beat(self) -> None:
        """Say that it goes on, if the last time is long enough ago."""
        if time.monotonic() - self.last >= self.every:
            self.last = time.monotonic()
            words = [w for w in (self.note(), took(self.elapsed())) if w]
            more = "" if self.start - _START < 10 else f"; {so_far()}"
            say(f"{self.what} ... {', '.join(words)}{more}")


def show(text: bytes) -> None:
    """What the target says, as it comes."""
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()
