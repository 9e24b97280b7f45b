// SPDX-License-Identifier: Apache-2.0
// What went wrong with a request, as people and programs read it (RFC 9457). Plain values; any thread.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "core/admin/missing.h"
#include "core/client/failure.h"
#include "net/http/server.h"

namespace mq::http {

// Thrown by whoever answers a request, and answered in its place.
struct Problem {
  unsigned status = 500;
  std::string detail;      // one sentence
  std::string hint = {};   // what to do about it; may be empty
  std::string kafka = {};  // the name of Kafka's error; empty: it had no part in it
  bool retriable = false;  // the same may work later
};

Problem problem_of(const client::Failure& failure, std::string_view what);  // `what`: "topic", "group"
Problem problem_of(const admin::Missing& missing);
Problem bad_request(std::string detail, std::string hint = {});
unsigned status_of(kafka::Error error);

net::http::Answer answer_of(const Problem& problem);

// The value, or throws the problem.
template <class T>
T must(client::Answer<T> answer, std::string_view what = "topic") {
  if (!answer) throw problem_of(answer.error(), what);
  return std::move(*answer);
}

}  // namespace mq::http
