// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/consul_store.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/json.hpp>

namespace mq::core {

namespace {

using Outcome = Committed::Outcome;

constexpr int lock_tries_max = 4, write_tries_max = 8;

Committed failed_commit(const ConsulAnswer& answer) {
  switch (answer.verdict) {
    case ConsulVerdict::unknown:
    case ConsulVerdict::ok:
      return {Outcome::unknown, 0, answer.why};
    case ConsulVerdict::conflict:
      return {Outcome::conflict, 0, answer.why};
    default:
      return {Outcome::refused, 0, answer.why};
  }
}

error_code failure_of(const char* what, const ConsulAnswer& answer) {
  spdlog::warn("Consul: {}: {}", what, answer.why);
  return error_of(answer.verdict);
}

// Keys that are put whatever they are, but only while nobody holds them.
std::vector<std::string> open_keys(const MetadataChange& change, const std::set<std::string>& held) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : change.puts) {
    const auto guards = [&key = key](const Guard& guard) { return guard.key == key; };
    if (!held.contains(key) && std::none_of(change.guards.begin(), change.guards.end(), guards))
      keys.push_back(key);
  }
  return keys;
}

std::set<std::size_t> areas_of(const std::vector<std::string>& keys) {
  std::set<std::size_t> areas;
  for (const std::string& key : keys) areas.insert(ConsulRequests::area_of(key));
  return areas;
}

// Whether only such keys were not as they were found: they may be found anew.
bool only_open_failed(const ConsulAnswer& answer, const boost::json::array& operations,
                      const std::vector<std::string>& open, const ConsulRequests& requests) {
  return std::all_of(answer.failed.begin(), answer.failed.end(), [&](std::size_t failed) {
    if (failed >= operations.size()) return false;
    const auto& kv = operations[failed].get_object().at("KV").get_object();
    const auto key = requests.key_of(std::string_view(kv.at("Key").get_string()));
    return key && std::find(open.begin(), open.end(), *key) != open.end();
  });
}

// What is held, is not: a conflict without a call that could tell.
std::optional<Committed> found_open(const std::vector<std::string>& open, const ConsulEntries& entries,
                                    std::map<std::string, EntryVersion>& versions) {
  for (const std::string& key : open) {
    const auto found = entries.find(key);
    versions[key] = found == entries.end() ? 0 : found->second.entry.version;
    if (found != entries.end() && !found->second.session.empty())
      return Committed{Outcome::conflict, 0, "somebody else holds " + key};
  }
  return std::nullopt;
}

}  // namespace

ConsulStore::ConsulStore(asio::io_context& loop, const Clock& clock, ConsulOptions options)
    : client_(std::make_shared<ConsulClient>(loop, clock, std::move(options))),
      session_(std::make_shared<ConsulSession>(client_)),
      feed_(std::make_shared<ConsulFeed>(
          client_, [session = session_](const ConsulList& list) { ConsulSession::look(session, list); })) {
  client_->members().on_failure([feed = std::weak_ptr(feed_)](std::size_t member) {
    if (const auto here = feed.lock()) here->member_failed(member);
  });
}

void ConsulStore::stop() {
  client_->stop();
  session_->stop();
  feed_->stop();
}

// What is erased is let go before, so that nobody takes its absence for the end of the session.
Task<Committed> ConsulStore::commit(MetadataChange change) {
  if (client_->stopped()) co_return Committed{Outcome::refused, 0, "the broker stops"};
  const auto client = client_;
  const auto session = session_;
  const std::string id = session->id();
  std::map<std::string, ConsulSession::Held> let_go;
  const std::set<std::string> held = session->held_keys();
  for (const std::string& key : change.erases)
    if (const auto one = session->let_go(key)) let_go.emplace(key, *one);

  Committed committed = co_await write(client, feed_, change, id, held);
  const bool changed_nothing =
      committed.outcome == Outcome::conflict || committed.outcome == Outcome::refused;
  if (changed_nothing && session->id() == id)
    for (const auto& [key, one] : let_go) session->hold(key, one);
  if (committed.outcome != Outcome::conflict) co_return committed;

  std::vector<std::string> guarded;
  for (const Guard& guard : change.guards) guarded.push_back(guard.key);
  auto found = co_await read_entries(client, guarded);
  if (!found) co_return committed;
  for (const std::string& key : guarded) {
    const auto entry = found->find(key);
    committed.found[key] = entry == found->end() ? std::nullopt : std::optional(entry->second.entry);
  }
  co_return committed;
}

Task<Committed> ConsulStore::write(std::shared_ptr<ConsulClient> client, std::shared_ptr<ConsulFeed> feed,
                                   MetadataChange change, std::string session, std::set<std::string> held) {
  const ConsulRequests& requests = client->requests();
  const std::vector<std::string> open = open_keys(change, held);
  Committed committed{Outcome::conflict, 0, "it is changed all the time"};
  for (int tries = 0; tries < write_tries_max; tries++) {
    std::map<std::string, EntryVersion> versions;
    const auto entries = co_await read_entries(client, open);
    if (!entries) {
      const bool refused = entries.error() == ConsulErrc::refused;
      co_return Committed{refused ? Outcome::refused : Outcome::unknown, 0, entries.error().message()};
    }
    if (auto somebodys = found_open(open, *entries, versions)) co_return *somebodys;

    const boost::json::array operations = requests.commit(change, session, held, versions);
    ConsulCall call = client->put("/v1/txn", operations);
    const ConsulAnswer answer = co_await ConsulClient::call(client, std::move(call));
    if (answer.ok()) {
      const Revision revision = feed->written(written_by(answer.body, requests), areas_of(change.erases));
      co_return Committed{Outcome::done, revision};
    }
    committed = failed_commit(answer);
    if (committed.outcome != Outcome::conflict || !only_open_failed(answer, operations, open, requests))
      break;
  }
  co_return committed;
}

Task<Result<std::optional<EntryVersion>>> ConsulStore::hold(std::string key, std::string value) {
  const auto session = session_;
  const auto client = client_;
  const auto feed = feed_;
  const AsyncMutex::Hold one_at_a_time = co_await holding_.lock();
  std::optional<EntryVersion> seen;  // ours, of a hold whose answer was lost
  for (int tries = 0; tries < lock_tries_max; tries++) {
    if (session->held().contains(key)) co_return std::optional<EntryVersion>();
    const ConsulAnswer begun = co_await ConsulSession::begin(session);
    if (!begun.ok()) co_return failure_of("no session", begun);
    const std::string id = session->id();
    ConsulCall call = client->put("/v1/txn", client->requests().hold(key, value, id, seen));
    const ConsulAnswer answer = co_await ConsulClient::call(client, std::move(call));
    if (answer.verdict == ConsulVerdict::no_session) {
      session->end(id);
      continue;
    }
    if (!answer.ok() && answer.verdict != ConsulVerdict::conflict)
      co_return failure_of("an entry cannot be held", answer);
    if (session->id() != id) continue;
    if (answer.ok()) {
      const auto written = written_by(answer.body, client->requests());
      if (written.empty()) co_return ConsulErrc::unknown;
      const EntryVersion token = written.begin()->second;
      session->hold(std::move(key), {token, feed->next_turn()});
      co_return std::optional(token);
    }
    const std::vector<std::string> keys{key};
    const auto found = co_await read_entries(client, keys);
    if (!found) co_return found.error();
    seen.reset();
    if (found->empty()) continue;  // gone meanwhile
    if (found->at(key).session != id) co_return std::optional<EntryVersion>();
    seen = found->at(key).entry.version;
  }
  co_return ConsulErrc::unknown;
}

Task<error_code> ConsulStore::evict(std::string key) {
  const auto session = session_;
  const auto client = client_;
  const auto feed = feed_;
  const std::vector<std::string> keys{key};
  const auto found = co_await read_entries(client, keys);
  if (!found) co_return found.error();
  const auto entry = found->find(key);
  if (entry == found->end()) co_return error_code();
  if (entry->second.session.empty()) co_return co_await sweep(std::move(key));

  const std::string id = entry->second.session;
  ConsulCall call = client->put("/v1/session/destroy/" + id, nullptr);
  const ConsulAnswer destroyed = co_await ConsulClient::call(client, std::move(call));
  if (!destroyed.ok()) co_return failure_of("a session cannot be destroyed", destroyed);
  session->end(id);
  feed->list_anew(ConsulRequests::cluster_area);
  feed->list_anew(ConsulRequests::area_of(key));
  co_return error_code();
}

Task<error_code> ConsulStore::sweep(std::string key) {
  const auto client = client_;
  const std::vector<std::string> keys{key};
  const auto found = co_await read_entries(client, keys);
  if (!found) co_return found.error();
  const auto entry = found->find(key);
  if (entry == found->end() || !entry->second.session.empty()) co_return error_code();
  spdlog::warn("Consul: {} lives with no session and is removed", key);
  MetadataChange removal;
  removal.guards.push_back({Guard::Kind::unchanged, key, entry->second.entry.version});
  removal.erases.push_back(std::move(key));
  const Committed committed = co_await commit(std::move(removal));
  const bool is_over =
      committed.outcome == Committed::Outcome::done || committed.outcome == Committed::Outcome::conflict;
  co_return is_over ? error_code() : error_code(ConsulErrc::unknown);
}

}  // namespace mq::core
