// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/internal_topic.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "core/loop/waiter.h"
#include "core/partition/mistakes.h"
#include "storage/error.h"

namespace mq::core {

using kafka::Error;

namespace {

constexpr auto confirmed_within = std::chrono::seconds(2);

struct Kind {
  std::string_view name;
  std::uint32_t Config::*partitions;
};

constexpr Kind kinds[] = {
    {offsets_topic, &Config::offsets_partitions},
    {transactions_topic, &Config::transactions_partitions},
};

const Kind* find_kind(std::string_view name) {
  const auto found =
      std::find_if(std::begin(kinds), std::end(kinds), [&](const Kind& k) { return k.name == name; });
  return found == std::end(kinds) ? nullptr : found;
}

// The next character; what is not UTF-8 counts as U+FFFD, as it does for Java.
std::uint32_t next_character(std::string_view& text) {
  constexpr std::uint32_t broken = 0xfffd;
  const auto first = static_cast<unsigned char>(text.front());
  text.remove_prefix(1);
  if (first < 0x80) return first;
  const int more = first >= 0xf0 && first < 0xf5 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;
  if (more == 0 || first >= 0xf5) return broken;
  std::uint32_t character = first & (0x3fu >> more);
  for (int i = 0; i < more; i++) {
    if (text.empty() || (static_cast<unsigned char>(text.front()) & 0xc0) != 0x80) return broken;
    character = character << 6 | (static_cast<unsigned char>(text.front()) & 0x3fu);
    text.remove_prefix(1);
  }
  return character;
}

void visit_batch(net::Bytes batch, const InternalTopic::Visit& visit) {
  kafka::RecordReader reader(batch, InternalTopic::batch_bytes_max * 4);
  while (const kafka::Record* record = reader.next())
    if (record->key) visit(*record->key, record->value, reader.head(), record->offset);
}

}  // namespace

bool is_internal_topic(std::string_view name) {
  return find_kind(name) != nullptr;
}

NewTopic new_internal_topic(std::string_view name, const Config& config, const Catalog& catalog) {
  NewTopic topic;
  topic.name = name;
  topic.partitions = static_cast<std::int32_t>(config.*find_kind(name)->partitions);
  topic.replication_factor = default_replication_factor(catalog);
  topic.overrides = {
      {"cleanup.policy", "compact"}, {"compression.type", "producer"}, {"segment.bytes", "104857600"}};
  return topic;
}

bool may_produce(std::string_view client_id, std::string_view topic) {
  return client_id == "__admin_client" || !is_internal_topic(topic);
}

std::int32_t java_hash(std::string_view utf8) {
  std::uint32_t hash = 0;
  const auto add = [&hash](std::uint32_t unit) { hash = 31 * hash + unit; };
  while (!utf8.empty()) {
    const std::uint32_t character = next_character(utf8);
    if (character < 0x10000) {
      add(character);
    } else {  // two units of UTF-16
      add(0xd800 + ((character - 0x10000) >> 10));
      add(0xdc00 + ((character - 0x10000) & 0x3ff));
    }
  }
  return static_cast<std::int32_t>(hash);
}

InternalTopic::InternalTopic(Controller& controller, const Catalog& topics, const PartitionTable& partitions,
                             asio::io_context& loop, const Clock& clock, const Config& config,
                             std::string_view name)
    : loop_(loop),
      controller_(controller),
      topics_(topics),
      partitions_(partitions),
      clock_(clock),
      config_(config),
      name_(name) {}

std::int32_t InternalTopic::partitions() const {
  const TopicPtr topic = topics_.find(name_);
  if (topic) return topic->partitions;
  return static_cast<std::int32_t>(config_.*find_kind(name_)->partitions);
}

std::int32_t InternalTopic::partition_of(std::string_view id) const {
  const std::int32_t hash = java_hash(id);
  if (hash == std::numeric_limits<std::int32_t>::min()) return 0;
  return std::abs(hash) % partitions();
}

BrokerId InternalTopic::leader_of(std::string_view id) const {
  const TopicPtr topic = topics_.find(name_);
  return topic ? topics_.state(*topic, partition_of(id)).leader : -1;
}

bool InternalTopic::may_be_led_elsewhere(std::string_view id) const {
  const TopicPtr topic = topics_.find(name_);
  return topic && topics_.may_be_led_elsewhere(*topic, partition_of(id));
}

std::shared_ptr<Partition> InternalTopic::partition(std::int32_t index) const {
  const TopicPtr topic = topics_.find(name_);
  return topic ? partitions_.find(topic->id, index) : nullptr;
}

Task<Error> InternalTopic::confirm(std::int32_t index, KeyedRecord nothing) {
  if (is_certain_()) co_return Error::none;
  const auto answer = std::make_shared<std::optional<Error>>();
  const auto waiter = std::make_shared<Waiter>(loop_, clock_, clock_.now() + confirmed_within);
  append(index, {&nothing, 1}, [answer, waiter](Error error) {
    *answer = error;
    waiter->wake();
  });
  co_await Waiter::wait(waiter);
  co_return *answer == Error::none ? Error::none : Error::not_coordinator;
}

bool InternalTopic::empty(std::int32_t index) const {
  const auto log = partition(index);
  return !log || log->start() == log->end();
}

Task<Error> InternalTopic::ensure() {
  if (topics_.find(name_)) co_return Error::none;
  std::vector<NewTopic> wanted;
  wanted.push_back(new_internal_topic(name_, config_, topics_));
  const auto answers = co_await controller_.create(std::move(wanted));
  if (topics_.find(name_)) co_return Error::none;  // also when somebody else was quicker
  spdlog::error("topic {} cannot be made: {}", name_, answers.front().message);
  co_return Error::coordinator_not_available;
}

void InternalTopic::append(std::int32_t index, std::span<const KeyedRecord> records, Done done,
                           kafka::BatchProducer producer) {
  constexpr std::size_t around_a_record = 48;  // its lengths, time and offset, at most
  std::size_t bytes = kafka::BatchHead::bytes;
  for (const KeyedRecord& record : records)
    bytes += record.key.size() + (record.value ? record.value->size() : 0) + around_a_record;
  if (bytes > batch_bytes_max) return done(Error::message_too_large);
  kafka::BatchBuilder builder(bytes);
  const Timestamp now = clock_.wall_ms();
  for (const KeyedRecord& record : records)
    builder.append(now, record.key, record.value ? std::optional<net::Bytes>(*record.value) : std::nullopt);
  append(index, builder.finish(kafka::Codec::none, 0, producer), std::move(done));
}

void InternalTopic::append(std::int32_t index, net::Slice batch, Done done) {
  const auto log = partition(index);
  if (!log) return done(Error::coordinator_not_available);
  const auto head = *kafka::BatchHead::parse(batch.bytes());
  log->append(std::move(batch), head, {.acks = Acks::all},
              [done = std::move(done)](Partition::Appended appended) { done(appended.error); });
}

Task<error_code> InternalTopic::replay(std::int32_t index, Visit visit, GoesOn goes_on) const {
  const auto log = partition(index);
  if (!log) co_return error_code{};
  const Offset end = log->end();
  Partition::Walk walk;
  walk.visit = [&visit](net::Bytes batch) { visit_batch(batch, visit); };
  walk.lost = [this, index, told = false](Offset at) mutable {
    if (!std::exchange(told, true)) spdlog::error("{}-{}: damaged at offset {}: left out", name_, index, at);
  };
  walk.goes_on = goes_on;
  if (const error_code error = co_await log->walk(std::move(walk))) co_return error;
  while (log->high_watermark() < end && !makes(Mistake::loads_what_is_not_committed)) {
    if (!goes_on() || log->closed()) co_return make_error_code(storage::Errc::stopped);
    const auto waiter = std::make_shared<Waiter>(loop_, clock_, Time::max());
    log->wait(waiter);
    co_await Waiter::wait(waiter);
  }
  co_return goes_on() ? error_code{} : make_error_code(storage::Errc::stopped);
}

}  // namespace mq::core
