// SPDX-License-Identifier: Apache-2.0
// One producer of a load: makes records when they are due, or as fast as they are taken, and measures how
// long each takes to be acknowledged. Lives on the loop; held by what is under way.
#pragma once

#include <memory>
#include <vector>

#include "core/bench/load.h"
#include "core/bench/pace.h"
#include "core/bench/pending.h"

namespace mq::bench {

class Sender : public std::enable_shared_from_this<Sender> {
 public:
  // `client`: its number among the producers. `count` 0: no limit.
  Sender(client::Client& client, const Options& options, std::uint32_t number, std::uint64_t count,
         std::shared_ptr<Tally> tally);

  static Task<Answer<Nothing>> start(std::shared_ptr<Sender> self);

  // Sends until it is time, or enough, or stop(); then waits until all is answered, or `drain` has passed
  // without progress. What is due before `from` warms up and is not counted.
  static Task<void> run(std::shared_ptr<Sender> self, Time start, Time from, Time until);
  void stop();

  std::vector<std::uint64_t> sent() const;  // by partition
  bool fell_behind() const { return fell_behind_; }

 private:
  struct Lane {
    Pending pending;
  };

  static Task<void> send_paced(std::shared_ptr<Sender> self, Pace pace, Time until);
  static Task<void> send_unpaced(std::shared_ptr<Sender> self, Time until);
  static Task<void> flush(std::shared_ptr<Sender> self);
  bool ended() const { return stopped_ || (count_ > 0 && measured_ >= count_); }
  std::size_t append(Time due);
  std::int32_t choose(std::size_t bytes, Time now);
  void delivered(const client::Delivery& delivery);
  void send_if_idle();

  client::Client& client_;
  const Options& options_;
  std::uint32_t number_;
  std::uint64_t count_, measured_ = 0;
  std::shared_ptr<Tally> tally_;
  Payload payload_;
  std::shared_ptr<client::Producer> producer_;
  std::vector<Lane> lanes_;        // by partition
  std::int32_t current_ = 0;       // for records without a key: the partition that gets a batch now,
  std::size_t current_bytes_ = 0;  // what it has got of it,
  Time current_since_{};           // and since when
  Time from_{};
  client::Timer pause_;
  bool stopped_ = false, fell_behind_ = false;
};

}  // namespace mq::bench
