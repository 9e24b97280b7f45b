// SPDX-License-Identifier: Apache-2.0
// Looks after the groups of this broker: lets their states decide, writes what they want remembered, answers
// who waits, and wakes them when a deadline has come. What it answers is durable. Lives on the loop.
//
// A group is of the classic protocol or of the consumer protocol; one without members becomes what the next
// one to join speaks, and its offsets stay. With members it goes over as far as the migration policy lets it:
// to the consumer protocol with the first member that speaks it, back when the last one is gone.
#pragma once

#include <unordered_map>

#include "core/group/deadlines.h"
#include "core/group/group.h"
#include "core/group/group_config.h"
#include "core/group/known_topics.h"
#include "core/group/migration.h"
#include "core/metadata/coordinator_shards.h"
#include "core/metadata/internal_topic.h"

namespace mq::core {

struct OffsetChange;

class GroupCoordinator : public std::enable_shared_from_this<GroupCoordinator> {
 public:
  static constexpr std::size_t groups_max = 1'000'000;
  static constexpr std::size_t name_bytes_max = InternalTopic::id_bytes_max;
  // Of what one member says in all protocols that it knows: it is written down with what the others say.
  static constexpr std::size_t metadata_bytes_max = 1u << 20;

  GroupCoordinator(asio::io_context& loop, const Clock& clock, const Config& config, const Catalog& topics,
                   InternalTopic& log);

  // This broker leads that partition of the log: what it remembers is read, while others are served already.
  void lead(std::int32_t partition, Epoch epoch);
  // Or does no more: its groups are forgotten at once, and who waits is sent to the next coordinator.
  void resign(std::int32_t partition);
  // Sends away whoever waits.
  void stop();

  // Whether this group can be served now (coordinator_load_in_progress); makes the topic when it is missing.
  Task<kafka::Error> ready(std::string group);
  kafka::Error serves(std::string_view group) const;
  bool is_loading() const { return shards_.loading() > 0; }

  // Memory is ahead of the log, and a crash takes back what is not durable: whoever is answered out of memory
  // waits for what was written last, and hears what became of it. At once when nothing is on its way.
  Task<kafka::Error> flushed(std::string group) const;  // there or not
  static Task<kafka::Error> flushed(GroupPtr group);
  Task<kafka::Error> flushed() const;  // every group

  Task<ClassicGroup::JoinAnswer> join(std::string group, ClassicGroup::Join request);
  Task<ClassicGroup::SyncAnswer> sync(std::string group, ClassicGroup::Sync request);
  Task<kafka::Error> heartbeat(std::string group, std::string member_id,
                               std::optional<std::string> instance_id, Generation generation);
  // An answer for each, or one error for all.
  using Left = Result<std::vector<kafka::Error>>;
  Task<Left> leave(std::string group, std::vector<ClassicGroup::Leaving> leaving);

  // The consumer protocol's one request.
  Task<ConsumerGroup::Answer> consumer_heartbeat(std::string group, ConsumerGroup::Heartbeat request);
  ConsumerLimits consumer_limits(std::string_view group) const;

  // What was configured of single groups, there or not. The caller makes it durable.
  using Configs = std::map<std::string, ConfigMap, std::less<>>;
  static constexpr std::size_t configured_max = 5'000;
  void configure(const std::string& group, ConfigMap own);  // all of them; none: as the broker has it
  const Configs& configured() const { return configured_; }
  const ConfigMap& configs_of(std::string_view group) const;

  struct Committer {
    std::string group, member_id;
    std::optional<std::string> instance_id;
    Generation generation = -1;       // or the member's epoch
    bool knows_member_epochs = true;  // the request is of a version that has them
  };
  // An answer for each of `commits`. `producer`: within its transaction; nobody sees these offsets before it
  // is committed.
  Task<std::vector<kafka::Error>> commit(Committer who, std::vector<PartitionCommit> commits,
                                         kafka::BatchProducer producer = {});
  // The marker of a transaction is durable in the log of this partition (InternalTopic::partition_of a
  // group).
  void transaction_ended(std::int32_t partition, ProducerId producer, bool committed);
  Task<kafka::Error> forget(GroupPtr group, std::vector<TopicPartition> partitions);
  Task<kafka::Error> remove(std::string group);  // with its offsets; only without members
  Task<void> topic_removed(std::string topic);   // what was committed for it is forgotten
  GroupDeadlines& deadlines() { return deadlines_; }

  GroupPtr find(std::string_view group) const;  // null: nobody ever used that name, or it is forgotten
  using Groups = std::unordered_map<std::string, GroupPtr, TextHash, std::equal_to<>>;
  const Groups& all() const { return groups_; }

 private:
  using Step = ClassicGroup::Step;
  Now now() const { return now_of(clock_); }
  GroupPtr find_or_make(const std::string& group);
  // What became of a write, in the words that clients of a coordinator understand: they look for it and try
  // again.
  static kafka::Error for_clients(kafka::Error error);
  kafka::Error may_commit(Group& group, const Committer& who, const PartitionCommit& what,
                          bool transactional);
  Task<kafka::Error> write_commits(GroupPtr group, std::vector<PartitionCommit> commits,
                                   kafka::BatchProducer producer);
  Task<ClassicGroup::SyncAnswer> sync(GroupPtr group, ClassicGroup::Sync request);
  void act(const GroupPtr& group, Step& step);
  void write(const GroupPtr& group, std::uint64_t number);
  // Never suspends, so the order of the calls is the order of the log. `done` is called in that order too.
  using Done = InternalTopic::Done;
  Durable put(const GroupPtr& group, const std::vector<KeyedRecord>& records, Done done,
              kafka::BatchProducer producer = {});
  // `applied` is called only for what is durable.
  Durable append(const GroupPtr& group, const std::vector<KeyedRecord>& records,
                 std::function<void()> applied, kafka::BatchProducer producer = {});
  void apply(const GroupPtr& group, PartitionCommit&& one, ProducerId producer);
  void release_pending(std::int32_t partition, ProducerId producer, bool committed);
  Durable forget_offsets(const GroupPtr& group, std::vector<TopicPartition> partitions);
  Durable remove(const GroupPtr& group);
  void removed(const GroupPtr& group, kafka::Error error);
  Durable store(const GroupPtr& group, ConsumerGroupRows rows);
  void expire_consumers(const GroupPtr& group);
  // Of members of a consumer group that speak the classic protocol.
  Task<ClassicGroup::JoinAnswer> join_consumers(GroupPtr group, ClassicGroup::Join request);
  kafka::Error heartbeat_consumers(const GroupPtr& group, std::string_view member_id,
                                   const std::optional<std::string>& instance_id, Generation generation);
  Task<Left> leave_consumers(GroupPtr group, std::vector<ClassicGroup::Leaving> leaving);
  Upgrade upgrade(const Group& group) const;
  void become_consumer(const GroupPtr& group, std::unique_ptr<ConsumerGroup> next, ConsumerGroupRows& rows);
  bool goes_back(const Group& group) const;
  std::vector<KeyedRecord> become_classic(Group& group, ConsumerGroupRows& rows);
  void drop_if_nothing(const GroupPtr& group);
  void drop(const GroupPtr& group);

  static Task<error_code> load(std::shared_ptr<GroupCoordinator> self, std::int32_t partition, Epoch epoch);
  void forget_partition(std::int32_t partition);
  // What comes back to one that is not has come too late: the partition is led by another, or was read anew.
  bool is_current(const Group& group) const { return shards_.is_current(group.partition, group.epoch); }
  void answer(Step& step);
  void replayed(std::int32_t partition, net::Bytes key, std::optional<net::Bytes> value,
                const kafka::BatchHead& head);
  void replayed(OffsetChange&& change, const kafka::BatchHead& head);
  bool is_gone(const std::string& topic, const Uuid& id);
  void replayed_consumer(const std::string& id, net::Bytes key, std::optional<net::Bytes> value);
  void restored(Group& group);
  void judge_protocol(Group& group);
  void loaded(std::int32_t partition);
  void log_loaded();

  void due(const GroupPtr& group, Now now);
  void look(const GroupPtr& group);

  const Clock& clock_;
  const Config& config_;
  const Catalog& topics_;
  InternalTopic& log_;
  const KnownTopics known_topics_;
  Configs configured_;
  Groups groups_;
  Durable newest_;                                       // write of any group
  std::map<std::string, Durable, std::less<>> removed_;  // groups whose tombstones are not durable yet
  // Who has offsets pending.
  std::map<std::pair<std::int32_t, ProducerId>, std::set<GroupPtr, ByNumber>> in_transactions_;
  CoordinatorShards shards_;
  std::map<std::int32_t, std::vector<GroupPtr>> found_;  // groups in partitions that are being read
  std::optional<Time> loads_since_;                      // for the log, while any is
  TopicPtr last_read_;  // topic of the commit that was read last: that of most others, too
  std::map<std::int32_t, std::vector<std::pair<ProducerId, bool>>>
      ended_meanwhile_;  // transactions, by partition
  bool stopped_ = false;

  std::uint64_t groups_made_ = 0;
  Ticket tickets_ = 0;
  std::unordered_map<Ticket, std::shared_ptr<Promise<ClassicGroup::JoinAnswer>>> joins_;
  std::unordered_map<Ticket, std::shared_ptr<Promise<ClassicGroup::SyncAnswer>>> syncs_;

  GroupDeadlines deadlines_;
};

}  // namespace mq::core
