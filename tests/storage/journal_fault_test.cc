// SPDX-License-Identifier: Apache-2.0
// The journal on a disk that fails, or is full.
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
  ASSERT_FALSE(faulty.opened.put(1));
  faulty.files.inject({Call::sync, 1, EIO, "0000000001.log"});
  EXPECT_EQ(faulty.opened.put(1), storage::Errc::io);
  ASSERT_FALSE(faulty.opened.put(1));
  faulty.files.inject({Call::sync, 1, EIO, "0000000002.log"});
  EXPECT_EQ(faulty.opened.put(1), storage::Errc::io);
  EXPECT_EQ(faulty.opened.put(1), storage::Errc::fenced);
  EXPECT_TRUE(faulty.opened.journal->stats().refusing);
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
  Faulty faulty;
  faulty.opened.options.min_free_bytes = 1000;
  faulty.opened.open();
  ASSERT_FALSE(faulty.opened.put(1));
  faulty.opened.open();  // looks at the free space anew
  faulty.files.set_free_bytes(500);
  EXPECT_EQ(faulty.opened.put(1), storage::Errc::full);
  EXPECT_TRUE(faulty.opened.journal->stats().refusing);
  EXPECT_FALSE(wait_for(faulty.opened.loop, faulty.opened.journal->log(1)->trim(1)));
  EXPECT_EQ(faulty.opened.journal->log(1)->start(), 1);
  faulty.files.set_free_bytes({});
  run_until(faulty.opened.loop, [&] { return !faulty.opened.put(1); });  // within a second, by itself
  EXPECT_EQ(faulty.opened.all(1).size(), 1u);
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
  run_until(faulty.opened.loop, [&] { return !faulty.opened.put(1); });
  EXPECT_EQ(faulty.opened.all(1).size(), static_cast<std::size_t>(good));
}

}  // namespace
}  // namespace mq::test
