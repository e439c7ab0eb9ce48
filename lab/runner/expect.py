# SPDX-License-Identifier: GPL-2.0-only
"""make expect: run the tests on an unpatched kernel, and write what passes there into lab/data/expect."""

from __future__ import annotations

import fnmatch
import json

from lab.config import data
from lab.core import cache, errors, ui
from lab.core.errors import LabError
from lab.core.options import Options
from lab.results.ktap import Result, Status
from lab.runner import report, suite

HEAD = """\
# SPDX-License-Identifier: GPL-2.0-only
# What passes on the unpatched kernel, per host, and why: such a test proves nothing
# about the series. Every other test must fail there, if it is not skipped.
# Written by 'make expect K={name}', but for each 'why'. Flakes are not judged.
"""


def revised(old: data.Expected, results: list[Result], programs: set[str]) -> data.Expected:
    """What these results of whole programs say, with the reasons that are known; a new row has none."""
    good = {r.id for r in results if r.status is Status.PASS}
    bad = {r.id for r in results if r.status.bad}
    rows, named = [], set[str]()
    for row in old.passes:
        fit = fnmatch.filter(good, row.test)
        if report.program_of(row.test) not in programs or (fit and not fnmatch.filter(bad, row.test)):
            rows.append(row)
        else:  # the pattern is too wide now: only what it says of tests that pass
            rows += [data.Known(test, row.why) for test in sorted(fit)]
        named |= set(fit)
    new = [i for i in sorted(good - named) if not data.matched(old.flakes, i)]
    return data.Expected([*rows, *(data.Known(test, "") for test in new)], old.flakes)


def text(name: str, hosts: dict[str, data.Expected]) -> str:
    """The file of a kernel."""
    lines = [HEAD.format(name=name)]
    for host, must in sorted(hosts.items()):
        lines.append(f"[{host}]")
        for kind, rows in (("passes", must.passes), ("flakes", must.flakes)):
            if rows:
                lines += [f"{kind} = [", *(f"\t{_row(row)}," for row in rows), "]"]
        lines.append("")
    return "\n".join(lines)


def _row(row: data.Known) -> str:
    parts = {"test": row.test, "why": row.why} | ({"rate": row.rate} if row.rate else {})
    return "{ " + ", ".join(f"{key} = {json.dumps(value)}" for key, value in parts.items()) + " }"


def main(options: Options) -> int:
    """Run the suite on K=, on the hosts that its file names or on T=, and write the file. LabError if K= is patched."""
    base = data.base(options.kernel or suite.STOCK)
    if base.series:
        raise LabError(f"K={base.name} is patched: nothing may fail on it; use K=stock-{base.name}")
    hosts = dict(data.expected(base.name) or {})
    wanted = Options(kernel=base.name, target=options.target, suite=options.suite)
    jobs = [j for j in suite.jobs(wanted) if options.target or j.target.name in hosts]
    if not jobs:
        raise LabError(f"lab/data/expect has no host for K={base.name}: name one, T=HOST")
    suite.run_jobs(jobs)
    for job in jobs:
        if job.code or any(r.id.startswith("(") for r in job.results):
            why = "the run did not come to its end; nothing is written; mend the run first"
            raise LabError(f"{job.name}: {why}", errors.FAILED)
    path = data.DATA / "expect" / f"{base.name}.toml"
    with cache.lock(f"expect-{base.name}"):  # another 'make expect' may have written its hosts meanwhile
        hosts = dict(data.expected(base.name) or {})
        for job in jobs:
            old = hosts.get(job.target.name, data.Expected())
            hosts[job.target.name] = revised(old, job.results, {t.id for t in job.tests})
        cache.write(path, text(base.name, hosts).encode())
    for host, must in hosts.items():
        for row in must.passes:
            if not row.why:
                ui.say(f"{path}: [{host}]: say why {row.test} passes")
    print(path)
    return errors.PASSED
