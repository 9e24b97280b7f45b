// SPDX-License-Identifier: Apache-2.0
// What the embedded metadata store does beside what every one promises (store_test.cc).
#include "core/metadata/embedded_store.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include "storage/error.h"
#include "storage/memory_journal.h"
#include "tests/storage/support/batches.h"

namespace mq::core {
namespace {

using Outcome = Committed::Outcome;

class EmbeddedStoreTest : public testing::Test {
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

TEST_F(EmbeddedStoreTest, WhoMissedTooMuchIsGivenAllThereIs) {
  const Revision first = load().revision;
  for (std::size_t i = 0; i <= EmbeddedStore::deltas_max; i++) put("a", std::to_string(i));
  const MetadataUpdate all = watch(first);
  EXPECT_TRUE(all.whole);
  EXPECT_EQ(all.entries.at("a")->value, std::to_string(EmbeddedStore::deltas_max));
}

TEST_F(EmbeddedStoreTest, OfAWriteThatFailedNobodyKnowsWhetherItWasMade) {
  meta.fail_with(make_error_code(storage::Errc::io));
  EXPECT_EQ(put("a", "1").outcome, Outcome::unknown);
  meta.fail_with({});
  EXPECT_FALSE(entry("a"));
}

TEST_F(EmbeddedStoreTest, ARestartEndsWhatWasHeld) {
  const auto token = *test::wait_for(loop, store->hold("controller", "me"));
  ASSERT_TRUE(token);
  reopen();
  EXPECT_FALSE(entry("controller"));
  EXPECT_GT(*test::wait_for(loop, store->hold("controller", "me")), std::optional(0));
}

}  // namespace
}  // namespace mq::core
