#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kafkajs against a broker: broker.py MQ -- kafkajs.sh
# The package comes from npm, exactly as package-lock.json has it, into build/clients.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
place=../../build/clients
if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
  root=(); [ "$(id -u)" -eq 0 ] || root=(sudo)
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends nodejs npm >/dev/null
fi
mkdir -p "$place"
if ! cmp -s package-lock.json "$place/installed"; then
  cp package.json package-lock.json "$place/"
  (cd "$place" && npm ci --no-audit --no-fund --loglevel=error)
  cp package-lock.json "$place/installed"
fi
status=0
NODE_PATH=$PWD/$place/node_modules node --test-reporter=tap kafkajs.test.js >"$place/kafkajs.tap" || status=$?
grep -vE '^ *(---|\.\.\.|duration_ms|type:)' "$place/kafkajs.tap"
awk '/^# pass/ { passed = $3 } /^# fail/ { failed = $3 } /^# cancelled/ { failed += $3 }
     END { print passed + 0 " passed, " failed + 0 " failed"; exit passed + 0 == 0 || failed + 0 > 0 }' "$place/kafkajs.tap"
exit $status
