// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/consul_client.h"

#include <spdlog/spdlog.h>

#include <boost/json.hpp>
#include <charconv>

namespace mq::core {

namespace {

namespace http = net::http;

constexpr std::uint16_t consul_port = 8500;
constexpr std::size_t operations_max = 64;  // of a transaction, in versions that take fewest

ConsulAnswer silence(std::string why) {
  return {ConsulVerdict::unknown, std::move(why)};
}

StoreMembersOptions members_of(const ConsulOptions& options) {
  return {"Consul", consul_port, options.endpoints, options.tls, options.connect_within};
}

std::int64_t index_told(const http::Response& response) {
  const auto text = response.headers["X-Consul-Index"];
  std::int64_t index = 0;
  std::from_chars(text.data(), text.data() + text.size(), index);
  return index;
}

}  // namespace

ConsulClient::ConsulClient(asio::io_context& loop, const Clock& clock, ConsulOptions options)
    : loop_(loop), clock_(clock), options_(std::move(options)), members_(clock, members_of(options_)) {}

Task<ConsulAnswer> ConsulClient::call(Self self, ConsulCall call) {
  Lane& lane = self->members_.shared_lane();
  co_return co_await ConsulClient::call(self, lane, std::move(call));
}

Task<ConsulAnswer> ConsulClient::call(Self self, Lane& lane, ConsulCall call) {
  const Time deadline = self->clock_.now() + call.within;
  const StoreMembers::Caller caller(lane);
  const AsyncMutex::Hold hold = co_await lane.calling.lock();
  call.within = deadline - self->clock_.now();
  if (call.within <= Time::duration::zero()) co_return silence("the calls before it took all the time");
  co_return co_await self->exchange(lane, std::move(call));
}

Task<ConsulAnswer> ConsulClient::read(Self self, ConsulCall call) {
  ConsulAnswer answer;
  for (std::size_t i = 0; i < self->members_.size() && answer.verdict == ConsulVerdict::unknown; i++) {
    ConsulCall again = call;
    answer = co_await ConsulClient::call(self, std::move(again));
  }
  co_return answer;
}

Task<ConsulAnswer> ConsulClient::exchange(Lane& lane, ConsulCall call) {
  const Time deadline = clock_.now() + call.within;
  const auto alarm = clock_.alarm(loop_);
  bool late = false;
  alarm->ring_at(deadline, [&] {
    late = true;
    lane.close();
  });
  lane.answered = lane.left = false;
  if (std::string why = co_await members_.connect(lane, call.member, deadline); !why.empty())
    co_return silence(std::move(why));

  const std::size_t member = lane.member;
  ConsulAnswer answer = co_await ask(lane, call);
  if (answer.verdict != ConsulVerdict::unknown) co_return answer;
  answer.why = members_.name_of(member) + ": " + (late ? "no answer in time" : answer.why);
  lane.close();
  if (!call.member && !lane.left) members_.failed(member);
  co_return answer;
}

Task<ConsulAnswer> ConsulClient::ask(Lane& lane, const ConsulCall& call) {
  const auto connection = lane.connection;
  auto response = co_await connection->call(request_of(call), ConsulCall::list_bytes_max);
  if (!response) co_return silence(response.error().message());
  lane.answered = true;
  const std::int64_t index = index_told(*response);
  const bool filtered = response->headers["X-Consul-Results-Filtered-By-ACLs"] == "true";
  const bool long_one = response->body.size() >= worth_a_worker;
  auto parse = [response = std::move(*response)] {
    return parse_consul_answer(response.status, response.body);
  };
  ConsulAnswer answer = co_await work(long_one, std::move(parse));
  answer.index = index;
  answer.filtered = filtered;
  co_return answer;
}

http::Request ConsulClient::request_of(const ConsulCall& call) const {
  http::Request request{call.method, call.target, {}, call.body};
  if (!options_.token.empty()) request.headers.emplace_back("X-Consul-Token", options_.token);
  if (!call.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  return request;
}

ConsulCall ConsulClient::get(std::string target) const {
  ConsulCall call;
  call.target = std::move(target);
  call.within = options_.answer_within;
  return call;
}

ConsulCall ConsulClient::put(std::string target, const boost::json::value& body) const {
  ConsulCall call = get(std::move(target));
  call.method = "PUT";
  if (!body.is_null()) call.body = boost::json::serialize(body);
  return call;
}

// A transaction that reads fails for what is not there, and says which.
Task<Result<ConsulEntries>> read_entries(ConsulClient::Self client, std::vector<std::string> keys) {
  ConsulEntries entries;
  while (!keys.empty()) {
    std::vector<std::string> some(keys.end() - std::min(keys.size(), operations_max), keys.end());
    ConsulCall call = client->put("/v1/txn?consistent", client->requests().read(some));
    const ConsulAnswer answer = co_await ConsulClient::read(client, std::move(call));
    keys.resize(keys.size() - some.size());
    if (answer.ok()) {
      entries.merge(entries_of(answer.body, client->requests()));
      continue;
    }
    if (answer.verdict != ConsulVerdict::conflict) {
      spdlog::warn("Consul: entries cannot be read: {}", answer.why);
      co_return error_of(answer.verdict);
    }
    for (const std::size_t failed : answer.failed)
      if (failed < some.size()) some[failed].clear();
    for (std::string& key : some)
      if (!key.empty()) keys.push_back(std::move(key));
  }
  co_return entries;
}

}  // namespace mq::core
