# SPDX-License-Identifier: GPL-2.0-only
"""make kselftest: the tests as 'make install' leaves them, run by the kernel's own runner in a booted target."""

from __future__ import annotations

import shlex

from lab.config import data
from lab.core import ui
from lab.core.errors import FAILED, PASSED, LabError
from lab.core.options import Options
from lab.kernel import busybox, kbuild, selftests
from lab.machine import boot, programs, protocol, verdict
from lab.results import ktap, records
from lab.runner import program, suite

INSIDE = "lab/kselftest"
RUNNER = "run_kselftest.sh"


def chosen(target: data.Target, own: str) -> list[data.Test]:
    """The suite's programs, with the arguments that they have there, or those of TEST=."""
    known: dict[str, data.Test] = {}
    for test in data.programs(target):
        known.setdefault(test.binary, test)  # the first of those with other arguments
    return [known.get(name, data.Test(name, program.LIMIT)) for name in (own.split(",") if own else known)]


def command(test: data.Test, target: data.Target) -> protocol.Command:
    """run_kselftest.sh takes a program's arguments from the environment. busybox has no 'timeout', so init enforces the
    limit."""
    words = f"exec /{INSIDE}/{RUNNER} -t kvm:{test.binary}"
    if test.args:
        words = f"export KSELFTEST_{test.binary.upper()}_ARGS={shlex.quote(' '.join(test.args))}; {words}"
    return protocol.Command(test.binary, ["/bin/sh", "-c", words], test.limit * target.boot.patience)


def main(options: Options) -> int:
    """make kselftest: the installed selftests, by the kernel's run_kselftest.sh."""
    base, target = data.chosen(options)
    built = kbuild.build(base, target.build)
    folder = selftests.installed(target.build)
    known = {line.partition(":")[2] for line in (folder / "kselftest-list.txt").read_text().split()}
    tests = chosen(target, options.test)
    names = {test.binary for test in tests}
    for name in names - known:
        raise LabError(f"TEST={name}: the installed list has no such test: {', '.join(sorted(known))}")
    keep = {p: p.relative_to(folder) for p in folder.rglob("*") if p.is_file()}
    files = {f"{INSIDE}/{r}": p.read_bytes() for p, r in keep.items() if r.parts[0] != "kvm" or r.name in names}
    files[programs.BUSYBOX] = busybox.build(target.build)
    commands = [programs.INSTALL, *(command(test, target) for test in tests)]
    spec = boot.Spec(target, built, commands, files, log=f"kselftest-{base.name}-{target.name}")
    record, found = verdict.run(spec, f": {RUNNER}, {len(tests)} programs", ui.show)
    if found.code:
        return found.code
    results = [r for outcome in record.channel.outcomes[1:] for r in ktap.parse(outcome)]
    for result in (nothing := ktap.all_skipped(results)):
        ui.status(result.status.value, f"{base.name} {target.name}: {result.id}: {result.why}")
    results += nothing
    if not options.test:
        records.leave(records.of_results("kselftest", base, target, "", results, record.seconds), base, target)
    total = suite.Count()
    suite.count([suite.Job(base, target, [], results=results)], total)
    print(f"\n{total.line()}", flush=True)
    return FAILED if total.failed else PASSED
