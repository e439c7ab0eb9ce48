# SPDX-License-Identifier: GPL-2.0-only
"""From what a boot left behind to what it means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lab.core import errors, ui
from lab.machine import boot, console
from lab.machine.spec import Record, Spec, refuse


@dataclass(frozen=True)
class Verdict:
    """code: one of errors.py's; excerpt: the lines of the console that show why."""

    code: int
    text: str = ""
    excerpt: list[str] = field(default_factory=list)

    def tell(self, target: str) -> None:
        """Print it, with the excerpt."""
        word = {errors.CRASHED: "CRASHED", errors.TIMEOUT: "TIMEOUT"}.get(self.code, "FAILED")
        ui.status(word, f"{target}: {self.text}")
        for line in self.excerpt:
            ui.say(f"  {line}")


def of_console(said: bytes) -> Verdict:
    """What a kernel's console says by itself: whether there is a report of a crash on it."""
    report = console.crash(said)
    text = "the kernel reported a problem on its console"
    return Verdict(errors.CRASHED, text, report) if report else Verdict(errors.PASSED)


def judge(spec: Spec, record: Record) -> Verdict:
    """Did the machine and its kernel behave? (Not yet: did the tests pass.)"""
    if wrong := refuse(spec, record):
        raise wrong
    if (found := of_console(record.console)).code:
        return found
    end = console.tail(record.console)
    if record.timed_out:
        running = record.channel.running
        during = f" while {running.name} ran" if running else ""
        return Verdict(errors.TIMEOUT, f"{record.timed_out}{during}; the end of the console:", end)
    if not record.channel.done:
        when = "the tests did" if record.channel.identified else "init reported"
        return Verdict(errors.CRASHED, f"ended before {when}{_emulator(record)}; the end of the console:", end)
    return Verdict(errors.PASSED)


def run(
    spec: Spec, what: str, on_output: Callable[[bytes], None] | None = None, name: str = ""
) -> tuple[Record, Verdict]:
    """Boot, judge, and print what is wrong, under a name that is the host's if there is none."""
    ui.say(f"booting {spec.kernel.release} on {spec.target.name}{what}")
    record = boot.run(spec, on_output)
    boot.echo_console(record)
    found = judge(spec, record)
    if found.code:
        found.tell(name or spec.target.name)
    return record, found


def _emulator(record: Record) -> str:
    """QEMU's own part in the end of a machine, if it had one: a signal, or words."""
    died = f"QEMU killed by signal {-record.qemu_status}" if record.qemu_status and record.qemu_status < 0 else ""
    lines = [line for line in record.qemu_says.splitlines() if line.strip()]
    said = next((line for line in lines if "fatal:" in line or "Assertion" in line), lines[0] if lines else "")
    both = ": ".join(part for part in (died, said) if part)
    return f" ({both})" if both else ""


def status(spec: Spec, record: Record) -> int:
    """The exit status of a boot with one payload: the payload's own if all else is well.

    It is printed unless it is 0, since 128 + n can also be a signal, as in a shell. 2, 3 and 4 are the
    lab's (lab/core/errors.py): a payload that exits with one of them, as KSFT_SKIP is 4, becomes 1.
    """
    found = judge(spec, record)
    if found.code:
        found.tell(spec.target.name)
        return found.code
    last = record.channel.outcomes[-1]
    if last.how == "timeout":
        why = f"no end after {last.value} s; the end of the console:"
        Verdict(errors.TIMEOUT, why, console.tail(record.console)).tell(last.name)
        return errors.TIMEOUT
    if last.how == "signal":
        ui.status("FAILED", f"{last.name}: killed by signal {last.value}")
        return 128 + last.value
    if last.value:
        ui.status("FAILED", f"{last.name}: exit status {last.value}")
    return errors.FAILED if last.value in (errors.SETUP, errors.CRASHED, errors.TIMEOUT) else last.value
