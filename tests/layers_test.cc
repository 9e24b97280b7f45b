// SPDX-License-Identifier: Apache-2.0
// Who may know whom: cli → core → {net, storage}; net and storage know nothing of ours but themselves. The
// folders of core and of cli stand on floors: a file includes what lies below its own folder, or in it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/support/source_dir.h"

namespace {

namespace fs = std::filesystem;

const std::map<std::string, std::set<std::string>> allowed = {{"net", {"net"}},
                                                              {"storage", {"storage"}},
                                                              {"core", {"core", "net", "storage"}},
                                                              {"cli", {"cli", "core"}}};

// From the lowest; "" are the files of the folder itself.
using Floors = std::vector<std::vector<std::string>>;
const Floors core_floors = {{""},
                            {"loop", "metrics"},
                            {"config", "partition"},
                            {"metadata"},
                            {"cleaning", "client", "cluster", "group", "transaction"},
                            {"admin", "bench", "handlers"},
                            {"http"},
                            {"broker"}};
const Floors cli_floors = {{"frame"}, {"topic"}, {"records"}, {"group"}, {"cluster"}, {""}};

// `included`: a path as it stands in an include line. Returns how many files were looked at.
using Visit = std::function<void(const fs::path& file, const std::string& included)>;
std::size_t each_include(const std::string& folder, const Visit& visit) {
  const std::regex include(R"rx(^\s*#\s*include\s*"([^"]+)")rx");
  const fs::path root = mq::test::source_dir();
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
    if (entry.path().extension() != ".h" && entry.path().extension() != ".cc") continue;
    files++;
    std::ifstream in(entry.path());
    std::smatch match;
    for (std::string line; std::getline(in, line);)
      if (std::regex_search(line, match, include)) visit(fs::relative(entry.path(), root), match[1]);
  }
  return files;
}

// core/handlers/fetch.cc: handlers; core/types.h: "".
std::string room_of(const fs::path& file) {
  auto part = std::next(file.begin());
  return std::next(part) == file.end() ? std::string() : part->string();
}

// Nothing: no floor has it.
std::optional<std::size_t> floor_of(const Floors& floors, const std::string& room) {
  for (std::size_t floor = 0; floor < floors.size(); floor++)
    if (std::ranges::find(floors[floor], room) != floors[floor].end()) return floor;
  return std::nullopt;
}

void expect_floors(const std::string& folder, const Floors& floors) {
  const std::size_t files = each_include(folder, [&](const fs::path& file, const std::string& included) {
    if (!included.starts_with(folder + "/")) return;
    const std::string from = room_of(file), to = room_of(included);
    const auto above = floor_of(floors, from), below = floor_of(floors, to);
    EXPECT_TRUE(above && below) << file << ": no floor for " << folder << "/" << (above ? to : from);
    EXPECT_TRUE(from == to || below < above) << file << " may not include " << included;
  });
  EXPECT_GT(files, 20u);
}

TEST(Layers, EveryIncludeGoesDownwards) {
  std::size_t files = 0;
  for (const auto& [folder, may] : allowed)
    files += each_include(folder, [&](const fs::path& file, const std::string& included) {
      EXPECT_TRUE(may.contains(included.substr(0, included.find('/'))))
          << file << ": " << folder << "/ may not include " << included;
    });
  EXPECT_GT(files, 20u);
}

TEST(Layers, TheFoldersOfCoreIncludeDownwards) {
  expect_floors("core", core_floors);
}

TEST(Layers, TheFoldersOfTheCommandLineIncludeDownwards) {
  expect_floors("cli", cli_floors);
}

// GCC 12 ends a coroutine that waits in the second half of a condition in an illegal instruction.
TEST(Layers, NoConditionWaitsInItsSecondHalf) {
  const std::regex waits(R"((&&|\|\|) *\(?!?\(?co_await)");
  const fs::path root = mq::test::source_dir();
  std::size_t lines = 0;
  for (const auto& [folder, may] : allowed)
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (entry.path().extension() != ".h" && entry.path().extension() != ".cc") continue;
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line); lines++)
        EXPECT_FALSE(line.find("co_await") != line.npos && std::regex_search(line, waits))
            << entry.path() << ": " << line;
    }
  EXPECT_GT(lines, 10'000u);
}

// The linker would take one of them for both, without a word.
TEST(Layers, NoTwoTypesOfANamespaceHaveOneName) {
  const std::regex opens(R"(^namespace ([\w:]*) ?\{)"), closes(R"(^\}  // namespace)");
  const std::regex type(R"(^(?:struct|class|enum class|union) (\w+)(?: final)?(?: :[^;]*)?(?: \{.*)?$)");
  std::map<std::string, fs::path> defined;
  const fs::path root = mq::test::source_dir();
  for (const auto& [folder, may] : allowed)
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (entry.path().extension() != ".h" && entry.path().extension() != ".cc") continue;
      std::vector<std::string> inside;  // namespaces; "": one without a name, which is the file's own
      std::ifstream in(entry.path());
      std::smatch match;
      for (std::string line; std::getline(in, line);) {
        if (std::regex_search(line, match, opens)) inside.push_back(match[1]);
        if (std::regex_search(line, closes) && !inside.empty()) inside.pop_back();
        if (std::ranges::find(inside, "") != inside.end() || !std::regex_match(line, match, type)) continue;
        std::string name;
        for (const std::string& space : inside) name += space + "::";
        const auto [first, is_new] = defined.emplace(name + match[1].str(), entry.path());
        EXPECT_TRUE(is_new) << name << match[1] << " is in " << first->second << " and in " << entry.path();
      }
    }
  EXPECT_GT(defined.size(), 300u);
}

}  // namespace
