#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The page in a browser: walk.sh MQ [PART OF A NAME]. Exit status 77: cannot be tried here.
set -euo pipefail
mq=$(realpath "$1"); shift
cd "$(dirname "${BASH_SOURCE[0]}")"
place=$(cd ../.. && pwd)/build/browser

skip() { echo "SKIPPED: $1"; exit 77; }

debian() {
  local root=(); [ "$(id -u)" -eq 0 ] || root=(sudo -n)
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
}

command -v node >/dev/null && command -v npm >/dev/null || debian nodejs npm || skip "there is no node, and no npm to install what drives a browser"
command -v chromium >/dev/null || debian chromium fonts-dejavu-core || skip "there is no chromium"
mkdir -p "$place"
exec 9>"$place/lock"
flock 9
if ! cmp -s package-lock.json "$place/installed"; then
  cp package.json package-lock.json "$place/"
  (cd "$place" && npm ci --no-audit --no-fund --loglevel=error) || skip "npm does not answer"
  cp package-lock.json "$place/installed"
fi
exec node walk.mjs "$mq" "$place" "$@"
