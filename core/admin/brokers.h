// SPDX-License-Identifier: Apache-2.0
// Brokers as they are now: who runs, what each leads and holds, how full its disk is, how it is configured.
// Tasks live on the client's loop; what is taken by reference must live until the task has ended.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/client/client.h"
#include "net/kafka/config_resource.h"

namespace mq::admin {

using client::Answer;
using client::Client;
using client::Task;

struct LogDir {
  std::string path;
  bool writable = true;
  std::optional<std::int64_t> total_bytes, free_bytes;            // of the disk; nothing: it is not told
  std::int64_t used_bytes = 0, replicas = 0;                      // by partitions
  std::vector<std::pair<std::string, std::int64_t>> topics = {};  // and their bytes, the largest first
};

struct BrokerState {
  core::BrokerId id = -1;
  bool runs = false, is_controller = false;
  std::string address = {}, rack = {};  // empty: not known, or none
  std::int64_t leaders = 0, replicas = 0;
  std::optional<std::vector<LogDir>> dirs = {};  // nothing: it was not asked, or did not answer
};

// All that the cluster knows of, also those that are down, by id. Older brokers name the latter only where
// they have replicas.
Task<Answer<std::vector<BrokerState>>> brokers(Client& client, client::Time deadline);
// Fills in the directories of those that answer.
Task<void> add_log_dirs(Client& client, std::vector<BrokerState>& brokers);

struct BrokerSetting {
  enum class Source { broker, cluster, file, fallback };
  std::string key;
  std::optional<std::string> value;  // as on the wire; nothing: it is not told
  Source source = Source::fallback;
  bool read_only = false;  // it cannot be altered while the broker runs
  std::string documentation = {};
};
// What was set for this broker alone or for all, in its configuration, or is so unless set.
std::string_view name_of(BrokerSetting::Source source);

// Of one broker, which is asked itself; nothing: what was set for all of them. By key.
Task<Answer<std::vector<BrokerSetting>>> settings_of_broker(Client& client,
                                                            std::optional<core::BrokerId> broker,
                                                            client::Time deadline);

struct SettingChange {
  std::string key;
  kafka::AlterConfigOp operation = kafka::op_set;
  std::string value = {};  // as on the wire
};
// All of them or none. `validate_only`: whether it would be done.
Task<Answer<client::Nothing>> alter_broker(Client& client, std::optional<core::BrokerId> broker,
                                           std::vector<SettingChange> changes, bool validate_only,
                                           client::Time deadline);

// Forgets one that does not run, and holds nothing.
Task<Answer<client::Nothing>> unregister(Client& client, core::BrokerId broker, client::Time deadline);

}  // namespace mq::admin
