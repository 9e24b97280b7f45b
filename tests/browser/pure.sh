#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What of the page needs no browser, by Node alone. Exit status 77: cannot be tried here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
command -v node >/dev/null || { echo "SKIPPED: there is no node"; exit 77; }
exec node --test pure.test.mjs
