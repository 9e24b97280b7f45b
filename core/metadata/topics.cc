// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/topics.h"

#include <algorithm>

#include "core/metadata/records.h"
#include "core/offload.h"
#include "net/kafka/uuid.h"

namespace mq::core {

using kafka::Error;

namespace {

std::string folded(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '.', '_');
  return text;
}

TopicRecord record_of(const Topic& topic) {
  TopicRecord record{kafka::text_of(topic.id), {}, topic.overrides};
  for (const auto& partition : topic.partitions) record.partitions.push_back(partition->number());
  return record;
}

std::string key_of(std::string_view name) {
  return std::string(topic_key_prefix).append(name);
}

}  // namespace

Topics::Topics(storage::Journal& journal, const Clock& clock, asio::thread_pool& disk,
               Timestamp producer_expiration_ms)
    : journal_(journal), clock_(clock), disk_(disk), producer_expiration_ms_(producer_expiration_ms) {}

error_code Topics::load(std::unordered_map<PartitionNumber, Producers> recovered,
                        const TopicDefaults& defaults) {
  defaults_ = defaults;
  constexpr std::size_t rows_max = 1000;
  for (std::string from;;) {
    const auto rows = journal_.meta().scan(topic_key_prefix, from, rows_max);
    if (!rows) return rows.error();
    for (const auto& [key, value] : *rows) {
      const auto record = parse_topic(value);
      if (!record) return record.error();
      auto topic = std::make_shared<Topic>();
      topic->name = key.substr(topic_key_prefix.size());
      topic->id = kafka::uuid_of(record->id).value_or(Uuid{});
      topic->overrides = record->configs;
      topic->config = TopicConfig::from(topic->overrides, defaults_);
      for (const PartitionNumber number : record->partitions)
        topic->partitions.push_back(open_partition(number));
      put(std::move(topic));
    }
    if (rows->size() < rows_max) break;
    from = rows->back().first + '\0';
  }
  for (auto& [number, producers] : recovered)
    if (auto partition = find_partition(number)) partition->recover(std::move(producers));
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

std::shared_ptr<Partition> Topics::find_partition(PartitionNumber number) const {
  const auto found = by_number_.find(number);
  return found == by_number_.end() ? nullptr : found->second;
}

std::vector<Topics::Answer> Topics::check(const std::vector<NewTopic>& wanted) const {
  std::vector<Answer> answers;
  std::map<std::string, std::string> taken;  // by this request: folded name → name
  std::size_t partitions = by_number_.size();
  for (const NewTopic& topic : wanted) {
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
  return answers;
}

Task<std::vector<Topics::Answer>> Topics::create(std::vector<NewTopic> wanted) {
  const Turn::Hold hold = co_await turn_.take();
  std::vector<Answer> answers = check(wanted);
  storage::Store::Change change;
  for (std::size_t i = 0; i < wanted.size(); i++) {
    if (answers[i].error != Error::none) continue;
    answers[i].topic = make(wanted[i]);
    change.puts[key_of(wanted[i].name)] = to_json(record_of(*answers[i].topic));
  }
  if (change.puts.empty()) co_return answers;
  const error_code error = co_await commit(std::move(change));
  for (Answer& answer : answers) {
    if (!answer.topic) continue;
    if (error)
      answer = {Error::kafka_storage_error, "the topic could not be stored: " + error.message(), {}};
    else
      put(answer.topic);
  }
  co_return answers;
}

TopicPtr Topics::make(const NewTopic& wanted) {
  auto topic = std::make_shared<Topic>();
  topic->name = wanted.name;
  topic->id = random_uuid();
  topic->overrides = wanted.overrides;
  topic->config = TopicConfig::from(wanted.overrides, defaults_);
  for (std::int32_t i = 0; i < wanted.partitions; i++)
    topic->partitions.push_back(open_partition(journal_.next_partition()));
  return topic;
}

Task<Error> Topics::remove(std::string name) {
  const Turn::Hold hold = co_await turn_.take();
  const TopicPtr topic = find(name);
  if (!topic) co_return Error::unknown_topic_or_partition;
  storage::Store::Change change;
  change.erases.push_back(key_of(name));
  const error_code error = co_await commit(std::move(change));
  if (error) co_return Error::kafka_storage_error;
  version_++;
  by_name_.erase(name);
  by_id_.erase(topic->id);
  by_folded_name_.erase(folded(name));
  std::vector<PartitionNumber> numbers;
  for (const auto& partition : topic->partitions) {
    partition->close();
    numbers.push_back(partition->number());
    by_number_.erase(partition->number());
  }
  changed_(*topic);
  const error_code forgotten = co_await journal_.remove(std::move(numbers));
  co_return forgotten ? Error::kafka_storage_error : Error::none;
}

Task<Topics::Answer> Topics::add_partitions(std::string name, std::int32_t total) {
  const Turn::Hold hold = co_await turn_.take();
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
  for (std::int32_t i = now; i < total; i++)
    grown->partitions.push_back(open_partition(journal_.next_partition()));
  storage::Store::Change change;
  change.puts[key_of(name)] = to_json(record_of(*grown));
  const error_code error = co_await commit(std::move(change));
  if (error) co_return Answer{Error::kafka_storage_error, error.message(), {}};
  put(grown);
  co_return Answer{Error::none, {}, grown};
}

Task<Error> Topics::configure(std::string name, Overrides overrides) {
  const Turn::Hold hold = co_await turn_.take();
  const TopicPtr topic = find(name);
  if (!topic) co_return Error::unknown_topic_or_partition;
  auto changed = std::make_shared<Topic>(*topic);
  changed->overrides = std::move(overrides);
  changed->config = TopicConfig::from(changed->overrides, defaults_);
  storage::Store::Change change;
  change.puts[key_of(name)] = to_json(record_of(*changed));
  const error_code error = co_await commit(std::move(change));
  if (error) co_return Error::kafka_storage_error;
  put(std::move(changed));
  co_return Error::none;
}

void Topics::defaults_changed(const TopicDefaults& defaults) {
  defaults_ = defaults;
  for (auto& [name, topic] : by_name_) {
    auto changed = std::make_shared<Topic>(*topic);
    changed->config = TopicConfig::from(changed->overrides, defaults_);
    by_id_[changed->id] = changed;
    topic = std::move(changed);
    changed_(*topic);
  }
}

Task<error_code> Topics::commit(storage::Store::Change change) {
  auto work = [&meta = journal_.meta(), change = std::move(change)] { return meta.commit(change); };
  co_return co_await offload(disk_, std::move(work));
}

void Topics::put(TopicPtr topic) {
  version_++;
  for (const auto& partition : topic->partitions) by_number_[partition->number()] = partition;
  by_id_[topic->id] = topic;
  by_folded_name_[folded(topic->name)] = topic->name;
  by_name_[topic->name] = topic;
  changed_(*topic);
}

std::shared_ptr<Partition> Topics::open_partition(PartitionNumber number) {
  return std::make_shared<Partition>(journal_.log(number), number, clock_, producer_expiration_ms_);
}

bool is_topic_name(std::string_view name) {
  if (name.empty() || name.size() > 249 || name == "." || name == "..") return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

}  // namespace mq::core
