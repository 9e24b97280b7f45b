// SPDX-License-Identifier: Apache-2.0
// Stores over a real etcd, in the test's thread. Each test has a prefix of its own.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>

#include "core/metadata/etcd_store.h"
#include "tests/storage/support/batches.h"
#include "tests/support/etcd_server.h"

namespace mq::core {

// One member for all tests that do it no harm.
inline test::EtcdServer& shared_etcd() {
  static test::EtcdServer server;
  return server;
}

inline std::string next_prefix() {
  static int tests = 0;
  return "/mq/test" + std::to_string(++tests) + "/";
}

// Runs what is left of stores that were stopped.
inline void drain(asio::io_context& loop) {
  loop.restart();
  loop.poll();
}

// What a watch brings until it is of that revision, as one update.
inline MetadataUpdate watch_until(asio::io_context& loop, MetadataStore& store, Revision after,
                                  Revision until) {
  MetadataUpdate all{.revision = after};
  while (all.revision < until) {
    MetadataUpdate next = *test::wait_for(loop, store.watch(all.revision));
    all.revision = next.revision;
    if (next.whole) {
      all = std::move(next);
      continue;
    }
    for (auto& [key, entry] : next.entries) all.entries[key] = std::move(entry);
  }
  return all;
}

class EtcdTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::EtcdServer::installed()) GTEST_SKIP() << test::EtcdServer::not_installed;
    open();
  }
  void TearDown() override {
    for (auto& store : stores) store->stop();
    drain(loop);
  }
  virtual void open() {}

  EtcdStore& connect(EtcdOptions options) {
    if (options.prefix.empty()) options.prefix = prefix;
    return *stores.emplace_back(std::make_unique<EtcdStore>(loop, clock(), std::move(options)));
  }
  EtcdStore& connect(const test::EtcdServer& server) {
    EtcdOptions options;
    options.endpoints = server.endpoints();
    return connect(std::move(options));
  }
  virtual const Clock& clock() const { return real_clock(); }

  template <class T>
  T wait(Task<T> task) {
    return test::wait_for(loop, std::move(task));
  }
  template <class Done>
  void until(Done done) {
    test::run_until(loop, std::move(done));
  }
  Committed put(EtcdStore& store, std::string key, std::string value) {
    MetadataChange change;
    change.puts[std::move(key)] = std::move(value);
    return wait(store.commit(std::move(change)));
  }
  std::optional<MetadataEntry> entry(EtcdStore& store, const std::string& key) {
    const auto all = wait(store.load());
    const auto found = all->entries.find(key);
    return found == all->entries.end() ? std::nullopt : found->second;
  }

  asio::io_context loop{1};
  std::string prefix = next_prefix();
  std::vector<std::unique_ptr<EtcdStore>> stores;
};

}  // namespace mq::core
