// SPDX-License-Identifier: Apache-2.0
// The broker's topics as consumer groups see them. Patterns do not match internal topics: whoever reads those
// would make more of them with every commit. Lives on the loop.
#pragma once

#include "core/group/topic_catalog.h"
#include "core/metadata/internal_topic.h"

namespace mq::core {

class KnownTopics final : public TopicCatalog {
 public:
  explicit KnownTopics(const Catalog& topics) : topics_(topics) {}

  std::uint64_t version() const override { return topics_.version(); }
  std::optional<Facts> find(std::string_view name) const override {
    const TopicPtr topic = topics_.find(name);
    if (!topic) return {};
    return Facts{topic->id, topic->partitions};
  }
  void each_name(const std::function<void(const std::string&)>& visit) const override {
    for (const auto& [name, topic] : topics_.all())
      if (!is_internal_topic(name)) visit(name);
  }

 private:
  const Catalog& topics_;
};

}  // namespace mq::core
