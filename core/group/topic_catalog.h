// SPDX-License-Identifier: Apache-2.0
// What topics there are, as far as groups have to know. An interface, so that groups need no broker.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "core/types.h"

namespace mq::core {

class TopicCatalog {
 public:
  struct Facts {
    Uuid id{};
    std::int32_t partitions = 0;
  };
  virtual ~TopicCatalog() = default;
  virtual std::uint64_t version() const = 0;  // another one whenever something else changes
  virtual std::optional<Facts> find(std::string_view name) const = 0;
  virtual void each_name(const std::function<void(const std::string&)>& visit) const = 0;
};

}  // namespace mq::core
