// SPDX-License-Identifier: Apache-2.0
// The four ways Kafka compresses the records of a batch. Pure functions, any thread.
#pragma once

#include <optional>
#include <string_view>

#include "net/types.h"

namespace mq::kafka {

enum class Codec : std::uint8_t { none, gzip, snappy, lz4, zstd };  // as in a batch's attributes

std::string_view name_of(Codec codec);  // "none", "gzip", …
std::optional<Codec> codec_of(std::string_view name);

// What a broker unpacks at most: little enough that a small frame cannot fill the memory, more than honest
// text needs.
constexpr std::size_t unpacked_bytes_max(std::size_t packed) {
  constexpr std::size_t least = 16u << 20, most = 128u << 20, ratio_max = 64;
  return std::max(std::clamp(packed * ratio_max, least, most), 4 * packed);
}
// What a client does: it asked for this much itself.
inline constexpr std::size_t client_unpacked_bytes_max = 512u << 20;

// Unpacks the whole of `in`; concatenated streams follow each other. The answer begins behind `room` bytes
// left free. corrupt_message: broken, cut off, or followed by something else; message_too_large: more than
// `bytes_max`, found before as much memory was taken; unsupported_compression_type: no such codec.
net::Result<net::Slice> decompress(Codec codec, net::Bytes in, std::size_t bytes_max, std::size_t room = 0);

// Level 0: the codec's own default; others are clamped to what it knows. Snappy has none. The answer begins
// behind `room` bytes left free.
net::Result<net::Slice> compress(Codec codec, net::Bytes in, int level = 0, std::size_t room = 0);

}  // namespace mq::kafka
