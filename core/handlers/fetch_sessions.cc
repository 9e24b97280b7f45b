// SPDX-License-Identifier: Apache-2.0
#include "core/handlers/fetch_sessions.h"

#include <algorithm>
#include <limits>

namespace mq::core {

using kafka::Error;

namespace {

constexpr std::int32_t epoch_sessionless = -1, epoch_full = 0;

std::vector<PartitionRequest> partitions_of(const kafka::FetchRequest& request) {
  std::vector<PartitionRequest> partitions;
  for (const auto& topic : request.topics)
    for (const auto& partition : topic.partitions)
      partitions.push_back({{topic.topic, topic.topic_id, partition.partition}, partition});
  return partitions;
}

// Whether it names more than a session may have. Looks no further than that.
bool is_long(const kafka::FetchRequest& request) {
  std::size_t named = 0;
  for (const auto& topic : request.topics) {
    named += 1 + topic.partitions.size();
    if (named > FetchSessions::session_partitions_max) return true;
  }
  for (const auto& topic : request.forgotten_topics_data) {
    named += 1 + topic.partitions.size();
    if (named > FetchSessions::session_partitions_max) return true;
  }
  return false;
}

std::int32_t epoch_after(std::int32_t epoch) {
  return epoch == std::numeric_limits<std::int32_t>::max() ? 1 : epoch + 1;
}

}  // namespace

void FetchSession::ask(PartitionRequest one) {
  const auto found = by_key_.find(one.key);
  if (found != by_key_.end()) {
    found->second->request = std::move(one);
    return;
  }
  const FetchKey key = one.key;
  by_key_[key] = entries_.insert(entries_.end(), Entry{std::move(one)});
}

void FetchSession::forget(const FetchKey& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  entries_.erase(found->second);
  by_key_.erase(found);
}

std::vector<PartitionRequest> FetchSession::partitions() const {
  std::vector<PartitionRequest> all;
  all.reserve(entries_.size());
  for (const Entry& entry : entries_) all.push_back(entry.request);
  return all;
}

bool FetchSession::changed(const FetchKey& key, const kafka::FetchResponse::PartitionData& answer,
                           bool has_records) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return true;
  Entry& entry = *found->second;
  const bool changed = has_records || answer.error_code != 0 || entry.told_error ||
                       answer.high_watermark != entry.high_watermark ||
                       answer.log_start_offset != entry.log_start || answer.diverging_epoch.epoch >= 0 ||
                       answer.preferred_read_replica >= 0;
  entry.high_watermark = answer.high_watermark;
  entry.log_start = answer.log_start_offset;
  entry.told_error = answer.error_code != 0;
  if (has_records) entries_.splice(entries_.end(), entries_, found->second);
  return changed;
}

FetchSessions::SessionContext FetchSessions::begin(const kafka::FetchRequest& request, bool by_id, Time now) {
  if (request.session_epoch == epoch_sessionless || request.session_epoch == epoch_full) {
    close(request.session_id);
    if (is_long(request)) return {Error::none, nullptr, false, {}, true};
    SessionContext context{Error::none, nullptr, false, partitions_of(request)};
    if (request.session_epoch == epoch_full) context.session = create(context.partitions, by_id, now);
    return context;
  }
  const auto found = sessions_.find(request.session_id);
  if (found == sessions_.end()) return {Error::fetch_session_id_not_found, nullptr, false, {}};
  const std::shared_ptr<FetchSession> session = found->second;
  if (request.session_epoch != session->epoch)
    return {Error::invalid_fetch_session_epoch, nullptr, false, {}};
  if (session->by_id != by_id) return {Error::fetch_session_topic_id_error, nullptr, false, {}};
  if (is_long(request)) {  // it asks again, for all and without a session
    close(session->id);
    return {Error::fetch_session_id_not_found, nullptr, false, {}};
  }

  session->epoch = epoch_after(session->epoch);
  session->used = now;
  partitions_ -= session->size();
  for (PartitionRequest& one : partitions_of(request)) session->ask(std::move(one));
  for (const auto& topic : request.forgotten_topics_data)
    for (const std::int32_t partition : topic.partitions)
      session->forget({topic.topic, topic.topic_id, partition});
  partitions_ += session->size();
  if (session->size() == 0 || session->size() > session_partitions_max || partitions_ > partitions_max) {
    const bool full = session->size() > 0;
    close(session->id);
    return {Error::none, nullptr, false, full ? session->partitions() : std::vector<PartitionRequest>{}};
  }
  return {Error::none, session, true, session->partitions()};
}

std::shared_ptr<FetchSession> FetchSessions::create(std::vector<PartitionRequest> partitions, bool by_id,
                                                    Time now) {
  if (partitions.empty() || partitions_ + partitions.size() > partitions_max) return nullptr;
  if (sessions_.size() >= sessions_max && !make_room(now)) return nullptr;
  auto session = std::make_shared<FetchSession>();
  do {
    session->id = static_cast<std::int32_t>(random_() & 0x7fffffff);
  } while (session->id == 0 || sessions_.contains(session->id));
  session->by_id = by_id;
  session->used = now;
  for (PartitionRequest& one : partitions) session->ask(std::move(one));
  partitions_ += session->size();
  sessions_[session->id] = session;
  return session;
}

bool FetchSessions::make_room(Time now) {
  const auto older = [](const auto& a, const auto& b) { return a.second->used < b.second->used; };
  const auto oldest = std::min_element(sessions_.begin(), sessions_.end(), older);
  if (now - oldest->second->used < evictable_after) return false;
  close(oldest->first);
  return true;
}

void FetchSessions::close(std::int32_t id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  partitions_ -= found->second->size();
  sessions_.erase(found);
}

}  // namespace mq::core
