// SPDX-License-Identifier: Apache-2.0
// What a store says to whoever watches it.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <memory>

#include "core/metadata/store.h"

namespace mq::core {

// Follows a store as a broker does, all the time.
class StoreFollower {
 public:
  StoreFollower(asio::io_context& loop, MetadataStore& store, Revision from) {
    asio::co_spawn(loop, follow(state_, store, from), asio::detached);
  }

  std::optional<std::string> value(const std::string& key) const {
    const auto found = state_->image.find(key);
    return found == state_->image.end() ? std::nullopt : std::optional(found->second);
  }
  std::size_t size() const { return state_->image.size(); }
  int lists() const { return state_->lists; }
  int erased() const { return state_->erased; }  // entries, one by one
  // In the order in which they came.
  const std::vector<std::string>& values_of_counter() const { return state_->counted; }

 private:
  struct State {
    std::map<std::string, std::string> image;
    std::vector<std::string> counted;
    int lists = 0, erased = 0;
  };

  static Task<void> follow(std::shared_ptr<State> state, MetadataStore& store, Revision after) {
    for (;;) {
      const auto update = co_await store.watch(after);
      if (!update) co_return;
      after = update->revision;
      if (update->whole) state->image.clear();
      state->lists += update->whole;
      for (const auto& [key, entry] : update->entries) {
        if (entry)
          state->image[key] = entry->value;
        else
          state->image.erase(key);
        state->erased += !entry;
        if (entry && key == "counter") state->counted.push_back(entry->value);
      }
    }
  }

  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace mq::core
