// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/support/batches.h"

#include <boost/endian/conversion.hpp>

#include "storage/crc32c.h"
#include "storage/gather.h"
#include "storage/record.h"

namespace mq::test {
namespace endian = boost::endian;

Batch make_batch(Offset first, int count, std::size_t size, std::int64_t time_max) {
  size = std::max(size, storage::batch_head_bytes);
  const std::shared_ptr<unsigned char[]> memory(new unsigned char[size]);
  unsigned char* at = memory.get();
  for (std::size_t i = 0; i < size; i++)
    at[i] = static_cast<unsigned char>(i * 31 + static_cast<std::size_t>(first));
  endian::store_big_s64(at, first);
  endian::store_big_u32(at + 8, static_cast<std::uint32_t>(size - 12));
  at[16] = 2;
  endian::store_big_s32(at + 23, count - 1);
  endian::store_big_s64(at + 27, time_max);
  endian::store_big_s64(at + 35, time_max);
  endian::store_big_s32(at + 57, count);
  const auto covered = std::as_bytes(std::span(at, size)).subspan(21);
  endian::store_big_u32(at + 17, storage::crc32c(covered));
  Batch batch;
  batch.memory = {memory, reinterpret_cast<const std::byte*>(at)};
  batch.size = size;
  batch.first = first;
  batch.last = first + count - 1;
  batch.time_max = time_max;
  return batch;
}

std::string bytes_of(const storage::Read& read) {
  const auto bytes = storage::gather(read);
  EXPECT_TRUE(bytes) << bytes.error().message();
  return bytes ? std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()) : std::string();
}

std::vector<Seen> batches_of(const std::string& bytes) {
  std::vector<Seen> seen;
  auto rest = storage::bytes_of(std::string_view(bytes));
  while (!rest.empty()) {
    if (rest.size() < storage::batch_head_bytes) {
      ADD_FAILURE() << "half a batch";
      break;
    }
    const auto head = storage::batch_head(rest);
    if (head.size > rest.size() || !storage::valid_batch(rest.first(head.size))) {
      ADD_FAILURE() << "no valid batch behind offset " << (seen.empty() ? -1 : seen.back().last);
      break;
    }
    seen.push_back({head.first, head.last, head.size});
    rest = rest.subspan(head.size);
  }
  return seen;
}

std::vector<Seen> batches_of(const storage::Read& read) {
  return batches_of(bytes_of(read));
}

storage::error_code append_to(storage::asio::io_context& loop, Log& log, Batch batch) {
  std::optional<storage::error_code> answer;
  log.append(std::move(batch), [&](storage::error_code error) { answer = error; });
  run_until(loop, [&] { return answer.has_value(); });
  return *answer;
}

std::vector<Seen> read_all(storage::asio::io_context& loop, Log& log, Offset from, std::size_t bytes_max) {
  std::vector<Seen> all;
  while (from < log.end()) {
    const auto read = wait_for(loop, log.read(from, bytes_max));
    if (!read) {
      ADD_FAILURE() << "read at " << from << ": " << read.error().message();
      break;
    }
    if (read->size == 0) break;
    for (const Seen& seen : batches_of(*read)) all.push_back(seen);
    EXPECT_GT(read->next, from);
    from = read->next;
  }
  return all;
}

}  // namespace mq::test
