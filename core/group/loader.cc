// SPDX-License-Identifier: Apache-2.0
#include "core/group/loader.h"

#include <spdlog/spdlog.h>

#include "core/group/consumer_records.h"
#include "core/group/expiry.h"
#include "core/group/records.h"
#include "core/partition/mistakes.h"
#include "net/kafka/records/framing.h"
#include "storage/error.h"

namespace mq::core {

using kafka::Error;

namespace {

constexpr std::int16_t commit_marker = 1;  // of a control record's key; 0 is abort

// The key of a control record: its version, its type.
std::optional<std::int16_t> control_type(net::Bytes key) {
  if (key.size() < 2 * sizeof(std::int16_t)) return {};
  return kafka::first_number(key.subspan(sizeof(std::int16_t)));
}

}  // namespace

GroupLoader::GroupLoader(const Clock& clock, const Config& config, const Catalog& topics,
                         const TopicCatalog& group_topics, const CoordinatorShards& shards,
                         const InternalTopic& log, GroupRegistry& registry, GroupDeadlines& deadlines,
                         ClassicSteps& steps, const GroupConfigs& configs, Commits& commits)
    : clock_(clock),
      config_(config),
      topics_(topics),
      group_topics_(group_topics),
      shards_(shards),
      log_(log),
      registry_(registry),
      deadlines_(deadlines),
      steps_(steps),
      configs_(configs),
      commits_(commits) {}

Task<error_code> GroupLoader::load(std::int32_t partition, Epoch epoch) {
  if (!loads_since_) loads_since_ = clock_.now();
  InternalTopic::GoesOn goes_on = [this, partition, epoch] {
    return !shards_.is_stopped() && shards_.is_current(partition, epoch);
  };
  InternalTopic::Visit visit = [this, partition](net::Bytes key, std::optional<net::Bytes> value,
                                                 const kafka::BatchHead& head,
                                                 Offset) { replayed(partition, key, value, head); };
  const error_code failed = co_await log_.replay(partition, std::move(visit), goes_on);
  if (!goes_on()) co_return make_error_code(storage::Errc::stopped);
  if (failed)
    spdlog::error("{}-{} cannot be read, its groups are not served: {}", log_.name(), partition,
                  failed.message());
  else
    loaded(partition);
  co_return failed;
}

void GroupLoader::drop(std::int32_t partition) {
  std::vector<GroupPtr> gone;
  for (const auto& [id, group] : registry_.all())
    if (group->partition == partition) gone.push_back(group);
  for (const GroupPtr& group : gone) {
    registry_.drop(group);
    steps_.abandon(group, Error::not_coordinator);
  }
  found_.erase(partition);
  commits_.drop(partition);
}

// ---------------------------------------------------------------------------------------------- reading

GroupPtr GroupLoader::find_or_make(const std::string& id) {
  if (GroupPtr known = registry_.find(id)) return known;
  GroupPtr group = registry_.find_or_make(id);
  if (group && shards_.is_loading(group->partition))
    found_[group->partition].push_back(group);  // nobody else may ask for it yet
  return group;
}

void GroupLoader::replayed(std::int32_t partition, net::Bytes key, std::optional<net::Bytes> value,
                           const kafka::BatchHead& head) {
  if (head.is_control()) {
    const auto type = control_type(key);
    if (type) commits_.release_pending(partition, head.producer_id, *type == commit_marker);
    return;
  }
  if (auto change = read_offset(key, value)) return replayed(std::move(*change), head);
  if (const auto id = read_consumer_group_key(key)) return replayed_consumer(*id, key, value);
  const auto id = read_group_key(key);
  if (!id) return;  // of a kind that came later
  const GroupPtr group = find_or_make(*id);
  if (!group) return;
  if (!value)
    group->classic.restore({}, {}, 0, "", 0, {}, now_of(clock_));
  else if (!restore(group->classic, *value, now_of(clock_)))
    spdlog::error("group {}: a record of it in {} cannot be read", *id, log_.name());
}

void GroupLoader::replayed(OffsetChange&& change, const kafka::BatchHead& head) {
  const GroupPtr group = find_or_make(change.group);
  if (!group) return;
  if (!change.commit || is_gone(change.partition.topic, change.topic_id))
    return group->offsets.forget(change.partition.topic, change.partition.partition);
  const ProducerId producer = head.is_transactional() ? head.producer_id : -1;
  PartitionCommit one{std::move(change.partition.topic), change.partition.partition,
                      std::move(*change.commit), change.topic_id};
  commits_.apply(group, std::move(one), producer);
}

void GroupLoader::replayed_consumer(const std::string& id, net::Bytes key, std::optional<net::Bytes> value) {
  const GroupPtr group = find_or_make(id);
  if (!group) return;
  if (is_group_row(key) && !value) return group->consumer.reset();
  if (!group->consumer && !value) return;
  if (!group->consumer) group->consumer = std::make_unique<ConsumerGroup>(configs_.limits(id), group_topics_);
  if (!restore(*group->consumer, key, value))
    spdlog::error("group {}: a record of it in {} cannot be read", id, log_.name());
}

// Whether another topic of that name is there by now.
bool GroupLoader::is_gone(const std::string& topic, const Uuid& id) {
  if (id == Uuid{} || makes(Mistake::ignores_topic_ids)) return false;
  if (!last_read_ || last_read_->name != topic) last_read_ = topics_.find(topic);
  return last_read_ && last_read_->id != id;
}

// ---------------------------------------------------------------------------------------------- all is read

void GroupLoader::loaded(std::int32_t partition) {
  commits_.loaded(partition);
  const auto found = found_.extract(partition);
  for (const GroupPtr& group : found ? found.mapped() : std::vector<GroupPtr>{})
    if (!group->dropped) loaded(group);
  log_loaded();
}

// Nothing expires right after a start: members that were cut off get the time to come back.
void GroupLoader::loaded(const GroupPtr& group) {
  if (group->consumer) {
    group->consumer->restored(clock_.now());
    judge_protocol(*group);
  }
  std::vector<TopicPartition> orphans;  // their topic went, and the broker before it could say so
  for (const TopicPartition& one : group->partitions())
    if (!topics_.find(one.topic)) orphans.push_back(one);
  if (!orphans.empty()) commits_.forget(group, std::move(orphans));
  const auto earliest = group->offsets.earliest_expiry(expiry_of(*group, config_));
  group->look_later(earliest.value_or(clock_.wall_ms()), now_of(clock_));
  deadlines_.arm(group);
  registry_.drop_if_nothing(group);
}

// When it went over and that could not be written, the log remembers the group in both protocols. Epochs and
// generations go on from each other: the higher one is what it was last.
void GroupLoader::judge_protocol(Group& group) {
  const Epoch epoch = group.consumer->epoch();
  if (epoch == 0 || epoch < group.classic.generation())  // 0: its own row is gone, so is the group
    group.consumer.reset();
  else
    group.classic.restore({}, {}, 0, "", 0, {}, now_of(clock_));
}

// Once for all that are read at the same time.
void GroupLoader::log_loaded() {
  if (shards_.loading() > 1 || !loads_since_) return;  // this one still counts
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - *loads_since_);
  loads_since_.reset();
  last_read_.reset();
  spdlog::info("{} groups loaded in {} ms", registry_.all().size(), took.count());
}

}  // namespace mq::core
