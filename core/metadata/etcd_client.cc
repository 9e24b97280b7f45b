// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/etcd_client.h"

#include <boost/json.hpp>

namespace mq::core {

namespace {

namespace http = net::http;
using Lane = EtcdClient::Lane;

constexpr std::size_t refusal_bytes_max = 64u << 10;  // of a stream that does not begin
constexpr std::uint16_t etcd_port = 2379;

EtcdAnswer no_answer(std::string why) {
  return {EtcdVerdict::unknown, std::move(why), {}};
}

StoreMembersOptions members_of(const EtcdOptions& options) {
  return {"etcd", etcd_port, options.endpoints, options.tls, options.connect_within};
}

}  // namespace

EtcdClient::EtcdClient(asio::io_context& loop, const Clock& clock, EtcdOptions options)
    : loop_(loop), clock_(clock), options_(std::move(options)), members_(clock, members_of(options_)) {}

Task<EtcdAnswer> EtcdClient::call(Self self, EtcdCall call) {
  Lane& lane = self->members_.shared_lane();
  co_return co_await self->call_with_token(lane, std::move(call));
}

Task<EtcdAnswer> EtcdClient::call(Self self, Lane& lane, EtcdCall call) {
  co_return co_await self->call_with_token(lane, std::move(call));
}

Task<EtcdAnswer> EtcdClient::read(Self self, EtcdCall call) {
  EtcdAnswer answer;
  for (std::size_t i = 0; i < self->members_.size() && answer.verdict == EtcdVerdict::unknown; i++) {
    EtcdCall again = call;
    answer = co_await EtcdClient::call(self, std::move(again));
  }
  co_return answer;
}

// A call that was refused for its token was not looked at: it may come again with a new one, once.
Task<EtcdAnswer> EtcdClient::call_with_token(Lane& lane, EtcdCall call) {
  const Time deadline = clock_.now() + call.within;
  const StoreMembers::Caller caller(lane);
  const AsyncMutex::Hold hold = co_await lane.calling.lock();
  if (clock_.now() >= deadline) co_return no_answer("the calls before it took all the time");

  const bool open_to_all = call.get || options_.user.empty() || auth_is_off_;
  if (!open_to_all && token_.empty()) {
    EtcdAnswer renewed = co_await renew_token(lane, {}, deadline);
    if (!renewed.ok()) co_return renewed;
  }
  const std::string token = token_;
  EtcdAnswer answer = co_await exchange(lane, call, token, deadline);
  if (answer.verdict != EtcdVerdict::token_wanted) co_return answer;
  if (options_.user.empty())
    co_return EtcdAnswer{EtcdVerdict::refused, "etcd asks for a user and a password, and none is given", {}};

  EtcdAnswer renewed = co_await renew_token(lane, token, deadline);
  if (!renewed.ok()) co_return renewed;
  answer = co_await exchange(lane, call, token_, deadline);
  if (answer.verdict == EtcdVerdict::token_wanted) answer.verdict = EtcdVerdict::refused;
  co_return answer;
}

// Many may find at once that it is stale: the first one asks.
Task<EtcdAnswer> EtcdClient::renew_token(Lane& lane, std::string stale, Time deadline) {
  const AsyncMutex::Hold hold = co_await renewing_.lock();
  if (!token_.empty() && token_ != stale) co_return EtcdAnswer{EtcdVerdict::ok, {}, {}};
  EtcdCall call;
  call.path = "/v3/auth/authenticate";
  call.body = {{"name", options_.user}, {"password", options_.password}};
  EtcdAnswer answer = co_await exchange(lane, call, {}, deadline);
  auth_is_off_ = answer.verdict == EtcdVerdict::auth_is_off;
  token_ = answer.ok() ? text_of(answer.body, "token") : "";
  if (auth_is_off_) answer.verdict = EtcdVerdict::ok;
  if (answer.verdict == EtcdVerdict::refused)
    answer.why = "etcd does not let user " + options_.user + " in: " + answer.why;
  co_return answer;
}

Task<EtcdAnswer> EtcdClient::exchange(Lane& lane, EtcdCall call, std::string token, Time deadline) {
  const auto alarm = clock_.alarm(loop_);
  bool late = false;
  alarm->ring_at(deadline, [&] {
    late = true;
    lane.close();
  });
  const std::optional<std::size_t> only = call.member;
  if (std::string why = co_await members_.connect(lane, only, deadline); !why.empty())
    co_return no_answer(std::move(why));

  const std::size_t member = lane.member;
  EtcdAnswer answer = co_await ask(lane, std::move(call), std::move(token));
  if (answer.verdict != EtcdVerdict::unknown) co_return answer;
  answer.why = members_.name_of(member) + ": " + (late ? "no answer in time" : answer.why);
  lane.close();
  if (!only) members_.failed(member);
  co_return answer;
}

Task<EtcdAnswer> EtcdClient::ask(Lane& lane, EtcdCall call, std::string token) {
  const auto connection = lane.connection;
  lane.answered = false;
  http::Request request = request_of(call, token);
  if (call.stream) {
    const auto status = co_await connection->stream(std::move(request));
    if (!status) co_return no_answer(status.error().message());
    lane.answered = true;
    if (*status == 200) co_return EtcdAnswer{EtcdVerdict::ok, {}, {}};
    std::string body;
    while (body.size() < refusal_bytes_max) {
      const auto piece = co_await connection->next_piece();
      if (!piece || piece->empty()) break;
      body += *piece;
    }
    connection->close();
    co_return parse_answer(*status, body);
  }
  auto response = co_await connection->call(std::move(request), call.answer_bytes_max);
  if (!response) co_return no_answer(response.error().message());
  lane.answered = true;
  const bool long_one = response->body.size() >= worth_a_worker;
  auto parse = [response = std::move(*response)] { return parse_answer(response.status, response.body); };
  EtcdAnswer answer = co_await work(long_one, std::move(parse));
  if (!is_of_this_cluster(header_of(answer.body)))
    co_return no_answer("it belongs to another etcd cluster than before, " + cluster_id_);
  co_return answer;
}

bool EtcdClient::is_of_this_cluster(const EtcdHeader& header) {
  if (cluster_id_.empty()) cluster_id_ = header.cluster_id;
  return header.cluster_id.empty() || header.cluster_id == cluster_id_;
}

http::Request EtcdClient::request_of(const EtcdCall& call, const std::string& token) const {
  http::Request request;
  request.target = call.path;
  if (!token.empty()) request.headers.emplace_back("Authorization", token);
  if (call.get) {
    request.method = "GET";
    return request;
  }
  request.headers.emplace_back("Content-Type", "application/json");
  if (call.stream) {
    request.headers.emplace_back("Grpc-Metadata-hasleader", "true");
  } else if (call.within > Time::duration::zero()) {
    const auto within = std::chrono::duration_cast<std::chrono::milliseconds>(call.within);
    request.headers.emplace_back("Grpc-Timeout", std::to_string(within.count()) + "m");
  }
  request.body = boost::json::serialize(call.body);
  return request;
}

}  // namespace mq::core
