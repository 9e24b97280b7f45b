// SPDX-License-Identifier: Apache-2.0
#include "cli/frame/output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <csignal>
#include <map>
#include <string>
#include <thread>

#include "cli/records/merge.h"

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
    char text[65536];
    if (::poll(&ready, 1, 0) <= 0) return "";
    const auto n = ::read(read_end, text, sizeof text);
    return {text, static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
  }
};

class Outputs : public testing::Test {
 protected:
  Output to(const Pipe& pipe, Output::Options options = {}) { return {loop_, pipe.write_end, options}; }
  // Runs whatever is due, without waiting.
  void go_on() {
    loop_.restart();
    while (loop_.poll() > 0) continue;
  }
  void drain(Output& out) {
    bool done = false;
    boost::asio::co_spawn(loop_, out.drained(), [&](std::exception_ptr) { done = true; });
    loop_.restart();
    while (!done && loop_.run_one() > 0) continue;
  }

  boost::asio::io_context loop_{1};
};

TEST_F(Outputs, GatherUntilTheyAreFlushed) {
  Pipe pipe;
  Output out = to(pipe);
  out.append("a\n");
  out.end_record();
  EXPECT_EQ(pipe.read_now(), "");
  EXPECT_TRUE(out.flush());
  EXPECT_EQ(pipe.read_now(), "a\n");
  EXPECT_EQ(out.records(), 1u);
}

TEST_F(Outputs, WriteEachRecordAtOnceWhenAsked) {
  Pipe pipe;
  Output out = to(pipe, {.each_record = true});
  out.append("a\n");
  out.end_record();
  EXPECT_EQ(pipe.read_now(), "a\n");
}

TEST_F(Outputs, KeepEveryByteInOrderWhateverTheSizes) {
  for (const bool marked : {false, true}) {
    Pipe pipe;
    std::string expected, seen;
    std::thread reader([&] {
      char text[333];
      for (ssize_t n; (n = ::read(pipe.read_end, text, sizeof text)) > 0;)
        seen.append(text, static_cast<std::size_t>(n));
    });
    client::Offset taken = 0;
    {
      Output::Options options{.buffer_bytes = 100};
      if (marked) options.taken = [&](Output::Source, client::Offset next) { taken = next; };
      Output out = to(pipe, options);
      for (std::size_t i = 0; i < 3000; i++) {
        const std::string part(i * 7 % 301, static_cast<char>('a' + i % 26));
        expected += part;
        out.append(part);
        out.end_record();
        if (marked) out.mark(0, static_cast<client::Offset>(i + 1));
        if (i % 100 == 0) go_on();
      }
      drain(out);
      EXPECT_EQ(out.bytes(), expected.size());
    }
    pipe.close_write();
    reader.join();
    EXPECT_EQ(seen, expected);
    EXPECT_EQ(taken, marked ? 3000 : 0);
  }
}

TEST_F(Outputs, WaitForNobodyAndLeaveTheFlagsOfTheDescriptorAlone) {
  Pipe pipe;
  Output out = to(pipe);
  for (int i = 0; !out.full(); i++) out.append(std::string(1000, 'x'));
  EXPECT_TRUE(out.flush());
  EXPECT_GT(out.bytes(), 1u << 20);
  EXPECT_FALSE(out.empty());
  EXPECT_EQ(::fcntl(pipe.write_end, F_GETFL) & O_NONBLOCK, 0);
  std::size_t seen = 0;
  while (seen < out.bytes()) {
    seen += pipe.read_now().size();
    go_on();
  }
  EXPECT_TRUE(out.empty());
}

TEST_F(Outputs, WaitForNobodyInASocketEither) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  Output out(loop_, ends[0], {});
  for (int i = 0; !out.full(); i++) out.append(std::string(1000, 'x'));
  EXPECT_FALSE(out.empty());
  std::thread reader([&] {
    char text[65536];
    while (::read(ends[1], text, sizeof text) > 0) continue;
  });
  drain(out);
  EXPECT_TRUE(out.empty());
  ::shutdown(ends[0], SHUT_RDWR);
  reader.join();
  for (const int end : ends) ::close(end);
}

TEST_F(Outputs, GivePipesWholeRecordsAndTellHowFarEachSourceIsTaken) {
  Pipe pipe;
  std::map<Output::Source, client::Offset> taken;
  Output::Options options;
  options.taken = [&](Output::Source source, client::Offset next) { taken[source] = next; };
  Output out = to(pipe, options);
  std::size_t written = 0;
  for (client::Offset i = 0; written < (200 << 10); i++) {
    const std::string record = std::string(static_cast<std::size_t>(i) * 31 % 700, 'x') + "\n";
    out.append(record);
    out.end_record();
    out.mark(static_cast<Output::Source>(i % 2), i + 1);
    written += record.size();
  }
  out.flush();
  std::string seen;
  while (seen.size() < written) {
    EXPECT_FALSE(out.cut());
    const std::string some = pipe.read_now();
    seen += some;
    go_on();
  }
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(std::abs(taken[0] - taken[1]), 1);
}

TEST_F(Outputs, DropWhatBelongsToAnotherNowButNoPartOfARecord) {
  Pipe pipe;
  std::map<Output::Source, client::Offset> taken;
  Output::Options options;
  options.taken = [&](Output::Source source, client::Offset next) { taken[source] = next; };
  Output out = to(pipe, options);
  const auto put = [&](Output::Source source, const std::string& record, client::Offset next) {
    out.append(record);
    out.end_record();
    out.mark(source, next);
  };
  const std::string large(100 << 10, 'a');
  put(0, large, 1);
  out.flush();
  ASSERT_EQ(out.cut(), 0u) << "larger than the pipe";
  put(0, "b", 2);
  put(1, "c", 1);
  put(0, "d", 3);
  put(1, "e", 2);
  out.drop([](Output::Source source) { return source == 0; });
  EXPECT_EQ(out.records(), 3u);
  std::string seen;
  while (!out.empty()) {
    seen += pipe.read_now();
    go_on();
  }
  seen += pipe.read_now();
  EXPECT_EQ(seen, large + "ce");
  EXPECT_EQ(taken[0], 1);
  EXPECT_EQ(taken[1], 2);
}

TEST_F(Outputs, DropWhatNobodyTakesAfterASignal) {
  Pipe pipe;
  Output out = to(pipe);
  while (!out.full()) out.append(std::string(1000, 'x'));
  out.give_up();
  drain(out);
  EXPECT_TRUE(out.closed());
  EXPECT_TRUE(out.empty());
}

TEST_F(Outputs, CallAReaderThatHasEnoughNoError) {
  Pipe pipe;
  Output out = to(pipe);
  Output other = to(pipe);
  EXPECT_TRUE(out.look_for_reader());
  pipe.close_read();
  EXPECT_FALSE(out.look_for_reader()) << "seen without writing";
  other.append("x");
  EXPECT_FALSE(other.flush());
  EXPECT_TRUE(other.closed());
  EXPECT_EQ(other.error(), 0);
}

TEST_F(Outputs, CallAFullDiskAnError) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  Output out(loop_, full, {});
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
  Newest newest(3, 1000);
  for (std::size_t i = 0; i < 1000; i++)
    newest.push(i, static_cast<std::int64_t>(i * 7919 % 1000), std::to_string(i * 7919 % 1000));
  const auto kept = newest.take();
  ASSERT_EQ(kept.size(), 3u);
  EXPECT_EQ(kept[0].text, "997");
  EXPECT_EQ(kept[2].text, "999");
  EXPECT_TRUE(Newest(0, 1).take().empty());
}

TEST(Newest, KeepsTheOrderOfEachPartitionWhateverItsClockSays) {
  Newest newest(4, 2);
  newest.push(0, 50, "a50");
  newest.push(0, 10, "a10");
  newest.push(0, 20, "a20");
  newest.push(1, 30, "b30");
  newest.push(1, 60, "b60");
  std::string order;
  for (const Held& held : newest.take()) order += held.text + " ";
  EXPECT_EQ(order, "a50 a10 a20 b60 ");
}

TEST(Merge, TakesPartitionsInThatAreAddedMeanwhile) {
  Merge merge(1);
  Held held;
  merge.push(0, 5, "a5");
  merge.add_partition();
  EXPECT_FALSE(merge.pop(held)) << "the new one may bring an older one";
  merge.push(1, 3, "b3");
  ASSERT_TRUE(merge.pop(held));
  EXPECT_EQ(held.text, "b3");
}

}  // namespace
}  // namespace mq::cli
