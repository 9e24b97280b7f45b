// SPDX-License-Identifier: Apache-2.0
#include "core/http/problem.h"

#include <boost/beast/http/status.hpp>

namespace mq::http {

namespace {

using kafka::Error;

std::string title_of(unsigned status) {
  const auto reason = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  return {reason.data(), reason.size()};
}

unsigned status_of_failure(const client::Failure& failure) {
  using What = client::Failure::What;
  switch (failure.what) {
    case What::refused:
      return status_of(failure.error);
    case What::unreachable:
    case What::lost:
    case What::stopped:
      return 503;
    case What::timed_out:
      return 504;
    case What::unsupported:
      return 501;
    case What::malformed:
      return 502;
  }
  return 500;
}

}  // namespace

unsigned status_of(Error error) {
  switch (error) {
    case Error::unknown_topic_or_partition:
    case Error::unknown_topic_id:
    case Error::group_id_not_found:
    case Error::resource_not_found:
    case Error::no_reassignment_in_progress:
    case Error::transactional_id_not_found:
      return 404;
    case Error::topic_already_exists:
    case Error::non_empty_group:
    case Error::group_subscribed_to_topic:
    case Error::reassignment_in_progress:
    case Error::rebalance_in_progress:
    case Error::concurrent_transactions:
      return 409;
    case Error::topic_authorization_failed:
    case Error::group_authorization_failed:
    case Error::cluster_authorization_failed:
    case Error::transactional_id_authorization_failed:
      return 403;
    case Error::message_too_large:
    case Error::record_list_too_large:
      return 413;
    case Error::invalid_topic_exception:
    case Error::invalid_partitions:
    case Error::invalid_replication_factor:
    case Error::invalid_replica_assignment:
    case Error::invalid_config:
    case Error::invalid_request:
    case Error::invalid_record:
    case Error::invalid_timestamp:
    case Error::invalid_group_id:
    case Error::offset_out_of_range:
    case Error::policy_violation:
    case Error::corrupt_message:
      return 400;
    case Error::request_timed_out:
      return 504;
    case Error::kafka_storage_error:
    case Error::not_enough_replicas:
    case Error::not_enough_replicas_after_append:
    case Error::not_leader_or_follower:
    case Error::leader_not_available:
    case Error::coordinator_not_available:
    case Error::coordinator_load_in_progress:
    case Error::not_coordinator:
    case Error::not_controller:
      return 503;
    default:
      return 500;
  }
}

Problem problem_of(const client::Failure& failure, std::string_view what) {
  Problem problem;
  problem.status = status_of_failure(failure);
  problem.kafka = failure.name();
  problem.retriable = failure.retriable();
  const bool is_missing = problem.status == 404 && !failure.target.empty();
  problem.detail =
      is_missing ? std::string(what) + " \"" + failure.target + "\" does not exist" : failure.text();
  return problem;
}

Problem problem_of(const admin::Missing& missing) {
  Problem problem;
  problem.status = 404;
  problem.detail = missing.text();
  problem.kafka = missing.why.name();
  if (!missing.near.empty()) problem.hint = "did you mean \"" + missing.near + "\"?";
  return problem;
}

Problem bad_request(std::string detail, std::string hint) {
  return Problem{.status = 400, .detail = std::move(detail), .hint = std::move(hint)};
}

net::http::Answer answer_of(const Problem& problem) {
  boost::json::object body{{"type", "about:blank"},
                           {"title", title_of(problem.status)},
                           {"status", problem.status},
                           {"detail", problem.detail}};
  if (!problem.hint.empty()) body["hint"] = problem.hint;
  if (!problem.kafka.empty()) body["kafka"] = problem.kafka;
  body["retriable"] = problem.retriable;
  net::http::Answer answer{.status = problem.status,
                           .type = "application/problem+json",
                           .body = boost::json::serialize(body) + "\n"};
  if (problem.status == 503 || problem.status == 429) answer.fields.emplace_back("Retry-After", "1");
  return answer;
}

}  // namespace mq::http
