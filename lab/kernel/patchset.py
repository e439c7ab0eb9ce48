# SPDX-License-Identifier: GPL-2.0-only
"""Reading the patches: which mails, which files, and what they make of a tree."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from lab.config import data
from lab.core import cache, proc
from lab.core.errors import LabError
from lab.kernel import division, patchmail

# Below these folders of the checkout live kernel files that BASE does not have.
KERNEL_DIRS = ("arch", "tools", "Documentation", "include", "virt")


@dataclass(frozen=True)
class Base:
    """What patches/<base>/BASE records: the exact tree the series is made for."""

    package: str  # of Debian
    version: str  # of the package
    kernel: str  # version of the kernel, or of QEMU
    sha256: str  # of the tarball in the package, in hexadecimal digits
    commit: str = ""  # of the release in the stable tree, where it is known


def read_base(path: Path) -> Base | None:
    """What the file says; None if it is not there. LabError for a key that is missing or unknown."""
    return data.read(Base, path) if path.exists() else None


def write_base(path: Path, base: Base) -> None:
    """Replace the file."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in vars(base).items() if value]
    cache.write(path, "\n".join([*lines, ""]).encode())


def in_series(folder: Path) -> dict[str, Path]:
    """The mails of all series by their subjects, whatever their names and places are."""
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*/*.patch")):
        first = found.setdefault(patchmail.subject(path), path)
        if first != path:
            raise LabError(f"{path} and {first} have the same subject: remove one")
    return found


def mails(folder: Path, names: Collection[str] | None = None) -> list[Path]:
    """The mails in the order of series.toml, or of a backport's list; those of the series 'names' only."""
    if (folder / division.FILE).exists():
        there, found = in_series(folder), []
        for one in division.parse(folder / division.FILE):
            for subject in one.patches if names is None or one.name in names else ():
                if subject not in there:
                    raise LabError(f"{folder / division.FILE}: {one.name}: no patch has the subject '{subject}'")
                found.append(there[subject])
        return found
    listing = folder / "series"
    if not listing.exists():
        raise LabError(f"{folder} has neither {division.FILE} nor a list 'series': there are no patches to apply")
    lines = [line.split("#")[0].strip() for line in listing.read_text().splitlines()]
    found = [folder / n for n in lines if n]
    for path in found:
        if not path.exists():
            raise LabError(f"{listing} names {path.name}, which is not there: git checkout {folder}")
    return [p for p in found if names is None or p.parent.name in names]


def touched(found: list[Path]) -> list[str]:
    """Every kernel file that the mails name, sorted."""
    # A message may quote a diff.
    diffs = "\n".join(path.read_text(errors="replace").partition("\n---\n")[2] for path in found)
    pairs = re.findall(r"^diff --git a/(\S+) b/(\S+)$", diffs, re.MULTILINE)
    return sorted({name for pair in pairs for name in pair})


def tracked(*folders: str) -> list[str]:
    """The checkout's files, or those below these folders: what git has, and what it would add."""
    said = proc.output(["git", "ls-files", "-co", "--exclude-standard", "-z", *folders], cwd=cache.ROOT).decode()
    return [name for name in said.split("\0") if name and (cache.ROOT / name).is_file()]


def checkout_files() -> dict[str, Path]:
    """The kernel files that live in the checkout, by their kernel path."""
    return {name: cache.ROOT / name for name in tracked(*KERNEL_DIRS)}


def apply(found: list[Path], stock: Path, scratch: Path, called: str) -> None:
    """Apply the mails in 'scratch' to just the files they touch: exact, no fuzz."""
    for name in touched(found):
        if (stock / name).is_file():
            (scratch / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(stock / name, scratch / name)
    env = {"GIT_CEILING_DIRECTORIES": str(scratch.parent), "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    for path in found:
        try:
            proc.output(["git", "apply", "--whitespace=nowarn", path], cwd=scratch, env=env)
        except LabError:
            raise LabError(
                f"{path.name} does not apply to {called}: {why(path, scratch, env)}; "
                "rebase it ('make tree', 'make refresh') or use the base it is made for"
            ) from None


def why(path: Path, scratch: Path, env: dict[str, str]) -> str:
    """Why git apply refuses a mail: FILE:LINE, the file, or git's first line."""
    said = proc.output(["sh", "-c", 'git apply --check "$0" 2>&1', path], cwd=scratch, env=env, ok=range(256)).decode()
    failed = re.search(r"error: patch failed: (\S+:\d+)", said)
    found = failed or re.search(r"error: (\S+): (?:No such file|already exists|patch does not)", said)
    return found[1] if found else (said.splitlines() or ["unknown reason"])[0]
