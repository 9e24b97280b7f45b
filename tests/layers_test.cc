// SPDX-License-Identifier: Apache-2.0
// Who may know whom: cli → core → {net, storage}; net and storage know nothing of ours but themselves.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

#include "tests/support/source_dir.h"

namespace {

namespace fs = std::filesystem;

const std::map<std::string, std::set<std::string>> allowed = {{"net", {"net"}},
                                                              {"storage", {"storage"}},
                                                              {"core", {"core", "net", "storage"}},
                                                              {"cli", {"cli", "core"}}};

TEST(Layers, EveryIncludeGoesDownwards) {
  const std::regex include(R"rx(^\s*#\s*include\s*"(\w+)/[^"]+")rx");
  std::size_t files = 0;
  for (const auto& [folder, may] : allowed) {
    for (const auto& entry : fs::recursive_directory_iterator(mq::test::source_dir() / folder)) {
      if (entry.path().extension() != ".h" && entry.path().extension() != ".cc") continue;
      files++;
      std::ifstream in(entry.path());
      std::smatch match;
      for (std::string line; std::getline(in, line);)
        if (std::regex_search(line, match, include)) {
          EXPECT_TRUE(may.contains(match[1]))
              << entry.path() << ": " << folder << "/ may not include: " << line;
        }
    }
  }
  EXPECT_GT(files, 20u);
}

}  // namespace
