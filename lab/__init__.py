# SPDX-License-Identifier: GPL-2.0-only
"""The lab: from a bare Debian machine to a tested KVM PR kernel."""
