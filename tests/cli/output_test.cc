// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <thread>

#include "cli/merge.h"

namespace mq::cli {
namespace {

struct Pipe {
  int read_end = -1, write_end = -1;
  Pipe() {
    int ends[2];
    if (::pipe(ends) == 0) read_end = ends[0], write_end = ends[1];
    std::signal(SIGPIPE, SIG_IGN);
  }
  ~Pipe() { close_read(), close_write(); }
  void close_read() {
    if (read_end >= 0) ::close(std::exchange(read_end, -1));
  }
  void close_write() {
    if (write_end >= 0) ::close(std::exchange(write_end, -1));
  }
  std::string read_now() const {
    pollfd ready{read_end, POLLIN, 0};
    char text[4096];
    if (::poll(&ready, 1, 0) <= 0) return "";
    const auto n = ::read(read_end, text, sizeof text);
    return {text, static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
  }
};

TEST(Output, GathersUntilItIsFlushed) {
  Pipe pipe;
  Output out(pipe.write_end, {});
  out.append("a\n");
  out.end_record();
  EXPECT_EQ(pipe.read_now(), "");
  EXPECT_TRUE(out.flush());
  EXPECT_EQ(pipe.read_now(), "a\n");
  EXPECT_EQ(out.records(), 1u);
}

TEST(Output, WritesEachRecordAtOnceWhenAsked) {
  Pipe pipe;
  Output out(pipe.write_end, {.each_record = true});
  out.append("a\n");
  out.end_record();
  EXPECT_EQ(pipe.read_now(), "a\n");
}

TEST(Output, KeepsEveryByteInOrderWhateverTheSizes) {
  Pipe pipe;
  std::string expected, seen;
  std::thread reader([&] {
    char text[333];
    for (ssize_t n; (n = ::read(pipe.read_end, text, sizeof text)) > 0;)
      seen.append(text, static_cast<std::size_t>(n));
  });
  Output out(pipe.write_end, {.buffer_bytes = 100});
  for (std::size_t i = 0; i < 500; i++) {
    const std::string part(i * 7 % 301, static_cast<char>('a' + i % 26));
    expected += part;
    out.append(part);
    out.end_record();
  }
  EXPECT_TRUE(out.flush());
  pipe.close_write();
  reader.join();
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(out.bytes(), expected.size());
}

TEST(Output, AReaderThatHasEnoughIsNoError) {
  Pipe pipe;
  Output out(pipe.write_end, {});
  EXPECT_TRUE(out.look_for_reader());
  pipe.close_read();
  EXPECT_FALSE(out.look_for_reader()) << "seen without writing";
  Output other(pipe.write_end, {});
  other.append("x");
  EXPECT_FALSE(other.flush());
  EXPECT_TRUE(other.closed());
  EXPECT_EQ(other.error(), 0);
}

TEST(Output, AFullDiskIsAnError) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  Output out(full, {});
  out.append("x");
  EXPECT_FALSE(out.flush());
  EXPECT_EQ(out.error(), ENOSPC);
  EXPECT_FALSE(out.closed());
  ::close(full);
}

// ---- the order in which it is printed ----

TEST(Merge, GivesOutTheOldestWhenNoPartitionCanBringAnOlderOne) {
  Merge merge(2);
  Held held;
  merge.push(0, 5, "a5");
  EXPECT_FALSE(merge.pop(held)) << "the other may still bring an older one";
  merge.push(1, 3, "b3");
  ASSERT_TRUE(merge.pop(held));
  EXPECT_EQ(held.text, "b3");
  EXPECT_FALSE(merge.pop(held));
  merge.finish(1);
  ASSERT_TRUE(merge.pop(held));
  EXPECT_EQ(held.text, "a5");
}

TEST(Newest, KeepsTheNewestOfAllOldestFirst) {
  Newest newest(3);
  for (int i = 0; i < 1000; i++) newest.push(i * 7919 % 1000, std::to_string(i * 7919 % 1000));
  const auto kept = newest.take();
  ASSERT_EQ(kept.size(), 3u);
  EXPECT_EQ(kept[0].text, "997");
  EXPECT_EQ(kept[2].text, "999");
  EXPECT_TRUE(Newest(0).take().empty());
}

}  // namespace
}  // namespace mq::cli
