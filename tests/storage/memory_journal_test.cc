// SPDX-License-Identifier: Apache-2.0
#include "storage/memory_journal.h"

#include "tests/storage/log_contract.h"

namespace mq::test {
namespace {

using storage::Errc;
using storage::MemoryDisk;
using storage::MemoryJournal;

class MemoryJournalMaker {
 public:
  storage::asio::io_context& loop() { return loop_; }
  std::shared_ptr<Log> log() { return journal_.log(journal_.next_partition()); }

 private:
  storage::asio::io_context loop_;
  MemoryDisk disk_;
  MemoryJournal journal_{disk_, loop_, {}};
};
INSTANTIATE_TYPED_TEST_SUITE_P(MemoryJournal, LogContract, MemoryJournalMaker);

// What is written waits until the test lets a sync end.
class MemoryJournalTest : public testing::Test {
 protected:
  void open() {
    storage::JournalOptions options;
    shown.clear();
    options.on_start = [this](storage::PartitionNumber number, storage::Bytes) { shown.push_back(number); };
    journal.emplace(disk, loop, std::move(options), [this](auto done) { syncs.push_back(std::move(done)); });
  }
  void SetUp() override { open(); }
  void crash() {
    journal.reset();
    syncs.clear();
    open();
  }
  // Null while it is under way.
  std::shared_ptr<std::optional<storage::error_code>> append(storage::PartitionNumber to, Offset first,
                                                             std::size_t size = 100) {
    auto answer = std::make_shared<std::optional<storage::error_code>>();
    journal->log(to)->append(make_batch(first, 1, size), [answer](auto error) { *answer = error; });
    poll();
    return answer;
  }
  void poll() {
    loop.restart();
    loop.poll();
  }
  void sync() {
    for (auto& done : std::exchange(syncs, {})) done();
    poll();
  }

  storage::asio::io_context loop;
  MemoryDisk disk;
  std::vector<std::function<void()>> syncs;
  std::vector<storage::PartitionNumber> shown;
  std::optional<MemoryJournal> journal;
};

TEST_F(MemoryJournalTest, WhatWasNotSyncedIsLostInACrashAndWhatWasIsThere) {
  const auto log = journal->log(1);
  const auto first = append(1, 0);
  EXPECT_FALSE(*first);
  sync();
  EXPECT_EQ(*first, storage::error_code());
  const auto second = append(1, 1);
  crash();
  EXPECT_EQ(*second, make_error_code(Errc::stopped));
  EXPECT_EQ(journal->log(1)->end(), 1);
  EXPECT_EQ(shown, (std::vector<storage::PartitionNumber>{1}));
}

TEST_F(MemoryJournalTest, WhatComesDuringASyncIsOfTheNextGroup) {
  const auto log = journal->log(1);
  const auto first = append(1, 0), second = append(1, 1);
  EXPECT_EQ(syncs.size(), 1u);
  sync();
  EXPECT_TRUE(*first);
  EXPECT_FALSE(*second);
  sync();
  EXPECT_TRUE(*second);
}

TEST_F(MemoryJournalTest, WhatWasQueuedBehindARefusedBatchIsRefusedWithIt) {
  const auto log = journal->log(1), other = journal->log(2);
  journal->has_room_for(180);
  const auto large = append(1, 0, 200);
  const auto small = append(1, 1, 100), others = append(2, 0, 100);
  sync();
  sync();
  EXPECT_EQ(*large, make_error_code(Errc::full));
  EXPECT_EQ(*small, make_error_code(Errc::full)) << "it would stand where the other one should";
  EXPECT_EQ(*others, storage::error_code());
  const auto later = append(1, 0, 70);
  sync();
  EXPECT_EQ(*later, storage::error_code());
  EXPECT_EQ(log->end(), 1);
}

TEST_F(MemoryJournalTest, FailsWhenToldAndWorksAgain) {
  const auto log = journal->log(1);
  journal->fail_with(Errc::io);
  const auto failed = append(1, 0);
  sync();
  EXPECT_EQ(*failed, make_error_code(Errc::io));
  EXPECT_EQ(journal->meta().commit({{{"a", "1"}}, {}}), Errc::io);
  journal->fail_with({});
  const auto fine = append(1, 0);
  sync();
  EXPECT_EQ(*fine, storage::error_code());
}

TEST_F(MemoryJournalTest, RowsOfMetaAreReadInOrderAndSurvive) {
  EXPECT_FALSE(journal->meta().commit({{{"b/2", "two"}, {"b/1", "one"}, {"c", "x"}}, {}}));
  EXPECT_FALSE(journal->meta().commit({{}, {"c"}}));
  crash();
  const auto rows = journal->meta().scan("b/", "", 10);
  ASSERT_TRUE(rows);
  EXPECT_EQ(*rows, (std::vector<std::pair<std::string, std::string>>{{"b/1", "one"}, {"b/2", "two"}}));
  EXPECT_EQ(journal->meta().scan("b/", "b/2", 10)->size(), 1u);
  EXPECT_EQ(journal->meta().scan("b/", "", 1)->size(), 1u);
  EXPECT_FALSE(*journal->meta().get("c"));
  EXPECT_EQ(journal->meta().changes(), 2u);
}

}  // namespace
}  // namespace mq::test
