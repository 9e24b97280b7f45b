// SPDX-License-Identifier: Apache-2.0
// What every metadata store promises, and what the embedded one does beside that.
#include "core/metadata/store.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/metadata/embedded_store.h"
#include "storage/error.h"
#include "storage/memory_journal.h"
#include "tests/storage/support/batches.h"

namespace mq::core {
namespace {

using Outcome = Committed::Outcome;
using Kind = Guard::Kind;

class MetadataStoreTest : public testing::Test {
 protected:
  Committed commit(MetadataChange change) { return test::wait_for(loop, store->commit(std::move(change))); }
  Committed put(std::string key, std::string value) {
    MetadataChange change;
    change.puts[std::move(key)] = std::move(value);
    return commit(std::move(change));
  }
  MetadataUpdate load() { return *test::wait_for(loop, store->load()); }
  MetadataUpdate watch(Revision after) { return *test::wait_for(loop, store->watch(after)); }
  std::optional<MetadataEntry> entry(const std::string& key) {
    const MetadataUpdate all = load();
    const auto found = all.entries.find(key);
    return found == all.entries.end() ? std::nullopt : found->second;
  }
  // As after a restart.
  void reopen() { store = std::make_unique<EmbeddedStore>(meta, loop.get_executor()); }

  asio::io_context loop{1};
  storage::MemoryDisk disk;
  storage::MemoryStore meta{disk};
  std::unique_ptr<EmbeddedStore> store = std::make_unique<EmbeddedStore>(meta, loop.get_executor());
};

TEST_F(MetadataStoreTest, AChangeIsAllOrNothingAndItsGuardsHaveToHold) {
  EXPECT_EQ(put("a", "1").outcome, Outcome::done);
  const EntryVersion version = entry("a")->version;

  MetadataChange change;
  change.guards = {{Kind::unchanged, "a", version}, {Kind::absent, "b"}};
  change.puts = {{"a", "2"}, {"b", "1"}};
  EXPECT_EQ(commit(change).outcome, Outcome::done);
  EXPECT_EQ(entry("a")->value, "2");
  EXPECT_EQ(entry("b")->value, "1");

  change.puts = {{"a", "3"}, {"c", "1"}};
  EXPECT_EQ(commit(change).outcome, Outcome::conflict) << "both guards fail";
  change.guards = {{Kind::unchanged, "a", version}};
  EXPECT_EQ(commit(change).outcome, Outcome::conflict) << "of a version before";
  change.guards = {{Kind::unchanged, "nothing", 1}};
  EXPECT_EQ(commit(change).outcome, Outcome::conflict);
  change.guards = {{Kind::absent, "b"}};
  EXPECT_EQ(commit(change).outcome, Outcome::conflict);
  EXPECT_EQ(entry("a")->value, "2");
  EXPECT_FALSE(entry("c"));
}

TEST_F(MetadataStoreTest, AVersionIsGreaterWithEveryWriteAlsoAfterAnEraseAndARestart) {
  EntryVersion last = 0;
  for (int i = 0; i < 3; i++) {
    put("a", "same");
    EXPECT_GT(entry("a")->version, last);
    last = entry("a")->version;
    MetadataChange erase;
    erase.erases = {"a"};
    EXPECT_EQ(commit(erase).outcome, Outcome::done);
    EXPECT_FALSE(entry("a"));
    reopen();
  }
}

TEST_F(MetadataStoreTest, AnUpdateIsWhatChangedSince) {
  const Revision first = load().revision;
  const Revision one = put("a", "1").revision;
  const Revision two = put("b", "2").revision;
  EXPECT_GT(two, one);
  const MetadataUpdate all = watch(first);
  EXPECT_FALSE(all.whole);
  EXPECT_EQ(all.entries.size(), 2u);
  const MetadataUpdate last = watch(one);
  EXPECT_EQ(last.entries.size(), 1u);
  EXPECT_EQ(last.entries.at("b")->value, "2");
  EXPECT_EQ(last.revision, two);
  MetadataChange erase;
  erase.erases = {"a"};
  commit(erase);
  EXPECT_FALSE(watch(two).entries.at("a"));
}

TEST_F(MetadataStoreTest, WhoWatchesWaitsForAnUpdate) {
  std::optional<MetadataUpdate> heard;
  asio::co_spawn(loop, store->watch(load().revision),
                 [&](std::exception_ptr, Result<MetadataUpdate> update) { heard = *update; });
  loop.restart();
  loop.poll();
  EXPECT_FALSE(heard);
  put("a", "1");
  test::run_until(loop, [&] { return heard.has_value(); });
  EXPECT_EQ(heard->entries.at("a")->value, "1");
}

TEST_F(MetadataStoreTest, WhoMissedTooMuchIsGivenAllThereIs) {
  const Revision first = load().revision;
  for (std::size_t i = 0; i <= EmbeddedStore::deltas_max; i++) put("a", std::to_string(i));
  const MetadataUpdate all = watch(first);
  EXPECT_TRUE(all.whole);
  EXPECT_EQ(all.entries.at("a")->value, std::to_string(EmbeddedStore::deltas_max));
}

TEST_F(MetadataStoreTest, WhatIsHeldLivesWithTheSessionAndHasOneHolder) {
  EXPECT_EQ(store->session(), MetadataStore::Session::alive);
  const Revision first = load().revision;
  const auto token = *test::wait_for(loop, store->hold("controller", "me"));
  ASSERT_TRUE(token);
  EXPECT_EQ(watch(first).entries.at("controller")->version, *token);
  EXPECT_FALSE(*test::wait_for(loop, store->hold("controller", "me again")));

  MetadataChange change;
  change.guards = {{Kind::held_by_me, "controller"}};
  change.puts = {{"a", "1"}};
  EXPECT_EQ(commit(change).outcome, Outcome::done);
  change.guards = {{Kind::absent, "controller"}};
  EXPECT_EQ(commit(change).outcome, Outcome::conflict);
  EXPECT_FALSE(test::wait_for(loop, store->evict("controller")));
  EXPECT_FALSE(entry("controller"));
  change.guards = {{Kind::held_by_me, "controller"}};
  EXPECT_EQ(commit(change).outcome, Outcome::conflict);
  const auto next = *test::wait_for(loop, store->hold("controller", "me"));
  EXPECT_GT(*next, *token);
  reopen();
  EXPECT_FALSE(entry("controller"));
  EXPECT_GT(*test::wait_for(loop, store->hold("controller", "me")), std::optional(0));
}

TEST_F(MetadataStoreTest, WhatIsHeldCanBePutAndStaysHeld) {
  const auto token = *test::wait_for(loop, store->hold("live/1", "starts"));
  MetadataChange change;
  change.guards = {{Kind::held_by_me, "live/1"}, {Kind::unchanged, "live/1", *token}};
  change.puts = {{"live/1", "runs"}, {"a", "1"}};
  const Committed done = commit(change);
  EXPECT_EQ(done.outcome, Outcome::done);
  EXPECT_EQ(entry("live/1")->value, "runs");
  EXPECT_GT(entry("live/1")->version, *token);
  EXPECT_EQ(watch(done.revision - 1).entries.at("live/1")->value, "runs");
  EXPECT_EQ(commit(change).outcome, Outcome::conflict) << "its version is another now";
  EXPECT_FALSE(test::wait_for(loop, store->evict("live/1")));
  EXPECT_FALSE(entry("live/1")) << "it lives with the session, put or not";
}

TEST_F(MetadataStoreTest, AConflictTellsWhatIsThere) {
  put("a", "1");
  MetadataChange change;
  change.guards = {{Kind::absent, "a"}, {Kind::unchanged, "b", 1}};
  const Committed refused = commit(change);
  ASSERT_EQ(refused.outcome, Outcome::conflict);
  EXPECT_EQ(refused.found.at("a"), entry("a"));
  EXPECT_EQ(refused.found.at("b"), std::nullopt);
}

TEST_F(MetadataStoreTest, OfAWriteThatFailedNobodyKnowsWhetherItWasMade) {
  meta.fail_with(make_error_code(storage::Errc::io));
  EXPECT_EQ(put("a", "1").outcome, Outcome::unknown);
  meta.fail_with({});
  EXPECT_FALSE(entry("a"));
}

TEST_F(MetadataStoreTest, AStoppedStoreTellsThatToWhoWaits) {
  std::optional<error_code> told;
  asio::co_spawn(loop, store->watch(load().revision),
                 [&](std::exception_ptr, Result<MetadataUpdate> update) { told = update.error(); });
  loop.restart();
  loop.poll();
  store->stop();
  test::run_until(loop, [&] { return told.has_value(); });
  EXPECT_EQ(*told, storage::Errc::stopped);
  EXPECT_EQ(put("a", "1").outcome, Outcome::refused);
}

}  // namespace
}  // namespace mq::core
