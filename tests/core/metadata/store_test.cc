// SPDX-License-Identifier: Apache-2.0
// What every metadata store promises, asked of each that there is.
#include "core/metadata/store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>

#include "core/metadata/embedded_store.h"
#include "storage/error.h"
#include "storage/memory_journal.h"
#include "tests/core/metadata/consul_case.h"
#include "tests/core/metadata/etcd_case.h"

namespace mq::core {
namespace {

using Outcome = Committed::Outcome;
using Kind = Guard::Kind;

class EmbeddedCase {
 public:
  explicit EmbeddedCase(asio::io_context& loop) : loop_(loop) { reopen(); }
  static const char* missing() { return nullptr; }
  void reopen() { store_ = std::make_unique<EmbeddedStore>(meta_, loop_.get_executor()); }
  EmbeddedStore& store() { return *store_; }

 private:
  asio::io_context& loop_;
  storage::MemoryDisk disk_;
  storage::MemoryStore meta_{disk_};
  std::unique_ptr<EmbeddedStore> store_;
};

class EtcdCase {
 public:
  explicit EtcdCase(asio::io_context& loop) : loop_(loop) { reopen(); }
  ~EtcdCase() { close(); }
  static const char* missing() {
    return test::EtcdServer::installed() ? nullptr : test::EtcdServer::not_installed;
  }
  void reopen() {
    close();
    EtcdOptions options;
    options.endpoints = shared_etcd().endpoints();
    options.prefix = prefix_;
    store_ = std::make_unique<EtcdStore>(loop_, real_clock(), std::move(options));
  }
  EtcdStore& store() { return *store_; }

 private:
  void close() {
    if (!store_) return;
    store_->stop();
    drain(loop_);
  }

  asio::io_context& loop_;
  const std::string prefix_ = next_prefix();
  std::unique_ptr<EtcdStore> store_;
};

// Of either kind.
class ConsulBase {
 public:
  explicit ConsulBase(asio::io_context& loop) : loop_(loop) {}
  ~ConsulBase() { close(); }
  ConsulStore& store() { return *store_; }

 protected:
  void open(std::vector<std::string> endpoints) {
    close();
    ConsulOptions options;
    options.endpoints = std::move(endpoints);
    options.prefix = prefix_;
    store_ = std::make_unique<ConsulStore>(loop_, real_clock(), std::move(options));
  }
  void close() {
    if (!store_) return;
    store_->stop();
    drain(loop_);
  }

  asio::io_context& loop_;
  const std::string prefix_ = next_consul_prefix();
  std::unique_ptr<ConsulStore> store_;
};

class FakeConsulCase : public ConsulBase {
 public:
  explicit FakeConsulCase(asio::io_context& loop) : ConsulBase(loop), fake_(loop) { reopen(); }
  ~FakeConsulCase() {
    fake_.stop();
    close();
  }
  static const char* missing() { return nullptr; }
  void reopen() { open({fake_.endpoint()}); }

 private:
  test::FakeConsul fake_;
};

class ConsulCase : public ConsulBase {
 public:
  explicit ConsulCase(asio::io_context& loop) : ConsulBase(loop) { reopen(); }
  static const char* missing() {
    return test::ConsulServer::installed() ? nullptr : test::ConsulServer::not_installed;
  }
  void reopen() { open(shared_consul().endpoints()); }
};

template <class Case>
class MetadataStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const char* why = Case::missing()) GTEST_SKIP() << why;
    case_.emplace(loop);
  }

  MetadataStore& store() { return case_->store(); }
  Committed commit(MetadataChange change) { return test::wait_for(loop, store().commit(std::move(change))); }
  Committed put(std::string key, std::string value) {
    MetadataChange change;
    change.puts[std::move(key)] = std::move(value);
    return commit(std::move(change));
  }
  MetadataUpdate load() { return *test::wait_for(loop, store().load()); }
  MetadataUpdate watch(Revision after, Revision until) { return watch_until(loop, store(), after, until); }
  std::optional<MetadataEntry> entry(const std::string& key) {
    const MetadataUpdate all = load();
    const auto found = all.entries.find(key);
    return found == all.entries.end() ? std::nullopt : found->second;
  }
  std::optional<EntryVersion> hold(std::string key, std::string value) {
    return *test::wait_for(loop, store().hold(std::move(key), std::move(value)));
  }
  error_code evict(std::string key) { return test::wait_for(loop, store().evict(std::move(key))); }
  // As after a restart.
  void reopen() { case_->reopen(); }
  void stop() { case_->store().stop(); }

  asio::io_context loop{1};
  std::optional<Case> case_;
};

struct CaseNames {
  template <class Case>
  static std::string GetName(int) {
    if (std::is_same_v<Case, EmbeddedCase>) return "Embedded";
    if (std::is_same_v<Case, EtcdCase>) return "Etcd";
    return std::is_same_v<Case, ConsulCase> ? "Consul" : "FakeConsul";
  }
};
using Cases = testing::Types<EmbeddedCase, EtcdCase, FakeConsulCase, ConsulCase>;
TYPED_TEST_SUITE(MetadataStoreTest, Cases, CaseNames);

TYPED_TEST(MetadataStoreTest, AChangeIsAllOrNothingAndItsGuardsHaveToHold) {
  EXPECT_EQ(this->put("a", "1").outcome, Outcome::done);
  const EntryVersion version = this->entry("a")->version;

  MetadataChange change;
  change.guards = {{Kind::unchanged, "a", version}, {Kind::absent, "b"}};
  change.puts = {{"a", "2"}, {"b", "1"}};
  EXPECT_EQ(this->commit(change).outcome, Outcome::done);
  EXPECT_EQ(this->entry("a")->value, "2");
  EXPECT_EQ(this->entry("b")->value, "1");

  change.puts = {{"a", "3"}, {"c", "1"}};
  EXPECT_EQ(this->commit(change).outcome, Outcome::conflict) << "both guards fail";
  change.guards = {{Kind::unchanged, "a", version}};
  EXPECT_EQ(this->commit(change).outcome, Outcome::conflict) << "of a version before";
  change.guards = {{Kind::unchanged, "nothing", 1}};
  EXPECT_EQ(this->commit(change).outcome, Outcome::conflict);
  change.guards = {{Kind::absent, "b"}};
  EXPECT_EQ(this->commit(change).outcome, Outcome::conflict);
  EXPECT_EQ(this->entry("a")->value, "2");
  EXPECT_FALSE(this->entry("c"));
}

TYPED_TEST(MetadataStoreTest, AVersionIsGreaterWithEveryWriteAlsoAfterAnEraseAndARestart) {
  EntryVersion last = 0;
  for (int i = 0; i < 3; i++) {
    this->put("a", "same");
    EXPECT_GT(this->entry("a")->version, last);
    last = this->entry("a")->version;
    MetadataChange erase;
    erase.erases = {"a"};
    EXPECT_EQ(this->commit(erase).outcome, Outcome::done);
    EXPECT_FALSE(this->entry("a"));
    this->reopen();
  }
}

TYPED_TEST(MetadataStoreTest, AnUpdateIsWhatChangedSince) {
  const Revision first = this->load().revision;
  const Revision one = this->put("a", "1").revision;
  const Revision two = this->put("b", "2").revision;
  EXPECT_GT(two, one);
  const MetadataUpdate all = this->watch(first, two);
  EXPECT_FALSE(all.whole);
  EXPECT_EQ(all.entries.size(), 2u);
  const MetadataUpdate last = this->watch(one, two);
  EXPECT_EQ(last.entries.size(), 1u);
  EXPECT_EQ(last.entries.at("b")->value, "2");
  EXPECT_EQ(last.revision, two);
  MetadataChange erase;
  erase.erases = {"a"};
  const Revision three = this->commit(erase).revision;
  EXPECT_FALSE(this->watch(two, three).entries.at("a"));
}

TYPED_TEST(MetadataStoreTest, WhoWatchesWaitsForAnUpdate) {
  std::optional<MetadataUpdate> heard;
  asio::co_spawn(this->loop, this->store().watch(this->load().revision),
                 [&](std::exception_ptr, Result<MetadataUpdate> update) { heard = *update; });
  this->loop.restart();
  this->loop.poll();
  EXPECT_FALSE(heard);
  this->put("a", "1");
  test::run_until(this->loop, [&] { return heard.has_value(); });
  EXPECT_EQ(heard->entries.at("a")->value, "1");
}

TYPED_TEST(MetadataStoreTest, EverybodyWhoWatchesHearsOfEverything) {
  const auto follow = [](MetadataStore& store, Revision after, std::string& last) -> Task<void> {
    while (last != "9") {
      const auto update = co_await store.watch(after);
      if (!update) co_return;
      after = update->revision;
      const auto found = update->entries.find("a");
      if (found != update->entries.end()) last = found->second->value;
    }
  };
  std::array<std::string, 3> heard;
  const Revision from = this->load().revision;
  for (std::string& last : heard)
    asio::co_spawn(this->loop, follow(this->store(), from, last), [](std::exception_ptr) {});
  for (int i = 0; i < 10; i++) this->put("a", std::to_string(i));
  test::run_until(this->loop, [&] {
    return std::all_of(heard.begin(), heard.end(), [](const std::string& last) { return last == "9"; });
  });
}

TYPED_TEST(MetadataStoreTest, WhatIsHeldLivesWithTheSessionAndHasOneHolder) {
  EXPECT_EQ(this->store().session(), MetadataStore::Session::alive);
  const Revision first = this->load().revision;
  const auto token = this->hold("controller", "me");
  ASSERT_TRUE(token);
  EXPECT_EQ(this->entry("controller")->version, *token);
  const Revision later = this->put("b", "1").revision;
  EXPECT_EQ(this->watch(first, later).entries.at("controller")->version, *token);
  EXPECT_FALSE(this->hold("controller", "me again"));

  MetadataChange change;
  change.guards = {{Kind::held_by_me, "controller"}};
  change.puts = {{"a", "1"}};
  EXPECT_EQ(this->commit(change).outcome, Outcome::done);
  change.guards = {{Kind::absent, "controller"}};
  EXPECT_EQ(this->commit(change).outcome, Outcome::conflict);
  EXPECT_FALSE(this->evict("controller"));
  EXPECT_FALSE(this->entry("controller"));
  change.guards = {{Kind::held_by_me, "controller"}};
  EXPECT_EQ(this->commit(change).outcome, Outcome::conflict);
  const auto next = this->hold("controller", "me");
  EXPECT_GT(*next, *token);
}

TYPED_TEST(MetadataStoreTest, WhatIsHeldCanBePutAndStaysHeld) {
  const auto token = this->hold("live/1", "starts");
  MetadataChange change;
  change.guards = {{Kind::held_by_me, "live/1"}, {Kind::unchanged, "live/1", *token}};
  change.puts = {{"live/1", "runs"}, {"a", "1"}};
  const Committed done = this->commit(change);
  EXPECT_EQ(done.outcome, Outcome::done);
  EXPECT_EQ(this->entry("live/1")->value, "runs");
  EXPECT_GT(this->entry("live/1")->version, *token);
  EXPECT_EQ(this->watch(done.revision - 1, done.revision).entries.at("live/1")->value, "runs");
  EXPECT_EQ(this->commit(change).outcome, Outcome::conflict) << "its version is another now";
  EXPECT_FALSE(this->evict("live/1"));
  EXPECT_FALSE(this->entry("live/1")) << "it lives with the session, put or not";
}

TYPED_TEST(MetadataStoreTest, AConflictTellsWhatIsThere) {
  this->put("a", "1");
  MetadataChange change;
  change.guards = {{Kind::absent, "a"}, {Kind::unchanged, "b", 1}};
  const Committed refused = this->commit(change);
  ASSERT_EQ(refused.outcome, Outcome::conflict);
  EXPECT_EQ(refused.found.at("a"), this->entry("a"));
  EXPECT_EQ(refused.found.at("b"), std::nullopt);
}

TYPED_TEST(MetadataStoreTest, AStoppedStoreTellsThatToWhoWaits) {
  std::optional<error_code> told;
  asio::co_spawn(this->loop, this->store().watch(this->load().revision),
                 [&](std::exception_ptr, Result<MetadataUpdate> update) { told = update.error(); });
  this->loop.restart();
  this->loop.poll();
  this->stop();
  test::run_until(this->loop, [&] { return told.has_value(); });
  EXPECT_EQ(*told, storage::Errc::stopped);
  EXPECT_EQ(this->put("a", "1").outcome, Outcome::refused);
}

}  // namespace
}  // namespace mq::core
