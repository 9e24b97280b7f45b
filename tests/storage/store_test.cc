// SPDX-License-Identifier: Apache-2.0
#include "storage/store.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "storage/error.h"
#include "tests/support/power_cut.h"
#include "tests/support/temp_dir.h"

namespace mq::storage {
namespace {

using test::PowerCut;
using Call = PowerCut::Call;
using Loss = PowerCut::Loss;
using Rows = std::vector<std::pair<std::string, std::string>>;

std::string key(std::uint64_t number) {
  return "key/" + std::to_string(1000 + number);
}

// The nth change of a history in which every change replaces, adds and erases, and what it leaves behind.
Store::Change nth_change(std::uint64_t n, std::size_t value_bytes = 20) {
  Store::Change change;
  change.puts["last"] = std::to_string(n);
  change.puts[key(n)] = std::string(value_bytes, static_cast<char>('a' + n % 26));
  if (n > 3) change.erases = {key(n - 3)};
  return change;
}

Rows after_changes(std::uint64_t count, std::size_t value_bytes = 20) {
  std::map<std::string, std::string> rows;
  for (std::uint64_t n = 1; n <= count; ++n) {
    const auto change = nth_change(n, value_bytes);
    for (const auto& [name, value] : change.puts) rows[name] = value;
    for (const auto& name : change.erases) rows.erase(name);
  }
  return {rows.begin(), rows.end()};
}

class StoreTest : public testing::Test {
 protected:
  Path meta() const { return dir_ / "meta"; }

  void reopen() {
    store_.reset();
    auto opened = Store::open(files_, meta());
    ASSERT_TRUE(opened) << opened.error().message();
    store_ = std::move(*opened);
  }

  void lose_power(Loss loss = Loss::all, std::uint64_t seed = 0) {
    files_.cut();  // before it is closed in order
    store_.reset();
    files_.reboot(loss, seed);
  }

  void commit_up_to(std::uint64_t count) {
    while (store_->changes() < count) ASSERT_FALSE(store_->commit(nth_change(store_->changes() + 1)));
  }

  Rows all() { return store_->scan("", "", 10'000).value(); }

  Path newest(const std::string& extension) {
    Path found;
    const auto names = files_.list(meta()).value();
    for (const std::string& name : names)
      if (name.ends_with(extension)) found = meta() / name;
    return found;
  }

  std::string content(const Path& path) {
    const auto file = files_.open(path, FileSystem::Mode::read).value();
    std::string text(file->size().value(), '?');
    (void)file->read(std::as_writable_bytes(std::span(text)), 0);
    return text;
  }

  // Writes past the store and past the power cut: what a disk did by itself.
  void damage(const Path& path, const std::string& text) {
    const iovec piece{const_cast<char*>(text.data()), text.size()};
    ASSERT_FALSE(real_files().open(path, FileSystem::Mode::create).value()->write({&piece, 1}, 0));
    files_.adopt();
  }

  test::TempDir dir_{test::TempDir::in_memory()};
  PowerCut files_{dir_.path()};
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, CommitsAllOrNothingOfAChangeAndGetsItBack) {
  reopen();
  EXPECT_EQ(store_->get("a").value(), std::nullopt);
  ASSERT_FALSE(store_->commit({{{"a", "1"}, {"b", ""}, {std::string("c\0d", 3), "3"}}, {}}));
  EXPECT_EQ(store_->get("a").value(), "1");
  EXPECT_EQ(store_->get("b").value(), "");
  EXPECT_EQ(store_->get(std::string_view("c\0d", 3)).value(), "3");
  ASSERT_FALSE(store_->commit({{{"a", "2"}}, {"b", "never there"}}));
  EXPECT_EQ(store_->get("a").value(), "2");
  EXPECT_EQ(store_->get("b").value(), std::nullopt);
}

TEST_F(StoreTest, ScansAPrefixInOrderFromAKeyUpToALimit) {
  reopen();
  ASSERT_FALSE(
      store_->commit({{{"a/1", "1"}, {"a/2", "2"}, {"a/3", "3"}, {"b", "b"}, {"\xff", "last"}}, {}}));
  EXPECT_EQ(store_->scan("a/", "", 10).value(), (Rows{{"a/1", "1"}, {"a/2", "2"}, {"a/3", "3"}}));
  EXPECT_EQ(store_->scan("a/", "a/2", 10).value(), (Rows{{"a/2", "2"}, {"a/3", "3"}}));
  EXPECT_EQ(store_->scan("a/", "a/10", 1).value(), (Rows{{"a/2", "2"}}));
  EXPECT_EQ(store_->scan("a/", "", 0).value(), Rows{});
  EXPECT_EQ(store_->scan("\xff", "", 10).value(), (Rows{{"\xff", "last"}}));
  EXPECT_EQ(store_->scan("c", "", 10).value(), Rows{});
  EXPECT_EQ(store_->scan("", "", 10).value().size(), 5u);
}

TEST_F(StoreTest, VisitsEveryRowUnderAPrefixInOrderHoweverMany) {
  reopen();
  Store::Change change;
  for (std::size_t i = 0; i < 2 * rows_at_once; i++) change.puts["a/" + std::to_string(10'000 + i)] = "v";
  change.puts["b/1"] = "not of them";
  ASSERT_FALSE(store_->commit(change));
  change.puts.erase("b/1");

  std::map<std::string, std::string> visited, copied;
  const auto take = [&](std::string_view key, std::string_view value) -> error_code {
    EXPECT_TRUE(visited.empty() || visited.rbegin()->first < "a/" + std::string(key));
    visited["a/" + std::string(key)] = value;
    return {};
  };
  EXPECT_FALSE(for_each_row(*store_, "a/", take));
  EXPECT_EQ(visited, change.puts);
  EXPECT_FALSE(copy_rows(*store_, "a/", copied));
  EXPECT_EQ(copied, change.puts);

  std::size_t calls = 0;
  const auto refuse = [&](auto, auto) -> error_code { return ++calls == 3 ? Errc::corrupt : error_code(); };
  EXPECT_EQ(for_each_row(*store_, "a/", refuse), Errc::corrupt) << "the visitor's own word";
  EXPECT_EQ(calls, 3u) << "and nothing after it";
}

TEST_F(StoreTest, CountsItsChangesForEver) {
  reopen();
  EXPECT_EQ(store_->changes(), 0u);
  ASSERT_FALSE(store_->commit({}));
  commit_up_to(7);
  reopen();
  EXPECT_EQ(store_->changes(), 7u);
}

TEST_F(StoreTest, OnTheRealDiskToo) {
  const auto store = Store::open(real_files(), meta()).value();
  ASSERT_FALSE(store->commit({{{"a", "1"}}, {}}));
  EXPECT_EQ(store->get("a").value(), "1");
}

TEST_F(StoreTest, WhatWasCommittedSurvivesAPowerCut) {
  reopen();
  commit_up_to(5);
  lose_power();
  reopen();
  EXPECT_EQ(store_->changes(), 5u);
  EXPECT_EQ(all(), after_changes(5));
}

TEST_F(StoreTest, ANewStoreCostsFewSyncs) {
  reopen();
  ASSERT_FALSE(store_->commit({{{"a", "1"}}, {}}));
  EXPECT_LE(files_.calls(Call::sync) + files_.calls(Call::sync_dir), 10u);
  EXPECT_FALSE(files_.exists(meta() / "LOG"));
}

// A history with openings in between, because an opening rewrites manifest and log. Returns what was
// acknowledged.
std::uint64_t live(PowerCut& files, const Path& dir) {
  std::uint64_t acknowledged = 0;
  for (int life = 0; life < 6; ++life) {
    const auto store = Store::open(files, dir);
    if (!store) return acknowledged;
    EXPECT_EQ((*store)->changes(), acknowledged);
    for (int i = 0; i < 4; ++i) {
      if ((*store)->commit(nth_change(acknowledged + 1))) return acknowledged;
      ++acknowledged;
    }
  }
  return acknowledged;
}

void cut_everywhere(Loss loss, std::uint64_t seed_base) {
  bool finished = false;
  for (std::uint64_t at = 1; !finished; ++at) {
    SCOPED_TRACE("cut at change " + std::to_string(at) + ", seed " + std::to_string(seed_base + at));
    test::TempDir dir(test::TempDir::in_memory());
    PowerCut files(dir.path());
    files.cut_at(at);
    const std::uint64_t acknowledged = live(files, dir / "meta");
    finished = !files.is_cut();
    files.cut();
    files.reboot(loss, seed_base + at);

    const auto store = Store::open(files, dir / "meta");
    ASSERT_TRUE(store) << store.error().message();
    const std::uint64_t found = (*store)->changes();
    EXPECT_TRUE(found == acknowledged || found == acknowledged + 1) << found << " of " << acknowledged;
    EXPECT_EQ((*store)->scan("", "", 1000).value(), after_changes(found));
    EXPECT_FALSE((*store)->commit(nth_change(found + 1)));
  }
}

TEST(StoreUnderPowerCuts, KeepsEveryAcknowledgedChangeWhenAllElseIsLost) {
  cut_everywhere(Loss::all, 0);
}

TEST(StoreUnderPowerCuts, KeepsEveryAcknowledgedChangeWhenAnyPartOfTheRestStays) {
  for (std::uint64_t round = 0; round < 4; ++round) cut_everywhere(Loss::random, round * 1'000'000);
}

TEST(StoreUnderPowerCuts, KeepsEveryAcknowledgedChangeThroughCompactions) {
  constexpr std::size_t value_bytes = 100'000;  // twenty fill a log
  for (std::uint64_t at = 10; at < 260; at += 13) {
    SCOPED_TRACE("cut at change " + std::to_string(at));
    test::TempDir dir(test::TempDir::in_memory());
    PowerCut files(dir.path());
    files.cut_at(at);
    std::uint64_t acknowledged = 0;
    if (const auto store = Store::open(files, dir / "meta"))
      while (acknowledged < 120 && !(*store)->commit(nth_change(acknowledged + 1, value_bytes)))
        ++acknowledged;
    files.cut();
    files.reboot(Loss::random, at);

    const auto store = Store::open(files, dir / "meta");
    ASSERT_TRUE(store) << store.error().message();
    const std::uint64_t found = (*store)->changes();
    EXPECT_TRUE(found == acknowledged || found == acknowledged + 1) << found << " of " << acknowledged;
    EXPECT_EQ((*store)->scan("", "", 1000).value(), after_changes(found, value_bytes));
  }
}

TEST_F(StoreTest, AfterAFailedWriteNothingIsAcceptedUntilItIsOpenedAgain) {
  for (const Call call : {Call::write, Call::sync}) {
    reopen();
    commit_up_to(store_->changes() + 3);
    const std::uint64_t before = store_->changes();
    files_.inject({call, 1, ENOSPC, ".log"});
    EXPECT_EQ(store_->commit(nth_change(before + 1)), Errc::full) << "it says so";
    EXPECT_EQ(store_->commit(nth_change(before + 1)), Errc::fenced);
    EXPECT_EQ(store_->get("last").error(), Errc::fenced);
    EXPECT_EQ(store_->scan("", "", 1).error(), Errc::fenced);
    EXPECT_EQ(store_->changes(), before);
    lose_power();
    reopen();
    EXPECT_EQ(all(), after_changes(store_->changes()));
    EXPECT_EQ(store_->changes(), before);
  }
}

TEST_F(StoreTest, AFailedCompactionStopsItToo) {
  reopen();
  files_.inject({Call::create, 1, ENOSPC, ".ldb", true});
  error_code failed;
  std::uint64_t acknowledged = 0;
  while (!failed && acknowledged < 200) {
    failed = store_->commit(nth_change(acknowledged + 1, 100'000));
    if (!failed) ++acknowledged;
  }
  EXPECT_EQ(failed, Errc::full);
  EXPECT_EQ(store_->commit({}), Errc::fenced);
  files_.heal();
  reopen();
  EXPECT_EQ(store_->changes(), acknowledged);
  EXPECT_EQ(all(), after_changes(acknowledged, 100'000));
}

TEST_F(StoreTest, AReadErrorIsNeverAnEmptyAnswer) {
  reopen();
  for (std::uint64_t n = 1; n <= 10; ++n) ASSERT_FALSE(store_->commit(nth_change(n, 10'000)));
  reopen();  // now they are in a table, in blocks that nobody has read
  files_.inject({Call::read, 1, EIO, ".ldb", true});
  const auto rows = store_->scan("", "", 100);
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error(), Errc::io);
  files_.heal();
  EXPECT_EQ(store_->get("last").error(), Errc::fenced);
  reopen();
  EXPECT_EQ(all(), after_changes(10, 10'000));
}

TEST_F(StoreTest, ALostLogIsDamage) {
  reopen();
  commit_up_to(5);
  store_.reset();
  ASSERT_FALSE(files_.remove(newest(".log")));
  EXPECT_EQ(Store::open(files_, meta()).error(), Errc::corrupt);
}

TEST_F(StoreTest, AnEmptiedLogShowsInTheCountOfChanges) {
  reopen();
  commit_up_to(5);
  store_.reset();
  ASSERT_TRUE(files_.open(newest(".log"), FileSystem::Mode::create));
  reopen();
  EXPECT_LT(store_->changes(), 5u);
}

TEST_F(StoreTest, TablesOrLogsWithoutCurrentAreDamageAndNotANewStore) {
  reopen();
  commit_up_to(5);
  store_.reset();
  ASSERT_FALSE(files_.remove(meta() / "CURRENT"));
  EXPECT_EQ(Store::open(files_, meta()).error(), Errc::corrupt);
  EXPECT_TRUE(files_.exists(newest(".log")));
}

// The last record of the log, which was never acknowledged, in every state a power cut can leave it in.
TEST_F(StoreTest, OpensWhateverIsLeftOfTheLastRecord) {
  reopen();
  commit_up_to(4);
  const Path log = newest(".log");
  const std::string before = content(log);
  commit_up_to(5);
  const std::string after = content(log);
  store_.reset();
  files_.cut();
  files_.reboot();
  test::TempDir saved(test::TempDir::in_memory());
  const auto copied =
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing;
  std::filesystem::copy(meta(), saved.path(), copied);

  for (std::size_t keep = before.size(); keep < after.size(); ++keep) {
    const std::string whole = after.substr(0, keep);
    const std::size_t missing = after.size() - keep;
    for (const std::string& text :
         {whole, whole + std::string(missing, '\0'), whole + std::string(missing, '\x2a'),
          whole + std::string(5000, '\0'), whole + std::string(5000, '\x01')}) {
      SCOPED_TRACE("kept " + std::to_string(keep - before.size()) + ", then " +
                   std::to_string(text.size() - keep));
      std::filesystem::remove_all(meta());
      std::filesystem::copy(saved.path(), meta(), copied);
      damage(log, text);
      ASSERT_NO_FATAL_FAILURE(reopen());
      EXPECT_EQ(store_->changes(), 4u);
      EXPECT_EQ(all(), after_changes(4));
      store_.reset();
    }
  }
}

TEST_F(StoreTest, OpensWithATornManifestThatNothingDependsOnYet) {
  reopen();
  std::string name = content(meta() / "CURRENT");
  name.pop_back();
  const Path manifest = meta() / name;
  const std::size_t synced_bytes = content(manifest).size();
  files_.watch([&](Call call, const Path& path) {
    if (call == Call::sync && path == manifest) files_.cut();  // a compaction wrote its record
  });
  std::uint64_t acknowledged = 0;
  while (acknowledged < 200 && !store_->commit(nth_change(acknowledged + 1, 100'000))) ++acknowledged;
  store_.reset();
  files_.watch(nullptr);
  files_.reboot(Loss::none);
  std::string torn = content(manifest);
  ASSERT_GT(torn.size(), synced_bytes);
  torn.back() = static_cast<char>(~torn.back());
  damage(manifest, torn);

  ASSERT_NO_FATAL_FAILURE(reopen());
  EXPECT_GE(store_->changes(), acknowledged);
  EXPECT_LE(store_->changes(), acknowledged + 1);
  EXPECT_EQ(all(), after_changes(store_->changes(), 100'000));
}

// No bit of any file can be wrong without an error, or without the count of changes saying that something is
// missing.
TEST_F(StoreTest, AFlippedBitIsNeverBelieved) {
  reopen();
  commit_up_to(6);
  reopen();
  commit_up_to(12);
  store_.reset();
  test::TempDir saved(test::TempDir::in_memory());
  const auto copied =
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing;
  std::filesystem::copy(meta(), saved.path(), copied);
  int noticed = 0;
  for (const Path& file :
       {newest(".log"), newest(".ldb"), newest("CURRENT"), meta() / content(meta() / "CURRENT")}) {
    const Path path = file.string().substr(0, file.string().find('\n'));
    const std::string good = content(path);
    for (std::size_t at = 0; at < good.size(); ++at) {
      SCOPED_TRACE(path.filename().string() + " at " + std::to_string(at));
      std::filesystem::remove_all(meta());
      std::filesystem::copy(saved.path(), meta(), copied);
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << at % 8));
      damage(path, bad);

      const auto store = Store::open(files_, meta());
      const auto rows = store ? (*store)->scan("", "", 1000) : Result<Rows>(store.error());
      const bool wrong = !rows || (*store)->changes() < 12;
      noticed += wrong;
      EXPECT_TRUE(wrong || *rows == after_changes(12));
    }
  }
  EXPECT_GT(noticed, 500);
}

TEST_F(StoreTest, DamageBeforeTheLastRecordRefusesToOpenAndChangesNothing) {
  reopen();
  commit_up_to(12);
  store_.reset();
  const Path log = newest(".log");
  std::string bad = content(log);
  bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 4);
  damage(log, bad);
  EXPECT_EQ(Store::open(files_, meta()).error(), Errc::corrupt);
  EXPECT_EQ(content(log), bad);
}

TEST_F(StoreTest, DamageInAnOlderLogRefusesToOpenToo) {
  reopen();
  const Path older = newest(".log");
  files_.watch([&](Call call, const Path& path) {
    if (call == Call::create && path.extension() == ".ldb")
      files_.cut();  // what the older log holds goes there
  });
  for (std::uint64_t n = 1; n < 200; ++n)
    if (store_->commit(nth_change(n, 100'000))) break;
  store_.reset();
  files_.watch(nullptr);
  files_.reboot(Loss::none);
  ASSERT_NE(newest(".log"), older);
  std::string bad = content(older);
  bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 4);
  damage(older, bad);
  EXPECT_EQ(Store::open(files_, meta()).error(), Errc::corrupt);
}

TEST_F(StoreTest, AFlippedBitInAValueIsAnErrorAndNotAnotherValue) {
  std::mt19937 random(1);
  Rows rows;
  for (std::uint64_t n = 0; n < 10; ++n) {
    std::string value;
    while (value.size() < 10'000) value += static_cast<char>(random());  // does not compress
    rows.emplace_back(key(n), value);
  }
  reopen();
  ASSERT_FALSE(store_->commit({{rows.begin(), rows.end()}, {}}));
  reopen();  // now they are in a table
  store_.reset();
  std::string bad = content(newest(".ldb"));
  bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 4);
  damage(newest(".ldb"), bad);

  reopen();
  EXPECT_EQ(store_->scan("", "", 100).error(), Errc::corrupt);
  reopen();
  error_code failed;
  for (const auto& [name, value] : rows) {
    const auto found = store_->get(name);
    if (!found && !failed) failed = found.error();
    EXPECT_TRUE(!found || *found == value);
  }
  EXPECT_EQ(failed, Errc::corrupt);
}

TEST_F(StoreTest, AnyThreadMayUseIt) {
  reopen();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 50; ++i) {
        const std::string name = std::to_string(thread) + "/" + std::to_string(100 + i);
        EXPECT_FALSE(store_->commit({{{name, "x"}}, {}}));
        EXPECT_EQ(store_->get(name).value(), "x");
        EXPECT_EQ(store_->scan(std::to_string(thread), "", 100).value().size(),
                  static_cast<std::size_t>(i) + 1);
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store_->changes(), 200u);
}

}  // namespace
}  // namespace mq::storage
