// SPDX-License-Identifier: Apache-2.0
// Stores over Consul, in the test's thread: one in this process that a test can make do wrong, and real ones.
#pragma once

#include "core/metadata/consul_store.h"
#include "tests/core/metadata/etcd_case.h"
#include "tests/support/consul_server.h"
#include "tests/support/fake_consul.h"
#include "tests/support/virtual_clock.h"

namespace mq::core {

// One for all tests that do it no harm.
inline test::ConsulServer& shared_consul() {
  static test::ConsulServer server;
  return server;
}

inline std::string next_consul_prefix() {
  return next_prefix().substr(1);
}

class ConsulTest : public testing::Test {
 protected:
  void TearDown() override {
    for (auto& store : stores) store->stop();
    drain(loop);
  }
  virtual const Clock& clock() const { return real_clock(); }

  ConsulStore& connect(ConsulOptions options) {
    if (options.prefix.empty()) options.prefix = prefix;
    return *stores.emplace_back(std::make_unique<ConsulStore>(loop, clock(), std::move(options)));
  }
  ConsulStore& connect(std::vector<std::string> endpoints) {
    ConsulOptions options;
    options.endpoints = std::move(endpoints);
    return connect(std::move(options));
  }

  template <class T>
  T wait(Task<T> task) {
    return test::wait_for(loop, std::move(task));
  }
  template <class Done>
  void until(Done done) {
    test::run_until(loop, std::move(done));
  }
  Committed put(ConsulStore& store, std::string key, std::string value, std::vector<Guard> guards = {}) {
    MetadataChange change;
    change.guards = std::move(guards);
    change.puts[std::move(key)] = std::move(value);
    return wait(store.commit(std::move(change)));
  }
  std::optional<MetadataEntry> entry(ConsulStore& store, const std::string& key) {
    const auto all = wait(store.load());
    const auto found = all->entries.find(key);
    return found == all->entries.end() ? std::nullopt : found->second;
  }
  std::vector<MetadataStore::Session>& heard_of(ConsulStore& store) {
    auto heard = std::make_shared<std::vector<MetadataStore::Session>>();
    store.on_session([heard](MetadataStore::Session session) { heard->push_back(session); });
    return *kept_.emplace_back(heard);
  }

  asio::io_context loop{1};
  std::string prefix = next_consul_prefix();
  std::vector<std::unique_ptr<ConsulStore>> stores;

 private:
  std::vector<std::shared_ptr<std::vector<MetadataStore::Session>>> kept_;
};

// On time of the test's.
class FakeConsulTest : public ConsulTest {
 protected:
  void TearDown() override {
    ConsulTest::TearDown();
    fake.stop();
    drain(loop);
    time.forget(loop);
    drain(loop);
  }
  const Clock& clock() const override { return time; }
  ConsulStore& connect() { return ConsulTest::connect({fake.endpoint()}); }
  using ConsulTest::connect;

  // Lets time pass, and the loop do what there is to do in between, until it is so.
  template <class Done>
  bool pass(Time::duration most, Done done) {
    const Time end = time.now() + most;
    while (!done()) {
      fake.time_out();
      loop.restart();
      loop.run_for(std::chrono::milliseconds(100));  // for the network, which has a time of its own
      if (done()) break;
      if (!time.advance(end) && time.now() >= end) return done();
    }
    return true;
  }

  test::VirtualClock time;
  test::FakeConsul fake{loop};
};

class RealConsulTest : public ConsulTest {
 protected:
  void SetUp() override {
    if (!test::ConsulServer::installed()) GTEST_SKIP() << test::ConsulServer::not_installed;
  }
};

}  // namespace mq::core
