# SPDX-License-Identifier: GPL-2.0-only
"""Records for tests, with what a test changes in them."""

from __future__ import annotations

import dataclasses

from lab.results import records


def record(**changes: object) -> records.Record:
    made = records.Record(
        "test",
        "mainline",
        "mac99-g4",
        "kvm-powerpc",
        {"passed": 3, "skipped": 1},
        61.0,
        "2026-01-02T03:04:05Z",
        records.Tested("c1", False, "linux-source-7.3 7.3.4-1", "p1", "k1", "t1", "x1"),
        {"gcc": "12.2.0"},
        {"programs": {"one_test": {"passed": 3, "skipped": 1}}, "bad": [], "skipped": {"no VSX": 1}},
    )
    return dataclasses.replace(made, **changes)


def tested(**changes: object) -> records.Tested:
    made = record().tested
    assert made is not None
    return dataclasses.replace(made, **changes)
