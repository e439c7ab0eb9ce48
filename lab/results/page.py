# SPDX-License-Identifier: GPL-2.0-only
"""make results: RESULTS.md, made of records/ and of nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from lab.core import cache, markdown, ui
from lab.core.options import Options
from lab.results import records, state
from lab.results.records import Record
from lab.results.state import State

FILE = cache.ROOT / "RESULTS.md"
HEAD = """\
# Results

Written by `make results` from the records that runs leave (`records/`). Do not edit it.

All hosts are emulated by QEMU (TCG). *Unpatched* is Debian's kernel as it is: the tests of what the series
fixes fail there. *Skipped* tests are for something that the host's CPU or machine does not have; the
reasons are at the end.

The columns *run* say when a record was made, at which commit, and how long the run took. They compare what was
tested with the repository at commit {commit}: *current* had the same kernel and the same tests, *n behind* was run n
commits before, of *m of M patches* the tested version was another one, and with *same kernel* only the tests have
changed since.
A record with *local changes* was made in a checkout that had changes beyond its commit."""
UNPATCHED = "stock-"
BENCH = (
    "Instructions of the emulated host for each event. E1 has no debugger: the ratio is patched to unpatched.",
    "E2 and hits of watchpoints are compared with an exit to userspace (`osi_exit`) of the same kernel.",
)


def words(counts: dict[str, int]) -> str:
    return ", ".join(f"{counts[word]} {word}" for word in records.COUNTS.values() if word in counts) or "nothing ran"


def age(record: Record, at: State) -> str:
    """How what was tested differs from what the repository has at the last `make results`."""
    tested = record.tested
    if tested is None:
        return "unknown"
    now = at.now.get(record.base, {})
    notes = ["local changes"] if tested.changed else []
    # A state.json that an older `make results` has written has one key for all bases.
    if tested.config != at.configs.get(f"{record.base} {record.target}", at.configs.get(record.target, "")):
        notes.insert(0, "another configuration")
    if (tested.kernel, tested.tests) == (now.get("kernel"), now.get("tests")):
        return ", ".join(["current", *notes])
    count = at.behind.get(tested.commit)
    said = "of another history" if count is None else f"{count} behind"
    if tested.patches and now.get("ids"):
        ids = set(now["ids"].split())
        if lacks := len(ids.difference(records.patch_ids(records.FOLDER, tested.patches))):
            said += f", {lacks} of {len(ids)} patches differ"
    if tested.kernel == now.get("kernel"):
        said += ", same kernel"
    return ", ".join([said, *notes])


def run_of(record: Record | None, at: State) -> str:
    """When, on what, how long."""
    if record is None:
        return ""
    commit = f"`{record.tested.commit[:10]}`" if record.tested and record.tested.commit else "?"
    return f"{record.date[:10]}, {commit}, {age(record, at)}, {ui.took(record.seconds)}"


class Page:
    """The sections of RESULTS.md; each is empty if there is no record for it."""

    def __init__(self, found: list[Record], at: State) -> None:
        self.found, self.at = found, at

    def of(self, *kinds: str) -> list[Record]:
        """The records of these kinds."""
        return [r for r in self.found if r.kind in kinds]

    def tests(self) -> list[str]:
        """Unpatched beside patched, by base, suite and host; mainline first."""
        sides: dict[tuple[str, str, str], dict[bool, Record]] = {}
        for r in self.of("test"):
            key = (r.base.removeprefix(UNPATCHED), r.name, r.target)
            sides.setdefault(key, {})[r.base.startswith(UNPATCHED)] = r
        rows = []
        for (base, suite, target), runs in sorted(sides.items(), key=lambda row: (row[0][0] != "mainline", row[0])):
            old, new = runs.get(True), runs.get(False)
            cells = [words(r.counts) if r else "not run" for r in (old, new)]
            rows.append([base, suite, target, *cells, run_of(old, self.at), run_of(new, self.at)])
        head = ["base", "suite", "host", "unpatched", "with the series", "run: unpatched", "run: with the series"]
        return markdown.table(head, rows)

    def programs(self, suite: str) -> list[str]:
        """A row for each program, a column for each host: the newest kernel with the series."""
        some = [r for r in self.of("test") if r.name == suite and r.base == "mainline"]
        names = list(dict.fromkeys(n for r in some for n in r.facts.get("programs", {})))
        rows = [
            [f"`{n}`", *(words(r.facts["programs"][n]) if n in r.facts["programs"] else "-" for r in some)]
            for n in names
        ]
        return markdown.table(["program", *(r.target for r in some)], rows)

    def failures(self) -> list[str]:
        """What failed with the series."""
        lines = []
        for r in self.found:
            bad = r.facts.get("bad") or (["a difference"] if r.facts.get("different") else [])
            if bad and not r.base.startswith(UNPATCHED):
                what = " ".join(x for x in (r.kind, r.name, r.base, r.target) if x)
                lines += [f"- {what}: {one.strip().splitlines()[0]}" for one in bad]
        return lines or ["None."]

    def walks(self) -> list[str]:
        """The table of lockstep and replay."""
        rows = []
        for r in sorted(self.of("lockstep", "replay"), key=lambda r: (r.base, r.kind, r.target, r.name)):
            f = r.facts
            end = "a difference" if f["different"] else "none"
            start = f.get("start") or "reset"
            if "watch" in f:
                start += f", {f['watch']} watched"
            who = f"{f['guest']}, CLIENT={f['client']}" if "client" in f else f["guest"]
            cells = [r.kind, r.base, r.target, who, start, f["steps"], end]
            rows.append([*cells, f"{f['rate']:.0f}", run_of(r, self.at)])
        head = ["", "base", "host", "guest", "from", "steps", "difference", "steps a second", "run"]
        return markdown.table(head, rows)

    def fuzz(self) -> list[str]:
        """The table of fuzzing."""
        rows = []
        for r in self.of("fuzz"):
            said = "<br>".join(x for x in r.facts.get("said", []) if not x.startswith(("RUN ", "Starting ")))
            rows.append([r.base, r.target, r.name, words(r.counts), said, run_of(r, self.at)])
        return markdown.table(["base", "host", "program", "result", "what it says", "run"], rows)

    def bench(self) -> list[str]:
        """The tables of make bench."""
        lines: list[str] = []
        for r in self.of("bench"):
            lines += [f"{r.target}: {run_of(r, self.at)}", "", "```", *r.facts["lines"], "```", ""]
        return [*BENCH, "", *lines[:-1]] if lines else ["None."]

    def others(self) -> list[str]:
        """One line for each run of another kind."""
        rows = []
        for r in self.of("kselftest", "check-upstream", "check-debian", "demo"):
            note = "; ".join(str(x) for x in r.facts.get("notes", []))
            rows.append([f"`make {r.kind}`", r.base, r.target or "all", words(r.counts), note, run_of(r, self.at)])
        return markdown.table(["command", "base", "host", "result", "notes", "run"], rows)

    def skips(self) -> list[str]:
        """The reasons of skips, with the hosts."""
        reasons: dict[str, set[str]] = {}
        for r in self.of("test"):
            for why in r.facts.get("skipped", {}):
                reasons.setdefault(why, set()).add(r.target)
        return [f"- {why}: {', '.join(sorted(targets))}" for why, targets in sorted(reasons.items())] or ["None."]

    def tools(self) -> list[str]:
        """The versions of what was used."""
        kinds: dict[str, set[str]] = {}
        for r in self.found:
            for tool, version in r.versions.items():
                kinds.setdefault(tool, set()).add(version)
            if r.tested:
                kinds.setdefault(f"kernel source, {r.base.removeprefix(UNPATCHED)}", set()).add(r.tested.source)
        return markdown.table(["tool", "versions"], [[k, ", ".join(sorted(v))] for k, v in sorted(kinds.items())])

    def sections(self) -> Iterable[tuple[str, Callable[[], list[str]]]]:
        """The page's titles, each with what makes its lines."""
        yield "Tests", self.tests
        yield "Failures with the series", self.failures
        for suite in sorted({r.name for r in self.of("test") if r.base == "mainline"}):
            yield f"Suite {suite}, by program: mainline with the series", partial(self.programs, suite)
        yield "Single-stepping under KVM compared with TCG", self.walks
        yield "Fuzzing", self.fuzz
        yield "Cost", self.bench
        yield "Other checks", self.others
        yield "Why tests were skipped", self.skips
        yield "Tools", self.tools

    def text(self) -> str:
        """The whole page."""
        commit = f"`{self.at.commit[:10]}`" if self.at.commit else "(none)"
        lines = [HEAD.format(commit=commit)]
        for title, make in self.sections():
            lines += ["", f"## {title}", "", *make()]
        return "\n".join(lines).rstrip() + "\n"


def page() -> str:
    """What RESULTS.md must be."""
    return Page(records.read(), state.read()).text()


def check() -> list[str]:
    """RESULTS.md is what the records say."""
    have = FILE.read_text() if FILE.exists() else ""
    return [] if have == page() else ["RESULTS.md is not what records/ gives: run 'make results' and look at git diff"]


def main(_options: Options) -> int:
    """make results: take the cache's records into records/, and write RESULTS.md."""
    for name in records.gather():
        ui.say(f"new: records/{name}")
    found = records.read()
    state.write(state.look(found))
    cache.write(FILE, page().encode())
    ui.say(f"RESULTS.md is made of {len(found)} records; git add records RESULTS.md")
    return 0
