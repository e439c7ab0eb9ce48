# SPDX-License-Identifier: GPL-2.0-only
"""make test: of what is named, of defective kernels, or of everything that is quick."""

from __future__ import annotations

from lab.checks import checkout
from lab.core.options import Options
from lab.debian import install
from lab.kernel import kbuild
from lab.results.tally import Count
from lab.runner import mutants, suite
from lab.runner.report import Job


def main(options: Options) -> int:
    """Without K=, T=, TEST= and SUITE=, the lab's own tests and make check come first."""
    if options.mutants:
        return mutants.main(options)
    named = options.kernel or options.target or options.test or options.suite
    return suite.run(options, None if named else before)


def before(jobs: list[Job], total: Count) -> None:
    """What is judged before anything is built; the lab's own tests use the compilers' tools too."""
    install.ensure([package for job in jobs for package in kbuild.needs(job.target.build)])
    checkout.unit_tests(total)
    checkout.run(total)
