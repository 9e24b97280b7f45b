// SPDX-License-Identifier: Apache-2.0
// A look at the beginning of what is packed, for whom unpacking all of it costs too much. Pure functions, any
// thread.
#pragma once

#include <span>

#include "net/kafka/batch_head.h"

namespace mq::kafka {

// The first bytes of what is packed in `in`, as many as `to` has room for or fewer; how many. The head of the
// stream is looked at, and of zstd, which unpacks blocks of 128 KiB only as a whole, the heads of all blocks
// instead: it yields no bytes. corrupt_message: this is no stream of that codec.
net::Result<std::size_t> unpack_start(Codec codec, net::Bytes in, std::span<std::byte> to);

// Whether a batch that check_batch liked holds records, as far as its first bytes tell: invalid_record when
// they do not unpack, or are not the first record of a batch.
Error check_first_record(net::Bytes batch);

}  // namespace mq::kafka
