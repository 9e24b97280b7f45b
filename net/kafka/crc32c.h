// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli), the checksum of record batches. Pure functions, any thread.
#pragma once

#include "net/types.h"

namespace mq::kafka {

// By the processor's instruction where the build allows it, else by a table.
std::uint32_t crc32c(net::Bytes data);

// The table's way, on every machine; the same answers.
std::uint32_t crc32c_portable(net::Bytes data);

}  // namespace mq::kafka
