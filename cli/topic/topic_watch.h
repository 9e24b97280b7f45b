// SPDX-License-Identifier: Apache-2.0
// Looks again and again which partitions there are of the topics that are meant: some are added to a topic,
// and a pattern matches topics that are created later. Lives on the loop; held by what is under way.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/admin/selector.h"
#include "core/client/client.h"
#include "core/client/retry.h"

namespace mq::cli {

class TopicWatch : public std::enable_shared_from_this<TopicWatch> {
 public:
  using Partitions = std::vector<core::TopicPartition>;  // sorted
  // All that are meant now, when they are others than before. False: nothing could be done about them; they
  // are told again next time.
  using Changed = std::function<client::Task<bool>(Partitions)>;

  TopicWatch(client::Client& client, std::vector<admin::Selector> selectors, Partitions known,
             client::Duration interval, Changed changed);

  void start();
  void stop();

 private:
  static client::Task<void> run(std::shared_ptr<TopicWatch> self);
  client::Task<void> look();
  Partitions meant(const kafka::MetadataResponse& metadata) const;
  bool is_news(const kafka::MetadataResponse& metadata) const;

  client::Client& client_;
  std::vector<admin::Selector> selectors_;
  Partitions known_;
  client::Duration interval_;
  Changed changed_;
  client::Timer timer_;
  bool stopped_ = false, looks_now_ = false;
};

}  // namespace mq::cli
