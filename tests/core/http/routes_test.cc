// SPDX-License-Identifier: Apache-2.0
#include "core/http/routes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/support/source_dir.h"

namespace mq::http {
namespace {

using Path = std::vector<std::string>;

TEST(HttpRoutes, APathIsFoundWithWhatStandsInItsNames) {
  const Match match = find_route("GET", {"api", "v1", "topics", "a/b", "records", "3", "17"});
  ASSERT_TRUE(match.route);
  EXPECT_EQ(match.route->path, "/api/v1/topics/{topic}/records/{partition}/{offset}");
  EXPECT_EQ(match.path.at("topic"), "a/b");
  EXPECT_EQ(match.path.at("partition"), "3");
  EXPECT_EQ(match.path.at("offset"), "17");
  EXPECT_TRUE(find_route("HEAD", {"livez"}).route);
}

TEST(HttpRoutes, AnotherMethodIsToldWhichThereAre) {
  const Match match = find_route("PUT", {"api", "v1", "topics"});
  EXPECT_FALSE(match.route);
  EXPECT_EQ(match.allowed, "GET, HEAD, POST");
  EXPECT_EQ(find_route("GET", {"api", "v1", "nothing"}).allowed, "");
  EXPECT_EQ(find_route("GET", {"..", "etc", "passwd"}).allowed, "");
}

TEST(HttpRoutes, WhatChangesSomethingSaysSoAndGetChangesNothing) {
  for (const Route& route : routes()) {
    const bool changes = route.method != "GET";
    EXPECT_EQ(route.right == Route::Right::change, changes) << route.method << " " << route.path;
    EXPECT_FALSE(route.help.empty());
    EXPECT_TRUE(route.serve);
  }
}

TEST(HttpRoutes, AreDescribedForPrograms) {
  const json::object description = openapi();
  const json::object& paths = description.at("paths").get_object();
  std::set<std::string_view> all;
  for (const Route& route : routes()) all.insert(route.path);
  EXPECT_EQ(paths.size(), all.size());
  const json::object& records = paths.at("/api/v1/topics/{topic}/records").get_object();
  EXPECT_TRUE(records.contains("get"));
  EXPECT_TRUE(records.contains("post"));
  const json::array& parameters = records.at("get").at("parameters").get_array();
  EXPECT_EQ(parameters.at(0).at("in"), "path");
  EXPECT_EQ(parameters.at(1).at("name"), "from");
}

TEST(HttpRoutes, AreAllInTheManual) {
  std::ifstream in(test::source_dir() / "man/mq-http.7");
  std::stringstream text;
  text << in.rdbuf();
  std::string page = text.str();
  std::erase(page, '\\');
  std::size_t there = 0;
  for (std::size_t at = 0; (at = page.find("\n.TP\n.B ", at)) != page.npos; at++) there++;
  EXPECT_EQ(there, routes().size());
  for (const Route& route : routes()) {
    const std::string title = ".B " + std::string(route.method) + " " + std::string(route.path) + "\n";
    const std::size_t at = page.find(title);
    ASSERT_NE(at, page.npos) << title;
    const std::string about = page.substr(at, page.find("\n.TP\n", at) - at);
    if (route.parameters.data() == list_parameters.data() || route.path.find("/api/") == route.path.npos)
      continue;
    for (const Parameter& parameter : route.parameters)
      EXPECT_NE(about.find(parameter.name), about.npos) << title << parameter.name;
  }
}

}  // namespace
}  // namespace mq::http
