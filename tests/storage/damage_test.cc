// SPDX-License-Identifier: Apache-2.0
// A data directory whose files, whichever they are, somebody harmed while no broker ran: what is lost is
// said, by a start and by an inspection, and no offset is given twice.
#include "tests/storage/support/damage.h"

#include <functional>

#include "storage/error.h"
#include "storage/gather.h"
#include "tests/storage/support/said.h"

namespace mq::test {
namespace {

namespace fs = std::filesystem;
using storage::Errc;
using storage::PartitionNumber;
using storage::Path;

struct Harm {
  std::string name;
  std::function<void(const Path&)> do_it;
};

std::vector<Harm> harms(const Path& file, bool flips) {
  std::vector<Harm> all{{"removed", [](const Path& path) { fs::remove(path); }},
                        {"emptied", [](const Path& path) { fs::resize_file(path, 0); }}};
  const std::size_t size = fs::file_size(file);
  for (std::size_t at = 4096; at < size; at += 4096)
    all.push_back(
        {"truncated at " + std::to_string(at), [at](const Path& path) { fs::resize_file(path, at); }});
  for (std::size_t i = 0; flips && i < 12; i++) {
    const std::size_t at = std::min(size - 1, i < 4 ? i * 7 : i * size / 12);
    if (size > 0)
      all.push_back({"flipped at " + std::to_string(at), [at](const Path& path) {
                       auto bytes = content(path);
                       bytes[at] ^= 0x40;
                       replace(path, bytes);
                     }});
  }
  return all;
}

// A directory with segments of every kind, and what was acknowledged in it.
struct Directory {
  explicit Directory(bool stops) {
    storage::Store::Change change;
    change.puts["core/topic"] = "configuration";
    EXPECT_FALSE(dead.opened.journal->meta().commit(change));
    for (int i = 0; i < 3; i++) dead.opened.open();  // so that meta has tables
    for (int i = 0; i < 40; i++) put(1, 300), put(2, 300);
    for (int i = 0; i < 12; i++) put(1, 300), put(3, 5000);
    run_until(dead.opened.loop,
              [&] { return fs::exists(dead.file(2, ".ldb")) && !fs::exists(dead.file(1)); });
    for (int i = 0; i < 5; i++) put(2, 300);
    stops ? dead.opened.stop() : dead.die();
  }
  void put(PartitionNumber partition, std::size_t size) {
    const auto log = dead.opened.journal->log(partition);
    const Batch batch = make_batch(log->end(), 1, size);
    EXPECT_FALSE(append_to(dead.opened.loop, *log, batch));
    acknowledged[partition].emplace_back(reinterpret_cast<const char*>(batch.memory.get()), batch.size);
  }

  Dead dead{24 << 10};
  std::map<PartitionNumber, std::vector<std::string>> acknowledged;
};

// Offset by offset: what was acknowledged, or an error. Returns how many were lost.
std::size_t read_back(Opened& opened, PartitionNumber partition, const std::vector<std::string>& batches) {
  std::size_t lost = 0;
  const auto log = opened.journal->log(partition);
  EXPECT_GE(log->end(), static_cast<Offset>(batches.size())) << "partition " << partition;
  EXPECT_EQ(log->start(), 0);
  for (std::size_t offset = 0; offset < batches.size(); offset++) {
    const auto read = wait_for(opened.loop, log->read(static_cast<Offset>(offset), 1));
    const auto bytes = read ? storage::gather(*read) : read.error();
    const std::string got = bytes ? std::string(storage::text_of(*bytes)) : "";
    if (got == batches[offset]) continue;
    lost++;
    const bool rotten = bytes && got.size() == batches[offset].size() && !storage::valid_batch(*bytes);
    EXPECT_TRUE(!bytes || rotten) << "partition " << partition << ", offset " << offset << " is passed over";
  }
  return lost;
}

TEST(Damage, OfAnyFileIsToldOrMadeGoodAndNeverSilent) {
  for (const bool stops : {true, false}) {
    const Directory whole(stops);
    const Path data = whole.dead.opened.options.data;
    for (const auto& entry : fs::recursive_directory_iterator(data)) {
      if (!entry.is_regular_file()) continue;
      for (const Harm& harm : harms(entry.path(), stops)) {
        SCOPED_TRACE(std::string(stops ? "stopped: " : "killed: ") + entry.path().string() + " " + harm.name);
        TempDir copy(TempDir::in_memory());
        fs::copy(data, copy / "data", fs::copy_options::recursive);
        harm.do_it(copy.path() / fs::relative(entry.path(), data.parent_path()));
        const auto problems = problems_of(storage::real_files(), copy / "data");
        Said said;
        Opened opened(storage::real_files(), copy.path());
        opened.options.segment_bytes_min = opened.options.segment_bytes_max = 24 << 10;
        opened.options.tail_bytes = 0;
        if (opened.try_open()) {
          EXPECT_TRUE(said.has(entry.path().filename().string()) || said.has("meta"));
          continue;
        }
        std::size_t lost = 0;
        for (const auto& [partition, batches] : whole.acknowledged)
          lost += read_back(opened, partition, batches);
        EXPECT_TRUE(lost == 0 || !problems.empty());
        EXPECT_TRUE(lost == 0 || said.damage() || harm.name.starts_with("flipped"));  // in a payload
        EXPECT_EQ(**opened.journal->meta().get("core/topic"), "configuration");
        for (const PartitionNumber partition : {1, 2, 3}) {
          EXPECT_FALSE(opened.put(partition));
        }
        opened.close();
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

}  // namespace
}  // namespace mq::test
