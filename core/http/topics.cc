// SPDX-License-Identifier: Apache-2.0
// Topics: listed, described, created, altered, deleted.
#include <algorithm>
#include <set>

#include "core/admin/position.h"
#include "core/admin/rows.h"
#include "core/admin/topic.h"
#include "core/admin/usage_error.h"
#include "core/http/routes.h"
#include "net/kafka/messages/create_topics.h"
#include "net/kafka/messages/delete_topics.h"
#include "net/kafka/messages/incremental_alter_configs.h"

namespace mq::http {

namespace {

// The topic that the path names, alone in a vector, as much of admin wants it.
Task<std::vector<admin::TopicState>> topic_of(Request& request) {
  std::vector<admin::Selector> selectors;
  try {
    selectors.emplace_back(request.path("topic"));
  } catch (const admin::UsageError&) {
  }
  if (selectors.empty() || selectors[0].is_pattern() || !selectors[0].partitions().empty())
    throw Problem{.status = 404, .detail = "topic \"" + request.path("topic") + "\" does not exist"};
  admin::Selection selection =
      must(co_await admin::select(request.backend.client, std::move(selectors), true));
  if (!selection.missing.empty()) throw problem_of(selection.missing.front());
  co_return std::move(selection.topics);
}

Task<std::vector<admin::Setting>> settings_of(Request& request, const std::string& topic) {
  std::vector<std::string> names{topic};
  admin::Settings all = must(co_await admin::settings_of(request.backend.client, std::move(names)));
  co_return std::move(all[topic]);
}

void check(std::int16_t code, const std::string& topic, const std::optional<std::string>& message) {
  if (code != 0) throw problem_of(client::refused(code, {}, topic, message.value_or("")), "topic");
}

std::int32_t timeout_of(const Request& request) {
  return static_cast<std::int32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(request.backend.client.options().timeout)
          .count());
}

// A JSON value as one would write it in a configuration.
std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

// As people write it, or as Kafka does; a key that is not known goes on as it is, for the broker to refuse.
std::string wire_value(const std::string& key, const json::value& value) {
  const core::TopicConfigKey* known = core::find_topic_config(key);
  if (!known) return text_of(value);
  const auto wire = core::to_wire(*known, text_of(value));
  if (!wire) throw bad_request(key + ": " + wire.error().why);
  return *wire;
}

std::int64_t number_in(const json::object& body, std::string_view field, std::int64_t otherwise,
                       std::int64_t max) {
  const json::value* value = body.if_contains(field);
  return value ? parse_number(field, json::serialize(*value), 1, max) : otherwise;
}

Task<void> add_details(client::Client& client, std::vector<admin::TopicState>& topics) {
  co_await admin::add_offsets(client, topics);
  co_await admin::add_sizes(client, topics);
}

std::vector<json::object> rows_of(const std::vector<admin::TopicState>& topics) {
  std::vector<json::object> rows;
  for (const admin::TopicState& topic : topics) rows.push_back(admin::row_of(topic));
  return rows;
}

kafka::CreateTopicsRequest creation_of(const json::object& body) {
  for (const auto& member : body)
    if (member.key() != "topic" && member.key() != "partitions" && member.key() != "replication_factor" &&
        member.key() != "config")
      throw bad_request("unknown field \"" + std::string(member.key()) +
                        "\"; a topic has topic, partitions, replication_factor and config");
  const json::value* name = body.if_contains("topic");
  if (!name || !name->is_string()) throw bad_request("\"topic\", its name, is missing");
  kafka::CreateTopicsRequest request;
  auto& topic = request.topics.emplace_back();
  topic.name = std::string(name->get_string());
  topic.num_partitions = static_cast<std::int32_t>(number_in(body, "partitions", -1, 100'000));
  topic.replication_factor = static_cast<std::int16_t>(number_in(body, "replication_factor", -1, INT16_MAX));
  const json::value* config = body.if_contains("config");
  if (config && !config->is_object()) throw bad_request("\"config\" has to be an object");
  if (config)
    for (const auto& member : config->get_object()) {
      const std::string key(member.key());
      topic.configs.push_back({key, wire_value(key, member.value())});
    }
  return request;
}

}  // namespace

Task<Answer> get_topics(Request& request) {
  client::Client& client = request.backend.client;
  auto topics = must(co_await admin::select(client, {}, true)).topics;
  const std::string sort = request.text("sort");
  const bool is_by_name = sort.empty() || sort == "topic" || sort == "-topic";
  if (!is_by_name) co_await add_details(client, topics);
  Page page = page_of(request, rows_of(topics), "topic");
  if (is_by_name) {  // of those alone that are shown
    std::set<std::string_view> shown;
    for (const json::object& row : page.rows) shown.insert(row.at("topic").get_string());
    std::erase_if(topics, [&](const admin::TopicState& topic) { return !shown.contains(topic.name); });
    co_await add_details(client, topics);
    page.rows = rows_of(topics);
    if (sort == "-topic") std::ranges::reverse(page.rows);
  }
  co_return answer_json(list_of(request, std::move(page)));
}

Task<Answer> post_topics(Request& request) {
  const json::object body = co_await request.json_body();
  kafka::CreateTopicsRequest creation = creation_of(body);
  creation.validate_only = request.flag("dry_run");
  creation.timeout_ms = timeout_of(request);
  client::Client& client = request.backend.client;
  const auto answer = must(co_await client.call<kafka::CreateTopicsResponse>(
      client::any_broker, std::move(creation), client.options().request_timeout));
  const auto& created = answer.topics.at(0);
  check(created.error_code, created.name, created.error_message);
  json::object row{{"topic", created.name},
                   {"partitions", created.num_partitions},
                   {"replication_factor", created.replication_factor},
                   {"status", request.flag("dry_run") ? "would be created" : "created"}};
  Answer created_answer = answer_json(row, request.flag("dry_run") ? 200 : 201);
  created_answer.fields.emplace_back("Location",
                                     "/api/v1/topics/" + net::http::percent_encoded(created.name));
  co_return created_answer;
}

Task<Answer> get_topic(Request& request) {
  auto topics = co_await topic_of(request);
  co_await admin::add_offsets(request.backend.client, topics);
  co_await admin::add_sizes(request.backend.client, topics);
  co_await admin::add_last_writes(request.backend.client, topics);
  const auto settings = co_await settings_of(request, topics[0].name);
  json::object row = admin::details_of(topics[0], settings, false);
  if (topics[0].last_write_ms) row["last_write"] = admin::format_time(*topics[0].last_write_ms);
  co_return answer_json(row);
}

Task<Answer> delete_topic(Request& request) {
  auto topics = co_await topic_of(request);
  co_await admin::add_sizes(request.backend.client, topics);
  co_await admin::add_offsets(request.backend.client, topics);
  json::object row = admin::row_of(topics[0]);
  if (request.flag("dry_run")) {
    row["status"] = "would be deleted";
    co_return answer_json(row);
  }
  client::Client& client = request.backend.client;
  kafka::DeleteTopicsRequest deletion;
  deletion.timeout_ms = timeout_of(request);
  auto& meant = deletion.topics.emplace_back();
  meant.topic_id = client.topic_id(topics[0].name);  // the one that was looked at, and no newer one
  const auto answer = must(co_await client.call<kafka::DeleteTopicsResponse>(
      client::any_broker, std::move(deletion), client.options().request_timeout));
  check(answer.responses.at(0).error_code, topics[0].name, answer.responses.at(0).error_message);
  row["status"] = "deleted";
  co_return answer_json(row);
}

Task<Answer> get_topic_partitions(Request& request) {
  auto topics = co_await topic_of(request);
  co_await admin::add_offsets(request.backend.client, topics);
  co_await admin::add_sizes(request.backend.client, topics);
  json::array rows;
  for (const admin::PartitionState& partition : topics[0].partitions)
    rows.push_back(admin::row_of(partition));
  co_return answer_json(rows);
}

Task<Answer> get_topic_config(Request& request) {
  const auto topics = co_await topic_of(request);
  json::array rows;
  const auto settings = co_await settings_of(request, topics[0].name);
  for (const admin::Setting& setting : settings) rows.push_back(admin::row_of(setting));
  co_return answer_json(rows);
}

Task<Answer> patch_topic_config(Request& request) {
  const auto topics = co_await topic_of(request);
  const json::object body = co_await request.json_body();
  kafka::IncrementalAlterConfigsRequest change;
  change.validate_only = request.flag("dry_run");
  auto& resource = change.resources.emplace_back();
  resource.resource_type = kafka::topic_resource;
  resource.resource_name = topics[0].name;
  for (const auto& member : body) {
    auto& config = resource.configs.emplace_back();
    config.name = std::string(member.key());
    config.config_operation = member.value().is_null() ? kafka::op_delete : kafka::op_set;
    if (!member.value().is_null()) config.value = wire_value(config.name, member.value());
  }
  if (resource.configs.empty()) throw bad_request("the body names no setting");
  client::Client& client = request.backend.client;
  const auto before = co_await settings_of(request, topics[0].name);
  const auto answer = must(co_await client.call<kafka::IncrementalAlterConfigsResponse>(
      client::any_broker, change, client.options().request_timeout));
  check(answer.responses.at(0).error_code, topics[0].name, answer.responses.at(0).error_message);
  json::array rows;
  for (const auto& config : resource.configs) {
    json::object row{{"topic", topics[0].name}, {"key", config.name}};
    const auto was = std::ranges::find(before, config.name, &admin::Setting::key);
    if (was != before.end()) row["before"] = was->value;
    row["after"] = config.value          ? json::value(*config.value)
                   : was != before.end() ? json::value(was->fallback)
                                         : json::value();
    rows.push_back(std::move(row));
  }
  co_return answer_json(rows);
}

Task<Answer> get_topic_offsets(Request& request) {
  auto topics = co_await topic_of(request);
  co_await admin::add_offsets(request.backend.client, topics);
  json::array rows;
  const std::string* at = request.query("at");
  if (!at) {
    for (const admin::PartitionState& partition : topics[0].partitions)
      rows.push_back(admin::offsets_row(topics[0].name, partition));
    co_return answer_json(rows);
  }
  const auto time = admin::parse_since(*at, admin::Now::here(true));
  if (!time) throw bad_request("at: " + time.error().why);
  const auto offsets = must(co_await admin::offsets_at(request.backend.client, topics, *time));
  for (std::size_t i = 0; i < topics[0].partitions.size(); i++) {
    json::object row{{"topic", topics[0].name}, {"partition", topics[0].partitions[i].number}};
    if (offsets[i]) row["offset"] = *offsets[i];
    rows.push_back(std::move(row));
  }
  co_return answer_json(rows);
}

}  // namespace mq::http
