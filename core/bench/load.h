// SPDX-License-Identifier: Apache-2.0
// A load on a cluster: producers that write, consumers that read, or both, and what came of it. Each of them
// has connections of its own; all live on one loop. Works with any broker of the Kafka protocol. Must be kept
// until the loop runs no more.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/bench/payload.h"
#include "core/bench/tally.h"
#include "core/client/consumer.h"
#include "core/client/producer.h"

namespace mq::bench {

namespace asio = boost::asio;

using client::Answer;
using client::Nothing;
using client::Offset;
using client::Task;

// What happened since the last one; for people who wait.
struct Lately {
  Duration at{};  // since the start
  bool warming_up = false;
  Duration over{};
  Flow produced, consumed;
  const Histogram &ack, &e2e;
};

struct Options {
  client::Options client;
  std::string topic;  // exists
  bool sends = true, receives = false;
  std::uint64_t run = 0;  // an identity that no other load has
  std::size_t clients = 1;

  std::uint64_t count = 0;          // records after the warm-up; 0: until `time`
  Duration time = Duration::max();  // after the warm-up
  Duration warmup{};
  Duration drain = std::chrono::seconds(10);  // at the end: wait so long without progress for what is missing

  double rate = 0;  // a second, of all producers together; 0: as fast as they can
  bool rate_in_bytes = false;
  Sizes sizes;
  std::uint64_t keys = 0, seed = 0;
  client::ProducerOptions producer;

  client::ConsumerOptions consumer;
  std::vector<Offset> from;  // without producers: where each partition is read from; empty: its start
  bool verifies = false;
  Sequences expected;               // without producers: what the load with this identity has sent before,
  std::uint64_t failed_before = 0;  // of which so many were refused

  Duration report_interval{};  // 0: no reports
  std::function<void(const Lately&)> report = {};
  std::function<void(const client::Failure&)> trouble = {};  // it will be tried again
};

class Sender;
class Receiver;

class Load : public std::enable_shared_from_this<Load> {
 public:
  static std::shared_ptr<Load> create(asio::io_context& loop, Options options);
  ~Load();

  // All of it; a failure is one that kept it from beginning. What failed later is in the tally.
  static Task<Answer<Nothing>> run(std::shared_ptr<Load> self);
  void stop();  // nothing new is sent; run() ends with what there is

  const Tally& tally() const { return *tally_; }
  double seconds(const Flow& flow) const;  // from the end of the warm-up to the last record of it
  const std::vector<Offset>& began() const { return ends_; }  // the end of each partition, before
  Sequences sent() const;
  bool fell_behind() const;  // not everything that was due could be sent

 private:
  Load(asio::io_context& loop, Options options);
  Task<Answer<Nothing>> learn_topic();
  Task<Answer<std::vector<Offset>>> offsets(client::Milliseconds which);
  Task<Answer<Nothing>> prepare_senders();
  Task<Answer<Nothing>> prepare_receivers();
  void begin();
  Task<void> finish();
  Task<void> until_finished(const std::size_t& running);
  static Task<void> run_sender(std::shared_ptr<Load> self, std::shared_ptr<Sender> sender);
  static Task<void> run_receiver(std::shared_ptr<Load> self, std::shared_ptr<Receiver> receiver);
  static Task<void> report(std::shared_ptr<Load> self);
  void report_now(Time now);

  asio::io_context& loop_;
  Options options_;
  std::shared_ptr<Tally> tally_;
  std::vector<std::unique_ptr<client::Client>> clients_;
  std::vector<std::shared_ptr<Sender>> senders_;
  std::vector<std::shared_ptr<Receiver>> receivers_;
  std::int32_t partitions_ = 0;
  std::vector<Offset> ends_;
  Time started_, until_ = Time::max();
  std::size_t senders_running_ = 0, receivers_running_ = 0;
  bool stopping_ = false, over_ = false;
  client::Timer waiter_, reporter_;
  Time last_report_;
  Flow produced_before_, consumed_before_;
};

}  // namespace mq::bench
