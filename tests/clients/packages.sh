#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs clients that Debian does not have, or not new enough, into build/clients: packages.sh NAME...
#   kafkajs      from npm, exactly as package-lock.json has it
#   confluent    confluent-kafka from PyPI: a librdkafka that speaks the consumer protocol
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
place=../../build/clients
confluent_version=2.16.1

debian() {
  local root=(); [ "$(id -u)" -eq 0 ] || root=(sudo)
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "$@" >/dev/null
}

kafkajs() {
  if ! command -v npm >/dev/null || ! command -v node >/dev/null; then debian nodejs npm; fi
  cmp -s package-lock.json "$place/installed" && return
  cp package.json package-lock.json "$place/"
  (cd "$place" && npm ci --no-audit --no-fund --loglevel=error)
  cp package-lock.json "$place/installed"
}

confluent() {
  local into=$place/confluent
  [ "$(cat "$into/installed" 2>/dev/null)" = "$confluent_version" ] && return
  python3 -c 'import ensurepip' 2>/dev/null || debian python3-venv
  python3 -m venv --clear "$into"
  "$into/bin/pip" install --quiet --disable-pip-version-check "confluent-kafka==$confluent_version"
  echo "$confluent_version" >"$into/installed"
}

mkdir -p "$place"
exec 9>"$place/lock"
flock 9  # tests run beside each other
for package in "$@"; do "$package"; done
