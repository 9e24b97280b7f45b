// SPDX-License-Identifier: Apache-2.0
// A directory of the version before opens as what it was.
#include "core/metadata/migration.h"

#include <gtest/gtest.h>

#include "core/metadata/embedded_store.h"
#include "core/metadata/entries.h"
#include "net/kafka/uuid.h"
#include "storage/error.h"
#include "tests/core/handlers/conversation.h"

namespace mq::core::migration_test {
namespace {

constexpr std::string_view id = "RSPhAAAAQACAAAAAAAAAAQ";

class OldRowsTest : public testing::Test {
 protected:
  void old(std::string key, std::string value) {
    storage::Store::Change change;
    change.puts[std::move(key)] = std::move(value);
    ASSERT_FALSE(meta.commit(change));
  }
  void old_topic() {
    old("core/topic/t",
        R"({"id":")" + std::string(id) + R"(","partitions":[7,9],"configs":{"retention.ms":"5000"}})");
  }
  std::map<std::string, std::string> entries() {
    EmbeddedStore store(meta, loop.get_executor());
    std::map<std::string, std::string> all;
    const MetadataUpdate update = *store.read();
    for (const auto& [key, entry] : update.entries) all[key] = entry->value;
    return all;
  }

  asio::io_context loop{1};
  storage::MemoryDisk disk;
  storage::MemoryStore meta{disk};
};

TEST_F(OldRowsTest, TopicsConfigsAndProducerIdsAreCarriedOverInOneCommit) {
  old_topic();
  old("core/config/broker/log.retention.ms", "1");
  old("core/config/cluster/log.retention.ms", "2");
  old("core/config/group/consumer.session.timeout.ms/a/b", "50000");
  old("core/producer_id", "3000");
  old("core/compacted/7", "kept");
  const std::uint64_t changes = meta.changes();
  ASSERT_FALSE(carry_over_rows(meta, 3));
  EXPECT_EQ(meta.changes(), changes + 1);

  const auto all = entries();
  EXPECT_EQ(all.size(), 6u);
  EXPECT_EQ(*parse_topic(all.at("topics/t")), (TopicEntry{*kafka::uuid_of(id), 2, 1}));
  EXPECT_EQ(*parse_config(all.at("config/topic/t")), (ConfigMap{{"retention.ms", "5000"}}));
  EXPECT_EQ(*parse_config(all.at("config/broker/3")), (ConfigMap{{"log.retention.ms", "1"}}));
  EXPECT_EQ(*parse_config(all.at("config/broker/default")), (ConfigMap{{"log.retention.ms", "2"}}));
  EXPECT_EQ(*parse_config(all.at("config/group/a/b")), (ConfigMap{{"consumer.session.timeout.ms", "50000"}}));
  EXPECT_EQ(*parse_producer_id(all.at("ids/producer")), 3000);
  EXPECT_EQ(*parse_replicas(disk.rows.at(std::string(replica_rows) + std::string(id))),
            (std::vector<PartitionNumber>{7, 9}));
  EXPECT_TRUE(disk.rows.contains("core/compacted/7"));
  EXPECT_FALSE(disk.rows.contains("core/topic/t"));
  EXPECT_FALSE(disk.rows.contains("core/producer_id"));

  ASSERT_FALSE(carry_over_rows(meta, 3));
  EXPECT_EQ(meta.changes(), changes + 1) << "nothing is left to carry";
}

TEST_F(OldRowsTest, WhatCannotBeReadStopsItAndNothingIsChanged) {
  old_topic();
  old("core/topic/u", "{");
  const auto before = disk.rows;
  EXPECT_EQ(carry_over_rows(meta, 1), storage::Errc::corrupt);
  EXPECT_EQ(disk.rows, before);
}

class OldDirectoryTest : public Conversation {
 protected:
  // As the version before left it.
  void write_old_rows() {
    auto& rows = host.disk.rows;
    std::map<std::string, std::string> old;
    for (const auto& [key, row] : rows) {
      const std::string prefix = std::string(entry_row_prefix) + topic_key("");
      if (!key.starts_with(prefix)) continue;
      const auto topic = parse_topic(parse_entry_row(row).value);
      const std::string text = kafka::text_of(topic->id);
      const auto numbers = *parse_replicas(rows.at(std::string(replica_rows) + text));
      std::string list;
      for (const PartitionNumber number : numbers) list += (list.empty() ? "" : ",") + std::to_string(number);
      old["core/topic/" + key.substr(prefix.size())] =
          R"({"id":")" + text + R"(","partitions":[)" + list + R"(],"configs":{}})";
    }
    std::erase_if(rows, [](const auto& row) {
      return row.first.starts_with(entry_row_prefix) || row.first.starts_with(replica_rows);
    });
    rows.insert(old.begin(), old.end());
  }
};

TEST_F(OldDirectoryTest, TopicsAndTheirRecordsAreThereAfterTheStart) {
  create("t", 2);
  produce("t", batch({{"a", "b"}}), 1);
  broker->stop();
  write_old_rows();
  start();
  EXPECT_EQ(fetch("t", 0, 1).values, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(produce("t", batch({{"c"}}), 1).base_offset, 2);
  EXPECT_EQ(create("t").error_code, code(Error::topic_already_exists));
}

// The entry of a topic was written, and then the power was gone.
TEST_F(OldDirectoryTest, ATopicThatWasNotHostedYetIsAtTheStart) {
  create("t", 2);
  broker->stop();
  std::erase_if(host.disk.rows, [](const auto& row) { return row.first.starts_with(replica_rows); });
  start();
  EXPECT_EQ(produce("t", batch({{"a"}}), 1).base_offset, 0);
}

// The entry was erased, and then the power was gone.
TEST_F(OldDirectoryTest, WhatIsLeftOfATopicThatIsGoneIsRemovedAfterTheStart) {
  create("t", 2);
  produce("t", batch({{"a"}}), 1);
  broker->stop();
  std::erase_if(host.disk.rows, [](const auto& row) { return row.first.starts_with(entry_row_prefix); });
  EXPECT_FALSE(host.disk.partitions.empty());
  start();
  broker->pass(std::chrono::seconds(1));
  EXPECT_TRUE(host.disk.partitions.empty());
  for (const auto& [key, row] : host.disk.rows) EXPECT_FALSE(key.starts_with(replica_rows)) << key;
}

}  // namespace
}  // namespace mq::core::migration_test
