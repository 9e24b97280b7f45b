// SPDX-License-Identifier: Apache-2.0
#include "core/bench/stamp.h"

#include <boost/endian/conversion.hpp>

#include "storage/crc32c.h"

namespace mq::bench {
namespace {

namespace endian = boost::endian;

// magic, checksum of what is behind it, run, client, sequence, time
constexpr std::uint32_t magic = 0x6d71'6201;
constexpr std::size_t crc_at = 4, run_at = 8, client_at = 16, sequence_at = 20, sent_at = 28;

const unsigned char* raw(net::Bytes value, std::size_t at) {
  return reinterpret_cast<const unsigned char*>(value.data() + at);
}

}  // namespace

void Stamp::write(std::span<std::byte> value) const {
  auto* to = reinterpret_cast<unsigned char*>(value.data());
  endian::store_big_u32(to, magic);
  endian::store_big_u64(to + run_at, run);
  endian::store_big_u32(to + client_at, client);
  endian::store_big_u64(to + sequence_at, sequence);
  endian::store_big_s64(to + sent_at, sent_ns);
  endian::store_big_u32(to + crc_at, storage::crc32c(value.subspan(run_at)));
}

std::optional<Stamp> Stamp::read(net::Bytes value) {
  if (value.size() < size || endian::load_big_u32(raw(value, 0)) != magic) return std::nullopt;
  Stamp stamp;
  stamp.run = endian::load_big_u64(raw(value, run_at));
  stamp.client = endian::load_big_u32(raw(value, client_at));
  stamp.sequence = endian::load_big_u64(raw(value, sequence_at));
  stamp.sent_ns = endian::load_big_s64(raw(value, sent_at));
  return stamp;
}

bool Stamp::intact(net::Bytes value) {
  return endian::load_big_u32(raw(value, crc_at)) == storage::crc32c(value.subspan(run_at));
}

}  // namespace mq::bench
