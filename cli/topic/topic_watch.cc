// SPDX-License-Identifier: Apache-2.0
#include "cli/topic/topic_watch.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace mq::cli {

TopicWatch::TopicWatch(client::Client& client, std::vector<admin::Selector> selectors, Partitions known,
                       client::Duration interval, Changed changed)
    : client_(client),
      selectors_(std::move(selectors)),
      known_(std::move(known)),
      interval_(std::max<client::Duration>(interval, std::chrono::milliseconds(10))),
      changed_(std::move(changed)),
      timer_(client.loop().get_executor()) {
  std::ranges::sort(known_);
}

void TopicWatch::start() {
  client_.on_metadata([weak = weak_from_this()](const kafka::MetadataResponse& metadata) {
    const auto self = weak.lock();
    if (!self || !self->is_news(metadata)) return;
    self->looks_now_ = true;
    self->timer_.cancel();
  });
  boost::asio::co_spawn(client_.loop(), run(shared_from_this()), boost::asio::detached);
}

void TopicWatch::stop() {
  stopped_ = true;
  timer_.cancel();
}

client::Task<void> TopicWatch::run(std::shared_ptr<TopicWatch> self) {
  while (!self->stopped_) {
    if (!std::exchange(self->looks_now_, false)) {
      self->timer_.expires_after(self->interval_);
      co_await self->timer_.async_wait(core::use_result);
    }
    if (!self->stopped_) co_await self->look();
  }
}

client::Task<void> TopicWatch::look() {
  std::optional<std::vector<std::string>> asked;
  if (std::ranges::none_of(selectors_, &admin::Selector::is_pattern)) {
    asked.emplace();
    for (const admin::Selector& selector : selectors_) asked->push_back(selector.topic());
  }
  auto metadata = co_await client_.refresh(std::move(asked));
  looks_now_ = false;  // that was this answer
  if (!metadata || stopped_) co_return;
  Partitions now = meant(*metadata);
  if (now == known_) co_return;
  Partitions told = now;
  const bool done = co_await changed_(std::move(told));
  if (done) known_ = std::move(now);
}

TopicWatch::Partitions TopicWatch::meant(const kafka::MetadataResponse& metadata) const {
  Partitions found;
  for (const auto& topic : metadata.topics) {
    const std::string name = topic.name.value_or("");
    for (const auto& partition : topic.partitions) {
      const auto is_meant = [&](const admin::Selector& selector) {
        return selector.matches(name) && selector.has(partition.partition_index) &&
               !(selector.is_pattern() && topic.is_internal);
      };
      if (topic.error_code == 0 && std::ranges::any_of(selectors_, is_meant))
        found.push_back({name, partition.partition_index});
    }
  }
  std::ranges::sort(found);
  return found;
}

bool TopicWatch::is_news(const kafka::MetadataResponse& metadata) const {
  const Partitions now = meant(metadata);
  return !std::ranges::includes(known_, now);
}

}  // namespace mq::cli
