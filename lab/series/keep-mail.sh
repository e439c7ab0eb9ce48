#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# keep-mail.sh FOLDER ...: git send-email calls it in the place of sendmail. Keeps the mail, sends nothing.
set -euo pipefail
n=$(find "$1" -name '*.eml' | wc -l)
cat > "$1/$(printf '%04d' "$n").eml"
