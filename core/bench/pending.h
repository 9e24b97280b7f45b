// SPDX-License-Identifier: Apache-2.0
// What has been sent of one partition and not been answered, by the numbers 0, 1, 2 …. Answers may come in
// any order. Pure; one owner, any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>

namespace mq::bench {

struct Sent {
  std::int64_t due_ns = 0;
  std::uint32_t bytes = 0;
  bool answered = false;
};

class Pending {
 public:
  std::uint64_t next() const { return first_ + waiting_.size(); }  // the number that push() gives
  void push(std::int64_t due_ns, std::uint32_t bytes) { waiting_.push_back({due_ns, bytes, false}); }

  // Tells `each` of the `count` from number `from` on, of each once.
  template <class Each>
  void answer(std::uint64_t from, std::uint64_t count, Each each) {
    for (std::uint64_t number = from; number < from + count; number++) {
      if (number < first_ || number >= next()) continue;
      Sent& sent = waiting_[number - first_];
      if (sent.answered) continue;
      sent.answered = true;
      each(sent);
    }
    for (; !waiting_.empty() && waiting_.front().answered; first_++) waiting_.pop_front();
  }

  std::uint64_t unanswered() const {
    return static_cast<std::uint64_t>(std::ranges::count(waiting_, false, &Sent::answered));
  }

 private:
  std::uint64_t first_ = 0;
  std::deque<Sent> waiting_;
};

}  // namespace mq::bench
