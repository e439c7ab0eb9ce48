# SPDX-License-Identifier: GPL-2.0-only
"""Unit tests of the lab, run by python3 -m unittest."""
