// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/first_record.h"

#include <lz4.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <boost/endian/conversion.hpp>
#include <cstring>
#include <optional>

#include "net/kafka/inflate.h"
#include "net/kafka/lz4_context.h"
#include "net/kafka/snappy_frame.h"
#include "net/kafka/varint.h"

namespace mq::kafka {

namespace {

using Started = std::optional<std::size_t>;  // bytes; nothing: no stream of this codec

const unsigned char* unsigned_chars(net::Bytes bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

Started copy_start(net::Bytes in, std::span<std::byte> to) {
  const std::size_t n = std::min(in.size(), to.size());
  std::memcpy(to.data(), in.data(), n);
  return n;
}

// --- gzip

Started gunzip_start(net::Bytes in, std::span<std::byte> to) {
  thread_local Inflate inflate;
  if (!inflate.ready || inflateReset(&inflate.stream) != Z_OK) return 0;
  z_stream& z = inflate.stream;
  z.next_in = const_cast<Bytef*>(unsigned_chars(in));
  z.avail_in = static_cast<uInt>(in.size());
  z.next_out = reinterpret_cast<Bytef*>(to.data());
  z.avail_out = static_cast<uInt>(to.size());
  const int status = ::inflate(&z, Z_SYNC_FLUSH);
  const std::size_t written = to.size() - z.avail_out;
  const bool is_broken = status != Z_OK && status != Z_STREAM_END;
  return is_broken || written == 0 ? Started() : written;
}

// --- snappy: elements, of which each is a literal or a copy of what came before (format_description.txt)

struct Element {
  std::size_t head = 0, length = 0, back = 0;  // bytes of its own; of what it yields; 0: a literal
};

std::optional<Element> element(net::Bytes in) {
  if (in.empty()) return {};
  const auto tag = std::to_integer<std::size_t>(in[0]);
  const auto number = [&](std::size_t bytes) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < bytes && i + 1 < in.size(); i++)
      value |= std::to_integer<std::size_t>(in[i + 1]) << 8 * i;
    return value;
  };
  constexpr std::size_t short_literal_max = 59;
  Element found;
  if ((tag & 3) == 0) {
    const std::size_t more = tag >> 2 > short_literal_max ? (tag >> 2) - short_literal_max : 0;
    found = {1 + more, (more > 0 ? number(more) : tag >> 2) + 1, 0};
  } else if ((tag & 3) == 1) {
    found = {2, (tag >> 2 & 7) + 4, (tag >> 5) << 8 | number(1)};
  } else {
    const std::size_t bytes = (tag & 3) == 2 ? 2 : 4;
    found = {1 + bytes, (tag >> 2) + 1, number(bytes)};
  }
  const bool is_copy = (tag & 3) != 0;
  if (in.size() < found.head || (is_copy && found.back == 0)) return {};
  return found;
}

Started unsnap_block_start(net::Bytes in, std::span<std::byte> to) {
  std::size_t size = 0, shift = 0;  // of the whole block
  for (bool more = true; more; shift += 7) {
    if (in.empty() || shift > 28) return {};
    more = std::to_integer<int>(in[0]) >= 0x80;
    size |= (std::to_integer<std::size_t>(in[0]) & 0x7f) << shift;
    in = in.subspan(1);
  }
  const std::size_t end = std::min(size, to.size());
  std::size_t at = 0;
  while (at < end) {
    const auto next = element(in);
    if (!next || next->length > size - at || next->back > at) return {};
    in = in.subspan(next->head);
    if (next->back == 0 && next->length > in.size()) return {};
    for (std::size_t i = 0; i < next->length && at < end; i++, at++)
      to[at] = next->back == 0 ? in[i] : to[at - next->back];
    if (next->back == 0) in = in.subspan(next->length);
  }
  return at;
}

Started unsnap_start(net::Bytes in, std::span<std::byte> to) {
  if (!is_snappy_framed(in)) return unsnap_block_start(in, to);
  in = in.subspan(snappy_head_bytes);
  if (in.empty()) return 0;
  const auto block = snappy_block(in);
  return block ? unsnap_block_start(*block, to) : Started();
}

// --- lz4

// The library would unpack the whole of the first block, of up to 4 MiB.
Started unlz4_start(net::Bytes in, std::span<std::byte> to) {
  LZ4F_dctx* context = lz4_context();
  if (!context) return 0;
  LZ4F_frameInfo_t info{};
  std::size_t head = in.size();
  if (LZ4F_isError(LZ4F_getFrameInfo(context, &info, in.data(), &head))) return {};
  if (info.frameType == LZ4F_skippableFrame) return 0;
  in = in.subspan(head);
  constexpr std::uint32_t not_packed = 1u << 31;
  if (in.size() < sizeof(std::uint32_t)) return {};
  const std::uint32_t block = boost::endian::load_little_u32(unsigned_chars(in));
  in = in.subspan(sizeof(std::uint32_t));
  if ((block & ~not_packed) > in.size()) return {};
  in = in.first(block & ~not_packed);
  if (block & not_packed || in.empty()) return copy_start(in, to);
  const int room = static_cast<int>(to.size());
  const int size = LZ4_decompress_safe_partial(reinterpret_cast<const char*>(in.data()),
                                               reinterpret_cast<char*>(to.data()),
                                               static_cast<int>(in.size()), room, room);
  return size < 0 ? Started() : static_cast<std::size_t>(size);
}

// --- zstd

Started unzstd_start(net::Bytes in) {
  while (!in.empty()) {
    const std::size_t frame = ZSTD_findFrameCompressedSize(in.data(), in.size());
    if (ZSTD_isError(frame)) return {};
    in = in.subspan(frame);
  }
  return 0;
}

Started start_of(Codec codec, net::Bytes in, std::span<std::byte> to) {
  switch (codec) {
    case Codec::none:
      return copy_start(in, to);
    case Codec::gzip:
      return gunzip_start(in, to);
    case Codec::snappy:
      return unsnap_start(in, to);
    case Codec::lz4:
      return unlz4_start(in, to);
    case Codec::zstd:
      return unzstd_start(in);
  }
  return {};
}

// As far as it is there: its length, no offset of its own, a key that fits into it.
bool begins_a_batch(net::Bytes start) {
  // Attributes, time, offset, lengths of key and value, number of headers.
  constexpr std::int32_t smallest = 6;
  Cursor cursor(start);
  const std::int32_t length = cursor.varint();
  const std::size_t left = cursor.left();
  if (cursor.ok() && length < smallest) return false;
  cursor.byte();
  cursor.varlong();
  const std::int32_t offset_delta = cursor.varint();
  if (cursor.ok() && offset_delta != 0) return false;
  const std::int32_t key = cursor.varint();
  constexpr std::size_t longest = 26;               // up to here
  if (!cursor.ok()) return start.size() < longest;  // what is wrong with it does not show
  const auto before_key = static_cast<std::int64_t>(left - cursor.left());
  return key >= -1 && before_key + std::max(key, 0) < length;
}

}  // namespace

net::Result<std::size_t> unpack_start(Codec codec, net::Bytes in, std::span<std::byte> to) {
  const Started started = in.empty() ? Started() : start_of(codec, in, to);
  if (!started) return make_error_code(Error::corrupt_message);
  return *started;
}

Error check_first_record(net::Bytes batch) {
  const auto head = BatchHead::parse(batch);
  if (!head) return Error::invalid_record;
  std::array<std::byte, 64> start;
  const auto size = unpack_start(head->codec(), batch.subspan(BatchHead::bytes), start);
  if (!size) return Error::invalid_record;
  return *size == 0 || begins_a_batch(net::Bytes(start).first(*size)) ? Error::none : Error::invalid_record;
}

}  // namespace mq::kafka
