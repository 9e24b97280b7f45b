// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/etcd_client.h"

#include <algorithm>
#include <boost/json.hpp>

#include "core/error.h"

namespace mq::core {

namespace {

namespace http = net::http;
using Lane = EtcdClient::Lane;

constexpr std::size_t refusal_bytes_max = 64u << 10;  // of a stream that does not begin
constexpr int wrong_settings = 2;                     // exit code

EtcdAnswer no_answer(std::string why) {
  return {EtcdVerdict::unknown, std::move(why), {}};
}

class Caller {
 public:
  explicit Caller(Lane& lane) : lane_(lane) { lane_.callers++; }
  Caller(const Caller&) = delete;
  ~Caller() { lane_.callers--; }

 private:
  Lane& lane_;
};

}  // namespace

EtcdClient::EtcdClient(asio::io_context& loop, const Clock& clock, EtcdOptions options)
    : loop_(loop), clock_(clock), options_(std::move(options)) {
  bool encrypted = false;
  for (const std::string& text : options_.endpoints) {
    const auto endpoint = http::parse_endpoint(text);
    if (!endpoint)
      throw WrongStart(wrong_settings,
                       "etcd's endpoint \"" + text + "\" is not like http://host:2379 or https://host:2379.");
    encrypted = encrypted || endpoint->tls;
    members_.push_back(*endpoint);
  }
  if (members_.empty()) throw WrongStart(wrong_settings, "No endpoint of etcd is given.");
  current_ = clock_.random() % members_.size();
  if (!encrypted) return;
  http::TlsMade made = http::make_tls(options_.tls);
  if (!made.tls) throw WrongStart(wrong_settings, "etcd: " + made.why);
  tls_ = std::move(made.tls);
}

void EtcdClient::stop() {
  stopped_ = true;
  for (Lane& lane : lanes_) lane.close();
}

void EtcdClient::failed(std::size_t member) {
  if (member == current_) current_ = (current_ + 1) % members_.size();
  if (failed_) failed_(member);
}

Task<EtcdAnswer> EtcdClient::call(Self self, EtcdCall call) {
  const auto fewer = [](const Lane& a, const Lane& b) { return a.callers < b.callers; };
  Lane& lane = *std::min_element(self->lanes_.begin(), self->lanes_.end(), fewer);
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
  const Caller caller(lane);
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
  if (std::string why = co_await connect(lane, only, deadline); !why.empty())
    co_return no_answer(std::move(why));

  const std::size_t member = lane.member;
  EtcdAnswer answer = co_await ask(lane, std::move(call), std::move(token));
  if (answer.verdict != EtcdVerdict::unknown) co_return answer;
  answer.why = name_of(member) + ": " + (late ? "no answer in time" : answer.why);
  lane.close();
  if (!only) failed(member);
  co_return answer;
}

// A member that cannot be reached was not asked: the next one may be.
Task<std::string> EtcdClient::connect(Lane& lane, std::optional<std::size_t> only, Time deadline) {
  std::string why = "no time is left";
  for (std::size_t tries = only ? 1 : members_.size(); tries > 0; tries--) {
    if (stopped_) co_return "the broker stops";
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock_.now());
    if (left.count() <= 0) co_return why;
    const std::size_t member = only.value_or(current_);
    if (lane.connection && lane.member == member && lane.connection->usable()) co_return std::string();

    lane.close();
    const auto connection = std::make_shared<http::Client>(members_[member], tls_);
    lane.connection = connection;
    lane.member = member;
    const error_code error = co_await connection->connect(std::min(left, options_.connect_within));
    if (!error) co_return std::string();
    why = name_of(member) + ": " + error.message();
    if (!only) failed(member);
  }
  co_return why;
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
