// SPDX-License-Identifier: Apache-2.0
#include "core/http/routes.h"

#include <algorithm>
#include <cctype>

namespace mq::http {

namespace {

using Right = Route::Right;
using Kind = Parameter::Kind;

constexpr Parameter verbose[] = {{"verbose", "each check in a line of its own", Kind::flag}};
constexpr Parameter dry_run[] = {{"dry_run", "say what would be done, and do nothing", Kind::flag}};
constexpr Parameter offsets_at[] = {
    {"at", "a time: 2026-11-22T13:04, 13:04, -15m; start and end unless set"}};
constexpr Parameter read_what[] = {
    {"from", "a position: start, end, an offset, -N (the N newest), @TIME; -100 unless set"},
    {"to", "a position where it ends; where the log ends now unless set"},
    {"after",
     "where partitions begin, as 0:12,1:40: the \"next\" of a page before; others begin as from says"},
    {"newest", "of more than limit only the newest, and how many were passed over", Kind::flag},
    {"partition", "only these, as 0,2,5-7"},
    {"limit", "records at most, 100 unless set; NDJSON: all of them unless set", Kind::number},
    {"grep", "only those in whose value a regular expression finds something"},
    {"key", "only those with a key like this glob"},
    {"header", "only those with a header NAME, or NAME=GLOB"},
    {"where", "only those of which an expression is true (mq help filters)"},
    {"uncommitted", "also records of transactions that are open or were aborted", Kind::flag},
    {"meta", "no values, their sizes instead", Kind::flag}};
constexpr Parameter tail_what[] = {
    {"grep", "as of records"},
    {"key", "as of records"},
    {"header", "as of records"},
    {"where", "as of records"},

    {"partition", "only these, as 0,2,5-7"},
    {"max_rate", "records a second at most, 100 unless set; the rest is counted", Kind::number},
    {"from", "a position where it begins; the end unless set"}};
constexpr Parameter produce_what[] = {
    {"partition", "to this one; by key unless set", Kind::number},
    {"receipts", "stream: a receipt for each record, as it is written; a summary unless set"}};

std::span<const Route> table() {
  static const Route rows[] = {
      {"GET", "/", "The page.", {}, Right::page, false, get_page},
      {"GET", "/assets/{hash}/{file}", "What it is made of.", {}, Right::page, false, get_asset},
      {"GET", "/livez", "Does the process answer?", verbose, Right::open, false, get_livez},
      {"GET", "/readyz", "Is it ready for clients?", verbose, Right::open, false, get_readyz},
      {"GET", "/readyz/caught-up", "Is it ready, and has every replica here all there is?", verbose,
       Right::open, false, get_caught_up},
      {"GET", "/healthz", "How is the cluster? 503 where something is critical.", verbose, Right::open, false,
       get_healthz},
      {"GET",
       "/metrics",
       "Metrics, for Prometheus: a bounded number of series.",
       {},
       Right::open,
       false,
       get_metrics},
      {"GET", "/api/v1/version", "This program and its broker.", {}, Right::view, false, get_version},
      {"GET", "/api/v1/openapi.json", "This description.", {}, Right::view, false, get_openapi},
      {"GET", "/api/v1/overview", "The cluster at a glance.", {}, Right::view, false, get_overview},
      {"GET",
       "/api/v1/health",
       "What is wrong; 503 where something is critical.",
       {},
       Right::view,
       false,
       get_health},
      {"GET", "/api/v1/brokers", "Brokers, also those that are down.", list_parameters, Right::view, false,
       get_brokers},
      {"GET", "/api/v1/brokers/{broker}", "One broker.", {}, Right::view, false, get_broker},
      {"GET",
       "/api/v1/brokers/{broker}/config",
       "Its settings, and where they come from.",
       {},
       Right::view,
       false,
       get_broker_config},
      {"GET", "/api/v1/topics", "Topics.", list_parameters, Right::view, false, get_topics},
      {"POST", "/api/v1/topics", "Creates a topic.", dry_run, Right::change, false, post_topics},
      {"GET", "/api/v1/topics/{topic}", "One topic.", {}, Right::view, false, get_topic},
      {"DELETE", "/api/v1/topics/{topic}", "Deletes it, with all its records.", dry_run, Right::change, false,
       delete_topic},
      {"GET",
       "/api/v1/topics/{topic}/partitions",
       "Its partitions.",
       {},
       Right::view,
       false,
       get_topic_partitions},
      {"GET", "/api/v1/topics/{topic}/config", "Its settings.", {}, Right::view, false, get_topic_config},
      {"PATCH", "/api/v1/topics/{topic}/config", "Changes settings; null sets one back.", dry_run,
       Right::change, false, patch_topic_config},
      {"GET", "/api/v1/topics/{topic}/offsets", "Where its partitions begin and end, or stood at a time.",
       offsets_at, Right::view, false, get_topic_offsets},
      {"GET", "/api/v1/topics/{topic}/records", "Records; as NDJSON where that is accepted.", read_what,
       Right::records, false, get_records},
      {"POST", "/api/v1/topics/{topic}/records",
       "Writes the body as one record, an envelope or an array of them (JSON), or one envelope a line "
       "(NDJSON).",
       produce_what, Right::change, true, post_records},
      {"GET",
       "/api/v1/topics/{topic}/records/{partition}/{offset}",
       "One record.",
       {},
       Right::records,
       false,
       get_record},
      {"GET",
       "/api/v1/topics/{topic}/records/{partition}/{offset}/value",
       "Its value, byte for byte.",
       {},
       Right::records,
       false,
       get_record_value},
      {"GET", "/api/v1/topics/{topic}/tail", "What is written, as it is written (server-sent events).",
       tail_what, Right::records, false, get_tail},
      {"GET", "/api/v1/groups", "Consumer groups, and how far they are behind.", list_parameters, Right::view,
       false, get_groups},
      {"GET",
       "/api/v1/groups/{group}",
       "One group: members, partitions, lag.",
       {},
       Right::view,
       false,
       get_group},
      {"DELETE", "/api/v1/groups/{group}", "Deletes a group without members, with its offsets.", dry_run,
       Right::change, false, delete_group},
  };
  return rows;
}

// The segments of a route's path, "{topic}" for any.
std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  for (path.remove_prefix(1); !path.empty();) {
    const std::size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    path.remove_prefix(slash == path.npos ? path.size() : slash + 1);
  }
  return segments;
}

bool is_name(std::string_view segment) {
  return segment.starts_with('{');
}

bool matches(const std::vector<std::string_view>& segments, const std::vector<std::string>& path,
             std::map<std::string_view, std::string>& values) {
  if (segments.size() != path.size()) return false;
  values.clear();
  for (std::size_t i = 0; i < path.size(); i++) {
    if (is_name(segments[i]))
      values[segments[i].substr(1, segments[i].size() - 2)] = path[i];
    else if (segments[i] != path[i])
      return false;
  }
  return true;
}

}  // namespace

std::span<const Route> routes() {
  return table();
}

Match find_route(std::string_view method, const std::vector<std::string>& path) {
  Match match;
  std::map<std::string_view, std::string> values;
  const auto allow = [&](std::string_view name) {
    (match.allowed += match.allowed.empty() ? "" : ", ") += name;
  };
  for (const Route& route : routes()) {
    if (!matches(segments_of(route.path), path, values)) continue;
    allow(route.method);
    if (route.method == "GET") allow("HEAD");
    if (route.method != method && !(route.method == "GET" && method == "HEAD")) continue;
    match.route = &route;
    match.path = values;
  }
  return match;
}

json::object openapi() {
  json::object paths;
  for (const Route& route : routes()) {
    json::array parameters;
    for (const std::string_view segment : segments_of(route.path))
      if (is_name(segment))
        parameters.push_back({{"name", segment.substr(1, segment.size() - 2)},
                              {"in", "path"},
                              {"required", true},
                              {"schema", {{"type", "string"}}}});
    for (const Parameter& parameter : route.parameters) {
      const char* type = parameter.kind == Kind::number ? "integer"
                         : parameter.kind == Kind::flag ? "boolean"
                                                        : "string";
      parameters.push_back({{"name", parameter.name},
                            {"in", "query"},
                            {"description", parameter.help},
                            {"schema", {{"type", type}}}});
    }
    std::string method(route.method);
    std::ranges::transform(method, method.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    json::object& about =
        paths[route.path].is_object() ? paths[route.path].get_object() : paths[route.path].emplace_object();
    about[method] = {
        {"summary", route.help},
        {"parameters", std::move(parameters)},
        {"responses", {{"default", {{"description", "what was asked for, or a problem (RFC 9457)"}}}}}};
  }
  return {{"openapi", "3.1.0"},
          {"info", {{"title", "mq"}, {"version", MQ_VERSION}}},
          {"paths", std::move(paths)}};
}

Task<Answer> get_openapi(Request&) {
  co_return answer_json(openapi());
}

}  // namespace mq::http
