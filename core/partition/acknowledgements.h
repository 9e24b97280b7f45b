// SPDX-License-Identifier: Apache-2.0
// Who waits for an answer to what was appended to one partition, until it is durable or committed. Lives on
// the loop, like who is answered; no I/O.
#pragma once

#include <functional>
#include <map>

#include "core/types.h"
#include "net/kafka/error.h"

namespace mq::core {

// Whose log has to have a batch before its producer is answered; Kafka's acks=1 and acks=all.
enum class Acks { leader, all };

struct Appended {
  kafka::Error error = kafka::Error::none;
  Offset first = -1;
  Timestamp time = -1;  // the broker's, when the topic says LogAppendTime
};

class Acknowledgements {
 public:
  using Done = std::function<void(Appended)>;  // may append again, or wait

  // For a batch that ends at `last`; `answer` is what it is to be told.
  void wait(Acks acks, Offset last, const Appended& answer, Done done);

  // Everything before these is on the leader's disk, and on the disks of the whole ISR.
  void reached(Offset durable_end, Offset high_watermark);
  // Nothing that reaches `end` is in the log any more.
  void lost(Offset end, kafka::Error error);
  void refuse_all(kafka::Error error);
  void refuse_uncommitted(kafka::Error error);  // those who wait for the ISR

  bool empty() const { return for_leader_.empty() && for_all_.empty(); }

 private:
  struct Waiting {
    Appended answer;
    Done done;
  };
  using Row = std::multimap<Offset, Waiting>;  // by their last offsets

  static void answer_before(Row& row, Offset end);
  static void refuse_from(Row& row, Offset end, kafka::Error error);

  Row for_leader_, for_all_;
};

}  // namespace mq::core
