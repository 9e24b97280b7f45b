// SPDX-License-Identifier: Apache-2.0
// One run of this broker in the cluster: holds `live/<id>` in the metadata store, whose token is the broker
// epoch, takes the entries that an earlier run left in partition states over or removes them, and only then
// is running: electable, and allowed into ISRs. Begins anew when the session is lost. Lives on the loop.
#pragma once

#include <functional>
#include <memory>

#include "core/metadata/loader.h"

namespace mq::core {

class ClusterMembership : public std::enable_shared_from_this<ClusterMembership> {
 public:
  struct Options {
    BrokerId self = -1;
    LiveEntry entry;  // its epoch and status are filled in
    // Whether nothing that was ever acknowledged can be missing from what is hosted here.
    std::function<bool(const Catalog::PartitionId&)> is_trusted;
    // Of the newest batch that is hosted of a partition; -1: none.
    std::function<Epoch(const Catalog::PartitionId&)> newest_epoch = [](const auto&) { return -1; };
    StoreSeen seen = {};  // by earlier runs
    // That the store has to tell; empty: any.
    std::string cluster_id = {};
    // What the directory knows of its earlier runs: unless the one that was registered last is among them, it
    // is a copy from before. Empty: it knows of none, and is what its id says.
    std::vector<Uuid> incarnations = {};
    // Writes down the runs that count from now on, durably. False: it cannot.
    std::function<Task<bool>(std::vector<Uuid>)> remember = {};
    std::function<void()> joined = [] {};  // called when this broker runs, each time
  };

  ClusterMembership(asio::io_context& loop, const Clock& clock, MetadataStore& store, const Catalog& catalog,
                    MetadataLoader& loader, Options options);

  // Called every second while the store is not heard.
  void while_suspect(std::function<void()> suspected) { suspected_ = std::move(suspected); }
  void run(std::vector<Endpoint> endpoints);
  void stop();
  void set_writable(bool writable);  // false: the disk is full, or has failed
  // Hands over what is led here as far as others can take it, for `patience` at most, and ends the session.
  Task<void> leave(Time::duration patience);
  bool is_running() const { return is_running_; }
  StoreSeen seen() const { return {loader_.revision(), options_.seen.restored_ms}; }

 private:
  using Self = std::shared_ptr<ClusterMembership>;

  static Task<void> work(Self self);
  Task<std::optional<BrokerEpoch>> hold();
  Task<bool> join(BrokerEpoch epoch);
  Task<bool> write(LiveEntry::Status status, BrokerEpoch epoch);
  Task<bool> tell_writable(bool writable, BrokerEpoch epoch);
  Task<bool> load();
  Task<bool> is_cluster_ours();
  bool is_of_this_cluster(const MetadataUpdate& all);
  bool is_store_older(const MetadataUpdate& all);
  bool leads_what_others_can() const;
  Task<bool> take_over_entries(BrokerEpoch epoch);
  bool is_trusted(const Catalog::PartitionId& id) const;
  Task<void> pause(Time::duration time);

  asio::io_context& loop_;
  const Clock& clock_;
  MetadataStore& store_;
  const Catalog& catalog_;
  MetadataLoader& loader_;
  Options options_;
  std::function<void()> suspected_ = [] {};
  Waiters waiters_;
  std::vector<Uuid> incarnations_;  // to be remembered
  bool is_loaded_ = false, is_running_ = false, is_same_directory_ = false;
  bool has_taken_over_ = false;  // entries of every run before this process
  bool has_held_ = false;        // in this process: nobody else can have opened the directory
  bool is_writable_ = true, drains_ = false;
  bool has_told_ = false, stopped_ = false;
};

}  // namespace mq::core
