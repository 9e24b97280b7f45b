// SPDX-License-Identifier: Apache-2.0
#include "core/client/link.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "core/client/deadline.h"
#include "net/error.h"
#include "net/kafka/codec_definitions.h"

namespace mq::client {
namespace {

constexpr kafka::Version greeting_version =
    3;  // the first that tells who we are; later ones add nothing we use

// A broker that does not know our version answers as version 0, and says which it knows.
bool too_new(net::Bytes body) {
  const auto unsupported = kafka::number_of(kafka::Error::unsupported_version);
  return body.size() >= 2 && std::to_integer<int>(body[0]) == 0 &&
         std::to_integer<int>(body[1]) == unsupported;
}

}  // namespace

std::string reason(error_code error) {
  if (error == net::Errc::timed_out || error == boost::system::errc::timed_out) return "timed out";
  if (error == boost::system::errc::connection_refused) return "connection refused";
  if (error == net::Errc::closed) return "the connection was closed";
  return error.message();
}

namespace {

Attempt::Outcome outcome_of_connecting(error_code error) {
  if (error == boost::system::errc::connection_refused) return Attempt::Outcome::refused;
  const bool named = error == asio::error::host_not_found || error == asio::error::no_data;
  return named ? Attempt::Outcome::unknown_host : Attempt::Outcome::unreachable;
}

// Connected, and then no answer to the first request.
Attempt unanswered(std::string address, error_code error) {
  using Outcome = Attempt::Outcome;
  if (error == net::Errc::timed_out)
    return {std::move(address), "connected, but no Kafka broker answered (TLS port?)", Outcome::silent};
  if (error == net::Errc::looks_like_tls)
    return {std::move(address), "connected, but what answered speaks TLS", Outcome::tls};
  if (error == net::Errc::looks_like_http)
    return {std::move(address), "connected, but what answered speaks HTTP", Outcome::not_kafka};
  if (error == net::Errc::malformed || error == net::Errc::too_large)
    return {std::move(address), "connected, but what answered is no Kafka broker", Outcome::not_kafka};
  return {std::move(address), "connected, then " + reason(error) + " before an answer came", Outcome::closed};
}

}  // namespace

std::vector<Attempt> told(const std::string& name, const std::vector<net::Attempt>& attempts,
                          error_code error) {
  std::vector<Attempt> all;
  for (const net::Attempt& attempt : attempts) {
    Broker at;
    at.host = attempt.address.address().to_string(), at.port = attempt.address.port();
    const bool same = at.address() == name;
    all.push_back({same ? name : name + " (" + at.host + ")", reason(attempt.error),
                   outcome_of_connecting(attempt.error)});
  }
  if (all.empty())
    all.push_back({name, reason(error), outcome_of_connecting(error)});  // the name has no address
  return all;
}

net::Bytes response_body(net::Bytes frame, bool flexible) {
  std::size_t at = sizeof(std::int32_t);  // the correlation id, checked by the connection
  if (frame.size() < at) return {};
  if (!flexible) return frame.subspan(at);
  kafka::wire::Reader reader(frame.subspan(at));
  for (auto tags = kafka::wire::get_varint(reader); tags > 0 && reader.ok(); tags--) {
    kafka::wire::get_varint(reader);
    reader.bytes(kafka::wire::get_varint(reader));
  }
  return reader.ok() ? frame.last(reader.left()) : net::Bytes{};
}

Task<Answer<Nothing>> Link::open(std::shared_ptr<Link> self, std::vector<Address> addresses, Broker expected,
                                 Options options) {
  self->broker_ = std::move(expected);
  const Time deadline = time_now() + options.timeout;
  for (const Address& address : addresses) {
    const Time until = std::min(deadline, time_now() + options.connect_timeout);
    const bool connected = co_await self->try_address(address, options, until);
    if (!connected) continue;
    self->finish(State::open);
    co_return Nothing{};
  }
  self->failure_.what = Failure::What::unreachable;
  self->failure_.broker = self->broker_;
  self->finish(State::failed);
  co_return self->failure_;
}

Task<Answer<Nothing>> Link::opened(std::shared_ptr<Link> self, asio::io_context& loop) {
  const std::uint64_t ticket = self->next_ticket_++;
  while (self->state_ == State::opening) {
    auto waiter = std::make_shared<core::Waiter>(loop, core::real_clock(), Time::max());
    self->waiting_.add(waiter);
    co_await core::Waiter::wait(waiter);
  }
  while (ticket != self->serving_) co_await asio::post(loop, core::use);
  self->serving_++;
  if (self->state_ == State::failed) co_return self->failure_;
  co_return Nothing{};
}

Task<bool> Link::try_address(Address address, const Options& options, Time deadline) {
  if (broker_.id < 0) broker_.host = address.host, broker_.port = address.port;
  std::vector<net::Attempt> attempts;
  auto connecting = options.connect
                        ? options.connect(broker_.id, address, left_until(deadline), &attempts)
                        : net::Client::connect(address.host, address.port, left_until(deadline), &attempts);
  auto socket = co_await std::move(connecting);
  if (!socket) {
    for (auto& attempt : told(broker_.address(), attempts, socket.error()))
      failure_.attempts.push_back(attempt);
    co_return false;
  }
  socket_ = std::move(*socket);
  const bool greeted = co_await greet(options, deadline);
  if (!greeted) socket_->close();
  co_return greeted;
}

Task<bool> Link::greet(const Options& options, Time deadline) {
  kafka::ApiVersionsRequest request;
  request.client_software_name = "mq";
  request.client_software_version = options.version;
  for (kafka::Version version = greeting_version;; version = 0) {
    auto frame = co_await socket_->call(kafka::encode_request(0, options.client_id, request, version),
                                        left_until(deadline));
    if (!frame) {
      failure_.attempts.push_back(unanswered(broker_.address(), frame.error()));
      co_return false;
    }
    const net::Bytes body = response_body(frame->bytes(), false);
    if (too_new(body) && version > 0) continue;
    auto versions = kafka::decode<kafka::ApiVersionsResponse>(body, version);
    if (!versions || versions->error_code != 0) {
      failure_.attempts.push_back(unanswered(broker_.address(), net::Errc::malformed));
      co_return false;
    }
    versions_ = std::move(*versions);
    std::ranges::sort(versions_.api_keys, {}, &kafka::ApiVersionsResponse::ApiVersion::api_key);
    co_return true;
  }
}

void Link::finish(State state) {
  state_ = state;
  waiting_.wake_all();
}

}  // namespace mq::client
