// SPDX-License-Identifier: Apache-2.0
#include "core/handlers/nodes.h"

#include <algorithm>

#include "core/handlers/advertise.h"

namespace mq::core {

namespace {

Node self(const Context& context) {
  const Services& broker = context.broker;
  return {broker.identity.node_id, advertised(broker.config, *context.peer), broker.config.rack};
}

std::optional<Node> other(const Context& context, BrokerId id, const LiveEntry& entry) {
  const auto is_ours = [&](const Endpoint& at) { return at.listener == context.peer->listener; };
  const auto at = std::find_if(entry.endpoints.begin(), entry.endpoints.end(), is_ours);
  if (entry.epoch < 0 || at == entry.endpoints.end()) return std::nullopt;
  return Node{id, {at->host, at->port}, entry.rack};
}

}  // namespace

std::vector<Node> nodes(const Context& context) {
  std::vector<Node> all{self(context)};
  for (const auto& [id, live] : context.broker.catalog.live()) {
    if (id == all.front().id) continue;
    if (auto node = other(context, id, live.entry)) all.push_back(std::move(*node));
  }
  std::sort(all.begin(), all.end(), [](const Node& a, const Node& b) { return a.id < b.id; });
  return all;
}

std::optional<Node> find_node(const Context& context, BrokerId id) {
  if (id == context.broker.identity.node_id) return self(context);
  const auto live = context.broker.catalog.live().find(id);
  if (live == context.broker.catalog.live().end()) return std::nullopt;
  return other(context, id, live->second.entry);
}

bool hangs_up(Context& context) {
  context.close = context.broker.catalog.is_cut_off();
  return context.close;
}

BrokerId controller_of(const Services& broker) {
  if (broker.catalog.is_alone()) return broker.identity.node_id;
  if (!broker.catalog.is_store_heard()) return -1;
  const auto& controller = broker.catalog.controller();
  return controller ? controller->broker : -1;
}

}  // namespace mq::core
