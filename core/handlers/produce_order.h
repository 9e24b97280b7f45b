// SPDX-License-Identifier: Apache-2.0
// Produces of one connection begin their appends in the order in which they came, also when one of them is
// first looked into by a worker, or gives way. Who does neither takes no place in the line. Lives on the
// loop.
#pragma once

#include <boost/asio/post.hpp>
#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>

#include "core/types.h"

namespace mq::core {

class ProduceOrder {
  using Handler = asio::async_result<net::Use, void()>::handler_type;
  // By connection: who comes behind the one that holds it.
  using Lines = std::unordered_map<std::uint64_t, std::deque<Handler>>;

 public:
  // The head of its connection's line, until destroyed: which may be after everything else is.
  class Hold {
   public:
    Hold(std::shared_ptr<Lines> lines, std::uint64_t peer) : lines_(std::move(lines)), peer_(peer) {}
    Hold(Hold&&) noexcept = default;
    Hold(const Hold&) = delete;
    ~Hold() {
      if (lines_) pass_on();
    }

   private:
    void pass_on() {
      const auto line = lines_->find(peer_);
      if (line->second.empty()) {
        lines_->erase(line);
        return;
      }
      Handler next = std::move(line->second.front());
      line->second.pop_front();
      asio::post(std::move(next));
    }
    std::shared_ptr<Lines> lines_;
    std::uint64_t peer_;
  };

  // Whether one that came earlier has not begun its appends.
  bool has_line(std::uint64_t peer) const { return !lines_->empty() && lines_->contains(peer); }

  // At once without a line, which begins with that.
  Task<Hold> wait_in_line(std::uint64_t peer) {
    const std::shared_ptr<Lines> lines = lines_;
    const bool first = lines->try_emplace(peer).second;
    auto queue = [&lines, peer](Handler handler) { lines->at(peer).push_back(std::move(handler)); };
    if (!first) co_await asio::async_initiate<const net::Use, void()>(queue, net::use);
    co_return Hold(lines, peer);
  }

 private:
  std::shared_ptr<Lines> lines_ = std::make_shared<Lines>();
};

}  // namespace mq::core
