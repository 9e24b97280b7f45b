// SPDX-License-Identifier: Apache-2.0
#include "storage/lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/error.h"
#include "tests/support/temp_dir.h"

namespace mq::storage {
namespace {

TEST(Lock, TheSecondTakerIsToldWhoHasIt) {
  test::TempDir dir;
  const auto lock = Lock::take(real_files(), dir.path(), "mq serve --data x");
  ASSERT_TRUE(lock);
  EXPECT_EQ(Lock::take(real_files(), dir.path(), "mq storage verify").error(), Errc::in_use);
  EXPECT_EQ(lock_holder(real_files(), dir.path()),
            "pid " + std::to_string(::getpid()) + ", mq serve --data x");
}

TEST(Lock, IsGivenBackWhenDroppedAndTheNextOwnersLineReplacesALongerOne) {
  test::TempDir dir;
  { const auto lock = Lock::take(real_files(), dir.path(), std::string(2000, 'x')); }
  EXPECT_LE(lock_holder(real_files(), dir.path()).size(), 512u);
  const auto lock = Lock::take(real_files(), dir.path(), "b");
  ASSERT_TRUE(lock);
  EXPECT_EQ(lock_holder(real_files(), dir.path()), "pid " + std::to_string(::getpid()) + ", b");
}

TEST(Lock, OfAProcessThatDiedIsFree) {
  test::TempDir dir;
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = Lock::take(real_files(), dir.path(), "child");
    const char held = lock ? 1 : 0;
    (void)!::write(pipe_ends[1], &held, 1);
    ::pause();
    ::_exit(0);
  }
  char held = 0;
  ASSERT_EQ(::read(pipe_ends[0], &held, 1), 1);
  ASSERT_EQ(held, 1);
  EXPECT_EQ(Lock::take(real_files(), dir.path(), "parent").error(), Errc::in_use);

  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(Lock::take(real_files(), dir.path(), "parent"));
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
}

TEST(Lock, NobodysDirectoryHasNoHolder) {
  test::TempDir dir;
  EXPECT_EQ(lock_holder(real_files(), dir.path()), "");
}

}  // namespace
}  // namespace mq::storage
