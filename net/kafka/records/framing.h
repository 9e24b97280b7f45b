// SPDX-License-Identifier: Apache-2.0
// Structures inside the opaque fields of others: keys and values of the coordinators' records, and what
// consumers tell each other. A number of 16 bits comes first: a key's type, a value's version. Pure
// functions, any thread.
#pragma once

#include "net/kafka/codec_definitions.h"

namespace mq::kafka {

template <class T>
concept RecordKey = Described<T> && requires {
  Describe<T>::type;
};

// With `valid` and `flexible`; `grows_at_the_end` when a newer version may be read as the last one we know.
template <class T>
concept RecordValue = Described<T> && !RecordKey<T> && requires {
  Describe<T>::valid;
  Describe<T>::flexible;
};

namespace wire {

template <Described T>
Bytes framed(std::int16_t first, Format format, const T& record) {
  Counter counter;
  put(counter, format, record);
  Bytes out(sizeof first + counter.size);
  Writer writer{out.data()};
  put_fixed(writer, first);
  put(writer, format, record);
  return out;
}

template <Described T>
net::Result<T> unframed(Reader reader, Format format) {
  net::Result<T> record{T{}};
  get(reader, format, *record);
  if (!reader.ok()) return make_error_code(boost::system::errc::bad_message);
  return record;
}

template <RecordValue T>
constexpr bool grows_at_the_end = requires {
  Describe<T>::grows_at_the_end;
};

}  // namespace wire

// The number in front; none: there is not even that.
inline std::optional<std::int16_t> first_number(net::Bytes bytes) {
  wire::Reader reader(bytes);
  const auto number = wire::get_fixed<std::int16_t>(reader);
  return reader.ok() ? std::optional(number) : std::nullopt;
}

template <RecordKey K>
Bytes encode_key(const K& key) {
  return wire::framed(Describe<K>::type, {0, false}, key);
}

// Another type is an error: whoever reads a log asks for first_number() and skips what it does not know.
template <RecordKey K>
net::Result<K> decode_key(net::Bytes bytes) {
  if (first_number(bytes) != Describe<K>::type) return make_error_code(boost::system::errc::bad_message);
  return wire::unframed<K>(wire::Reader(bytes.subspan(sizeof(std::int16_t))), {0, false});
}

template <RecordValue V>
Bytes encode_value(const V& value, Version v) {
  return wire::framed(v, {v, Describe<V>::flexible.has(v)}, value);
}

// A version we do not know is `not_supported`.
template <RecordValue V>
net::Result<V> decode_value(net::Bytes bytes) {
  const auto version = first_number(bytes);
  if (!version) return make_error_code(boost::system::errc::bad_message);

  Version v = *version;
  if constexpr (wire::grows_at_the_end<V>) v = std::min(v, Describe<V>::valid.last);
  if (!Describe<V>::valid.has(v)) return make_error_code(boost::system::errc::not_supported);
  return wire::unframed<V>(wire::Reader(bytes.subspan(sizeof v)), {v, Describe<V>::flexible.has(v)});
}

}  // namespace mq::kafka
