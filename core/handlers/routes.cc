// SPDX-License-Identifier: Apache-2.0
#include "core/handlers/routes.h"

#include <algorithm>
#include <array>

#include "core/handlers/handlers.h"
#include "core/loop/run_on.h"
#include "net/error.h"
#include "net/kafka/errors_of.h"
#include "net/kafka/messages/every.h"

namespace mq::core {

namespace {

template <class T>
struct Signature;
template <class Response, class Request>
struct Signature<Task<Response> (*)(Context&, Request&)> {
  using In = Request;
  using Out = Response;
};
template <class T>
constexpr bool is_optional = false;
template <class T>
constexpr bool is_optional<std::optional<T>> = true;

// What of a message is decoded or encoded on the loop: some tenths of a millisecond. What takes more goes to
// a worker.
constexpr std::size_t effort_max = 4096;

template <class In>
Task<Result<In>> decode_elsewhere(Context& context, net::Bytes body) {
  co_await context.get_in_line();
  auto work = [frame = context.frame, body, version = context.version] {
    return kafka::decode<In>(body, version);
  };
  co_return co_await run_on(context.broker.workers, std::move(work));
}

template <class Out>
Task<net::Pieces> encode_elsewhere(Context& context, std::int32_t correlation, Out response) {
  auto work = [correlation, version = context.version, response = std::move(response)] {
    return kafka::encode_frame(correlation, response, version);
  };
  co_return co_await run_on(context.broker.workers, std::move(work));
}

template <class Out>
void count_errors(Context& context, const Out& response) {
  std::size_t elements = effort_max;
  auto count = [&](std::int16_t code) { context.broker.requests.failed(context.route, code); };
  kafka::each_error(response, elements, count);
}

template <auto handler>
Task<Result<net::Pieces>> serve(Context& context, std::int32_t correlation, net::Bytes body) {
  using In = typename Signature<decltype(handler)>::In;
  using Out = typename Signature<decltype(handler)>::Out;
  auto request = kafka::decode<In>(body, context.version, effort_max);
  const bool is_long = !request && request.error() == boost::system::errc::value_too_large;
  if (is_long) request = co_await decode_elsewhere<In>(context, body);
  if (!request) co_return request.error();
  Out response = co_await handler(context, *request);
  if (is_long) discard(context.broker.workers, std::move(*request));
  if (context.close) co_return make_error_code(net::Errc::closed);
  count_errors(context, response);
  if constexpr (is_optional<Out>) {
    if (!response) co_return net::Pieces{};
    net::Pieces frame = kafka::encode_frame(correlation, *response, context.version, effort_max);
    if (frame.empty()) frame = co_await encode_elsewhere(context, correlation, std::move(*response));
    co_return frame;
  } else {
    net::Pieces frame = kafka::encode_frame(correlation, response, context.version, effort_max);
    if (frame.empty()) frame = co_await encode_elsewhere(context, correlation, std::move(response));
    co_return frame;
  }
}

using To = kafka::AclOperation;
using On = kafka::AclResource;

template <auto handler>
constexpr Route route(To operation, On resource, AnsweredBy answered_by = AnsweredBy::broker) {
  using In = typename Signature<decltype(handler)>::In;
  using About = kafka::Describe<In>;
  constexpr std::string_view suffix = "Request";
  std::string_view name = About::name;
  if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
  return {About::key,         name,  operation,      resource, answered_by, About::valid,
          About::valid.first, false, &serve<handler>};
}

// Partitions keep the order of what is produced to them, so that batches in flight share a sync.
// librdkafka before 2.11.1 compresses only when the range of Produce begins at 0 (KAFKA-18659).
constexpr Route produce_route() {
  Route result = route<produce>(To::write, On::topic);
  result.advertised_first = 0;
  result.overlaps = true;
  return result;
}

constexpr auto table = [] {
  constexpr AnsweredBy controller = AnsweredBy::controller;
  std::array all{
      produce_route(),
      route<fetch>(To::read, On::topic),
      route<list_offsets>(To::describe, On::topic),
      route<metadata>(To::describe, On::topic),
      route<find_coordinator>(To::describe, On::any),
      route<offset_commit>(To::read, On::group),
      route<offset_fetch>(To::describe, On::group),
      route<join_group>(To::read, On::group),
      route<heartbeat>(To::read, On::group),
      route<leave_group>(To::read, On::group),
      route<sync_group>(To::read, On::group),
      route<describe_groups>(To::describe, On::group),
      route<list_groups>(To::describe, On::cluster),
      route<delete_groups>(To::remove, On::group),
      route<offset_delete>(To::remove, On::group),
      route<api_versions>(To::describe, On::any),
      route<create_topics>(To::create, On::cluster, controller),
      route<delete_topics>(To::remove, On::topic, controller),
      route<delete_records>(To::remove, On::topic),
      route<init_producer_id>(To::write, On::transactional_id),
      route<offset_for_leader_epoch>(To::describe, On::topic),
      route<add_partitions_to_txn>(To::write, On::transactional_id),
      route<add_offsets_to_txn>(To::write, On::transactional_id),
      route<end_txn>(To::write, On::transactional_id),
      route<txn_offset_commit>(To::write, On::transactional_id),
      route<write_txn_markers>(To::cluster_action, On::cluster),
      route<describe_configs>(To::describe_configs, On::any),
      route<alter_configs>(To::alter_configs, On::any, controller),
      route<describe_log_dirs>(To::describe, On::cluster),
      route<create_partitions>(To::alter, On::topic, controller),
      route<elect_leaders>(To::alter, On::cluster, controller),
      route<alter_partition_reassignments>(To::alter, On::cluster, controller),
      route<list_partition_reassignments>(To::describe, On::cluster, controller),
      route<incremental_alter_configs>(To::alter_configs, On::any, controller),
      route<describe_quorum>(To::describe, On::cluster),
      route<update_features>(To::alter, On::cluster, controller),
      route<describe_cluster>(To::describe, On::cluster),
      route<unregister_broker>(To::alter, On::cluster, controller),
      route<describe_producers>(To::read, On::topic),
      route<describe_transactions>(To::describe, On::transactional_id),
      route<list_transactions>(To::describe, On::transactional_id),
      route<list_config_resources>(To::describe_configs, On::cluster),
      route<describe_topic_partitions>(To::describe, On::topic),
      route<consumer_group_heartbeat>(To::read, On::group),
      route<consumer_group_describe>(To::describe, On::group),
  };
  std::sort(all.begin(), all.end(), [](const Route& a, const Route& b) { return a.key < b.key; });
  return all;
}();

}  // namespace

std::span<const Route> routes() {
  return table;
}

const Route* find_route(std::int16_t key) {
  const auto found = std::find_if(table.begin(), table.end(), [key](const Route& r) { return r.key == key; });
  return found == table.end() ? nullptr : &*found;
}

}  // namespace mq::core
