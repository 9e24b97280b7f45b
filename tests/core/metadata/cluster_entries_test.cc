// SPDX-License-Identifier: Apache-2.0
// What brokers write about each other is read as it was written, and nothing else is taken for it.
#include "core/metadata/cluster_entries.h"

#include <gtest/gtest.h>

#include "core/metadata/catalog.h"
#include "storage/error.h"

namespace mq::core {
namespace {

Uuid uuid(std::uint8_t last) {
  Uuid id{};
  id.back() = std::byte{last};
  return id;
}

PartitionState some_state() {
  PartitionState state;
  state.leader = 2;
  state.leader_broker_epoch = 184467;
  state.leader_epoch = 7;
  state.replicas = {1, 2, 3};
  state.isr = {{2, 184467}};
  state.elr = {{3, 184200}};
  state.last_known = {1};
  state.min_isr = 2;
  state.writes = 41;
  return normalise(state);
}

LiveEntry some_broker(BrokerEpoch epoch, LiveEntry::Status status = LiveEntry::Status::running) {
  LiveEntry entry;
  entry.epoch = epoch;
  entry.status = status;
  entry.incarnation = uuid(1);
  entry.directory = uuid(2);
  entry.rack = "a";
  entry.endpoints = {{"default", "host", 9092}, {"internal", "::1", 7092}};
  return entry;
}

TEST(ClusterEntries, AreReadAsTheyWereWritten) {
  EXPECT_EQ(*parse_partition(to_json(some_state())), some_state());
  EXPECT_EQ(*parse_live(to_json(some_broker(5))), some_broker(5));
  EXPECT_EQ(*parse_controller(to_json(ControllerEntry{2, 9})), (ControllerEntry{2, 9}));
  const RegisteredEntry registered{uuid(1), uuid(2), "a"};
  EXPECT_EQ(*parse_registered(to_json(registered)), registered);
}

TEST(ClusterEntries, KeysOfATopicAreInTheOrderOfItsPartitions) {
  EXPECT_LT(partition_key(uuid(1), 2), partition_key(uuid(1), 10));
  const std::string key = partition_key(uuid(1), 10);
  const auto id = parse_partition_key(std::string_view(key).substr(partition_entries.size()));
  EXPECT_EQ(id, std::pair(uuid(1), 10));
  for (const char* wrong : {"", "x", "/", "AAAAAAAAAAAAAAAAAAAAAQ/", "AAAAAAAAAAAAAAAAAAAAAQ/-1",
                            "AAAAAAAAAAAAAAAAAAAAAQ/1x", "AAAAAAAAAAAAAAAAAAAAAQ/99999999999"})
    EXPECT_FALSE(parse_partition_key(wrong)) << wrong;
}

TEST(ClusterEntries, WhatNoWriterWouldWriteIsNotTaken) {
  const std::string good = to_json(some_state());
  for (const auto& [what, instead] :
       std::map<std::string, std::string>{{"\"v\":1", "\"v\":2"},
                                          {"\"l\":2", "\"l\":1"},  // a leader that is not in the ISR
                                          {"[[2,184467]]", "[[9,184467]]"},  // not a replica
                                          {"[1,2,3]", "[]"},
                                          {"\"le\":7", "\"le\":-7"},
                                          {"[[3,184200]]", "[[3]]"},
                                          {"\"mi\":2", "\"mi\":\"two\""}}) {
    std::string bad = good;
    bad.replace(bad.find(what), what.size(), instead);
    EXPECT_EQ(parse_partition(bad).error(), storage::Errc::corrupt) << bad;
  }
  for (const char* bad : {"", "[]", "{", "null", "{\"v\":1}"}) {
    EXPECT_FALSE(parse_partition(bad));
    EXPECT_FALSE(parse_live(bad));
    EXPECT_FALSE(parse_registered(bad));
    EXPECT_FALSE(parse_controller(bad));
  }
}

// ---- the catalog of one of several brokers

MetadataUpdate update(std::map<std::string, std::string> entries, EntryVersion version, bool whole = false) {
  MetadataUpdate update{.revision = version, .whole = whole};
  for (auto& [key, value] : entries) update.entries[key] = MetadataEntry{std::move(value), version};
  return update;
}

TEST(CatalogOfAMember, ABrokerCountsOnceItsTokenIsInItsEntry) {
  Catalog catalog(1, Catalog::Mode::member);
  EXPECT_TRUE(catalog.apply(update({{"live/2", to_json(some_broker(-1))}}, 1)).brokers);
  EXPECT_TRUE(catalog.registrations().empty());
  catalog.apply(update({{"live/2", to_json(some_broker(1))}}, 2));
  EXPECT_EQ(catalog.registrations().at(2), (Registration{1, true}));
  catalog.apply(update({{"live/2", to_json(some_broker(1, LiveEntry::Status::draining))}}, 3));
  EXPECT_EQ(catalog.registrations().at(2), (Registration{1, false}));
  EXPECT_EQ(catalog.live().at(2).version, 3);
}

TEST(CatalogOfAMember, APartitionWithoutAnEntryIsLedByNobody) {
  Catalog catalog(1, Catalog::Mode::member);
  catalog.apply(update(
      {{"topics/t", to_json(TopicEntry{uuid(7), 2, 3})}, {partition_key(uuid(7), 0), to_json(some_state())}},
      4));
  const Topic& topic = *catalog.find("t");
  EXPECT_EQ(catalog.state(topic, 0), some_state());
  EXPECT_EQ(catalog.state_version(topic, 0), 4);
  EXPECT_EQ(catalog.state(topic, 1).leader, -1);
  EXPECT_EQ(catalog.state_version(topic, 1), 0);
}

TEST(CatalogOfAMember, AnOlderStateIsNotTaken) {
  Catalog catalog(1, Catalog::Mode::member);
  const std::string key = partition_key(uuid(7), 0);
  catalog.apply(update({{key, to_json(some_state())}}, 4));
  const auto applied = catalog.apply(update({{key, to_json(rewritten(some_state()))}}, 3));
  EXPECT_TRUE(applied.partitions.empty());
  EXPECT_EQ(catalog.states().at({uuid(7), 0}).state, some_state());
}

TEST(CatalogOfAMember, WhatCannotBeReadStaysAsItWas) {
  Catalog catalog(1, Catalog::Mode::member);
  const std::string key = partition_key(uuid(7), 0);
  catalog.apply(update({{key, to_json(some_state())}, {"controller", to_json(ControllerEntry{2, 9})}}, 4));
  const auto applied =
      catalog.apply(update({{key, "garbage"}, {"controller", "garbage"}, {"live/x", "{}"}}, 5));
  EXPECT_EQ(applied.damaged.size(), 3u);
  EXPECT_EQ(catalog.states().at({uuid(7), 0}).state, some_state());
  EXPECT_EQ(catalog.controller(), (ControllerEntry{2, 9}));
}

TEST(CatalogOfAMember, AWholeImageTakesAwayWhatItDoesNotName) {
  Catalog catalog(1, Catalog::Mode::member);
  const std::string key = partition_key(uuid(7), 0);
  catalog.apply(update({{key, to_json(some_state())},
                        {"live/2", to_json(some_broker(1))},
                        {"reg/2", to_json(RegisteredEntry{uuid(1), uuid(2), ""})},
                        {"controller", to_json(ControllerEntry{2, 9})}},
                       4));
  const auto applied = catalog.apply(update({}, 5, true));
  EXPECT_TRUE(applied.brokers);
  EXPECT_EQ(applied.partitions.size(), 1u);
  EXPECT_TRUE(catalog.states().empty());
  EXPECT_TRUE(catalog.registrations().empty());
  EXPECT_TRUE(catalog.registered().empty());
  EXPECT_FALSE(catalog.controller());
}

}  // namespace
}  // namespace mq::core
