// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/api.h"

#include <algorithm>

#include "net/kafka/messages/every.h"

namespace mq::kafka {

namespace {

constexpr std::string_view request = "Request";

template <Message M>
constexpr bool is_request = Describe<M>::name.ends_with(request);

template <Message... M>
constexpr auto table_of(Messages<M...>) {
  std::array<Api, (is_request<M> + ...)> table{};
  auto* row = table.data();
  const auto add = [&row](std::string_view name, std::int16_t key, Versions valid, Versions flexible) {
    if (!name.ends_with(request)) return;
    name.remove_suffix(request.size());
    *row++ = {key, name, valid, flexible};
  };
  (add(Describe<M>::name, Describe<M>::key, Describe<M>::valid, Describe<M>::flexible), ...);
  return table;
}

constexpr auto table = table_of(EveryMessage{});
static_assert(std::ranges::is_sorted(table, {}, &Api::key));

}  // namespace

std::span<const Api> apis() {
  return table;
}

const Api* find_api(std::int16_t key) {
  const auto* row = std::ranges::lower_bound(table, key, {}, &Api::key);
  return row != table.end() && row->key == key ? row : nullptr;
}

}  // namespace mq::kafka
