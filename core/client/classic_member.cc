// SPDX-License-Identifier: Apache-2.0
#include "core/client/classic_member.h"

namespace mq::client {

ClassicMember::ClassicMember(asio::io_context& loop, Options client, MemberOptions options)
    : Member(loop, std::move(client), options), membership_(std::move(options.membership)) {}

Task<void> ClassicMember::step() {
  using Do = ClassicMembership::Do;
  switch (membership_.next(now())) {
    case Do::join:
      co_await join();
      break;
    case Do::deal:
      co_await deal();
      break;
    case Do::sync:
      co_await sync();
      break;
    case Do::heartbeat:
      co_await beat();
      break;
    case Do::wait:
      co_await rest();
      break;
    case Do::stop:
      stop();
      break;
  }
}

// The coordinator answers when everybody has joined, or when it waits no longer for those who have not.
Duration ClassicMember::patience() const {
  return std::max<Duration>(request_timeout(),
                            membership_.options().rebalance_timeout + std::chrono::seconds(5));
}

Task<void> ClassicMember::join() {
  auto response = co_await ask<kafka::JoinGroupResponse>(membership_.join(), patience());
  if (!response) co_return;
  const kafka::Error error = kafka::error_of(response->error_code);
  membership_.joined(std::move(*response));
  if (error != kafka::Error::none && error != kafka::Error::member_id_required) co_await pause();
}

Task<void> ClassicMember::deal() {
  auto metadata = co_await describe(membership_.topics_of_all());
  if (!metadata) co_return membership_.rejoin();  // the others wait for a leader that knows more
  PartitionCounts topics;
  for (const auto& topic : metadata->topics)
    if (topic.error_code == 0)
      topics[topic.name.value_or("")] = static_cast<std::int32_t>(topic.partitions.size());
  membership_.dealt(topics);
}

Task<void> ClassicMember::sync() {
  auto response = co_await ask<kafka::SyncGroupResponse>(membership_.sync(), patience());
  if (!response) co_return;
  membership_.synced(*response, now());
  if (response->error_code != 0) co_await pause();
}

Task<void> ClassicMember::beat() {
  auto response =
      co_await ask<kafka::HeartbeatResponse>(membership_.heartbeat(), membership_.options().session_timeout);
  if (response) membership_.heard(kafka::error_of(response->error_code), now());
}

Task<void> ClassicMember::say_goodbye(Time deadline) {
  auto request = membership_.leave();
  if (request) co_await ask_to_leave<kafka::LeaveGroupResponse>(std::move(*request), deadline);
}

}  // namespace mq::client
