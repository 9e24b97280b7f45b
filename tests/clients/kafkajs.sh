#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kafkajs against a broker: broker.py MQ -- kafkajs.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
./packages.sh kafkajs
place=../../build/clients
status=0
NODE_PATH=$PWD/$place/node_modules node --test-reporter=tap kafkajs.test.js >"$place/kafkajs.tap" || status=$?
grep -vE '^ *(---|\.\.\.|duration_ms|type:)' "$place/kafkajs.tap"
awk '/^# pass/ { passed = $3 } /^# fail/ { failed = $3 } /^# cancelled/ { failed += $3 }
     END { print passed + 0 " passed, " failed + 0 " failed"; exit passed + 0 == 0 || failed + 0 > 0 }' "$place/kafkajs.tap"
exit $status
