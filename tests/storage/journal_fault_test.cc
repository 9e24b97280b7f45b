// SPDX-License-Identifier: Apache-2.0
// The journal on a disk that fails, or is full.
#include <thread>

#include "storage/error.h"
#include "tests/storage/support/model.h"
#include "tests/support/power_cut.h"

namespace mq::test {
namespace {

using Call = PowerCut::Call;

struct Faulty {
  Faulty() {
    opened.options.segment_bytes_min = opened.options.segment_bytes_max = 4096;
    opened.options.tail_bytes = 0;
    opened.open();
  }
  TempDir disk;
  PowerCut files{disk.path()};
  Opened opened{files, disk.path()};
  Model model{opened};
};

// There is a record, and no room for another.
struct NearlyFull : Faulty {
  NearlyFull() {
    opened.options.min_free_bytes = 1000;
    opened.open();
    EXPECT_FALSE(opened.put(1));
    opened.open();  // looks at the free space anew
    files.set_free_bytes(500);
  }
};

void wait_until(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("nothing happened for 30 seconds");
    std::this_thread::yield();
  }
}

// Somebody else keeps the writer at work, without the loop: it looks at the free space again now and then.
void keep_writing_until(Opened& opened, const std::function<bool()>& done) {
  int number = 0;
  wait_until([&] {
    if (done()) return true;
    storage::Store::Change change;
    change.puts["core/row"] = std::to_string(number++);
    EXPECT_FALSE(opened.journal->meta().commit(change));
    return false;
  });
}

// Appends, and has the batch handed to the writer, but does not hear of what becomes of it.
std::shared_ptr<std::optional<storage::error_code>> hand_over(Opened& opened, Batch batch) {
  const auto answer = std::make_shared<std::optional<storage::error_code>>();
  opened.journal->log(1)->append(std::move(batch), [answer](storage::error_code error) { *answer = error; });
  opened.loop.restart();
  opened.loop.poll_one();
  return answer;
}

TEST(JournalFault, AFailedSyncIsAnErrorAndWritingGoesOnInTheNextSegment) {
  Faulty faulty;
  ASSERT_FALSE(faulty.opened.put(1));
  faulty.files.inject({Call::sync, 1, EIO, "0000000001.log"});
  EXPECT_EQ(faulty.opened.put(1), storage::Errc::io);
  EXPECT_EQ(faulty.opened.journal->log(1)->end(), 1);
  ASSERT_FALSE(faulty.opened.put(1, 1, 80));
  EXPECT_EQ(faulty.opened.all(1), (std::vector<Seen>{{0, 0, 100}, {1, 1, 80}}));
  faulty.opened.open();
  EXPECT_EQ(faulty.opened.all(1), (std::vector<Seen>{{0, 0, 100}, {1, 1, 80}}));
}

TEST(JournalFault, WhatWaitsBehindAFailedWriteFailsWithIt) {
  Faulty faulty;
  ASSERT_FALSE(faulty.opened.put(1));
  faulty.files.inject({Call::write, 1, EIO, "journal/"});
  std::vector<storage::error_code> answers;
  const auto log = faulty.opened.journal->log(1);
  const auto collect = [&](storage::error_code error) { answers.push_back(error); };
  log->append(make_batch(1), collect);
  log->append(make_batch(2), [&](storage::error_code error) {
    collect(error);
    EXPECT_EQ(log->end(), 1);
  });
  run_until(faulty.opened.loop, [&] { return answers.size() == 2; });
  EXPECT_EQ(answers[0], storage::Errc::io);
  EXPECT_EQ(answers[1], storage::Errc::io);
}

TEST(JournalFault, ASecondFailureWithinAMinuteFences) {
  Faulty faulty;
  std::vector<std::pair<bool, bool>> told;  // full, failed
  faulty.opened.options.on_refusing = [&told](bool full, bool failed) { told.emplace_back(full, failed); };
  faulty.opened.open();
  ASSERT_FALSE(faulty.opened.put(1));
  faulty.files.inject({Call::sync, 1, EIO, "0000000001.log"});
  EXPECT_EQ(faulty.opened.put(1), storage::Errc::io);
  ASSERT_FALSE(faulty.opened.put(1));
  faulty.files.inject({Call::sync, 1, EIO, "0000000002.log"});
  EXPECT_EQ(faulty.opened.put(1), storage::Errc::io);
  EXPECT_EQ(faulty.opened.put(1), storage::Errc::fenced);
  EXPECT_TRUE(faulty.opened.journal->stats().failed);
  EXPECT_FALSE(faulty.opened.journal->stats().full);
  EXPECT_EQ(told, (std::vector<std::pair<bool, bool>>{{false, true}}));
  EXPECT_EQ(faulty.opened.all(1).size(), 2u);  // readers go on
  faulty.opened.open();
  EXPECT_GE(faulty.opened.all(1).size(), 2u);  // what failed may be there by now
  ASSERT_FALSE(faulty.opened.put(1));
}

// One failure, at every write and sync of a life in turn: at most the appends of that moment fail, and
// nothing is lost.
TEST(JournalFault, OneErrorAnywhereLosesNothing) {
  for (const Call call :
       {Call::sync, Call::write, Call::allocate, Call::open, Call::create, Call::sync_dir}) {
    for (std::uint64_t nth = 1; nth <= 40; nth += 3) {
      SCOPED_TRACE("call " + std::to_string(static_cast<int>(call)) + ", number " + std::to_string(nth));
      Faulty faulty;
      std::mt19937 random(static_cast<std::mt19937::result_type>(nth));
      faulty.files.inject({call, nth, EIO, "journal/"});
      for (int i = 0; i < 40; i++) faulty.model.append({1, 2}, random);
      faulty.files.heal();
      faulty.opened.open();
      faulty.model.check_loosely();
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(JournalFault, WhenTheDiskIsNearlyFullAppendsAreRefusedAndTrimsAreNot) {
  NearlyFull faulty;
  EXPECT_EQ(faulty.opened.put(1), storage::Errc::full);
  EXPECT_TRUE(faulty.opened.journal->stats().full);
  EXPECT_FALSE(faulty.opened.journal->stats().failed);
  EXPECT_FALSE(wait_for(faulty.opened.loop, faulty.opened.journal->log(1)->trim(1)));
  EXPECT_EQ(faulty.opened.journal->log(1)->start(), 1);
  faulty.files.set_free_bytes({});
  wait_until([&] { return !faulty.opened.put(1); });  // within a second, by itself
  EXPECT_EQ(faulty.opened.all(1).size(), 1u);
}

TEST(JournalFault, WhatWaitsBehindARefusedBatchIsRefusedThoughThereIsRoomByThen) {
  NearlyFull faulty;
  const auto refused = hand_over(faulty.opened, make_batch(1));
  wait_until([&] { return faulty.opened.journal->stats().full; });
  faulty.files.set_free_bytes({});
  keep_writing_until(faulty.opened, [&] { return !faulty.opened.journal->stats().full; });
  const auto behind = hand_over(faulty.opened, make_batch(2));
  run_until(faulty.opened.loop, [&] { return behind->has_value(); });
  EXPECT_EQ(*refused, storage::Errc::full);
  EXPECT_EQ(*behind, storage::Errc::full);
  EXPECT_EQ(faulty.opened.journal->log(1)->end(), 1);
  EXPECT_FALSE(faulty.opened.put(1)) << "from the end it goes on";
}

TEST(JournalFault, ATrimBehindARefusedBatchHolds) {
  NearlyFull faulty;
  const auto refused = hand_over(faulty.opened, make_batch(1));
  EXPECT_FALSE(wait_for(faulty.opened.loop, faulty.opened.journal->log(1)->trim(1)));
  EXPECT_EQ(*refused, storage::Errc::full);
  EXPECT_EQ(faulty.opened.journal->log(1)->start(), 1);
}

TEST(JournalFault, ADiskThatWasFullIsUsedAgainOnlyWithRoomToSpare) {
  Faulty faulty;
  faulty.opened.options.min_free_bytes = 8000;
  faulty.files.set_free_bytes(7999);
  faulty.opened.open();
  EXPECT_EQ(faulty.opened.put(1), storage::Errc::full);
  faulty.files.set_free_bytes(8999);
  const auto looks = faulty.files.calls(Call::free_bytes);
  keep_writing_until(faulty.opened, [&] { return faulty.files.calls(Call::free_bytes) > looks + 1; });
  EXPECT_EQ(faulty.opened.put(1), storage::Errc::full);
  faulty.files.set_free_bytes(9000);
  wait_until([&] { return !faulty.opened.put(1); });
}

TEST(JournalFault, AWriteThatFindsTheDiskFullIsRefusedAndNeverFences) {
  Faulty faulty;
  ASSERT_FALSE(faulty.opened.put(1));
  for (const int error : {ENOSPC, EDQUOT, ENOSPC}) {
    const auto end = faulty.opened.journal->log(1)->end();
    faulty.files.inject({Call::write, 1, error, "journal/"});
    EXPECT_EQ(faulty.opened.put(1), storage::Errc::full);
    EXPECT_EQ(faulty.opened.journal->log(1)->end(), end);
    wait_until([&] { return !faulty.opened.put(1); });  // within a second, by itself
  }
  EXPECT_EQ(faulty.opened.all(1).size(), 4u);
  faulty.opened.open();
  EXPECT_EQ(faulty.opened.all(1).size(), 4u);
}

// On a disk that is nearly full a segment is small, and a group as large as ever.
TEST(JournalFault, OneGroupMayFillMoreSegmentsThanMayWaitForTheirTables) {
  Faulty faulty;
  const auto log = faulty.opened.journal->log(1);
  int answers = 0;
  for (Offset i = 0; i < 8; i++)
    log->append(make_batch(i, 1, 3000), [&](storage::error_code error) {
      EXPECT_FALSE(error);
      answers++;
    });
  run_until(faulty.opened.loop, [&] { return answers == 8; });
  EXPECT_EQ(faulty.opened.all(1).size(), 8u);
}

TEST(JournalFault, WhenNoSegmentCanBeMadeAppendsAreRefusedUntilOneCan) {
  Faulty faulty;
  faulty.files.inject({Call::allocate, 1, ENOSPC, "journal/", true});
  storage::error_code error;
  int good = 0;
  for (; !error && good < 200; good++) error = faulty.opened.put(1, 1, 300);
  EXPECT_EQ(error, storage::Errc::full);
  EXPECT_EQ(faulty.opened.all(1).size(), static_cast<std::size_t>(good - 1));
  faulty.files.heal();
  wait_until([&] { return !faulty.opened.put(1); });
  EXPECT_EQ(faulty.opened.all(1).size(), static_cast<std::size_t>(good));
}

}  // namespace
}  // namespace mq::test
