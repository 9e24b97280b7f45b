// SPDX-License-Identifier: Apache-2.0
// What -z says: "zstd", "gzip:9". For whoever writes.
#pragma once

#include <string>

#include "core/client/producer.h"

namespace mq::cli {

void parse_compression(const std::string& text, client::ProducerOptions& producer);  // throws UsageError

}  // namespace mq::cli
