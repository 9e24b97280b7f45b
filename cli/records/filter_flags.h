// SPDX-License-Identifier: Apache-2.0
// Which records are shown, in flags: --grep, --key, --header, --where, --invert.
#pragma once

#include <vector>

#include "cli/frame/command.h"
#include "core/admin/filter.h"

namespace mq::cli {

std::vector<Flag> filter_flags();
admin::Filter filter_from_flags(const Arguments& arguments);  // throws UsageError

}  // namespace mq::cli
