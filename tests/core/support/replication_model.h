// SPDX-License-Identifier: Apache-2.0
// One partition of a small cluster in which everything goes wrong: messages are late, lost or out of order;
// the metadata store answers late or never; views of it are stale; sessions expire, of healthy brokers, too;
// brokers are killed, lose what they had not flushed, one at a time its whole disk. What they decide is
// decided by the broker's own Replicas, Epochs and transitions of PartitionState.
//
// The model checks that what was committed is never lost, and never something else. With a bug built in
// around these functions it has to notice. One thread; a seed gives one run.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "core/partition/epochs.h"
#include "core/partition/partition_state.h"
#include "core/partition/replicas.h"

namespace mq::core {

class ReplicationModel {
 public:
  enum class Bug {
    none,
    watermark_ignores_proposal,  // the ISR counts as changed as soon as the change is proposed
    unknown_outcome_by_reading,  // a proposal without an answer is dropped because a read does not show it
    expansion_without_guard,     // whoever once asked may join, also in an earlier run
    leads_on_after_restart,      // in the leader epoch that it had
    counts_what_is_not_durable,  // of the leader's and of followers' logs
    no_leader_epoch_start,       // a follower may join that has not reached it
    commits_below_min_isr,
    truncates_to_high_watermark,   // a follower of a new leader does, instead of by epoch (KIP-101)
    no_leader_epoch_check,         // of fetches and of their answers
    counts_diverging_fetch,        // KAFKA-13141
    trusts_any_disk,               // a broker that starts with an empty one takes its entries over
    takes_late_answer,             // of a fetch before the latest
    elects_any_run,                // whoever is registered under the entry's id
    elects_any_run_without_guard,  // both elects_any_run and expansion_without_guard
    keeps_elr,                     // although the ISR can commit
    directory_noted_too_early,     // a new disk's: when the broker registers, not when its entries are gone
    starts_from_stale_state,       // one read before it was registered
    takes_any_run_for_the_latest,  // a fetch counts for the run that is registered now
    infers_epochs_from_records,    // although compaction has removed all of an epoch
    counts_behind_failed_write,    // what a follower had behind the leader's end, when that went back
  };
  static constexpr int bugs = static_cast<int>(Bug::counts_behind_failed_write) + 1;

  // How often things happen: weights, of about a thousand, and percent. Some bugs need more of some of them.
  struct Odds {
    int crash = 3, failed_write = 5, compaction = 3, flush = 120;
    int disk_losses_percent = 8;    // of crashes
    int leader_moves_percent = 10;  // when the controller has nothing else to do
  };
  struct Options {
    Bug bug = Bug::none;
    // Also the form of what is written to the store, and who writes in an epoch; not only its consequences.
    bool check_form = true;
    Odds odds = {};
    bool tracing = false;
  };
  struct Violation {
    std::int64_t step = 0;
    std::string what;
  };
  struct Counts {
    std::int64_t steps = 0, committed = 0, elections = 0, lost_disks = 0, isr_changes = 0, truncations = 0,
                 leaderless = 0;
    void add(const Counts& other);
  };

  ReplicationModel(std::uint64_t seed, Options options);

  std::optional<Violation> run(std::int64_t steps);
  const Counts& counts() const { return counts_; }
  const std::deque<std::string>& events() const { return events_; }  // the last ones, when tracing

 private:
  struct Record {
    Epoch epoch = -1;  // -1: compaction has removed it
    std::int64_t value = 0;
    bool is_removed() const { return epoch < 0; }
    bool operator==(const Record&) const = default;
  };
  struct View {
    PartitionState state;
    StateVersion version = -1;
  };
  using ViewPtr = std::shared_ptr<const View>;

  struct Broker {
    enum class Life { down, starting, running };

    BrokerId id = -1;
    Life life = Life::running;
    BrokerEpoch epoch = -1;
    int incarnation = 0;
    std::int64_t directory = 0,
                 registered_directory = 0;  // of the disk; of the one that its entries speak of

    std::vector<Record> log;
    Epochs epochs;
    Offset durable_end = 0, high_watermark = 0;

    ViewPtr view;
    StateVersion view_until = -1;  // the store's revision at which it still was so
    std::optional<Replicas> leading;
    std::int64_t fetches = 0;
    Epoch followed = -1;

    // What only the model knows.
    bool is_lossy = false;  // lost its disk, and has not all of it again
    Offset agreed = 0;      // so much of its log is known to be what was committed

    Offset end() const { return static_cast<Offset>(log.size()); }
    bool is_removed(Offset offset) const {
      return offset >= 0 && log[static_cast<std::size_t>(offset)].is_removed();
    }
    ReplicaEntry entry() const { return {id, epoch}; }
  };
  struct FetchRequest {
    BrokerId to = -1;
    int incarnation = 0;
    Replicas::Fetch fetch;
    Offset from = 0;
    Epoch last_epoch = -1;
    std::int64_t number = 0;
  };
  struct FetchAnswer {
    BrokerId to = -1;
    int incarnation = 0;
    Epoch leader_epoch = -1;
    Offset from = 0;
    std::optional<Epochs::End> diverging;
    std::vector<Record> records;
    std::vector<Epochs::End> epochs;  // that begin within them
    Offset high_watermark = 0;
    std::int64_t number = 0;
  };
  struct StoreAnswer {
    BrokerId to = -1;
    int incarnation = 0;
    StateVersion base = -1;
    bool is_refused = false;  // base was still there: a guard failed
    ViewPtr view;             // what there was then
    StateVersion until = -1;
  };
  using Message = std::variant<FetchRequest, FetchAnswer, StoreAnswer>;
  struct Transaction {
    BrokerId owner = -1;  // -1: the controller
    int incarnation = 0;
    StateVersion base = -1;
    PartitionState next;
    std::optional<ReplicaEntry> registered, running;  // guards
  };
  struct Move {
    int weight;
    void (ReplicationModel::*make)(Broker&);
  };

  // ---- what happens
  void append(Broker& broker);
  void flush(Broker& broker);
  void fail_write(Broker& broker);
  void compact(Broker& broker);
  void fetch(Broker& broker);
  void transmit(Broker&);
  void answer(const FetchRequest& request);
  void take(const FetchAnswer& answer);
  void take(const StoreAnswer& answer);
  void store(Broker&);
  void change_isr(Broker& broker);
  void resolve(Broker& broker);
  void watch(Broker& broker);
  void expire(Broker& broker);
  void control(Broker&);
  void crash(Broker& broker);
  void restart(Broker& broker);
  void register_again(Broker& broker);
  void start(Broker& broker);

  // ---- what it leads to
  void deliver(Broker& broker, const ViewPtr& view, StateVersion until);
  void deliver_current(Broker& broker) { deliver(broker, history_.back(), revision_); }
  void lead(Broker& broker);
  void commit(Broker& broker);
  void truncate(Broker& broker, Offset end);
  void lose_disk(Broker& broker);
  void write(Broker& broker, Record record);
  void submit(Transaction transaction);
  void put(PartitionState next);
  void enroll(Broker& broker);
  void set_registration(BrokerId broker, std::optional<Registration> registration);
  PartitionState fenced(const PartitionState& state, const Registrations& seen) const;
  PartitionState after_restart(const Broker& broker) const;
  PartitionState as_led(const PartitionState& state) const;

  // ---- what must hold
  bool agrees(const Broker& broker, Offset offset) const;  // with what was committed there
  bool is_complete(Broker& broker);
  void check_candidates();
  void check_form(const PartitionState& before, const PartitionState& next) const;
  bool may_lose_disk(const Broker& broker) const;
  void note_recovered(Broker& broker);

  bool has(Bug bug) const { return options_.bug == bug; }
  bool elects_blindly() const { return has(Bug::elects_any_run) || has(Bug::elects_any_run_without_guard); }
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool chance(int percent) { return below(100) < static_cast<std::uint64_t>(percent); }
  template <class List>
  auto& any_of(List& list) {
    return list[below(list.size())];
  }
  Time now() const { return Time(std::chrono::milliseconds(counts_.steps)); }
  const View& current() const { return *history_.back(); }
  Broker& broker_of(BrokerId id) { return brokers_[static_cast<std::size_t>(id)]; }
  template <class... Parts>
  void trace(const Parts&... parts);

  const Options options_;
  const std::vector<Move> moves_;
  std::mt19937_64 random_;
  Counts counts_;
  std::deque<std::string> events_;

  std::vector<Broker> brokers_;
  std::vector<Message> network_;
  std::vector<Transaction> transactions_;
  std::int64_t values_ = 0;
  // Followers read what is not durable yet, as Kafka's do. Then no write may fail and the leader go on.
  const bool serves_early_;
  const bool is_network_slow_;

  // The metadata store. Revisions are even: a bug may invent one in between.
  StateVersion revision_ = 0;
  std::deque<ViewPtr> history_;
  Registrations registrations_;
  std::deque<Registrations> past_registrations_;

  // What only the model knows.
  std::vector<Record> committed_;
  std::map<Epoch, ReplicaEntry> writers_;
};

const char* name_of(ReplicationModel::Bug bug);

}  // namespace mq::core
