// SPDX-License-Identifier: Apache-2.0
// Topics, groups and clusters as named fields: the one place that says what a row is made of, whether it is
// printed as a table, as JSON, or answered over HTTP. What is not known is left out; what there is none of is
// null. Sizes are in bytes, times in milliseconds or as 2026-11-22T13:04:19.123Z. Pure; any thread.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/admin/brokers.h"
#include "core/admin/group.h"
#include "core/admin/group_move.h"
#include "core/admin/health.h"
#include "core/admin/recovery.h"
#include "core/admin/replica_changes.h"
#include "core/admin/topic.h"
#include "net/kafka/messages/metadata.h"

namespace mq::admin {

namespace json = boost::json;

// `offsets`, and under the name it had when it was thought to count them, `records`.
void add_count(json::object& row, std::optional<std::int64_t> offsets);

json::object row_of(const TopicState& topic);  // one of many
// All that is known of one. `every_setting`: those with a default value, too.
json::object details_of(const TopicState& topic, const std::vector<Setting>& settings, bool every_setting);
json::object row_of(const PartitionState& partition);
// One of many; `moving`: null when it does not move.
json::object partition_row(std::string_view topic, const PartitionState& partition,
                           const MovingPartition* moving);
json::object row_of(const Setting& setting);
json::object offsets_row(std::string_view topic,
                         const PartitionState& partition);  // where it begins and ends

json::object row_of(const GroupProgress& group, const client::ListedGroup& listed);  // one of many
json::object row_of(const GroupProgress& group);                                     // alone
// The topics, members and partitions of one; `shown`: of which partitions.
void add_details(json::object& row, const GroupProgress& group, const std::vector<Progress>& shown);
json::object row_of(const Progress& progress);
json::object row_of(const client::GroupMember& member);
json::object lag_of(const GroupProgress& group);
json::object lag_of(const std::vector<GroupProgress>& groups);  // of all: the sum, and the longest time

json::object row_of(const Move& move);

json::object row_of(const kafka::MetadataResponse& cluster);
json::object row_of(const Health& health);

json::object row_of(const BrokerState& broker);  // one of many
// All that is known of one.
json::object details_of(const BrokerState& broker, const std::vector<BrokerSetting>& settings);
json::object row_of(const LogDir& dir);
json::object row_of(const BrokerSetting& setting);
json::object row_of(const Recovery& recovery);

}  // namespace mq::admin
