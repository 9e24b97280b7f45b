// SPDX-License-Identifier: Apache-2.0
#include "core/metadata/etcd_list.h"

#include <spdlog/spdlog.h>

#include "core/metadata/etcd_error.h"

namespace mq::core {

namespace {

constexpr int tries_max = 3;
constexpr std::int64_t entries_for_a_worker = 100;

// `revision` 0: the newest.
Task<Result<EtcdPage>> list_page(std::shared_ptr<EtcdClient> client, std::string from, Revision revision) {
  EtcdCall call;
  call.path = "/v3/kv/range";
  call.body = client->requests().page(from, client->options().page_entries, revision);
  call.within = client->options().answer_within;
  EtcdAnswer answer = co_await EtcdClient::read(client, std::move(call));
  if (!answer.ok()) {
    spdlog::warn("etcd: the entries cannot be listed: {}", answer.why);
    co_return error_of(answer.verdict);
  }
  const bool long_one = number_of(answer.body, "count") > entries_for_a_worker;
  auto parse = [client, body = std::move(answer.body)] { return page_of(body, client->requests()); };
  co_return co_await client->work(long_one, std::move(parse));
}

}  // namespace

Task<Result<MetadataUpdate>> list_entries(std::shared_ptr<EtcdClient> client) {
  MetadataUpdate all{.revision = 0, .whole = true};
  std::string from;
  for (int tries = 1;;) {
    auto page = co_await list_page(client, from, all.revision);
    if (!page && page.error() == EtcdErrc::compacted && tries++ < tries_max) {
      all = {.revision = 0, .whole = true};
      from.clear();
      continue;
    }
    if (!page) co_return page.error();
    if (all.revision == 0) all.revision = page->revision;
    all.entries.merge(page->entries);
    if (!page->more) co_return all;
    from = page->last + '\0';
  }
}

}  // namespace mq::core
