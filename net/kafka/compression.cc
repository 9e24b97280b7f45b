// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/compression.h"

#include <lz4frame.h>
#include <lz4hc.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <boost/endian/conversion.hpp>
#include <cstring>
#include <memory>

#include "net/kafka/error.h"
#include "net/kafka/growing.h"
#include "net/kafka/inflate.h"
#include "net/kafka/lz4_context.h"
#include "net/kafka/snappy_frame.h"

namespace mq::kafka {

namespace {

constexpr std::array<std::string_view, 5> names = {"none", "gzip", "snappy", "lz4", "zstd"};

// --- gzip

struct Deflate {
  z_stream stream{};
  bool ready;
  explicit Deflate(int level)
      : ready(deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK) {}
  ~Deflate() { deflateEnd(&stream); }
};

Bytef* zlib(const std::byte* at) {
  return reinterpret_cast<Bytef*>(const_cast<std::byte*>(at));
}

Error gunzip(net::Bytes in, Growing& out) {
  Inflate inflate;
  if (!inflate.ready) return Error::unknown_server_error;
  z_stream& z = inflate.stream;
  z.next_in = zlib(in.data());
  z.avail_in = static_cast<uInt>(in.size());
  for (;;) {
    const auto room = out.room();
    z.next_out = zlib(room.data());
    z.avail_out = static_cast<uInt>(room.size());
    const int status = ::inflate(&z, Z_NO_FLUSH);
    const std::size_t written = room.size() - z.avail_out;
    if (!out.filled(written)) return Error::message_too_large;
    if (status == Z_STREAM_END) {
      if (z.avail_in == 0) return Error::none;
      inflateReset(&z);  // another member
    } else if (status != Z_OK || (z.avail_in == 0 && z.avail_out != 0)) {
      return Error::corrupt_message;
    }
  }
}

Error gzip(net::Bytes in, int level, Growing& out) {
  Deflate deflate(level == 0 ? Z_DEFAULT_COMPRESSION : std::clamp(level, -1, 9));
  if (!deflate.ready) return Error::unknown_server_error;
  z_stream& z = deflate.stream;
  z.next_in = zlib(in.data());
  z.avail_in = static_cast<uInt>(in.size());
  const auto room = out.room(deflateBound(&z, static_cast<uLong>(in.size())));
  z.next_out = zlib(room.data());
  z.avail_out = static_cast<uInt>(room.size());
  if (::deflate(&z, Z_FINISH) != Z_STREAM_END) return Error::unknown_server_error;
  out.filled(room.size() - z.avail_out);
  return Error::none;
}

// --- snappy: raw, or in the frames of snappy-java

constexpr std::size_t frame_block_bytes = 32 * 1024;

const char* chars(net::Bytes bytes) {
  return reinterpret_cast<const char*>(bytes.data());
}
char* chars(std::span<std::byte> bytes) {
  return reinterpret_cast<char*>(bytes.data());
}

Error unsnap_block(net::Bytes in, Growing& out) {
  constexpr std::size_t ratio_max = 32;  // the format reaches 22
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(chars(in), in.size(), &size)) return Error::corrupt_message;
  if (size / ratio_max > in.size()) return Error::corrupt_message;
  if (!out.allows(size)) return Error::message_too_large;
  const auto room = out.room(std::max<std::size_t>(size, 1));
  if (!snappy::RawUncompress(chars(in), in.size(), chars(room))) return Error::corrupt_message;
  out.filled(size);
  return Error::none;
}

Error unsnap(net::Bytes in, Growing& out) {
  if (!is_snappy_framed(in)) return unsnap_block(in, out);
  while (!in.empty()) {
    if (is_snappy_framed(in)) {  // streams may follow each other
      in = in.subspan(snappy_head_bytes);
      continue;
    }
    const auto block = snappy_block(in);
    if (!block) return Error::corrupt_message;
    const Error error = unsnap_block(*block, out);
    if (error != Error::none) return error;
    in = in.subspan(snappy_length_bytes + block->size());
  }
  return Error::none;
}

void put_big(std::span<std::byte> to, std::uint32_t v) {
  boost::endian::store_big_u32(reinterpret_cast<unsigned char*>(to.data()), v);
}

// Framed: every reader knows the frames, some know nothing else.
Error snap(net::Bytes in, Growing& out) {
  const auto head = out.room(snappy_head_bytes);
  std::memcpy(head.data(), snappy_magic.data(), snappy_magic.size());
  put_big(head.subspan(8), 1);
  put_big(head.subspan(12), 1);
  out.filled(snappy_head_bytes);
  while (!in.empty()) {
    const net::Bytes block = in.first(std::min(in.size(), frame_block_bytes));
    in = in.subspan(block.size());
    const auto room = out.room(sizeof(std::uint32_t) + snappy::MaxCompressedLength(block.size()));
    std::size_t size = 0;
    snappy::RawCompress(chars(block), block.size(), chars(room.subspan(sizeof(std::uint32_t))), &size);
    put_big(room, static_cast<std::uint32_t>(size));
    out.filled(sizeof(std::uint32_t) + size);
  }
  return Error::none;
}

// --- lz4: frames

Error unlz4(net::Bytes in, Growing& out) {
  LZ4F_dctx* context = lz4_context();
  if (!context) return Error::unknown_server_error;
  std::size_t hint = 1;  // 0: a frame has ended
  for (;;) {
    const auto room = out.room();
    std::size_t written = room.size(), read = in.size();
    hint = LZ4F_decompress(context, room.data(), &written, in.data(), &read, nullptr);
    if (LZ4F_isError(hint)) return Error::corrupt_message;
    in = in.subspan(read);
    if (!out.filled(written)) return Error::message_too_large;
    if (in.empty() && hint == 0) return Error::none;
    if (read == 0 && written == 0) return Error::corrupt_message;  // cut off
  }
}

Error lz4(net::Bytes in, int level, Growing& out) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockSizeID = LZ4F_max64KB;
  preferences.frameInfo.blockMode = LZ4F_blockIndependent;  // Java reads nothing else
  preferences.compressionLevel = std::clamp(level, 0, LZ4HC_CLEVEL_MAX);
  const auto room = out.room(LZ4F_compressFrameBound(in.size(), &preferences));
  const std::size_t size = LZ4F_compressFrame(room.data(), room.size(), in.data(), in.size(), &preferences);
  if (LZ4F_isError(size)) return Error::unknown_server_error;
  out.filled(size);
  return Error::none;
}

// --- zstd

struct FreeZstd {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

ZSTD_DCtx* zstd_context() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeZstd> context(ZSTD_createDCtx());
  if (context) ZSTD_DCtx_reset(context.get(), ZSTD_reset_session_only);
  return context.get();
}

// In one step into memory of the declared size, when there is one frame that declares it.
Error unzstd_known(ZSTD_DCtx* context, net::Bytes in, std::size_t size, Growing& out) {
  const auto room = out.room(std::max<std::size_t>(size, 1));
  const std::size_t written = ZSTD_decompressDCtx(context, room.data(), size, in.data(), in.size());
  if (ZSTD_isError(written) || written != size) return Error::corrupt_message;
  out.filled(written);
  return Error::none;
}

Error unzstd(net::Bytes in, Growing& out) {
  ZSTD_DCtx* context = zstd_context();
  if (!context) return Error::unknown_server_error;
  const auto declared = ZSTD_getFrameContentSize(in.data(), in.size());
  if (declared == ZSTD_CONTENTSIZE_ERROR) return Error::corrupt_message;
  if (declared != ZSTD_CONTENTSIZE_UNKNOWN) {
    if (!out.allows(declared)) return Error::message_too_large;
    if (ZSTD_findFrameCompressedSize(in.data(), in.size()) == in.size())
      return unzstd_known(context, in, declared, out);
  }
  ZSTD_inBuffer from{in.data(), in.size(), 0};
  for (;;) {
    const auto room = out.room();
    ZSTD_outBuffer to{room.data(), room.size(), 0};
    const std::size_t read_before = from.pos;
    const std::size_t hint = ZSTD_decompressStream(context, &to, &from);  // 0: a frame has ended
    if (ZSTD_isError(hint)) return Error::corrupt_message;
    if (!out.filled(to.pos)) return Error::message_too_large;
    if (hint == 0 && from.pos == from.size) return Error::none;
    if (to.pos == 0 && from.pos == read_before) return Error::corrupt_message;  // cut off
  }
}

Error zstd(net::Bytes in, int level, Growing& out) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeZstd> context(ZSTD_createCCtx());
  if (!context) return Error::unknown_server_error;
  const auto room = out.room(ZSTD_compressBound(in.size()));
  const int known = std::clamp(level == 0 ? ZSTD_CLEVEL_DEFAULT : level, ZSTD_minCLevel(), ZSTD_maxCLevel());
  const std::size_t size =
      ZSTD_compressCCtx(context.get(), room.data(), room.size(), in.data(), in.size(), known);
  if (ZSTD_isError(size)) return Error::unknown_server_error;
  out.filled(size);
  return Error::none;
}

Error copy(net::Bytes in, Growing& out) {
  if (!out.allows(in.size())) return Error::message_too_large;
  if (in.empty()) return Error::none;
  std::memcpy(out.room(in.size()).data(), in.data(), in.size());
  out.filled(in.size());
  return Error::none;
}

Error unpack(Codec codec, net::Bytes in, Growing& out) {
  switch (codec) {
    case Codec::none:
      return copy(in, out);
    case Codec::gzip:
      return gunzip(in, out);
    case Codec::snappy:
      return unsnap(in, out);
    case Codec::lz4:
      return unlz4(in, out);
    case Codec::zstd:
      return unzstd(in, out);
  }
  return Error::unsupported_compression_type;
}

Error pack(Codec codec, net::Bytes in, int level, Growing& out) {
  switch (codec) {
    case Codec::none:
      return copy(in, out);
    case Codec::gzip:
      return gzip(in, level, out);
    case Codec::snappy:
      return snap(in, out);
    case Codec::lz4:
      return lz4(in, level, out);
    case Codec::zstd:
      return zstd(in, level, out);
  }
  return Error::unsupported_compression_type;
}

}  // namespace

std::string_view name_of(Codec codec) {
  const auto number = static_cast<std::size_t>(codec);
  return number < names.size() ? names[number] : "unknown";
}

std::optional<Codec> codec_of(std::string_view name) {
  const auto* at = std::ranges::find(names, name);
  if (at == names.end()) return std::nullopt;
  return static_cast<Codec>(at - names.begin());
}

net::Result<net::Slice> decompress(Codec codec, net::Bytes in, std::size_t bytes_max, std::size_t room) {
  if (in.size() > INT32_MAX) return make_error_code(Error::message_too_large);
  Growing out(4 * in.size(), bytes_max, room);
  const Error error = unpack(codec, in, out);
  if (error != Error::none) return make_error_code(error);
  return out.take();
}

net::Result<net::Slice> compress(Codec codec, net::Bytes in, int level, std::size_t room) {
  if (in.size() > INT32_MAX) return make_error_code(Error::message_too_large);
  Growing out(0, SIZE_MAX / 2, room);
  const Error error = pack(codec, in, level, out);
  if (error != Error::none) return make_error_code(error);
  return out.take();
}

}  // namespace mq::kafka
