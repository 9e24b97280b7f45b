// SPDX-License-Identifier: Apache-2.0
// One consumer of a load: reads its partitions, measures how old records are when they arrive, and has them
// checked. Lives on the loop; held by what is under way.
#pragma once

#include <memory>
#include <vector>

#include "core/bench/load.h"

namespace mq::bench {

class Receiver : public std::enable_shared_from_this<Receiver> {
 public:
  Receiver(client::Client& client, const Options& options, std::vector<client::Assignment> partitions,
           std::shared_ptr<Tally> tally);

  // Until everything that was asked for has come, it is time, or stop().
  static Task<void> run(std::shared_ptr<Receiver> self, Time until);
  void stop();

 private:
  void take(const client::Fetched& fetched);
  bool enough() const {
    return options_.count > 0 && !options_.sends && tally_->consumed.records >= options_.count;
  }

  client::Client& client_;
  const Options& options_;
  std::vector<client::Assignment> partitions_;
  std::shared_ptr<Tally> tally_;
  std::shared_ptr<client::Consumer> consumer_;
  bool stopped_ = false;
};

}  // namespace mq::bench
