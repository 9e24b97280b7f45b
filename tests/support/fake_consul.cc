// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_consul.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "core/base64.h"

namespace mq::test {

namespace {

namespace json = boost::json;
namespace http = boost::beast::http;
using core::Task;
using core::use_result;

std::string text_in_kv(const json::object& from, const char* name) {
  const json::value* value = from.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : "";
}

std::int64_t number_in_kv(const json::object& from, const char* name) {
  const json::value* value = from.if_contains(name);
  return value && value->is_int64() ? value->get_int64() : 0;
}

bool is_empty_list(const json::object& from, const char* name) {
  const json::value* value = from.if_contains(name);
  return value && value->is_array() && value->get_array().empty();
}

std::string decoded(std::string_view path) {
  std::string text;
  for (std::size_t i = 0; i < path.size(); i++) {
    if (path[i] == '%' && i + 2 < path.size()) {
      text += static_cast<char>(std::stoi(std::string(path.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      text += path[i];
    }
  }
  return text;
}

std::int64_t query_number(const std::string& query, const std::string& name) {
  const auto at = ("&" + query).find("&" + name + "=");
  return at == query.npos ? 0 : std::stoll(query.substr(at + name.size() + 1));
}

}  // namespace

FakeConsul::FakeConsul(asio::io_context& loop)
    : acceptor_(loop.get_executor(), {asio::ip::address_v4::loopback(), 0}),
      state_(std::make_shared<State>()) {
  asio::co_spawn(loop, accept(acceptor_, state_), asio::detached);
}

void FakeConsul::stop() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  for (const auto& socket : state_->sockets)
    if (const auto open = socket.lock()) open->close(ignored);
  time_out();
}

std::string FakeConsul::endpoint() const {
  return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
}

void FakeConsul::end_sessions() {
  while (!state_->sessions.empty()) state_->end(std::string(state_->sessions.begin()->first));
}

void FakeConsul::time_out() {
  state_->timed_out++;
  state_->wake();
}

void FakeConsul::forget_tombstones() {
  state_->data.tombstones.clear();
}

void FakeConsul::save() {
  state_->saved = state_->data;
}

void FakeConsul::restore() {
  state_->data = state_->saved;
  time_out();
}

void FakeConsul::put(const std::string& key, const std::string& value) {
  Row& row = state_->data.rows[key];
  row.modified = ++state_->data.index;
  if (row.created == 0) row.created = row.modified;
  row.value.clear();
  core::append_base64(row.value, value);
  state_->wake();
}

std::string FakeConsul::session_of(const std::string& key) const {
  const auto row = state_->data.rows.find(key);
  return row == state_->data.rows.end() ? "" : row->second.session;
}

std::vector<std::string> FakeConsul::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, row] : state_->data.rows) keys.push_back(key);
  return keys;
}

int FakeConsul::asked(const std::string& what) const {
  const auto found = state_->asked.find(what);
  return found == state_->asked.end() ? 0 : found->second;
}

// ---- what it does ----

std::int64_t FakeConsul::State::index_of(const std::string& prefix) const {
  std::int64_t index = 0;
  for (const auto& [key, row] : data.rows)
    if (key.starts_with(prefix)) index = std::max(index, row.modified);
  for (const auto& [key, erased] : data.tombstones)
    if (key.starts_with(prefix)) index = std::max(index, erased);
  return index > 0 ? index : data.index;
}

FakeConsul::Answer FakeConsul::State::list(const std::string& prefix) const {
  json::array all;
  for (const auto& [key, row] : data.rows) {
    if (!key.starts_with(prefix)) continue;
    json::object kv{{"Key", key},
                    {"Value", row.value.empty() ? json::value() : json::value(row.value)},
                    {"CreateIndex", row.created},
                    {"ModifyIndex", row.modified},
                    {"LockIndex", row.locked},
                    {"Flags", 0}};
    if (!row.session.empty()) kv["Session"] = row.session;
    all.push_back(std::move(kv));
  }
  if (faults.filters) all.clear();
  if (all.empty()) return {404, "", index_of(prefix)};
  return {200, json::serialize(all), index_of(prefix)};
}

// Returns why it fails.
std::string FakeConsul::State::apply(Data& to, const json::object& kv, json::array& results) {
  const std::string verb = text_in_kv(kv, "Verb"), key = text_in_kv(kv, "Key");
  const std::string session = text_in_kv(kv, "Session");
  const auto found = to.rows.find(key);
  const bool there = found != to.rows.end();
  const std::int64_t wanted = number_in_kv(kv, "Index");
  const auto erase = [&] {
    if (there) to.tombstones[key] = to.index;
    to.rows.erase(key);
    return std::string();
  };
  const auto set = [&](std::string holder, std::int64_t locked) {
    Row row{text_in_kv(kv, "Value"), there ? found->second.created : to.index, to.index, locked, holder};
    const bool same = there && found->second.value == row.value && found->second.session == row.session &&
                      found->second.locked == row.locked;
    if (same) row.modified = found->second.modified;
    to.rows[key] = row;
    return std::string();
  };
  const auto tell = [&](bool with_value) {
    const Row& row = to.rows.at(key);
    json::object one{{"Key", key},
                     {"Value", with_value ? json::value(row.value) : json::value()},
                     {"CreateIndex", row.created},
                     {"ModifyIndex", row.modified}};
    if (!row.session.empty()) one["Session"] = row.session;
    results.push_back(json::object{{"KV", std::move(one)}});
    return std::string();
  };
  const std::string holder = there ? found->second.session : "";
  const std::int64_t locked = there ? found->second.locked : 0;

  if (verb == "delete") return erase();
  if (verb == "get") return there ? tell(true) : "key \"" + key + "\" doesn't exist";
  if (verb == "check-not-exists") return there ? "key \"" + key + "\" exists" : "";
  if (verb == "check-index") {
    if (!there) return "failed to check index, key \"" + key + "\" doesn't exist";
    return found->second.modified == wanted ? tell(false) : "failed index check for key \"" + key + "\"";
  }
  if (verb == "check-session") {
    if (!there) return "failed to check session, key \"" + key + "\" doesn't exist";
    return holder == session ? tell(false) : "failed session check for key \"" + key + "\"";
  }
  if (verb == "cas") {
    const bool fits = wanted == 0 ? !there : there && found->second.modified == wanted;
    if (!fits) return "failed to set key \"" + key + "\", index is stale";
    set(holder, locked);
    return tell(false);
  }
  if (verb == "set") {
    set(holder, locked);
    return tell(false);
  }
  if (verb == "lock") {
    if (!sessions.contains(session)) return "invalid session \"" + session + "\"";
    if (!holder.empty() && holder != session)
      return "failed to lock key \"" + key + "\", lock is already held";
    if (delayed.contains(key)) return "failed to lock key \"" + key + "\" due to lock delay";
    set(session, holder == session ? locked : locked + 1);
    return tell(false);
  }
  return "unknown KV verb \"" + verb + "\"";
}

FakeConsul::Answer FakeConsul::State::txn(const std::string& body) {
  if (body.size() > 512u << 10)
    return {413, "Request body(" + std::to_string(body.size()) + " bytes) too large"};
  const json::array operations = json::parse(body).as_array();
  if (operations.size() > 64) return {413, "Transaction contains too many operations"};
  Data next = data;
  next.index++;
  json::array results, errors;
  bool reads = true;
  for (std::size_t i = 0; i < operations.size(); i++) {
    const json::object& kv = operations[i].at("KV").as_object();
    const std::string verb = text_in_kv(kv, "Verb");
    reads = reads && verb == "get";
    const bool needs_write = verb != "get" && !verb.starts_with("check-");
    const std::string why =
        faults.refuses_writes && needs_write ? "Permission denied: lacks write" : apply(next, kv, results);
    if (!why.empty()) errors.push_back(json::object{{"OpIndex", i}, {"What", why}});
  }
  if (!errors.empty()) {
    const json::object failed{{"Results", nullptr}, {"Errors", errors}};
    return {409, json::serialize(failed)};
  }
  if (!reads) {
    data = std::move(next);
    wake();
  }
  const json::object done{{"Results", results}, {"Errors", nullptr}};
  return {200, json::serialize(done)};
}

void FakeConsul::State::end(const std::string& id) {
  const auto session = sessions.extract(id);
  if (!session) return;
  data.index++;
  for (auto row = data.rows.begin(); row != data.rows.end();) {
    if (row->second.session != id) {
      ++row;
      continue;
    }
    if (session.mapped().delays) delayed.insert(row->first);
    row->second.session.clear();
    row->second.modified = data.index;
    if (!session.mapped().deletes) {
      ++row;
      continue;
    }
    data.tombstones[row->first] = data.index;
    row = data.rows.erase(row);
  }
  if (!faults.quiet_sessions) wake();
}

FakeConsul::Answer FakeConsul::State::session(const std::string& what, const std::string& body) {
  if (what == "create") {
    if (faults.refuses_writes) return {403, "Permission denied: lacks session:write"};
    const json::object asked_for = json::parse(body).as_object();
    if (std::stoi(text_in_kv(asked_for, "TTL")) < 10)
      return {500, "Invalid Session TTL: must be between [10s=24h0m0s]"};
    std::string id = std::to_string(++sessions_made);
    id = "5e551000-0000-0000-0000-" + std::string(12 - id.size(), '0') + id;
    sessions[id] = {text_in_kv(asked_for, "Behavior") == "delete", text_in_kv(asked_for, "LockDelay") != "0s",
                    !is_empty_list(asked_for, "Checks")};
    data.index++;
    return {200, R"({"ID":")" + id + "\"}"};
  }
  const std::string id = what.substr(what.find('/') + 1);
  if (what.starts_with("renew/"))
    return sessions.contains(id) ? Answer{200, R"([{"ID":")" + id + "\"}]"}
                                 : Answer{404, "Session id '" + id + "' not found"};
  end(id);
  return {200, "true"};
}

// ---- who asks ----

Task<FakeConsul::Answer> FakeConsul::answer(std::shared_ptr<State> state, std::string method,
                                            std::string target, std::string body, std::string token) {
  const auto mark = target.find('?');
  const std::string query = mark == target.npos ? "" : target.substr(mark + 1);
  const std::string path = decoded(std::string_view(target).substr(0, mark));
  state->asked[method + " " + path]++;
  const Faults& faults = state->faults;
  if (faults.is_web_page) co_return Answer{200, "<html>hello</html>"};
  if (path == "/v1/status/leader") co_return Answer{200, faults.no_leader ? R"("")" : R"("127.0.0.1:8300")"};
  if (!faults.token.empty() && token != faults.token)
    co_return token.empty() ? Answer{403, "Permission denied: anonymous token lacks permission"}
                            : Answer{403, "ACL not found"};
  if (path == "/v1/agent/self")
    co_return Answer{200, R"({"Config":{"Version":"1.14.11","Datacenter":"dc1"}})"};
  if (faults.no_leader) co_return Answer{500, "No cluster leader"};
  if (path == "/v1/txn") co_return state->txn(body);
  const std::string sessions = "/v1/session/", entries = "/v1/kv/";
  if (path.starts_with(sessions)) co_return state->session(path.substr(sessions.size()), body);
  if (!path.starts_with(entries))
    co_return Answer{404, "Invalid URL path: not a recognized HTTP API endpoint"};

  const std::string prefix = path.substr(entries.size());
  if (!query.starts_with("recurse")) co_return Answer{404, "", state->data.index};  // nobody asks for one
  const std::int64_t index = query_number(query, "index");
  const std::uint64_t timed_out = state->timed_out;
  while (index > 0 && state->timed_out == timed_out && state->index_of(prefix) <= index) {
    const auto changed = state->changed;
    co_await core::Promise<bool>::get(changed);
  }
  co_return state->list(prefix);
}

Task<void> FakeConsul::accept(net::Acceptor& acceptor, std::shared_ptr<State> state) {
  const auto executor = co_await asio::this_coro::executor;
  for (;;) {
    auto socket = std::make_shared<net::Socket>(executor);
    const auto [error] = co_await acceptor.async_accept(*socket, use_result);
    if (error) co_return;
    state->sockets.push_back(socket);
    asio::co_spawn(executor, serve(socket, state), asio::detached);
  }
}

Task<void> FakeConsul::serve(Socket socket, std::shared_ptr<State> state) {
  boost::beast::flat_buffer buffer;
  for (;;) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(64u << 20);
    const auto [failed, size] = co_await http::async_read(*socket, buffer, parser, use_result);
    if (failed) co_return;
    auto request = parser.release();
    const std::string method(request.method_string()), token(request["X-Consul-Token"]);
    const Answer said =
        co_await answer(state, method, std::string(request.target()), std::move(request.body()), token);
    if (state->faults.silent) continue;
    boost::system::error_code ignored;
    if (method == "PUT" && state->faults.lost_answers > 0) {
      state->faults.lost_answers--;
      socket->close(ignored);
      co_return;
    }
    std::string bytes = "HTTP/1.1 " + std::to_string(said.status) + " X\r\n";
    if (said.index > 0) bytes += "X-Consul-Index: " + std::to_string(said.index) + "\r\n";
    if (state->faults.filters) bytes += "X-Consul-Results-Filtered-By-ACLs: true\r\n";
    bytes += "Content-Length: " + std::to_string(said.body.size()) + "\r\n\r\n" + said.body;
    const auto [broken, sent] = co_await asio::async_write(*socket, asio::buffer(bytes), use_result);
    if (broken) co_return;
  }
}

}  // namespace mq::test
