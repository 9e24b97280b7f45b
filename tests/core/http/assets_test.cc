// SPDX-License-Identifier: Apache-2.0
#include "core/http/assets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/source_dir.h"

namespace mq::http {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

fs::path folder() {
  return fs::path(test::source_dir()) / "core/http/assets";
}

TEST(Assets, AreTheFilesOfTheirFolderByteForByte) {
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder())) {
    const std::string name = entry.path().filename();
    if (name == "package.json") continue;  // tells Node that these are modules
    files++;
    const Asset* asset = find_asset(name);
    ASSERT_TRUE(asset) << name;
    if (name == "index.html") continue;  // the names of the others are put into it
    EXPECT_EQ(plain(*asset), text_of(entry.path())) << name;
  }
  EXPECT_EQ(assets().size(), files);
}

TEST(Assets, AreFoundByTheirPathAlone) {
  EXPECT_EQ(find_asset("style.css")->type, "text/css; charset=utf-8");
  for (const char* path : {"", "nothing.js", "../assets/main.js", "MAIN.JS"}) EXPECT_FALSE(find_asset(path));
}

TEST(Assets, CarryNoTimeSoThatTwoBuildsAreEqual) {
  for (const Asset& asset : assets()) {
    ASSERT_GT(asset.gzip.size(), 18u);
    EXPECT_TRUE(std::all_of(&asset.gzip[4], &asset.gzip[8], [](unsigned char byte) { return byte == 0; }));
  }
}

TEST(Assets, ThePageNamesEveryModuleByTheHashOfAll) {
  const std::string page = plain(*find_asset("index.html"));
  for (const Asset& asset : assets()) {
    if (asset.path == "index.html") continue;
    const std::string address = "assets/" + std::string(assets_hash()) + "/" + std::string(asset.path);
    EXPECT_NE(page.find(address), page.npos) << asset.path;
  }
  EXPECT_EQ(page.find('@'), page.npos);
}

// The page's policy would stop most of it in a browser; here nobody needs one to see it.
TEST(Assets, NothingTurnsTextIntoMarkupOrScript) {
  for (const auto& entry : fs::directory_iterator(folder())) {
    const std::string text = text_of(entry.path());
    for (const char* word :
         {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc",
          "DOMParser", "createContextualFragment", "javascript:", " style=\"", " onclick=\""})
      EXPECT_EQ(text.find(word), text.npos) << entry.path().filename() << ": " << word;
    if (entry.path().extension() == ".svg") continue;  // it names its namespace
    for (const char* address : {"http://", "https://"})
      EXPECT_EQ(text.find(address), text.npos) << entry.path().filename() << ": " << address;
  }
}

}  // namespace
}  // namespace mq::http
