#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a Python script with clients that are newer than Debian's: newest.sh SCRIPT [ARGUMENTS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
./packages.sh kafkajs confluent
exec ../../build/clients/confluent/bin/python "$@"
