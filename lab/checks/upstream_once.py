# SPDX-License-Identifier: GPL-2.0-only
"""make check-upstream: the checks that are made once, of the series' end."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lab.checks import checkpatch, matrix, upstream_hosts
from lab.checks.upstream_builds import Builds
from lab.config import data
from lab.core import cache, proc, ui
from lab.core.errors import LabError
from lab.debian import install
from lab.kernel import kbuild, patchset

HEADERS = "CONFIG_HEADERS_INSTALL=y\nCONFIG_UAPI_HEADER_TEST=y\n"


@dataclass
class Found:
    bad: list[str] = field(default_factory=list)
    note: str = ""


def lines_of(text: str, files: list[str]) -> Counter[str]:
    """Complaints about these files, without line numbers."""
    found: Counter[str] = Counter()
    for line in text.splitlines():
        for name in files:
            if name in line and re.search(r"warning|error|:\d+", line, re.IGNORECASE):
                said = re.sub(r"^.*?(?=" + re.escape(name) + ")", "", line)
                found[re.sub(r":\d+(-\d+)?|(?<=\bline) \d+", "", said)] += 1
    return found


def said_of(argv: list[str | Path], what: str, files: list[str], tree: Path, counts: bool = False) -> Counter[str]:
    """A command's complaints about these files of a tree. LabError if it fails, as then it has not looked at all files.

    counts: its status can be the number of its complaints, so that it has failed only if it has none.
    """
    code, text = proc.captured(argv, what, cwd=tree)
    found = lines_of(text, files)
    if code and not (counts and found):
        why = (text.strip().splitlines() or ["no output"])[-1]
        raise LabError(f"{what} fails with status {code}: {why}")
    return found


class Once:
    """The tree at BASE and at the series' end, and what a tool says of both."""

    def __init__(self, builds: Builds) -> None:
        self.builds = builds
        self.tree, self.stock = builds.tree.path, builds.source.tree
        self.first, self.last = builds.commits[0], builds.commits[-1]
        self.files = sorted(self.last.files)
        self.added = [n for n in self.files if n not in self.first.files]

    def both(
        self, argv: Callable[[Path], list[str | Path]], what: str, files: list[str], counts: bool = False
    ) -> list[str]:
        """What a command says of these files at the end, and not at BASE. LabError if it fails, see said_of()."""
        base, end = (said_of(argv(tree), what, files, tree, counts) for tree in (self.stock, self.tree))
        return sorted(end - base)

    def sources(self, suffixes: tuple[str, ...]) -> list[str]:
        """The touched kernel sources with one of these suffixes."""
        return [n for n in self.files if n.endswith(suffixes) and n.startswith(("arch/", "include/", "virt/"))]

    def checkpatch(self) -> Found:
        """checkpatch --strict on each mail."""
        return Found(checkpatch.complaints(self.builds.base.name), f"{len(self.builds.commits) - 1} mails, --strict")

    def kernel_doc(self) -> Found:
        """Warnings of kernel-doc that BASE does not have."""
        files = self.sources((".c", ".h"))

        def argv(tree: Path) -> list[str | Path]:
            return ["scripts/kernel-doc", "-none", "-Wall", *(n for n in files if (tree / n).exists())]

        return Found(self.both(argv, "kernel-doc", files, counts=True), f"{len(files)} files")

    def htmldocs(self) -> Found:
        """Warnings of Sphinx that BASE does not have."""
        install.ensure([data.Package("python3-sphinx", "sphinx-build")])
        files = [n for n in self.files if n.startswith("Documentation/")]
        folders = sorted({str(Path(n).parent.relative_to("Documentation")) for n in files})
        if not folders:
            return Found(note="no document is touched")

        def argv(tree: Path) -> list[str | Path]:
            shutil.rmtree(tree / "out-docs", ignore_errors=True)
            (tree / "out-docs").mkdir()
            return ["make", "-s", "O=out-docs", f"SPHINXDIRS={' '.join(folders)}", "htmldocs"]

        bad = self.both(argv, "htmldocs", [n.removeprefix("Documentation/") for n in files])
        pages = [n for n in files if n.endswith(".rst")]
        made = self.tree / "out-docs/Documentation/output"
        missing = [n for n in pages if not (made / Path(n).relative_to("Documentation").with_suffix(".html")).exists()]
        return Found(bad + [f"{n}: no page was made of it" for n in missing], " ".join(folders))

    def headers(self) -> Found:
        """What userspace includes installs, and compiles by itself."""
        bad = []
        tried = [config for config in self.builds.configs if config.name in ("pmac32", "pseries")]
        for config in tried:
            build = dataclasses.replace(config, name=f"check-headers-{config.name}")
            log = cache.log(f"check-headers-{config.name}")
            out = kbuild.configure(self.builds.tree, build, log, more=HEADERS)
            args, env = kbuild.make_variables(build, out.name)
            for what in ("headers_install", "usr/include/"):
                code, text = proc.captured(["make", "-s", *args, what], "headers", cwd=self.tree, env=env)
                if code or "warning:" in text:
                    bad.append(f"{config.name}: {what}: {(text.strip().splitlines() or ['failed'])[0]}")
        return Found(bad, f"headers_install and UAPI_HEADER_TEST, {', '.join(c.name for c in tried)}")

    def modules(self) -> Found:
        """KVM as modules, as distributions have it, finds all that it uses exported. The builds of each commit make the
        objects of a folder only, and link nothing."""
        bad = []
        linked = matrix.file().link
        for name, fragment in linked.items():
            base = data.build(name)
            build = dataclasses.replace(base, name=f"check-link-{name}", fragments=[*base.fragments, fragment])
            install.ensure(kbuild.needs(build))
            out = kbuild.configure(self.builds.tree, build, cache.log(f"check-link-{name}"))
            args, env = kbuild.make_variables(build, out.name)
            command = ["make", "-s", *args, "vmlinux", "modules"]
            code, text = proc.captured(command, f"modules of {name}", cwd=self.tree, env=env)
            if code:
                lines = text.strip().splitlines() or ["no reason given"]
                bad.append(f"{name}: {next((x for x in lines if 'ERROR' in x), lines[-1])}")
        return Found(bad, f"kvm*.ko, {', '.join(linked)}")

    def selftests(self) -> Found:
        """Every file of the series' tests with -Wall -Wextra, but for parameters that a hook does not use."""
        bad = []
        names = ("mac99-g4", "mac99-g5", "pseries-p8")
        ours = [n for n in self.added if n.startswith("tools/testing/selftests/")]
        for name in names:
            target = data.target(name)
            install.ensure(kbuild.needs(target.build))
            good, text = upstream_hosts.build(self.tree, target, "-Wall -Wextra -Wno-unused-parameter")
            if "-Wextra" not in text:
                raise LabError("the selftests were not built with -Wextra: see lab/checks/upstream_once.py")
            if not good:
                bad.append(f"{name}: {next((x for x in text.splitlines() if 'error' in x), 'make fails')}")
            short = [n.removeprefix("tools/testing/selftests/kvm/") for n in ours]
            bad += [f"{name}: {m}" for m in lines_of("\n".join(x for x in text.splitlines() if "warning:" in x), short)]
        return Found(bad, f"-Wall -Wextra, {', '.join(names)}")

    def coccicheck(self) -> Found:
        """Reports of Coccinelle that BASE does not have."""
        # spatch compiles a part of the kernel's semantic patches, and ends where it finds no compiler for them.
        install.ensure([data.Package("coccinelle", "spatch"), data.Package("ocaml-nox", "ocamlopt")])
        # With M=, it names the files from there.
        below = f"{self.builds.build.rstrip('/')}/"
        files = [f"./{n.removeprefix(below)}" for n in self.sources((".c",)) if n.startswith(below)]

        def argv(tree: Path) -> list[str | Path]:
            return ["make", "-s", "ARCH=powerpc", "coccicheck", "MODE=report", f"M={below.rstrip('/')}"]

        return Found(self.both(argv, "coccicheck", files), f"{len(files)} files")


def run(builds: Builds) -> dict[str, Found]:
    """Each check, made only if what it judges has changed."""
    once = Once(builds)
    parts = [x for name, (text, _) in sorted(once.last.files.items()) for x in (name, text)]
    mails = [p.read_bytes() for p in patchset.mails(builds.base.patches)]
    key = cache.digest(builds.source.key, Path(__file__).read_bytes(), *parts, *mails)[:16]
    checks: dict[str, Callable[[], Found]] = {
        "checkpatch": once.checkpatch,
        "kernel-doc": once.kernel_doc,
        "htmldocs": once.htmldocs,
        "uapi headers": once.headers,
        "modules": once.modules,
        "selftests": once.selftests,
        "coccicheck": once.coccicheck,
    }
    own = {"checkpatch": [(data.DATA / "checkpatch.toml").read_bytes(), data.options_of("checkpatch")]}
    found: dict[str, Found] = {}
    for name, one in checks.items():
        path = builds.store / f"{name.replace(' ', '-')}-{cache.digest(key, *own.get(name, []))[:16]}.json"
        if path.exists():
            found[name] = Found(**json.loads(path.read_text()))
            continue
        ui.say(name)
        with builds.at(once.last):
            try:
                found[name] = one()
            except LabError as why:
                found[name] = Found([str(why)])
                continue
        cache.write(path, json.dumps(dataclasses.asdict(found[name])).encode())
    return found
