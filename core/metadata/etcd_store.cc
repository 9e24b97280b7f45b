// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/etcd_store.h"

#include <spdlog/spdlog.h>

#include <boost/json.hpp>

#include "core/metadata/etcd_error.h"
#include "core/metadata/etcd_list.h"

namespace mq::core {

namespace {

namespace json = boost::json;

constexpr int hold_tries_max = 4;

EtcdCall kv_call(const EtcdClient& client, const char* path, json::object body) {
  EtcdCall call;
  call.path = path;
  call.body = std::move(body);
  call.within = client.options().answer_within;
  return call;
}

Committed::Outcome outcome_of(EtcdVerdict verdict) {
  return verdict == EtcdVerdict::unknown ? Committed::Outcome::unknown : Committed::Outcome::refused;
}

bool succeeded(const EtcdAnswer& answer) {
  const json::value* value = answer.body.if_contains("succeeded");
  return value && value->is_bool() && value->get_bool();
}

// What the first range of a txn, or a range, has found.
const json::object& found_in(const json::object& range) {
  static const json::object none;
  const json::array& kvs = array_of(range, "kvs");
  return !kvs.empty() && kvs[0].is_object() ? kvs[0].get_object() : none;
}
const json::object& found_by_txn(const json::object& answer) {
  const json::array& responses = array_of(answer, "responses");
  static const json::object none;
  if (responses.empty() || !responses[0].is_object()) return none;
  return found_in(object_of(responses[0].get_object(), "response_range"));
}

error_code failure(const char* what, const EtcdAnswer& answer) {
  spdlog::warn("etcd: {}: {}", what, answer.why);
  return error_of(answer.verdict);
}

}  // namespace

EtcdStore::EtcdStore(asio::io_context& loop, const Clock& clock, EtcdOptions options)
    : client_(std::make_shared<EtcdClient>(loop, clock, std::move(options))),
      session_(std::make_shared<EtcdSession>(client_)),
      feed_(std::make_shared<EtcdFeed>(client_, [session = session_](const MetadataUpdate& update) {
        EtcdSession::look(session, update);
      })) {
  client_->members().on_failure([feed = std::weak_ptr(feed_)](std::size_t member) {
    if (const auto here = feed.lock()) here->member_failed(member);
  });
}

void EtcdStore::stop() {
  client_->stop();
  session_->stop();
  feed_->stop();
}

Task<Result<MetadataUpdate>> EtcdStore::load() {
  return list_entries(client_);
}

Task<Result<MetadataUpdate>> EtcdStore::watch(Revision after) {
  return EtcdFeed::after(feed_, after);
}

// An erase of a key of ours must not look like the end of the session to whoever watches: it is let go
// before.
Task<Committed> EtcdStore::commit(MetadataChange change) {
  if (client_->stopped()) co_return Committed{Committed::Outcome::refused, 0, "the broker stops"};
  const auto session = session_;
  const LeaseId lease = session->lease();
  EtcdCall call = kv_call(*client_, "/v3/kv/txn", client_->requests().commit(change, lease, session->held()));
  std::map<std::string, EntryVersion> let_go;
  for (const std::string& key : change.erases)
    if (const auto token = session->let_go(key)) let_go.emplace(key, *token);

  const EtcdAnswer answer = co_await EtcdClient::call(client_, std::move(call));
  Committed committed;
  if (answer.ok())
    committed = committed_of(answer.body, change);
  else
    committed = {outcome_of(answer.verdict), 0, answer.why};
  tell(committed);
  const bool changed_nothing =
      committed.outcome == Committed::Outcome::conflict || committed.outcome == Committed::Outcome::refused;
  if (changed_nothing && session->lease() == lease)
    for (const auto& [key, token] : let_go) session->hold(key, token);
  co_return committed;
}

// That etcd is full, or lets us write no more, concerns everybody; once is enough until it takes something.
void EtcdStore::tell(const Committed& committed) {
  if (committed.outcome == Committed::Outcome::done) refusal_.clear();
  if (committed.outcome != Committed::Outcome::refused || committed.why == refusal_) return;
  refusal_ = committed.why;
  spdlog::error("etcd takes no changes: {}", refusal_);
}

Task<Result<std::optional<EntryVersion>>> EtcdStore::hold(std::string key, std::string value) {
  const auto session = session_;
  const auto client = client_;
  const AsyncMutex::Hold one_at_a_time = co_await holding_.lock();
  std::optional<EntryVersion> seen;  // ours, of a hold whose answer was lost
  for (int tries = 0; tries < hold_tries_max; tries++) {
    if (session->held().contains(key)) co_return std::optional<EntryVersion>();
    const EtcdAnswer begun = co_await EtcdSession::begin(session);
    if (!begun.ok()) co_return failure("no session", begun);
    const LeaseId lease = session->lease();
    EtcdCall call = kv_call(*client, "/v3/kv/txn", client->requests().hold(key, value, lease, seen));
    const EtcdAnswer answer = co_await EtcdClient::call(client, std::move(call));
    if (answer.verdict == EtcdVerdict::no_lease) {
      session->end(lease);
      continue;
    }
    if (!answer.ok()) co_return failure("an entry cannot be held", answer);
    if (session->lease() != lease) continue;
    if (succeeded(answer)) {
      const EntryVersion token = header_of(answer.body).revision;
      session->hold(std::move(key), token);
      co_return std::optional(token);
    }
    const json::object& kv = found_by_txn(answer.body);
    seen.reset();
    if (kv.empty()) continue;  // gone meanwhile
    if (number_of(kv, "lease") != lease) co_return std::optional<EntryVersion>();
    seen = number_of(kv, "mod_revision");
  }
  co_return EtcdErrc::unknown;
}

// A read that is behind may find an earlier holder, whose session is gone: then nothing happens.
Task<error_code> EtcdStore::evict(std::string key) {
  const auto session = session_;
  const auto client = client_;
  EtcdCall read = kv_call(*client, "/v3/kv/range", client->requests().one(key));
  const EtcdAnswer answer = co_await EtcdClient::read(client, std::move(read));
  if (!answer.ok()) co_return failure("nobody can be evicted", answer);
  const LeaseId lease = number_of(found_in(answer.body), "lease");
  if (lease == 0) co_return co_await sweep(std::move(key));

  EtcdCall revoke = kv_call(*client, "/v3/lease/revoke", {{"ID", std::to_string(lease)}});
  const EtcdAnswer revoked = co_await EtcdClient::call(client, std::move(revoke));
  if (!revoked.ok() && revoked.verdict != EtcdVerdict::no_lease)
    co_return failure("a session cannot be revoked", revoked);
  session->end(lease);
  co_return error_code();
}

Task<error_code> EtcdStore::sweep(std::string key) {
  const auto client = client_;
  EtcdCall read = kv_call(*client, "/v3/kv/range", client->requests().one(key));
  const EtcdAnswer answer = co_await EtcdClient::read(client, std::move(read));
  if (!answer.ok()) co_return failure("nothing can be removed", answer);
  const json::object& kv = found_in(answer.body);
  if (kv.empty() || number_of(kv, "lease") != 0) co_return error_code();
  spdlog::warn("etcd: {} lives with no session and is removed", key);
  MetadataChange removal;
  removal.guards.push_back({Guard::Kind::unchanged, key, number_of(kv, "mod_revision")});
  removal.erases.push_back(std::move(key));
  const Committed committed = co_await commit(std::move(removal));
  const bool is_over =
      committed.outcome == Committed::Outcome::done || committed.outcome == Committed::Outcome::conflict;
  co_return is_over ? error_code() : error_code(EtcdErrc::unknown);
}

}  // namespace mq::core
