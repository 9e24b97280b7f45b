// SPDX-License-Identifier: Apache-2.0
// Who speaks for a group or a transactional id, and how to ask them: finds the coordinator, goes to it, and
// looks for it again as long as the answer says that somebody else is it, or nobody yet.
#pragma once

#include "core/client/client.h"
#include "core/client/retry.h"

namespace mq::client {

// Of a response that has one for all of it.
template <class Response>
std::int16_t error_code_of(const Response& response) {
  return response.error_code;
}

enum class Coordinates : std::int8_t { group = 0, transaction = 1 };

// Asks once; the broker that comes back can be asked, its address is known.
Task<Answer<BrokerId>> find_coordinator(Client& client, Coordinates what, std::string key, Duration timeout);

// `failed` finds the error of an answer; all that Kafka calls retriable is tried again until the deadline.
template <class Response, class Request>
Task<Answer<Response>> at_coordinator(Client& client, Coordinates what, std::string key, Request request,
                                      Time deadline, std::int16_t (*failed)(const Response&),
                                      kafka::Version highest = INT16_MAX) {
  Backoff backoff(client.loop(), deadline);
  for (;;) {
    auto to = co_await find_coordinator(client, what, key, backoff.left());
    Answer<Response> answer = Response{};
    if (to) {
      answer = co_await client.call<Response>(*to, request, backoff.left(), highest);
    } else {
      answer = to.error();
    }
    bool again = false;
    if (answer) {
      again = kafka::retriable(kafka::error_of(failed(*answer)));
    } else {
      again = worth_repeating(answer.error());
    }
    if (!again) co_return answer;
    const bool waited = co_await backoff.wait();
    if (!waited) co_return answer;
  }
}

}  // namespace mq::client
