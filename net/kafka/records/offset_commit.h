// SPDX-License-Identifier: Apache-2.0
// How far a group has read a partition, as __consumer_offsets keeps it.
//   v1 expire time   v3 leader epoch, no expire time   v4 flexible, topic id
#pragma once

#include "net/kafka/describe.h"

namespace mq::kafka {

struct OffsetCommitKey {
  std::string group;
  std::string topic;
  std::int32_t partition = 0;
  bool operator==(const OffsetCommitKey&) const = default;
};

template <>
struct Describe<OffsetCommitKey> {
  using M = OffsetCommitKey;
  static constexpr std::string_view name = "OffsetCommitKey";
  static constexpr std::int16_t type = 1;
  static constexpr auto fields =
      std::tuple{field("group", &M::group), field("topic", &M::topic), field("partition", &M::partition)};
};

struct OffsetCommitValue {
  std::int64_t offset = 0;
  std::int32_t leader_epoch = -1;
  std::string metadata;
  std::int64_t commit_timestamp = 0;
  std::int64_t expire_timestamp = -1;
  Uuid topic_id{};
  bool operator==(const OffsetCommitValue&) const = default;
};

template <>
struct Describe<OffsetCommitValue> {
  using M = OffsetCommitValue;
  static constexpr std::string_view name = "OffsetCommitValue";
  static constexpr Versions valid{0, 4}, flexible = since(4);
  static constexpr auto fields = std::tuple{field("offset", &M::offset),
                                            field("leader_epoch", &M::leader_epoch, {.in = since(3)}),
                                            field("metadata", &M::metadata),
                                            field("commit_timestamp", &M::commit_timestamp),
                                            field("expire_timestamp", &M::expire_timestamp, {.in = {1, 1}}),
                                            field("topic_id", &M::topic_id, {.in = since(4), .tag = 0})};
};

}  // namespace mq::kafka
