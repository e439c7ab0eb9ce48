# SPDX-License-Identifier: GPL-2.0-only
"""make demo: the same debugging session on the unpatched and on the patched kernel, side by side."""

from __future__ import annotations

import dataclasses
import itertools
import re
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path

from lab.config import data
from lab.core import cache, errors, proc, ui
from lab.core.options import Options
from lab.debian import install
from lab.gdb import session
from lab.guest import guest as guests
from lab.guest import nested_qemu
from lab.guest.ppc import MSR_SE
from lab.kernel import kbuild
from lab.machine import boot, programs, protocol, qemu, verdict
from lab.results import records

HERE = data.LAB / "demo"
STOCK, PATCHED = "stock-mainline", "mainline"
WIDTH = 100
HALF = (WIDTH - 4) // 2
MARK = "<>"
LIMIT = 180  # seconds for one session; what runs the guest in it has a limit of its own
PLACES = ("--section-start=.reset=0x100", "--section-start=.syscall=0xc00", "-Ttext=0x20f000")
ENDS = 10  # seconds from gdb's "kill" to the end of the target
MACHINE = ["-M", "mac99,accel=kvm", "-cpu", "G4"]
QEMU = ["/usr/bin/qemu-system-ppc", *MACHINE, "-m", "64", "-display", "none", "-nodefaults", "-no-user-config", "-S"]
TROUBLE = ("did not stop", "gdb: ", "stepper: ", "Could not insert hardware watchpoint")


@dataclass(frozen=True)
class Expected:
    """lab/demo/expected.toml: where a right session stops, and the registers that it shows."""

    stops: list[str]  # places in guest.S, in their order
    values: dict[str, int]  # of registers, at the end
    watched: list[str]  # more stops, of the watchpoint with CLIENT=patched

    @property
    def steps(self) -> int:
        """From the breakpoint to the last stop before the look."""
        return self.stops.index("look") - 1


@dataclass(frozen=True)
class Guest:
    """The assembled guest program; code tells the place and the instruction at an address."""

    elf: Path
    code: dict[int, tuple[str, str]]

    def address(self, place: str) -> str:
        """The address of a label, as gdb shows it. The label has to be in the code."""
        return next(f"{at:#x}" for at, (here, _) in self.code.items() if here == place)


@dataclass
class Session:
    """One kernel's side of the demonstration."""

    release: str
    lines: list[str]
    client: str
    problem: verdict.Verdict


def expected() -> Expected:
    """The stops that a right session has."""
    want = data.read(Expected, HERE / "expected.toml")
    return dataclasses.replace(want, stops=[*want.stops, *want.watched]) if watches() else want


def watches() -> bool:
    """Is a watchpoint shown, too?"""
    return nested_qemu.chosen() == nested_qemu.PATCHED


def disassembly(text: str) -> dict[int, tuple[str, str]]:
    """What objdump -d prints, instructions as gdb has them."""
    code: dict[int, tuple[str, str]] = {}
    symbol, start = "", 0
    for line in text.splitlines():
        if m := re.fullmatch(r"([0-9a-f]+) <(\w+)>:", line):
            start, symbol = int(m[1], 16), m[2]
        elif m := re.fullmatch(r"\s*([0-9a-f]+):\t(?:[0-9a-f]{2} ){4}\t(.+)", line):
            at = int(m[1], 16)
            what = re.sub(r"\b([0-9a-f]+) (<\w+>)$", r"0x\1 \2", " ".join(m[2].split()))
            code[at] = (f"{symbol}+{at - start}" if at > start else symbol, what)
    return code


def assemble(target: data.Target) -> Guest:
    """guest.S, linked, and what objdump says of it."""
    source, log, cross = HERE / "guest.S", cache.log("demo"), target.build.cross

    def fill(work: Path) -> None:
        flags = ["-a32", "-mbig", "-mppc", "-mregnames"]
        proc.logged([f"{cross}as", *flags, "-o", work / "guest.o", source], log, "assembling guest.S")
        flags = ["-m", "elf32ppc", "-N", "--no-warn-rwx-segments", *PLACES]
        proc.logged([f"{cross}ld", *flags, "-o", work / "guest.elf", work / "guest.o"], log, "linking guest.S")

    final = cache.folder() / "demo" / f"guest-{cache.digest(source.read_bytes(), PLACES, cross)[:12]}"
    elf = cache.stage(final, fill) / "guest.elf"
    return Guest(elf, disassembly(proc.output([f"{cross}objdump", "-d", elf]).decode()))


def tidy(text: str) -> list[str]:
    """Lines with single blanks: gdb aligns with tabs."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def decorate(lines: list[str], guest: Guest) -> list[str]:
    """What stepper says, with its stops in the form in which gdb says them."""

    def stop(found: re.Match[str]) -> str:
        at = int(found[1], 16)
        place, what = guest.code.get(at, ("", ""))
        return f"=> {at:#x} <{place}>: {what}" if place else f"=> {at:#x}:"

    return [re.sub(r"^stop (0x[0-9a-f]+|0)$", stop, line) for line in lines]


def findings(lines: list[str], want: Expected) -> list[str]:
    """How a transcript differs from what is expected; empty if it does not."""
    found = []
    stops = [m[2] or m[1] for line in lines if (m := re.match(r"=> (0x[0-9a-f]+)(?: <(.+?)>)?:", line))]
    if stops == ["system_reset"]:
        found.append("the guest runs no instruction: it is at the System Reset vector")
    else:
        for number, (have, must) in enumerate(itertools.zip_longest(stops, want.stops, fillvalue="none"), 1):
            if have != must:
                found.append(f"stop {number}: {have} instead of {must}")
                break
    found += [line for line in lines if line.startswith(TROUBLE)]
    for name, value in want.values.items():
        shown = next((int(m[1], 16) for line in lines if (m := re.match(rf"{name} (0x[0-9a-f]+)", line))), None)
        if shown is not None and shown != value:
            why = " (the debugger's MSR_SE)" if shown ^ value == MSR_SE else ""
            found.append(f"{name} is {shown:#x} instead of {value:#x}{why}")
        elif shown is None and not found:
            found.append(f"{name} is not shown")
    return found


def side_by_side(left: list[str], right: list[str]) -> list[str]:
    """Two columns; the first row that differs has the mark between them."""
    mark = MARK
    rows = []
    for cells in itertools.zip_longest(left, right, fillvalue=""):
        wrapped = [textwrap.wrap(cell, HALF, subsequent_indent="   ") or [""] for cell in cells]
        for one, other in itertools.zip_longest(*wrapped, fillvalue=""):
            between = mark if cells[0] != cells[1] else "| "
            mark = "| " if between == MARK else mark
            rows.append(f"{one:{HALF}} {between} {other}".rstrip())
    return rows


def with_gdb(target: data.Target, built: kbuild.Kernel, guest: Guest, steps: int, log: str) -> Session:
    """gdb here, on a QEMU in the target."""
    plan = nested_qemu.Plan(target, built, [*QEMU, *nested_qemu.stub(target)], QEMU[0], limit=LIMIT, log=log)
    if watches():  # a QEMU that comes without firmware
        plan.argv += ["-L", nested_qemu.inside(target)]
        plan.files = guests.firmware(guests.find(guests.GUEST))
    with nested_qemu.Client(plan) as host:
        version = f"QEMU {host.greeting()}"
        ui.say(f"{version} is up in the target: attaching gdb")
        words = ["-x", str(HERE / "steps.py"), str(guest.elf)]
        env = {"DEMO_STEPS": str(steps), "DEMO_SOCKET": nested_qemu.SOCKET, "DEMO_WATCH": "1" if watches() else ""}
        said = session.batch(host, words, LIMIT, env)
        record = host.ended(ENDS)
    lines = tidy(bytes(said.output).decode(errors="replace"))
    return Session(built.release, lines, version, verdict.judge(host.spec, record))


def with_stepper(target: data.Target, built: kbuild.Kernel, guest: Guest, steps: int, log: str) -> Session:
    """lab/demo/stepper.c in the target."""
    files = {
        "bin/stepper": programs.compile_for(target.build, "demo/stepper.c"),
        "lab/guest.elf": guest.elf.read_bytes(),
    }
    argv = ["/bin/stepper", "/lab/guest.elf", guest.address("reported"), str(steps), guest.address("look")]
    spec = boot.Spec(target, built, [protocol.Command("stepper", argv, LIMIT)], files, log=log)
    record = boot.run(spec)
    said = b"".join(bytes(one.output) for one in record.channel.outcomes)
    lines = decorate(tidy(said.decode(errors="replace")), guest)
    return Session(built.release, lines, "lab/demo/stepper.c by /dev/kvm", verdict.judge(spec, record))


def report(target: data.Target, stock: Session, patched: Session, want: Expected) -> None:
    """Print both sessions side by side, and a sentence on each."""
    print(f"\n{'unpatched: ' + stock.release:{HALF}} |  patched: {patched.release}")
    print("-" * (HALF + 1) + "+" + "-" * (WIDTH - HALF - 2))
    for row in side_by_side(stock.lines, patched.lines):
        print(ui.paint(row, "FAILED" if f" {MARK} " in row else "", sys.stdout))
    print(f"\n{MARK} marks the first difference" if stock.lines != patched.lines else "\nno difference")
    for name, side in (("unpatched", stock), ("patched", patched)):
        right = f"stops {len(want.stops)} times, each where it must; the guest sees nothing of the debugger"
        text = "; ".join(findings(side.lines, want)) or right
        print(textwrap.fill(f"{name + ':':12}{text}", WIDTH, subsequent_indent=" " * 12))
    emulator = _first_line([*qemu.emulator(target), "--version"]).replace(" emulator version", "")
    print(f"\nhost:    {target.name} ({target.summary}), emulated by {emulator}")
    print(f"kernels: {stock.release} and {patched.release} (uname -r, checked in the booted host)")
    if nested_qemu.available(target):
        print(f"client:  {patched.client or stock.client} {' '.join(MACHINE)}")
        print(f"gdb:     {_first_line(['gdb-multiarch', '--version'])}")
    else:
        print(f"client:  {patched.client}: Debian has no QEMU for this host; CLIENT={nested_qemu.PATCHED} builds one")
    if not watches():
        print(f"more:    make demo CLIENT={nested_qemu.PATCHED} shows a watchpoint, after building QEMU for 15 min")
    sys.stdout.flush()


def _first_line(argv: list[str]) -> str:
    return proc.output(argv).decode().splitlines()[0]


def main(options: Options) -> int:
    """make demo: the session on both kernels. FAILED if the patched one is not right."""
    start = time.monotonic()
    _, target = data.chosen(options)
    install.ensure([*kbuild.needs(target.build), *(data.packages()["demo"] if nested_qemu.available(target) else [])])
    if nested_qemu.available(target):
        nested_qemu.root(target)
    kernels = {name: kbuild.build(data.base(name), target.build) for name in (STOCK, PATCHED)}
    guest, want = assemble(target), expected()
    method = with_gdb if nested_qemu.available(target) else with_stepper
    sides = []
    for name, built in kernels.items():
        ui.say(f"booting {built.release} on {target.name}")
        sides.append(method(target, built, guest, want.steps, f"demo-{name}-{target.name}"))
    report(target, sides[0], sides[1], want)
    for side in sides:
        if side.problem.code:
            side.problem.tell(f"{target.name}, {side.release}")
    ui.say(f"took {ui.took(time.monotonic() - start)}")
    wrong = errors.FAILED if findings(sides[1].lines, want) else errors.PASSED
    code = errors.worst((wrong, *(side.problem.code for side in sides)))
    client = nested_qemu.PATCHED if watches() else ""
    record = records.Record("demo", PATCHED, target.name, client, seconds=time.monotonic() - start)
    record.counts = {"failed" if code else "passed": 1}
    notes = [f"unpatched: {'; '.join(findings(sides[0].lines, want)) or 'no difference'}"]
    record.facts = {"notes": [*([f"CLIENT={client}"] if client else []), *notes]}
    records.leave(record, data.base(PATCHED), target, sessions=nested_qemu.available(target))
    return code
