# SPDX-License-Identifier: GPL-2.0-only
"""make docs: the parts of README.md and docs/ that are made of data; and what those written by hand must not hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from lab.config import commands, data
from lab.core import cache, markdown, ui
from lab.core.options import Options
from lab.gdb import unhelped
from lab.guest import guest
from lab.series import catalog

README_LINES = 120
TYPED = "-accel kvm -s -S -nographic -nodefaults -serial mon:stdio"  # by a user who wants a guest to debug
# Results belong into RESULTS.md, and a patch is called by its subject.
FORBIDDEN = (
    (re.compile(r"\b\d[\d,]* (?:passed|failed|skipped|pass|fail)\b"), "a number of tests"),
    (re.compile(r"\b20\d\d-\d\d-\d\d\b"), "a date of a run"),
    (re.compile(r"\b(?:[Mm]ail|[Pp]atch|[Cc]ommit)(?:es|s)? (?:nr\.? |no\.? |#)?\d+\b"), "a patch by its number"),
)


def documents() -> list[Path]:
    """Those with parts that are made."""
    return [cache.ROOT / "README.md", data.LAB / "README.md", *sorted((cache.ROOT / "docs").glob("*.md"))]


def covers() -> list[Path]:
    """What a person wrote of the cover letters: cover.txt, or the letter where there is none."""
    found = [p for p in (cache.ROOT / "patches").rglob("*cover*") if p.is_file()]
    return sorted(p for p in found if p.name == "cover.txt" or not (p.parent / "cover.txt").exists())


def by_hand() -> list[Path]:
    """The files whose prose is written by hand."""
    more = [cache.ROOT / "CONTRIBUTING.md", cache.ROOT / "Documentation/virt/kvm/ppc-debug.rst"]
    return [*documents(), *more, *covers()]


def names(kind: str, variable: str) -> Callable[[], list[str]]:
    """A table of the data files of one kind."""
    return lambda: markdown.table([f"`{variable}=`", "what it is"], [[f"`{n}`", s] for n, s in commands.listed(kind)])


def targets() -> list[str]:
    """The table of T=."""
    rows = []
    for name, summary in commands.listed("targets"):
        one = data.target(name)
        machine = one.qemu.args[one.qemu.args.index("-M") + 1].partition(",")[0]
        cpu = one.qemu.args[one.qemu.args.index("-cpu") + 1]
        kinds = " and ".join(k for k, on in (("PR", one.must.pr), ("HV", one.must.hv)) if on)
        rows.append([f"`{name}`", summary, f"`-M {machine} -cpu {cpu}`", kinds, "yes" if one.default else ""])
    return markdown.table(["`T=`", "what it is", "QEMU", "KVM", "in a plain `make test`"], rows)


def guest_commands() -> list[str]:
    """What a user types for each kind of guest: the lab's own arguments."""
    lines = []
    for name in ("openbios-g4", "openbios-g5", "slof"):
        who = guest.find(name)
        # A long -M goes on in the next line, behind a comma and without a blank.
        args = "\\\n".join(re.findall(r".{1,90}$|.{1,89},", " ".join(who.args)))
        lines += ["", f"# {who.summary.partition(':')[0]}", f"{who.program} {TYPED} \\", f"    {args}"]
    return ["```", *lines[1:], "```"]


def packages() -> dict[str, str]:
    """lab/data/rooms.toml: what is in each package of the lab, the lowest first."""
    return data.named(str, data.DATA / "rooms.toml")


def rooms() -> list[str]:
    """The lab's packages, and the modules in them that have a command's function."""
    found: dict[str, dict[str, list[str]]] = {}
    for command in commands.table().command:
        room, _, module = command.run.partition(":")[0].partition(".")
        found.setdefault(room, {}).setdefault(module, []).append(command.name)
    rows = [
        [f"`{room}`", what, "; ".join(f"`{m}.py`: {', '.join(names)}" for m, names in found.get(room, {}).items())]
        for room, what in packages().items()
    ]
    return markdown.table(["package", "what is in it", "commands of make"], rows)


MAKERS: dict[str, Callable[[], list[str]]] = {
    "first-commands": commands.first_commands,
    "commands": commands.for_documents,
    "variables": commands.variables_for_documents,
    "bases": names("bases", "K"),
    "targets": targets,
    "guests": names("guests", "GUEST"),
    "exit-codes": lambda: markdown.table(["status", "meaning"], [[code, what] for what, code in commands.STATUS]),
    "guest-commands": guest_commands,
    "unhelped": unhelped.table,
    "rooms": rooms,
    "series": catalog.series_table,
    "series-short": catalog.series_short,
    "series-trees": catalog.series_tree_table,
    "safety": catalog.safety,
    "places": catalog.places,
    "bugs": catalog.bugs,
    "sizes": catalog.sizes,
}


def changed() -> Iterator[tuple[Path, str]]:
    """Documents whose made parts are not what the data say, and what they must be."""
    for path in documents():
        text = path.read_text()
        if (made := markdown.fill(text, MAKERS, path)) != text:
            yield path, made


def stale() -> list[str]:
    """Documents whose made parts are not what the data say, a line each."""
    return [f"{p.relative_to(cache.ROOT)}: a table is not what its data say: run 'make docs'" for p, _ in changed()]


def prose(path: Path) -> str:
    """What a person wrote of a file, with its lines' numbers: no made parts, no mail header, no diffstat."""
    text = markdown.by_hand(path.read_text())
    if text.startswith("From"):  # a cover letter
        head, _, body = text.partition("\n\n")
        text = "\n" * (head.count("\n") + 2) + body
    return text


def forbidden(text: str) -> list[tuple[int, str, str]]:
    """Line, what it is, and the words, of everything that hand-written text must not hold."""
    return [
        (number, what, found[0])
        for number, line in enumerate(text.splitlines(), 1)
        for pattern, what in FORBIDDEN
        for found in pattern.finditer(line)
    ]


def results_in_prose() -> list[str]:
    """Counts, dates and patch numbers in prose written by hand, and a README that is too long."""
    bad = []
    for path in by_hand():
        where = path.relative_to(cache.ROOT)
        bad += [f"{where}:{n}: holds {what}: {words}" for n, what, words in forbidden(prose(path))]
    lines = len((cache.ROOT / "README.md").read_text().splitlines())
    return bad + ([f"README.md: {lines} lines, more than {README_LINES}"] if lines > README_LINES else [])


def missing() -> list[str]:
    """Files of this repository that documents point to, and commands that they name, if there are no such."""
    known = {c.name for c in commands.table().command}
    bad = []
    for path in [*documents(), cache.ROOT / "CONTRIBUTING.md"]:
        text, where = path.read_text(), path.relative_to(cache.ROOT)
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
            if not (path.parent / target).exists():
                bad.append(f"{where}: points to {target}, which is not there")
        for name in re.findall(r"(?:`|^    )make ([a-z][a-z-]*)", text, re.MULTILINE):
            if name not in known:
                bad.append(f"{where}: 'make {name}' is no command")
    return bad


def main(_options: Options) -> int:
    """make docs: write the generated parts of documents."""
    for path, made in changed():
        cache.write(path, made.encode())
        ui.say(f"written: {path.relative_to(cache.ROOT)}")
    return 0
