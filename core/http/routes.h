// SPDX-License-Identifier: Apache-2.0
// The whole of what is answered over HTTP, as a table; the description for programs (OpenAPI) is read from
// it. What the rows of answers are made of is described in core/admin/rows.h.
#pragma once

#include <span>

#include "core/http/request.h"

namespace mq::http {

std::span<const Route> routes();

struct Match {
  const Route* route = nullptr;                  // null: there is none for this method
  std::map<std::string_view, std::string> path;  // what stands in the place of {names}
  std::string allowed;                           // methods of this path, "GET, HEAD"; empty: no such path
};
Match find_route(std::string_view method, const std::vector<std::string>& path);

json::object openapi();

using Answer = net::http::Answer;

// One for each row of the table, named after its path.
Task<Answer> get_page(Request& request);
Task<Answer> get_asset(Request& request);
Task<Answer> get_livez(Request& request);
Task<Answer> get_readyz(Request& request);
Task<Answer> get_caught_up(Request& request);
Task<Answer> get_healthz(Request& request);
Task<Answer> get_metrics(Request& request);
Task<Answer> get_version(Request& request);
Task<Answer> get_openapi(Request& request);
Task<Answer> get_overview(Request& request);
Task<Answer> get_health(Request& request);
Task<Answer> get_brokers(Request& request);
Task<Answer> get_broker(Request& request);
Task<Answer> get_broker_config(Request& request);
Task<Answer> get_topics(Request& request);
Task<Answer> post_topics(Request& request);
Task<Answer> get_topic(Request& request);
Task<Answer> delete_topic(Request& request);
Task<Answer> get_topic_partitions(Request& request);
Task<Answer> get_topic_config(Request& request);
Task<Answer> patch_topic_config(Request& request);
Task<Answer> get_topic_offsets(Request& request);
Task<Answer> get_records(Request& request);
Task<Answer> get_record(Request& request);
Task<Answer> get_record_value(Request& request);
Task<Answer> post_records(Request& request);
Task<Answer> get_tail(Request& request);
Task<Answer> get_groups(Request& request);
Task<Answer> get_group(Request& request);
Task<Answer> delete_group(Request& request);

}  // namespace mq::http
