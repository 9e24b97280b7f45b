// SPDX-License-Identifier: Apache-2.0
// What the clients of a cluster were promised and what they have seen. Each value is sent once, whatever it
// takes; what is known of it must hold for ever.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/types.h"

namespace mq::core {

class ClusterHistory {
 public:
  // There for everybody, never to be seen by who reads what is committed, or nobody knows.
  enum class Fate { unknown, there, gone };
  struct Sent {
    std::string topic;
    std::int32_t partition = 0;
    std::optional<Offset> offset = {};  // where it was said to be
    Fate fate = Fate::unknown;
  };
  using Place = std::pair<std::string, std::int32_t>;  // topic, partition

  void send(const std::string& value, const Place& to) { sent_[value] = {to.first, to.second}; }
  void acknowledge(const std::string& value, Offset offset) { sent_.at(value).offset = offset; }
  void decide(const std::string& value, Fate fate) { sent_.at(value).fate = fate; }
  void acknowledge_as_there(const std::string& value, Offset offset) {
    acknowledge(value, offset);
    decide(value, Fate::there);
  }
  // Somebody has read it below the high watermark; `stable`: as one who reads what is committed.
  void see(const Place& at, Offset offset, const std::string& value, bool stable);
  // It was asked that everything before it goes.
  void ask_to_delete(const Place& at, Offset before) {
    asked_to_delete_[at] = std::max(asked_to_delete_[at], before);
  }

  // ---- what lies there in the end
  struct Found {
    Offset offset = 0;
    std::string value;
    bool stable = true;  // not of a transaction that was aborted
  };
  // Whether what was deleted is gone is not looked at: DeleteRecords is answered by the leader alone, and the
  // next one may have it still.
  void check(const Place& at, Offset start, const std::vector<Found>& found);

  void violated(const std::string& what) { violations_.push_back(what); }
  const std::vector<std::string>& violations() const { return violations_; }
  std::size_t acknowledged() const;

 private:
  std::map<std::string, Sent> sent_;
  std::map<Place, std::map<Offset, std::string>> seen_;
  std::set<std::string> seen_stable_;
  std::map<Place, Offset> asked_to_delete_;
  std::vector<std::string> violations_;
};

}  // namespace mq::core
