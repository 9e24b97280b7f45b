// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/topics.h"

#include <algorithm>

#include "core/loop/pace.h"
#include "core/loop/run_on.h"
#include "core/metadata/records.h"
#include "net/kafka/uuid.h"

namespace mq::core {

using kafka::Error;

namespace {

std::string folded(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '.', '_');
  return text;
}

Task<TopicRecord> record_of(TopicPtr topic, const Clock& clock) {
  Pace pace(co_await asio::this_coro::executor, clock);
  TopicRecord record{kafka::text_of(topic->id), {}, topic->overrides};
  record.partitions.reserve(topic->partitions.size());
  for (const auto& partition : topic->partitions) {
    if (pace.due()) co_await pace.give_way();
    record.partitions.push_back(partition->number());
  }
  co_return record;
}

constexpr std::size_t steps_to_open = 8;  // a partition, or to close it: see Pace

std::string key_of(std::string_view name) {
  return std::string(topic_key_prefix).append(name);
}

}  // namespace

Topics::Topics(storage::Journal& journal, const Clock& clock, asio::any_io_executor disk, BrokerId self,
               Timestamp producer_expiration_ms)
    : journal_(journal),
      clock_(clock),
      disk_(std::move(disk)),
      self_(self),
      producer_expiration_ms_(producer_expiration_ms) {}

error_code Topics::load(PartitionRecovery::Recovered recovered, const TopicDefaults& defaults) {
  defaults_ = defaults;
  const auto load_one = [this](std::string_view name, std::string_view json) -> error_code {
    const auto record = parse_topic(json);
    if (!record) return record.error();
    auto topic = std::make_shared<Topic>();
    topic->name = name;
    topic->id = kafka::uuid_of(record->id).value_or(Uuid{});
    topic->overrides = record->configs;
    topic->config = TopicConfig::from(topic->overrides, defaults_);
    for (const PartitionNumber number : record->partitions) {
      topic->partitions.push_back(open_partition(number));
      by_number_[number] = topic->partitions.back();
    }
    put(std::move(topic));
    return {};
  };
  if (const error_code error = storage::for_each_row(journal_.meta(), topic_key_prefix, load_one))
    return error;
  for (auto& [number, known] : recovered)
    if (auto partition = find_partition(number)) partition->recover(std::move(known));
  for (const auto& [number, partition] : by_number_) lead(*partition);
  return {};
}

TopicPtr Topics::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

TopicPtr Topics::find(const Uuid& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

TopicPtr Topics::after(std::string_view name) const {
  const auto next = by_name_.upper_bound(name);
  return next == by_name_.end() ? nullptr : next->second;
}

std::shared_ptr<Partition> Topics::find_partition(PartitionNumber number) const {
  const auto found = by_number_.find(number);
  return found == by_number_.end() ? nullptr : found->second;
}

bool Topics::collides(std::string_view name) const {
  const auto twin = by_folded_name_.find(folded(name));
  return twin != by_folded_name_.end() && twin->second != name;
}

Task<std::vector<Topics::Answer>> Topics::check(const std::vector<NewTopic>& wanted) const {
  Pace pace(co_await asio::this_coro::executor, clock_);
  std::vector<Answer> answers;
  answers.reserve(wanted.size());
  std::map<std::string, std::string> taken;  // by this request: folded name → name
  std::size_t partitions = by_number_.size();
  for (const NewTopic& topic : wanted) {
    if (pace.due()) co_await pace.give_way();
    const auto twin = by_folded_name_.find(folded(topic.name));
    const auto twin_here = taken.find(folded(topic.name));
    const auto quoted = "topic \"" + topic.name + "\"";
    Answer& answer = answers.emplace_back();
    if (!is_topic_name(topic.name))
      answer = {Error::invalid_topic_exception,
                "\"" + topic.name + "\" is not a topic name: 1 to 249 of a-z A-Z 0-9 . _ -",
                {}};
    else if (find(topic.name))
      answer = {Error::topic_already_exists, quoted + " already exists", {}};
    else if (twin != by_folded_name_.end() || twin_here != taken.end())
      answer = {Error::invalid_topic_exception,
                quoted + " collides with \"" +
                    (twin != by_folded_name_.end() ? twin->second : twin_here->second) +
                    "\": '.' and '_' count as the same",
                {}};
    else if (topic.partitions < 1)
      answer = {Error::invalid_partitions, quoted + " needs at least one partition", {}};
    else if (partitions + static_cast<std::size_t>(topic.partitions) > partitions_max)
      answer = {Error::invalid_partitions,
                "this broker holds at most " + std::to_string(partitions_max) + " partitions",
                {}};
    if (answer.error != Error::none) continue;
    partitions += static_cast<std::size_t>(topic.partitions);
    taken[folded(topic.name)] = topic.name;
  }
  co_return answers;
}

Task<std::vector<Topics::Answer>> Topics::create(std::vector<NewTopic> wanted) {
  const AsyncMutex::Hold hold = co_await changing_.lock();
  std::vector<Answer> answers = co_await check(wanted);
  Records records;
  for (std::size_t i = 0; i < wanted.size(); i++) {
    if (answers[i].error != Error::none) continue;
    answers[i].topic = co_await make(wanted[i]);
    records[wanted[i].name] = co_await record_of(answers[i].topic, clock_);
  }
  if (records.empty()) co_return answers;
  const error_code error = co_await store(std::move(records));
  for (Answer& answer : answers) {
    if (!answer.topic) continue;
    if (error)
      answer = {Error::kafka_storage_error, "the topic could not be stored: " + error.message(), {}};
    else
      co_await publish(answer.topic);
  }
  co_return answers;
}

Task<TopicPtr> Topics::make(const NewTopic& wanted) {
  Pace pace(co_await asio::this_coro::executor, clock_);
  auto topic = std::make_shared<Topic>();
  topic->name = wanted.name;
  topic->id = random_uuid(clock_);
  topic->overrides = wanted.overrides;
  topic->config = TopicConfig::from(wanted.overrides, defaults_);
  topic->partitions.reserve(static_cast<std::size_t>(wanted.partitions));
  for (std::int32_t i = 0; i < wanted.partitions; i++) {
    if (pace.due(steps_to_open)) co_await pace.give_way();
    topic->partitions.push_back(new_partition());
  }
  co_return topic;
}

Task<Error> Topics::remove(std::string name) {
  const AsyncMutex::Hold hold = co_await changing_.lock();
  TopicPtr topic = find(name);
  if (!topic) co_return Error::unknown_topic_or_partition;
  const error_code error = co_await erase(name);
  if (error) co_return Error::kafka_storage_error;
  version_++;
  by_name_.erase(name);
  by_id_.erase(topic->id);
  by_folded_name_.erase(folded(name));
  auto numbers = co_await close(std::move(topic));
  const error_code forgotten = co_await journal_.remove(std::move(numbers));
  co_return forgotten ? Error::kafka_storage_error : Error::none;
}

// And lets its partitions go one by one, unless somebody still holds the topic.
Task<std::vector<PartitionNumber>> Topics::close(TopicPtr topic) {
  Pace pace(co_await asio::this_coro::executor, clock_);
  std::vector<PartitionNumber> numbers;
  std::vector<std::shared_ptr<Partition>> closed;
  numbers.reserve(topic->partitions.size());
  closed.reserve(topic->partitions.size());
  for (const auto& partition : topic->partitions) {
    if (pace.due(steps_to_open)) co_await pace.give_way();
    partition->close();
    numbers.push_back(partition->number());
    by_number_.erase(partition->number());
    closed.push_back(partition);
  }
  co_await tell_changed(topic);
  topic.reset();
  for (; !closed.empty(); closed.pop_back())
    if (pace.due(steps_to_open)) co_await pace.give_way();
  co_return numbers;
}

Task<Topics::Answer> Topics::add_partitions(std::string name, std::int32_t total) {
  const AsyncMutex::Hold hold = co_await changing_.lock();
  const TopicPtr topic = find(name);
  if (!topic)
    co_return Answer{Error::unknown_topic_or_partition, "topic \"" + name + "\" does not exist", {}};
  const auto now = static_cast<std::int32_t>(topic->partitions.size());
  if (total <= now)
    co_return Answer{
        Error::invalid_partitions,
        "topic \"" + name + "\" has " + std::to_string(now) + " partitions already; the number can only grow",
        {}};
  if (by_number_.size() + static_cast<std::size_t>(total - now) > partitions_max)
    co_return Answer{Error::invalid_partitions, "too many partitions for this broker", {}};
  auto grown = std::make_shared<Topic>(*topic);
  Pace pace(co_await asio::this_coro::executor, clock_);
  for (std::int32_t i = now; i < total; i++) {
    if (pace.due(steps_to_open)) co_await pace.give_way();
    grown->partitions.push_back(new_partition());
  }
  Records records;
  records[name] = co_await record_of(grown, clock_);
  const error_code error = co_await store(std::move(records));
  if (error) co_return Answer{Error::kafka_storage_error, error.message(), {}};
  co_await publish(grown);
  co_return Answer{Error::none, {}, grown};
}

Task<Error> Topics::configure(std::string name, Overrides overrides) {
  const AsyncMutex::Hold hold = co_await changing_.lock();
  const TopicPtr topic = find(name);
  if (!topic) co_return Error::unknown_topic_or_partition;
  auto changed = std::make_shared<Topic>(*topic);
  changed->overrides = std::move(overrides);
  changed->config = TopicConfig::from(changed->overrides, defaults_);
  Records records;
  records[name] = co_await record_of(changed, clock_);
  const error_code error = co_await store(std::move(records));
  if (error) co_return Error::kafka_storage_error;
  put(changed);
  co_await tell_changed(changed);
  co_return Error::none;
}

Task<void> Topics::defaults_changed(TopicDefaults defaults) {
  const AsyncMutex::Hold hold = co_await changing_.lock();
  Pace pace(co_await asio::this_coro::executor, clock_);
  defaults_ = std::move(defaults);
  for (TopicPtr topic = after(""); topic; topic = after(topic->name)) {
    if (pace.due()) co_await pace.give_way();
    auto changed = std::make_shared<Topic>(*topic);
    changed->config = TopicConfig::from(changed->overrides, defaults_);
    put(changed);
    co_await tell_changed(changed);
  }
}

Task<error_code> Topics::store(Records records) {
  auto work = [&meta = journal_.meta(), records = std::move(records)] {
    storage::Store::Change change;
    for (const auto& [name, record] : records) change.puts[key_of(name)] = to_json(record);
    return meta.commit(change);
  };
  co_return co_await run_on(disk_, std::move(work));
}

Task<error_code> Topics::erase(const std::string& name) {
  storage::Store::Change change;
  change.erases.push_back(key_of(name));
  auto work = [&meta = journal_.meta(), change = std::move(change)] { return meta.commit(change); };
  co_return co_await run_on(disk_, std::move(work));
}

// Seen from now on.
void Topics::put(TopicPtr topic) {
  version_++;
  by_id_[topic->id] = topic;
  by_folded_name_[folded(topic->name)] = topic->name;
  by_name_[topic->name] = topic;
}

// With partitions that are new.
Task<void> Topics::publish(TopicPtr topic) {
  Pace pace(co_await asio::this_coro::executor, clock_);
  for (const auto& partition : topic->partitions) {
    if (pace.due(steps_to_open)) co_await pace.give_way();
    by_number_[partition->number()] = partition;
  }
  put(topic);
  co_await tell_changed(topic);
}

Task<void> Topics::tell_changed(TopicPtr topic) const {
  constexpr std::size_t at_once = 64;
  Pace pace(co_await asio::this_coro::executor, clock_);
  for (Partitions rest(topic->partitions); !rest.empty();) {
    const std::size_t count = std::min(rest.size(), at_once);
    if (pace.due(count * steps_to_open)) co_await pace.give_way();
    changed_(*topic, rest.first(count));
    rest = rest.subspan(count);
  }
}

std::shared_ptr<Partition> Topics::open_partition(PartitionNumber number) {
  return std::make_shared<Partition>(journal_.log(number), number, clock_, producer_expiration_ms_);
}

std::shared_ptr<Partition> Topics::new_partition() {
  auto partition = open_partition(journal_.next_partition());
  lead(*partition);
  return partition;
}

void Topics::lead(Partition& partition) const {
  constexpr BrokerEpoch only = 0;
  partition.lead(self_, initial_state({self_}, 1, {{self_, {only, true}}}), 0);
}

bool is_topic_name(std::string_view name) {
  if (name.empty() || name.size() > 249 || name == "." || name == "..") return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

}  // namespace mq::core
