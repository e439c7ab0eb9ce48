# SPDX-License-Identifier: GPL-2.0-only
"""The result channel: what init (lab/machine/init/init.c) writes, and the plan it reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lab.config import data


@dataclass(frozen=True)
class Command:
    """One program to run in the target, with a limit in seconds (0: none)."""

    name: str
    argv: list[str]
    limit: int
    shell: bool = False


@dataclass
class Outcome:
    """One command's output and end: 'exit', 'signal', 'timeout', or '' for cut short."""

    name: str
    output: bytearray = field(default_factory=bytearray)
    how: str = ""
    value: int = 0
    ms: int = 0


def plan(nonce: str, boot: data.Boot, commands: list[Command], share: bool = False, raw: Sequence[str] = ()) -> bytes:
    """The words of /lab/plan, each ended by a NUL; lab/machine/init/init.c does what they say in this order.

    nonce N         begins each of init's own lines: "@lab:N ..."
    result TTY      the terminal to write them and the programs' output to
    raw TTY         set this terminal raw; as often as there are such terminals
    end HOW         how to end the machine: poweroff or restart
    hold-vm         keep a VM of KVM PR until the end, if there can be one
    facts           tell what machine and kernel this is
    share TAG       mount the 9p share of that tag; the programs run below it
    run NAME LIMIT N WORD*N     run a program with N words, for LIMIT seconds at most (0: any time);
                    shell in the place of run: on the console
    done            end
    """
    words = ["nonce", nonce, "result", boot.result]
    for tty in raw:
        words += ["raw", tty]
    words += ["end", boot.end, *(["hold-vm"] if boot.hold_vm else []), "facts"]
    if share:
        words += ["share", "share"]
    for c in commands:
        words += ["shell" if c.shell else "run", c.name, str(c.limit), str(len(c.argv)), *c.argv]
    return b"".join(w.encode() + b"\0" for w in [*words, "done"])


class Channel:
    """Splits the stream into facts and outputs; feed() takes it in any pieces.

    on_output gets the bytes of the running command as they come.
    """

    def __init__(self, nonce: str, on_output: Callable[[bytes], None] | None = None) -> None:
        self._mark = f"\n@lab:{nonce} ".encode()
        self._rest = b""
        self._on_output = on_output
        self.facts: dict[str, str] = {}
        self.identified = False
        self.outcomes: list[Outcome] = []
        self.running: Outcome | None = None
        self.done = False

    def feed(self, said: bytes) -> None:
        """The next bytes of the stream, in pieces of any size."""
        self._rest += said
        while (at := self._rest.find(self._mark)) >= 0:
            self._pass(self._rest[:at])
            self._rest = self._rest[at:]
            line, newline, behind = self._rest.removeprefix(self._mark).partition(b"\n")
            if not newline:
                return  # the line goes on in the next piece
            self._rest = behind
            self._event(line.decode(errors="replace"))
        # A mark has its only newline at its beginning.
        before, newline, last = self._rest.rpartition(b"\n")
        keep = newline + last if newline and self._mark.startswith(newline + last) else b""
        self._pass(before if keep else self._rest)
        self._rest = keep

    def close(self) -> None:
        """The stream has ended: what is held back is output after all."""
        self._pass(self._rest)
        self._rest = b""

    def _pass(self, said: bytes) -> None:
        if said and self.running:
            self.running.output += said
            if self._on_output:
                self._on_output(said)

    def _event(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "fact":
            key, _, value = rest.partition(" ")
            self.facts[key] = f"{self.facts[key]}\n{value}" if key in self.facts else value
        elif word == "facts":
            self.identified = True
        elif word == "begin":
            self.running = Outcome(rest)
            self.outcomes.append(self.running)
        elif word == "end" and self.running:
            how, value, ms = rest.split()
            self.running.how, self.running.value, self.running.ms = how, int(value), int(ms)
            self.running = None
        elif word == "done":
            self.done = True
