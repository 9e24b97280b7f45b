// SPDX-License-Identifier: Apache-2.0
// What record batches cost: checksum and check in GB/s, building and reading in records per second.
#include <chrono>
#include <cstdio>
#include <string>

#include "net/kafka/crc32c.h"
#include "net/kafka/first_record.h"
#include "net/kafka/record_batch.h"

namespace {

using namespace mq::kafka;
using Clock = std::chrono::steady_clock;

std::size_t sink = 0;  // so that nothing is optimised away

// How often a second, over half a second.
template <class F>
double per_second(F&& once) {
  constexpr auto long_enough = std::chrono::milliseconds(500);
  double rounds = 0;
  const auto start = Clock::now();
  while (Clock::now() - start < long_enough) {
    for (int i = 0; i < 16; i++) once();
    rounds += 16;
  }
  return rounds / std::chrono::duration<double>(Clock::now() - start).count();
}

mq::net::Bytes bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

struct Built {
  mq::net::Slice batch;
  double records = 0;
};

// About a megabyte of records of which each looks a little different.
Built build(Codec codec, std::size_t value_size) {
  BatchBuilder builder(1u << 20);
  std::string value(value_size, 'v'), key = "key-0000";
  Built built;
  for (int i = 0;; i++) {
    key[4 + i % 4] = static_cast<char>('0' + i % 10);
    value[static_cast<std::size_t>(i * 7) % value.size()] = static_cast<char>('a' + i % 26);
    if (!builder.append(1'700'000'000'000 + i, bytes_of(key), bytes_of(value))) break;
    built.records++;
  }
  built.batch = builder.finish(codec);
  return built;
}

void bench(Codec codec, std::size_t value_size) {
  const Built built = build(codec, value_size);
  const auto bytes = built.batch.bytes();
  const double writing = per_second([&] { sink += build(codec, value_size).batch.size; }) * built.records;
  const double reading = per_second([&] {
                           RecordReader reader(bytes);
                           while (const auto* record = reader.next()) sink += record->value->size();
                         }) *
                         built.records;
  std::vector<std::int32_t> bad;
  const double checking =
      per_second([&] { sink += check_records(bytes, {}, bad) == Error::none; }) * built.records;
  // Of what is packed a broker sees no more than this, where a topic needs no more.
  const double heads = 1e6 / per_second([&] { sink += check_batch(bytes) == Error::none; });
  const double looking = 1e6 / per_second([&] { sink += check_first_record(bytes) == Error::none; });
  std::printf(
      "%-6s %5zu-byte values: build %6.1f, read %6.1f, check %6.1f million records/s; %zu bytes; "
      "its checksum %.2f us, a look into it %.2f us\n",
      std::string(name_of(codec)).c_str(), value_size, writing / 1e6, reading / 1e6, checking / 1e6,
      built.batch.size, heads, looking);
}

void checksums() {
  const std::vector<std::byte> data(1u << 20);
  for (const std::size_t size : {100u, 1000u, 4096u, 65'536u, 1u << 20}) {
    const mq::net::Bytes part = mq::net::Bytes(data).first(size);
    const double fast = per_second([&] { sink += crc32c(part); }) * static_cast<double>(size);
    const double table = per_second([&] { sink += crc32c_portable(part); }) * static_cast<double>(size);
    std::printf("crc32c of %7zu bytes: %6.2f GB/s, by table %5.2f GB/s\n", size, fast / 1e9, table / 1e9);
  }
}

}  // namespace

int main() {
  checksums();
  const auto batch = build(Codec::none, 1000).batch;
  const double checks = per_second([&] { sink += check_batch(batch.bytes()) == Error::none; });
  std::printf("check_batch of 1 MB: %.2f GB/s\n", checks * static_cast<double>(batch.size) / 1e9);
  for (const std::size_t value_size : {10u, 100u, 1000u}) bench(Codec::none, value_size);
  for (const auto codec : {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) bench(codec, 100);
  return sink == 0;
}
