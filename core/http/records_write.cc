// SPDX-License-Identifier: Apache-2.0
// Records, written by one line of curl, or by millions of lines.
#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <charconv>

#include "core/admin/envelope.h"
#include "core/admin/position.h"
#include "core/admin/text.h"
#include "core/client/producer.h"
#include "core/http/routes.h"
#include "net/kafka/messages/create_topics.h"

namespace mq::http {

namespace {

using boost::beast::iequals;
using client::Producer;

constexpr std::size_t records_bytes_max = 8u << 20;  // of what is no stream
constexpr std::size_t line_bytes_max = 8u << 20;     // of NDJSON
constexpr std::size_t small_body_bytes = 64u << 10;
constexpr std::chrono::seconds body_waits_max{10};
constexpr std::size_t unanswered_bytes_max = 4u << 20;  // not acknowledged: then nothing more is read
constexpr std::chrono::minutes flush_max{2};
constexpr std::string_view header_prefix = "x-mq-header-", key_field = "x-mq-key";

std::optional<net::Bytes> bytes_of(const std::optional<std::string_view>& text) {
  if (!text) return std::nullopt;
  return std::as_bytes(std::span(*text));
}

void append_receipt(std::string& to, const std::string& topic, std::int32_t partition, core::Offset offset,
                    core::Timestamp time) {
  to += "{\"topic\":";
  admin::append_json(to, topic);
  to += ",\"partition\":" + std::to_string(partition) + ",\"offset\":" + std::to_string(offset) +
        ",\"ts\":" + std::to_string(time) + "}";
}

// One request's records, from its body to their acknowledgement.
struct Writing : std::enable_shared_from_this<Writing> {
  std::string topic;
  std::int32_t partition = -1;
  std::shared_ptr<Producer> producer;
  std::uint64_t line = 0, written = 0, failed = 0;
  struct Trouble {
    std::uint64_t line = 0;
    std::string what;
    Problem problem;
  };
  std::optional<Trouble> first;
  bool wants_receipts = false;
  std::string receipts;  // with wants_receipts: one a line

  void delivered(const client::Delivery& delivery) {
    const auto count = static_cast<std::uint64_t>(delivery.batch.count);
    if (delivery.failure) {
      failed += count;
      note(delivery.batch.numbers.at(0), problem_of(*delivery.failure, "topic"));
      return;
    }
    written += count;
    if (!wants_receipts) return;
    kafka::RecordReader reader(delivery.batch.batch.bytes(), kafka::client_unpacked_bytes_max);
    for (std::int64_t i = 0; const kafka::Record* sent = reader.next(); i++) {
      const core::Timestamp time = delivery.log_append_time >= 0 ? delivery.log_append_time : sent->timestamp;
      append_receipt(receipts, topic, delivery.partition,
                     delivery.base_offset < 0 ? -1 : delivery.base_offset + i, time);
      receipts += '\n';
    }
  }
  void note(std::uint64_t at, Problem problem) {
    if (!first || at < first->line) first = Trouble{at, problem.detail, std::move(problem)};
  }
};

// As a client that names a topic which is not there has it created, where the broker allows that.
Task<void> create_topic(Request& request, std::string topic) {
  kafka::CreateTopicsRequest creation;
  auto& wanted = creation.topics.emplace_back();
  wanted.name = topic;
  wanted.num_partitions = wanted.replication_factor = -1;
  client::Client& client = request.backend.client;
  const auto answer = must(co_await client.call<kafka::CreateTopicsResponse>(
      client::any_broker, std::move(creation), client.options().request_timeout));
  const auto& created = answer.topics.at(0);
  const auto exists = kafka::number_of(kafka::Error::topic_already_exists);
  if (created.error_code != 0 && created.error_code != exists)
    throw problem_of(client::refused(created.error_code, {}, topic, created.error_message.value_or("")),
                     "topic");
}

Task<void> start(Request& request, Writing& writing, bool is_stream) {
  client::ProducerOptions options;
  options.topic = writing.topic;
  options.idempotent = is_stream;  // each id is remembered by partitions for a day: not one for each record
  options.linger = is_stream ? client::Duration(std::chrono::milliseconds(5)) : client::Duration{};
  options.waiting_bytes_max = unanswered_bytes_max;
  options.give_up = flush_max;
  options.delivered = [weak = writing.weak_from_this()](const client::Delivery& delivery) {
    if (const auto alive = weak.lock()) alive->delivered(delivery);  // an answer may come after the end
  };
  writing.producer = Producer::create(request.backend.client, options);
  auto started = co_await Producer::start(writing.producer);
  const bool is_missing = !started && started.error().error == kafka::Error::unknown_topic_or_partition;
  if (is_missing && request.backend.config.auto_create_topics) {
    co_await create_topic(request, writing.topic);
    writing.producer = Producer::create(request.backend.client, std::move(options));
    started = co_await Producer::start(writing.producer);
  }
  if (!started) throw problem_of(started.error(), "topic");
  if (writing.partition >= writing.producer->partitions())
    throw problem_of(admin::missing_partition(writing.topic, writing.partition));
}

void append(Writing& writing, const admin::Record& record) {
  std::vector<kafka::Header> headers;
  for (const admin::RecordHeader& header : record.headers)
    headers.push_back({header.key, bytes_of(header.value)});
  const core::Timestamp time = record.timestamp >= 0 ? record.timestamp : admin::now_ms();
  const std::int32_t partition = record.partition >= 0 ? record.partition : writing.partition;
  writing.producer->append(partition, time, bytes_of(record.key), bytes_of(record.value), headers,
                           writing.line);
}

// One envelope. What is wrong with it is noted, and it is passed over.
void append_envelope(Writing& writing, std::string_view text) {
  writing.line++;
  admin::Record record;
  admin::Decoded decoded;
  std::string why = admin::read_envelope(text, record, decoded);
  if (why.empty() && record.partition >= writing.producer->partitions())
    why = admin::missing_partition(writing.topic, record.partition).text();
  if (why.empty()) return append(writing, record);
  writing.failed++;
  writing.note(writing.line, bad_request(std::move(why)));
}

Task<std::string> body_of(Request& request) {
  const auto body = co_await request.exchange.body(records_bytes_max);
  if (!body && body.error() == boost::system::errc::value_too_large)
    throw Problem{.status = 413,
                  .detail = "the body is larger than 8 MiB",
                  .hint = "send application/x-ndjson, of which there may be any amount"};
  if (!body) throw Problem{.status = 408, .detail = "the body did not come"};
  co_return *body;
}

Task<void> flush(Writing& writing) {
  writing.producer->send_open();
  const bool is_done =
      co_await Producer::flush(writing.producer, std::chrono::steady_clock::now() + flush_max);
  writing.producer->stop();
  if (!is_done)
    throw Problem{.status = 504, .detail = "the records were not acknowledged in time", .retriable = true};
}

Answer summary_of(const Writing& writing) {
  json::object row{{"records", writing.written}, {"failed", writing.failed}};
  if (writing.first) row["first_error"] = {{"line", writing.first->line}, {"error", writing.first->what}};
  return answer_json(row, writing.failed == 0 ? 200 : writing.first->problem.status);
}

// ---- one record, or some ----

Task<Answer> write_raw(Request& request, Writing& writing) {
  const std::string value = co_await body_of(request);
  co_await start(request, writing, false);
  admin::Record record;
  record.value = value;
  std::vector<std::string> kept;  // names and values of headers
  for (const auto& field : request.exchange.head().fields) {
    std::string name(field.name_string()), text(field.value());
    if (iequals(name, key_field)) record.key = std::string_view(field.value().data(), field.value().size());
    if (name.size() <= header_prefix.size() ||
        !iequals(std::string_view(name).substr(0, header_prefix.size()), header_prefix))
      continue;
    kept.push_back(name.substr(header_prefix.size()));
    kept.push_back(std::move(text));
  }
  for (std::size_t i = 0; i < kept.size(); i += 2) record.headers.push_back({kept[i], kept[i + 1]});
  writing.line = 1;
  writing.wants_receipts = true;
  append(writing, record);
  co_await flush(writing);
  if (writing.first) throw writing.first->problem;
  Answer answer{.type = "application/json", .body = std::move(writing.receipts)};
  co_return answer;
}

// Held until it is written; nothing for a small body.
Task<std::optional<Places::Held>> place_for(Request& request) {
  const std::string_view length = request.exchange.head().field("Content-Length");
  std::size_t bytes = SIZE_MAX;
  std::from_chars(length.data(), length.data() + length.size(), bytes);
  if (bytes <= small_body_bytes) co_return std::nullopt;
  Places::Held place = co_await request.backend.bodies.take(body_waits_max);
  co_return place;
}

Task<Answer> write_json(Request& request, Writing& writing) {
  const std::string body = co_await body_of(request);
  error_code error;
  const json::value value = json::parse(body, error);
  if (error) throw bad_request("the body is no JSON: " + error.message());
  co_await start(request, writing, false);
  writing.wants_receipts = true;
  const auto envelopes = value.is_array() ? admin::values_in_json(body) : std::vector<std::string_view>{body};
  for (const std::string_view envelope : envelopes) {
    if (writing.producer->full()) co_await Producer::room(writing.producer);
    append_envelope(writing, envelope);
  }
  co_await flush(writing);
  if (!value.is_array() && writing.first) throw writing.first->problem;
  if (writing.failed > 0) co_return summary_of(writing);
  std::string text = std::move(writing.receipts);
  if (value.is_array()) {
    if (!text.empty()) text.pop_back();
    std::ranges::replace(text, '\n', ',');
    text = "[" + text + "]\n";
  }
  Answer answer{.type = "application/json", .body = std::move(text)};
  co_return answer;
}

// ---- any amount, line by line ----

Task<error_code> take_lines(Writing& writing, std::string& rest, bool is_end) {
  std::size_t begin = 0;
  for (;;) {
    const std::size_t newline = rest.find('\n', begin);
    if (newline == rest.npos && (!is_end || begin == rest.size())) break;
    const std::string_view line =
        std::string_view(rest).substr(begin, newline == rest.npos ? newline : newline - begin);
    if (writing.producer->full()) co_await Producer::room(writing.producer);
    if (line.find_first_not_of(" \t\r") != line.npos)
      append_envelope(writing, line);
    else
      writing.line++;
    begin = newline == rest.npos ? rest.size() : newline + 1;
  }
  rest.erase(0, begin);
  co_return rest.size() > line_bytes_max ? make_error_code(boost::system::errc::value_too_large)
                                         : error_code();
}

Task<Answer> write_lines(Request& request, Writing& writing) {
  writing.wants_receipts = request.text("receipts") == "stream";
  if (request.query("receipts") && !writing.wants_receipts)
    throw bad_request("receipts: the one value is stream");
  co_await start(request, writing, true);
  error_code failed;
  if (writing.wants_receipts) {
    Answer head{.type = "application/x-ndjson"};
    failed = co_await request.exchange.begin(std::move(head));
  }
  std::string rest;
  for (bool is_end = false; !is_end && !failed;) {
    const auto piece = co_await request.exchange.next_piece();
    if (!piece) failed = piece.error();
    if (failed) break;
    is_end = piece->empty();
    rest += *piece;
    failed = co_await take_lines(writing, rest, is_end);
    if (!failed && !writing.receipts.empty())
      failed = co_await request.exchange.send(std::exchange(writing.receipts, {}));
  }
  co_await flush(writing);
  if (!writing.wants_receipts && failed == boost::system::errc::value_too_large)
    throw Problem{.status = 413,
                  .detail = "line " + std::to_string(writing.line + 1) + " is larger than 8 MiB"};
  if (!writing.wants_receipts) co_return summary_of(writing);
  if (!failed && !writing.receipts.empty())
    failed = co_await request.exchange.send(std::exchange(writing.receipts, {}));
  if (!failed) failed = co_await request.exchange.send(summary_of(writing).body);
  if (!failed) co_await request.exchange.end();
  co_return Answer{.status = 0};
}

}  // namespace

Task<Answer> post_records(Request& request) {
  const auto kept = std::make_shared<Writing>();
  Writing& writing = *kept;
  writing.topic = request.path("topic");
  writing.partition = static_cast<std::int32_t>(request.number("partition", -1, 0, INT32_MAX));
  std::string_view type = request.exchange.head().field("Content-Type");
  type = type.substr(0, type.find(';'));
  const auto place = co_await place_for(request);
  auto writes = iequals(type, "application/json")       ? write_json(request, writing)
                : iequals(type, "application/x-ndjson") ? write_lines(request, writing)
                                                        : write_raw(request, writing);
  std::exception_ptr thrown;
  Answer answer;
  try {
    answer = co_await std::move(writes);
  } catch (...) {
    thrown = std::current_exception();
  }
  if (writing.producer) writing.producer->stop();
  if (thrown) std::rethrow_exception(thrown);
  co_return answer;
}

}  // namespace mq::http
