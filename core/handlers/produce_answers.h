// SPDX-License-Identifier: Apache-2.0
// The answer to a Produce while its batches are under way. Shared with them, so that it can leave before they
// arrive: at its deadline what is not known yet is REQUEST_TIMED_OUT, and what was written stays. Lives on
// the loop.
#pragma once

#include <boost/asio/post.hpp>
#include <memory>
#include <optional>

#include "core/loop/deadline_queue.h"
#include "core/partition/partition.h"
#include "net/kafka/messages/produce.h"

namespace mq::core {

class ProduceAnswers {
 public:
  using PartitionAnswer = kafka::ProduceResponse::PartitionProduceResponse;
  struct Place {
    std::size_t topic = 0, partition = 0;  // in the request
  };

  kafka::ProduceResponse response;  // in the order of the request

  PartitionAnswer& at(Place place) {
    return response.responses[place.topic].partition_responses[place.partition];
  }

  void begin(Place place) {
    waiting_++;
    at(place).error_code = kafka::number_of(kafka::Error::request_timed_out);  // until it is known
    at(place).base_offset = -1;
  }
  void end(Place place, const Partition::Appended& appended, Offset log_start) {
    waiting_--;
    if (has_left_) return;
    PartitionAnswer& answer = at(place);
    answer.error_code = kafka::number_of(appended.error);
    answer.base_offset = appended.first;
    answer.log_append_time_ms = appended.time;
    answer.log_start_offset = appended.error == kafka::Error::none ? log_start : -1;
    if (waiting_ == 0) go_on();
  }

  // Until all have ended or, if there is one, until the deadline. Once.
  static Task<void> wait(std::shared_ptr<ProduceAnswers> self, DeadlineQueue& deadlines,
                         std::optional<Time> deadline) {
    std::optional<DeadlineQueue::Token> token;
    if (self->waiting_ > 0) {
      if (deadline)
        token = deadlines.add(*deadline, [answers = self.get(), &token] {
          token.reset();
          answers->go_on();
        });
      auto keep = [answers = self.get()](Handler handler) { answers->handler_.emplace(std::move(handler)); };
      co_await asio::async_initiate<const net::Use, void()>(keep, net::use);
    }
    if (token) deadlines.remove(*token);
    self->has_left_ = true;
  }

 private:
  using Handler = asio::async_result<net::Use, void()>::handler_type;

  void go_on() {
    if (!handler_) return;
    auto handler = std::move(*handler_);
    handler_.reset();
    asio::post(std::move(handler));  // after all callbacks of this turn: answers leave together
  }

  std::size_t waiting_ = 0;
  bool has_left_ = false;
  std::optional<Handler> handler_;
};

}  // namespace mq::core
