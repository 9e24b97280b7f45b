// SPDX-License-Identifier: Apache-2.0
#include "core/client/consumer_member.h"

#include "core/metadata/entries.h"
#include "net/kafka/uuid.h"

namespace mq::client {

ConsumerMember::ConsumerMember(asio::io_context& loop, Options client, MemberOptions options)
    : Member(loop, std::move(client), options),
      membership_(std::move(options.membership), kafka::text_of(core::random_uuid(core::real_clock()))) {}

Task<void> ConsumerMember::step() {
  using Do = ConsumerMembership::Do;
  switch (membership_.next(now())) {
    case Do::heartbeat:
      co_await beat();
      break;
    case Do::learn:
      co_await learn();
      break;
    case Do::take:
      membership_.take();
      break;
    case Do::wait:
      co_await rest();
      break;
    case Do::stop:
      stop();
      break;
  }
}

Task<void> ConsumerMember::beat() {
  auto response =
      co_await ask<kafka::ConsumerGroupHeartbeatResponse>(membership_.heartbeat(), request_timeout());
  if (!response) co_return membership_.unheard();
  membership_.heard(*response, now());
  if (response->error_code != 0 && !wants_back()) co_await pause();  // what is lost is told at once
}

Task<void> ConsumerMember::learn() {
  auto metadata = co_await describe(membership_.options().topics);
  ConsumerMembership::Names names;
  if (metadata)
    for (auto& topic : metadata->topics)
      if (topic.error_code == 0) names[topic.topic_id] = topic.name.value_or("");
  membership_.learned(names, now());
}

Task<void> ConsumerMember::say_goodbye(Time deadline) {
  auto request = membership_.leave();
  if (request) co_await ask_to_leave<kafka::ConsumerGroupHeartbeatResponse>(std::move(*request), deadline);
}

}  // namespace mq::client
