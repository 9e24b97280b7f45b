#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# librdkafka's C interface against a broker: broker.py MQ -- rdkafka.sh
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cc -std=c11 -Wall -Wextra -o "$work/rdkafka" "$(dirname "$0")/rdkafka.c" -lrdkafka
"$work/rdkafka"
