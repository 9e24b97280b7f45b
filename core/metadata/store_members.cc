// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/store_members.h"

#include <algorithm>

#include "core/error.h"

namespace mq::core {

namespace {

namespace http = net::http;

constexpr int wrong_settings = 2;  // exit code

}  // namespace

StoreMembers::StoreMembers(const Clock& clock, StoreMembersOptions options)
    : clock_(clock), connect_within_(options.connect_within) {
  const std::string port = std::to_string(options.usual_port);
  bool encrypted = false;
  for (const std::string& text : options.endpoints) {
    const auto endpoint = http::parse_endpoint(text);
    if (!endpoint)
      throw WrongStart(wrong_settings, options.store + "'s endpoint \"" + text +
                                           "\" is not like http://host:" + port + " or https://host:" + port +
                                           ".");
    encrypted = encrypted || endpoint->tls;
    members_.push_back(*endpoint);
  }
  if (members_.empty()) throw WrongStart(wrong_settings, "No endpoint of " + options.store + " is given.");
  current_ = clock_.random() % members_.size();
  if (!encrypted) return;
  http::TlsMade made = http::make_tls(options.tls);
  if (!made.tls) throw WrongStart(wrong_settings, options.store + ": " + made.why);
  tls_ = std::move(made.tls);
}

void StoreMembers::stop() {
  stopped_ = true;
  for (Lane& lane : lanes_) lane.close();
}

void StoreMembers::failed(std::size_t member) {
  if (member == current_) current_ = (current_ + 1) % members_.size();
  if (failed_) failed_(member);
}

StoreMembers::Lane& StoreMembers::shared_lane() {
  const auto fewer = [](const Lane& a, const Lane& b) { return a.callers < b.callers; };
  return *std::min_element(lanes_.begin(), lanes_.end(), fewer);
}

Task<std::string> StoreMembers::connect(Lane& lane, std::optional<std::size_t> only, Time deadline) {
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
    const error_code error = co_await connection->connect(std::min(left, connect_within_));
    if (!error) co_return std::string();
    why = name_of(member) + ": " + error.message();
    if (!only) failed(member);
  }
  co_return why;
}

}  // namespace mq::core
