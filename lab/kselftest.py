# SPDX-License-Identifier: GPL-2.0-only
"""make kselftest: the tests as 'make install' leaves them, run by the kernel's own runner in a booted target."""

from __future__ import annotations

import os
import shlex

from . import boot, channel, client, data, kernel, ktap, payload, selftests, testrun, ui, verdict
from .errors import FAILED, PASSED, LabError

SUITE = "kvm-powerpc"
INSIDE = "tmp/lab/kselftest"  # where the target finds lab/kselftest of its initramfs
RUNNER = "run_kselftest.sh"
PER_TEST = 180  # seconds; the runner's own 45 are for machines that are not emulated


def chosen(target: data.Target) -> dict[str, list[str]]:
    """TEST=, or the suite's programs, with the arguments that they have there."""
    suite = {t.binary: t.args for t in reversed(data.suite(SUITE)) if t.fits(target) and not t.guest}
    own = os.environ.get("TEST")
    return {name: suite.get(name, []) for name in (own.split(",") if own else reversed(suite))}


def script(names: dict[str, list[str]]) -> str:
    """The runner takes a program's arguments by the environment."""
    lines = [f"export KSELFTEST_{n.upper()}_ARGS={shlex.quote(' '.join(args))}" for n, args in names.items() if args]
    words = [w for name in names for w in ("-t", f"kvm:{name}")]
    return "; ".join([*lines, shlex.join(["exec", f"/{INSIDE}/{RUNNER}", "-o", str(PER_TEST), *words])])


def main(base: data.Base, target: data.Target) -> int:
    root = client.root(target, "shell")
    built = kernel.build(base, target)
    folder = selftests.installed(target)
    known = {line.partition(":")[2] for line in (folder / "kselftest-list.txt").read_text().split()}
    names = chosen(target)
    for name in names:
        if name not in known:
            raise LabError(f"TEST={name}: the installed list has no such test: {', '.join(sorted(known))}")
    keep = {p: p.relative_to(folder) for p in folder.rglob("*") if p.is_file()}
    files = {f"lab/kselftest/{r}": p.read_bytes() for p, r in keep.items() if r.parts[0] != "kvm" or r.name in names}
    command = channel.Command(RUNNER, ["/bin/bash", "-c", script(names)], PER_TEST * len(names) + 60)
    spec = boot.Spec(target, built, [command], files, share=root, log=f"kselftest-{base.name}-{target.name}")
    ui.say(f"booting {built.release} on {target.name}: {RUNNER}, {len(names)} programs")
    record = boot.run(spec, payload.show)
    payload.echo_console(record)
    found = verdict.judge(spec, record)
    if found.code:
        found.tell(target.name)
        return found.code
    results = ktap.parse(record.channel.outcomes[0])
    total = testrun.Count()
    testrun.count([testrun.Job(base, target, [], results=results)], total)
    print(f"\n{total.line()}", flush=True)
    return FAILED if total.failed else PASSED
