// SPDX-License-Identifier: Apache-2.0
// Record batches: the one thing that passes from a producer to the disk and to consumers as it is. Its head,
// its records, putting one together, and packing it anew. See the four headers; pure functions and single
// owners, any thread.
#pragma once

#include "net/kafka/batch_builder.h"
#include "net/kafka/batch_head.h"
#include "net/kafka/compression.h"
#include "net/kafka/record_reader.h"

namespace mq::kafka {

// The same batch with its records packed another way (Codec::none: not at all): same records, byte for byte,
// same producer, same times. Errors as in `decompress`; the batch must have passed check_batch.
net::Result<net::Slice> recompress(net::Bytes batch, Codec to, int level = 0);

}  // namespace mq::kafka
