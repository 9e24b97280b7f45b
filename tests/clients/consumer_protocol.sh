#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A librdkafka that speaks the consumer protocol, against a broker: broker.py MQ -- consumer_protocol.sh [words of names]
# Debian's is older; the package comes from PyPI in the version named here, into build/clients.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
version=2.16.1
place=../../build/clients/confluent-$version
if [ ! -f "$place/installed" ]; then
  if ! python3 -c 'import ensurepip' 2>/dev/null; then
    root=(); [ "$(id -u)" -eq 0 ] || root=(sudo)
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends python3-venv >/dev/null
  fi
  python3 -m venv "$place"
  "$place/bin/pip" install --quiet --disable-pip-version-check "confluent-kafka==$version"
  touch "$place/installed"
fi
exec "$place/bin/python" consumer_protocol.py "$@"
