// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/partition_table.h"

#include <algorithm>

#include "core/loop/pace.h"
#include "core/loop/run_on.h"
#include "core/metadata/entries.h"
#include "net/kafka/uuid.h"
#include "storage/error.h"

namespace mq::core {

namespace {

std::string row_key(const Uuid& topic) {
  return std::string(replica_rows) + kafka::text_of(topic);
}

std::string stray_key(const Uuid& topic) {
  return std::string(stray_rows) + kafka::text_of(topic);
}

}  // namespace

PartitionTable::PartitionTable(storage::Journal& journal, const Clock& clock, asio::any_io_executor disk,
                               Timestamp producer_expiration_ms)
    : journal_(journal),
      clock_(clock),
      disk_(std::move(disk)),
      producer_expiration_ms_(producer_expiration_ms) {}

std::shared_ptr<Partition> PartitionTable::open(const Uuid& topic, PartitionNumber number) {
  auto partition = std::make_shared<Partition>(journal_.log(number), number, clock_, producer_expiration_ms_);
  auto& known = traffic_of_[topic];
  auto traffic = known.lock();
  if (!traffic) known = traffic = std::make_shared<Traffic>(Traffic{.all = traffic_});
  partition->count_in(std::move(traffic));
  return partition;
}

const Traffic* PartitionTable::traffic(const Uuid& topic) const {
  const auto known = traffic_of_.find(topic);
  return known == traffic_of_.end() ? nullptr : known->second.lock().get();
}

error_code PartitionTable::load(PartitionRecovery::Recovered recovered) {
  const auto load_one = [&](std::string_view id, std::string_view json) -> error_code {
    const auto topic = kafka::uuid_of(id);
    const auto numbers = parse_replicas(json);
    if (!topic || !numbers) return make_error_code(storage::Errc::corrupt);
    Row& row = rows_[*topic];
    row.reserve(numbers->size());
    for (const PartitionNumber number : *numbers) {
      row.push_back(number == 0 ? nullptr : open(*topic, number));
      if (!row.back()) continue;
      row.back()->was_here();
      by_number_[number] = row.back();
    }
    return {};
  };
  if (const error_code error = storage::for_each_row(journal_.meta(), replica_rows, load_one)) return error;
  const auto load_stray = [&](std::string_view id, std::string_view json) -> error_code {
    const auto topic = kafka::uuid_of(id);
    const auto since = parse_stray(json);
    if (!topic || !since) return make_error_code(storage::Errc::corrupt);
    strays_[*topic] = *since;
    return {};
  };
  if (const error_code error = storage::for_each_row(journal_.meta(), stray_rows, load_stray)) return error;
  for (auto& [number, known] : recovered)
    if (auto partition = find(number)) partition->recover(std::move(known));
  return {};
}

std::shared_ptr<Partition> PartitionTable::find(const Uuid& topic, std::int32_t index) const {
  const Partitions partitions = of(topic);
  if (index < 0 || static_cast<std::size_t>(index) >= partitions.size()) return nullptr;
  return partitions[static_cast<std::size_t>(index)];
}

std::shared_ptr<Partition> PartitionTable::find(PartitionNumber number) const {
  const auto found = by_number_.find(number);
  return found == by_number_.end() ? nullptr : found->second;
}

PartitionTable::Partitions PartitionTable::of(const Uuid& topic) const {
  const auto found = rows_.find(topic);
  return found == rows_.end() ? Partitions{} : Partitions(found->second);
}

std::vector<Uuid> PartitionTable::topics() const {
  std::vector<Uuid> all;
  for (const auto& [topic, row] : rows_) all.push_back(topic);
  return all;
}

storage::Store::Change PartitionTable::row_of(const Uuid& topic, const Row& row) const {
  std::vector<PartitionNumber> numbers;
  numbers.reserve(row.size());
  for (const auto& partition : row) numbers.push_back(partition ? partition->number() : 0);
  storage::Store::Change change;
  change.puts[row_key(topic)] = replicas_to_json(numbers);
  return change;
}

PartitionTable::Row PartitionTable::row_with_room(const Uuid& topic, const Indices& indices) const {
  const Partitions now = of(topic);
  Row row(now.begin(), now.end());
  const auto size = static_cast<std::size_t>(*std::max_element(indices.begin(), indices.end())) + 1;
  if (size > row.size()) row.resize(size);
  return row;
}

Task<error_code> PartitionTable::host(Uuid topic, Indices indices) {
  if (indices.empty()) co_return error_code();
  Pace pace(co_await asio::this_coro::executor, clock_);
  Row row = row_with_room(topic, indices);
  for (const std::int32_t index : indices) {
    if (pace.due(steps_to_open)) co_await pace.give_way();
    row[static_cast<std::size_t>(index)] = open(topic, journal_.next_partition());
  }
  auto work = [this, topic, &row] { return journal_.meta().commit(row_of(topic, row)); };
  if (const error_code error = co_await run_on(disk_, std::move(work))) co_return error;
  for (const std::int32_t index : indices) {
    if (pace.due(steps_to_open)) co_await pace.give_way();
    const auto& partition = row[static_cast<std::size_t>(index)];
    by_number_[partition->number()] = partition;
  }
  rows_[topic] = std::move(row);
  co_return error_code();
}

error_code PartitionTable::host_at_start(const Uuid& topic, const Indices& indices) {
  if (indices.empty()) return {};
  Row row = row_with_room(topic, indices);
  for (const std::int32_t index : indices)
    row[static_cast<std::size_t>(index)] = open(topic, journal_.next_partition());
  if (const error_code error = journal_.meta().commit(row_of(topic, row))) return error;
  for (const auto& partition : row)
    if (partition) by_number_[partition->number()] = partition;
  rows_[topic] = std::move(row);
  return {};
}

Task<error_code> PartitionTable::drop(Uuid topic, Indices indices, std::function<void(Partitions)> closed) {
  Pace pace(co_await asio::this_coro::executor, clock_);
  Row dropped;
  std::vector<PartitionNumber> numbers;
  for (const std::int32_t index : indices) {
    if (pace.due(steps_to_open)) co_await pace.give_way();
    const auto partition = find(topic, index);
    if (!partition) continue;
    partition->close();
    by_number_.erase(partition->number());
    rows_.at(topic)[static_cast<std::size_t>(index)] = nullptr;
    numbers.push_back(partition->number());
    dropped.push_back(partition);
  }
  if (dropped.empty()) co_return error_code();
  closed(dropped);
  if (const error_code error = co_await journal_.remove(std::move(numbers))) co_return error;
  const auto now = rows_.find(topic);
  if (now == rows_.end()) co_return error_code();
  auto work = [&meta = journal_.meta(), change = row_of(topic, now->second)] { return meta.commit(change); };
  co_return co_await run_on(disk_, std::move(work));
}

Task<error_code> PartitionTable::note_stray(Uuid topic, std::optional<Timestamp> since) {
  storage::Store::Change change;
  if (since)
    change.puts[stray_key(topic)] = stray_to_json(*since);
  else
    change.erases.push_back(stray_key(topic));
  auto work = [&meta = journal_.meta(), change = std::move(change)] { return meta.commit(change); };
  if (const error_code error = co_await run_on(disk_, std::move(work))) co_return error;
  if (since)
    strays_[topic] = *since;
  else
    strays_.erase(topic);
  co_return error_code();
}

// And lets the partitions go one by one, unless somebody still holds them. The row goes last: until then what
// is left in the journal is known to be nobody's at the next start.
Task<error_code> PartitionTable::remove(Uuid topic, std::function<void(Partitions)> closed) {
  constexpr std::size_t at_once = 64;
  const auto found = rows_.find(topic);
  if (found == rows_.end()) co_return error_code();
  traffic_of_.erase(topic);
  Row row = std::move(found->second);
  rows_.erase(found);
  Pace pace(co_await asio::this_coro::executor, clock_);
  std::erase(row, nullptr);
  std::vector<PartitionNumber> numbers;
  numbers.reserve(row.size());
  for (const auto& partition : row) {
    if (pace.due(steps_to_open)) co_await pace.give_way();
    partition->close();
    numbers.push_back(partition->number());
    by_number_.erase(partition->number());
  }
  for (Partitions rest(row); !rest.empty();) {
    const std::size_t count = std::min(rest.size(), at_once);
    if (pace.due(count * steps_to_open)) co_await pace.give_way();
    closed(rest.first(count));
    rest = rest.subspan(count);
  }
  for (; !row.empty(); row.pop_back())
    if (pace.due(steps_to_open)) co_await pace.give_way();
  if (const error_code error = co_await journal_.remove(std::move(numbers))) co_return error;
  storage::Store::Change change;
  change.erases.push_back(row_key(topic));
  if (strays_.erase(topic) > 0) change.erases.push_back(stray_key(topic));
  auto work = [&meta = journal_.meta(), change = std::move(change)] { return meta.commit(change); };
  co_return co_await run_on(disk_, std::move(work));
}

}  // namespace mq::core
