// SPDX-License-Identifier: Apache-2.0
// How events are written: one line each, to stderr. Set up once, before anything logs; any thread may log
// then.
#pragma once

#include "core/config/config.h"

namespace mq::core {

// text: "2026-11-22T13:04:21.120Z INFO  storage  recovered …"; json: one object a line; journal: text without
// the time, with the priority that systemd reads. automatic: journal under systemd, text on a terminal
// (coloured), else json.
void set_up_logging(const Config& config);

}  // namespace mq::core
