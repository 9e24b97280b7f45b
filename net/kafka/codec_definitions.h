// SPDX-License-Identifier: Apache-2.0
// How codec.h does it. For the .cc beside a message's header, and for whoever describes a message of its own.
#pragma once

#include <bit>
#include <boost/endian/conversion.hpp>
#include <concepts>
#include <cstring>

#include "net/kafka/codec.h"

namespace mq::kafka {

namespace wire {

struct Format {
  Version version;
  bool flexible;  // compact lengths and a tag section
};
template <Message M>
constexpr Format format_of(Version v) {
  return {v, Describe<M>::flexible.has(v)};
}

template <class T>
concept Integer = std::integral<T> && !std::same_as<T, bool>;
template <class T>
concept Raw = std::same_as<T, std::string> || std::same_as<T, Bytes>;
template <class T>
constexpr bool short_length = std::same_as<T, std::string>;

template <class T>
constexpr bool is_optional = false;
template <class T>
constexpr bool is_optional<std::optional<T>> = true;

template <Described M>
constexpr bool has_tags = std::apply([](const auto&... f) { return ((f.rules.tag >= 0) || ...); },
                                     Describe<M>::fields);

template <Described M>
constexpr bool tags_ascend() {
  std::int16_t last = -1;
  bool ascend = true;
  each_field<M>([&](const auto& f) {
    if (f.rules.tag < 0) return;
    ascend = ascend && f.rules.tag > last;
    last = f.rules.tag;
  });
  return ascend;
}

// What may still be done, see codec.h.
struct Effort {
  std::size_t left;
  bool exceeded = false;
  static constexpr std::size_t text_bytes = 512;  // that take as long as an element
  bool spend(std::size_t more) {
    if (more > left) exceeded = true;
    left -= exceeded ? 0 : more;
    return !exceeded;
  }
};

// --- sinks: one walk counts, the other writes, so that size can never disagree with encode

struct Counter {
  std::size_t size = 0;    // of what is written
  std::size_t pieces = 0;  // of what goes out untouched between it
  Effort effort = {any_effort};
  bool spend(std::size_t more) { return effort.spend(more); }
  void bytes(const void*, std::size_t n) { size += n; }
  void untouched(const net::Pieces& p) { pieces += net::size_of(p); }
};

// Writes to memory that is large enough, and remembers where it is to be cut.
struct Writer {
  std::byte* at;
  struct Cut {
    std::byte* at;
    const net::Pieces* pieces;
  };
  std::vector<Cut> cuts = {};
  static bool spend(std::size_t) { return true; }
  void bytes(const void* from, std::size_t n) {
    if (n == 0) return;
    std::memcpy(at, from, n);
    at += n;
  }
  void untouched(const net::Pieces& pieces) { cuts.push_back({at, &pieces}); }
};

// --- encode

void put_fixed(auto& to, Integer auto v) {
  boost::endian::native_to_big_inplace(v);
  to.bytes(&v, sizeof v);
}

void put_varint(auto& to, std::uint32_t v) {
  for (; v >= 0x80; v >>= 7) put_fixed(to, static_cast<std::uint8_t>(v | 0x80));
  put_fixed(to, static_cast<std::uint8_t>(v));
}

void put_length(auto& to, Format format, std::int64_t n, bool is_short) {  // -1 is null
  if (format.flexible) return put_varint(to, static_cast<std::uint32_t>(n + 1));
  if (is_short) return put_fixed(to, static_cast<std::int16_t>(n));
  put_fixed(to, static_cast<std::int32_t>(n));
}

template <class S, Described M>
void put(S& to, Format format, const M& m);

template <class S>
void put(S& to, Format, bool v) {
  put_fixed(to, static_cast<std::int8_t>(v));
}
template <class S, Integer T>
void put(S& to, Format, T v) {
  put_fixed(to, v);
}
template <class S>
void put(S& to, Format, const Uuid& v) {
  to.bytes(v.data(), v.size());
}

// A short length holds 32767; what is longer (only texts of ours can be) is cut rather than sent broken.
template <class S, Raw T>
void put(S& to, Format format, const T& v) {
  const bool bounded = short_length<T> && !format.flexible;
  const std::size_t n = bounded ? std::min<std::size_t>(v.size(), INT16_MAX) : v.size();
  put_length(to, format, static_cast<std::int64_t>(n), short_length<T>);
  to.spend(n / Effort::text_bytes);
  to.bytes(v.data(), n);
}

template <class S>
void put(S& to, Format format, const Records& v) {
  put_length(to, format, static_cast<std::int64_t>(v.size()), false);
  if (v.pieces.empty()) return to.bytes(v.bytes.data(), v.bytes.size());
  to.untouched(v.pieces);
}

template <class S, class T>
requires(!Raw<std::vector<T>>) void put(S& to, Format format, const std::vector<T>& array) {
  put_length(to, format, std::ssize(array), false);
  if (!to.spend(array.size())) return;
  for (const auto& element : array) put(to, format, element);
}

template <class S, class T>
void put(S& to, Format format, const std::optional<T>& v) {
  if constexpr (Described<T>) put_fixed(to, static_cast<std::int8_t>(v ? 1 : -1));
  if (v) return put(to, format, *v);
  if constexpr (!Described<T>) put_length(to, format, -1, short_length<T>);
}

template <class S, class Owner, class T>
void put_field(S& to, Format format, const Owner& m, const Field<Owner, T>& f) {
  if constexpr (is_optional<T>)
    if (!(m.*f.at) && !f.rules.null.has(format.version)) return put(to, format, typename T::value_type{});
  put(to, format, m.*f.at);
}

template <class S, Described M>
void put_tags(S& to, Format format, const M& m) {
  static_assert(tags_ascend<M>());
  [[maybe_unused]] static const M defaults{};
  const auto present = [&](const auto& f) {
    return f.rules.tag >= 0 && f.rules.in.has(format.version) && m.*f.at != defaults.*f.at;
  };
  std::uint32_t count = 0;
  each_field<M>([&](const auto& f) { count += present(f); });
  put_varint(to, count);
  each_field<M>([&](const auto& f) {
    if (!present(f)) return;
    Counter counter;
    put_field(counter, format, m, f);
    put_varint(to, static_cast<std::uint32_t>(f.rules.tag));
    put_varint(to, static_cast<std::uint32_t>(counter.size));
    put_field(to, format, m, f);
  });
}

template <class S, Described M>
void put(S& to, Format format, const M& m) {
  each_field<M>([&](const auto& f) {
    if (f.rules.tag < 0 && f.rules.in.has(format.version)) put_field(to, format, m, f);
  });
  if (!format.flexible) return;
  if constexpr (has_tags<M>) {
    put_tags(to, format, m);
  } else {
    put_varint(to, 0);
  }
}

// --- decode

// Failure is sticky: after the first short read every read yields zero, so a decoder is straight-line code
// that asks ok() once, at the end.
class Reader {
 public:
  explicit Reader(net::Bytes in, std::size_t effort_max = any_effort)
      : in_(in),
        allowance_(std::min<std::size_t>(64 * 1024 + 32 * in.size(), 256u << 20)),
        effort_{effort_max} {}

  net::Bytes bytes(std::size_t n) {
    if (n > in_.size()) {
      fail();
      return {};
    }
    const auto taken = in_.first(n);
    in_ = in_.subspan(n);
    return taken;
  }
  std::size_t left() const { return in_.size(); }
  bool ok() const { return ok_; }
  void fail() {
    ok_ = false;
    in_ = {};
  }

  // Before it is done.
  bool spend(std::size_t effort) {
    if (effort_.spend(effort)) return true;
    fail();
    return false;
  }
  bool exceeded() const { return effort_.exceeded; }

  // Asked before an array is made: its elements are larger in memory than on the wire, and one byte may claim
  // each.
  bool allow(std::size_t count, std::size_t bytes_each) {
    if (count > in_.size() || count > allowance_ / bytes_each) {
      fail();
      return false;
    }
    allowance_ -= count * bytes_each;
    return spend(count);
  }

  // Only the next `n` bytes are to be read; `widen` with what this returns goes on behind them.
  net::Bytes narrow(std::size_t n) {
    const net::Bytes before = in_;
    if (n > before.size()) {
      fail();
      return {};
    }
    in_ = before.first(n);
    return before.subspan(n);
  }
  void widen(net::Bytes rest) {
    if (ok_) in_ = rest;
  }

 private:
  net::Bytes in_;
  std::size_t allowance_;  // bytes of memory
  Effort effort_;
  bool ok_ = true;
};

template <Integer T>
T get_fixed(Reader& from) {
  const auto raw = from.bytes(sizeof(T));
  if (raw.empty()) return 0;
  T v;
  std::memcpy(&v, raw.data(), sizeof v);
  return boost::endian::big_to_native(v);
}

inline std::uint32_t get_varint(Reader& from) {
  std::uint32_t v = 0;
  for (int shift = 0; shift < 35; shift += 7) {
    const auto b = get_fixed<std::uint8_t>(from);
    v |= static_cast<std::uint32_t>(b & 0x7f) << shift;
    if (b < 0x80) return v;
  }
  from.fail();
  return 0;
}

inline std::int64_t get_length(Reader& from, Format format, bool is_short) {
  if (format.flexible) return std::int64_t{get_varint(from)} - 1;
  return is_short ? get_fixed<std::int16_t>(from) : get_fixed<std::int32_t>(from);
}

// Every element takes at least a byte.
inline std::size_t get_count(Reader& from, Format format, bool is_short) {
  const auto n = get_length(from, format, is_short);
  if (n >= 0 && static_cast<std::size_t>(n) <= from.left()) return static_cast<std::size_t>(n);
  from.fail();
  return 0;
}

template <Described M>
void get(Reader& from, Format format, M& m);

inline void get(Reader& from, Format, bool& v) {
  v = get_fixed<std::int8_t>(from) != 0;
}
template <Integer T>
void get(Reader& from, Format, T& v) {
  v = get_fixed<T>(from);
}
inline void get(Reader& from, Format, Uuid& v) {
  std::ranges::copy(from.bytes(v.size()), v.begin());
}
inline void get(Reader& from, Format format, Records& v) {
  v.bytes = from.bytes(get_count(from, format, false));
}
template <Raw T>
void get(Reader& from, Format format, T& v) {
  const auto raw = from.bytes(get_count(from, format, short_length<T>));
  if (!from.spend(raw.size() / Effort::text_bytes)) return;
  const auto* data = reinterpret_cast<const typename T::value_type*>(raw.data());
  v.assign(data, data + raw.size());
}

template <class T>
requires(!Raw<std::vector<T>>) void get(Reader& from, Format format, std::vector<T>& array) {
  array.clear();
  const std::size_t count = get_count(from, format, false);
  if (!from.allow(count, sizeof(T))) return;
  array.resize(count);
  for (auto& element : array) {
    if (!from.ok()) return;
    get(from, format, element);
  }
}

template <class T>
void get(Reader& from, Format format, std::optional<T>& v) {
  v.reset();
  if constexpr (Described<T>) {
    if (get_fixed<std::int8_t>(from) < 0) return;
  } else {
    Reader ahead = from;
    if (get_length(ahead, format, short_length<T>) == -1) {
      from = ahead;
      return;
    }
  }
  T value{};  // not emplace(): clang 14 takes a member struct for one without a default
  get(from, format, value);
  v = std::move(value);
}

template <Described M>
void get_tags(Reader& from, Format format, M& m) {
  for (auto count = get_varint(from); count > 0 && from.spend(1) && from.ok(); --count) {
    const auto tag = get_varint(from);
    const auto size = get_varint(from);
    const auto rest = from.narrow(size);
    each_field<M>([&](const auto& f) {  // a tag nobody knows is skipped
      if (f.rules.tag < 0 || static_cast<std::uint32_t>(f.rules.tag) != tag ||
          !f.rules.in.has(format.version))
        return;
      m.*f.at = {};
      get(from, format, m.*f.at);
    });
    from.widen(rest);
  }
}

template <Described M>
void get(Reader& from, Format format, M& m) {
  each_field<M>([&](const auto& f) {
    if (f.rules.tag < 0 && f.rules.in.has(format.version)) get(from, format, m.*f.at);
  });
  if (format.flexible) get_tags(from, format, m);
}

// --- frames

// Memory for a whole message, in pieces: what was written, cut where others' pieces go between. None: too
// much effort.
template <Message M>
net::Pieces frame(const auto& put_header, const M& m, Version v, std::size_t effort_max = any_effort) {
  const Format format = format_of<M>(v);
  Counter counter{.effort = {effort_max}};
  put_header(counter);
  put(counter, format, m);
  if (counter.effort.exceeded) return {};
  const std::size_t size = sizeof(std::int32_t) + counter.size;

  const auto memory = std::make_shared_for_overwrite<std::byte[]>(size);
  Writer writer{memory.get()};
  put_fixed(writer, static_cast<std::int32_t>(counter.size + counter.pieces));
  put_header(writer);
  put(writer, format, m);

  net::Pieces pieces;
  const std::byte* from = memory.get();
  const auto written_up_to = [&](const std::byte* to) {
    if (to == from) return;
    pieces.push_back({{memory, from}, nullptr, 0, static_cast<std::size_t>(to - from)});
    from = to;
  };
  for (const auto& cut : writer.cuts) {
    written_up_to(cut.at);
    pieces.insert(pieces.end(), cut.pieces->begin(), cut.pieces->end());
  }
  written_up_to(writer.at);
  return pieces;
}

}  // namespace wire

template <Message M>
std::size_t MessageCodec<M>::size(const M& m, Version v) {
  wire::Counter counter;
  wire::put(counter, wire::format_of<M>(v), m);
  return counter.size + counter.pieces;
}

template <Message M>
Bytes MessageCodec<M>::encode(const M& m, Version v) {
  Bytes out;
  out.reserve(size(m, v) + sizeof(std::int32_t));
  for (const net::Piece& piece : wire::frame([](auto&) {}, m, v))
    if (piece.memory)
      out.insert(out.end(), piece.memory.get() + piece.position,
                 piece.memory.get() + piece.position + piece.size);
  out.erase(out.begin(), out.begin() + sizeof(std::int32_t));
  return out;
}

template <Message M>
net::Pieces MessageCodec<M>::encode_frame(std::int32_t correlation_id, const M& m, Version v,
                                          std::size_t effort_max) {
  constexpr std::int16_t api_versions = 18;
  const auto put_header = [&](auto& to) {
    wire::put_fixed(to, correlation_id);
    if (Describe<M>::flexible.has(v) && Describe<M>::key != api_versions) wire::put_varint(to, 0);
  };
  return wire::frame(put_header, m, v, effort_max);
}

template <Message M>
net::Pieces MessageCodec<M>::encode_request(std::int32_t correlation_id,
                                            const std::optional<std::string>& client_id, const M& m,
                                            Version v) {
  const auto put_header = [&](auto& to) {
    wire::put_fixed(to, Describe<M>::key);
    wire::put_fixed(to, v);
    wire::put_fixed(to, correlation_id);
    wire::put(to, wire::Format{v, false}, client_id);  // its length is never compact
    if (Describe<M>::flexible.has(v)) wire::put_varint(to, 0);
  };
  return wire::frame(put_header, m, v);
}

template <Message M>
net::Result<M> MessageCodec<M>::decode(net::Bytes body, Version v, std::size_t effort_max) {
  net::Result<M> m{M{}};
  wire::Reader reader(body, effort_max);
  wire::get(reader, wire::format_of<M>(v), *m);
  if (reader.exceeded()) return make_error_code(boost::system::errc::value_too_large);
  if (!reader.ok()) return make_error_code(boost::system::errc::bad_message);
  return m;
}

}  // namespace mq::kafka
