// SPDX-License-Identifier: Apache-2.0
// What must be so of every command, whichever it is.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "cli/frame/help.h"
#include "cli/frame/parse.h"
#include "tests/cli/support/streams.h"
#include "tests/support/source_dir.h"

namespace mq::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string content(const fs::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<const Command*> shown() {
  std::vector<const Command*> found;
  for (const Command* command : commands())
    if (!command->hidden) found.push_back(command);
  return found;
}

std::vector<std::string> words_of(const Command& command) {
  std::vector<std::string> words;
  std::istringstream in{std::string(command.name)};
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

TEST(Commands, EachHasANameASummaryExamplesAndSomethingToRun) {
  for (const Command* command : shown()) {
    EXPECT_TRUE(command->summary.ends_with('.')) << command->name;
    EXPECT_FALSE(command->examples.empty()) << command->name;
    EXPECT_NE(command->run, nullptr) << command->name;
    EXPECT_EQ(find_command(command->name), command);
  }
}

TEST(Commands, NamesAndLettersOfFlagsAreUnique) {
  for (const Command* command : commands()) {
    std::set<std::string_view> names;
    std::set<char> letters;
    for (const Flag& flag : flags_of(*command)) {
      EXPECT_TRUE(names.insert(flag.name).second) << command->name << " --" << flag.name;
      if (flag.letter != 0) {
        EXPECT_TRUE(letters.insert(flag.letter).second) << command->name << " -" << flag.letter;
      }
      EXPECT_FALSE(flag.help.empty()) << command->name << " --" << flag.name;
      const auto is_opposite = [&flag](const Flag& other) {
        return other.kind != Kind::boolean && "no-" + std::string(other.name) == flag.name;
      };
      EXPECT_TRUE(!flag.name.starts_with("no-") || std::ranges::any_of(flags_of(*command), is_opposite))
          << flag.name << ": every boolean has its --no-… anyway";
      if (flag.kind == Kind::choice) {
        EXPECT_FALSE(flag.choices.empty()) << flag.name;
      }
    }
  }
}

TEST(Commands, ALetterMeansTheSameEverywhere) {
  const std::map<char, std::set<std::string_view>> meanings{{'b', {"brokers"}},
                                                            {'A', {"after"}},
                                                            {'B', {"before"}},
                                                            {'n', {"count"}},
                                                            {'o', {"output"}},
                                                            {'D', {"delimiter"}},
                                                            {'e', {"exit-at-end"}},
                                                            {'W', {"warn"}},
                                                            {'E', {"critical"}},
                                                            {'f', {"format"}},
                                                            {'q', {"quiet"}},
                                                            {'v', {"verbose"}},
                                                            {'g', {"group"}},
                                                            {'r', {"replication"}},
                                                            {'h', {"help"}},
                                                            {'t', {"topic"}},
                                                            {'H', {"header"}},
                                                            {'k', {"key"}},
                                                            {'K', {"key-separator"}},
                                                            {'X', {"property"}},
                                                            {'m', {"message"}},
                                                            {'y', {"yes"}},
                                                            {'c', {"set"}},
                                                            {'z', {"compression"}},
                                                            {'Z', {"empty-null"}},
                                                            {'p', {"partitions", "partition"}},
                                                            {'0', {"nul", "null-delimiter", "zero"}}};
  for (const Command* command : commands())
    for (const Flag& flag : flags_of(*command)) {
      if (!flag.letter) continue;
      const auto known = meanings.find(flag.letter);
      ASSERT_NE(known, meanings.end()) << command->name << " -" << flag.letter;
      EXPECT_TRUE(known->second.contains(flag.name))
          << command->name << " -" << flag.letter << " is --" << flag.name;
    }
}

TEST(Commands, DefaultsAreValidValues) {
  for (const Command* command : shown())
    for (const Flag& flag : flags_of(*command)) {
      if (flag.initial.empty() || flag.kind == Kind::boolean || flag.optional) continue;
      std::vector<std::string> words{"--" + std::string(flag.name), std::string(flag.initial)};
      for (const Argument& argument : command->arguments)
        for (std::size_t i = 0; i < argument.least; i++) words.emplace_back("x");
      EXPECT_NO_THROW(parse(*command, words, [](std::string_view) { return std::nullopt; }))
          << command->name << " --" << flag.name << " " << flag.initial;
    }
}

TEST(Commands, AnAliasMayGiveTheGlobalFlagsToEveryCommand) {
  const std::vector<std::string> alias{"-b",    "host:9092", "-X",   "client.id=me", "--timeout",
                                       "5s",    "-q",        "-v",   "-y",           "--no-input",
                                       "--utc", "--color",   "never"};
  for (const Command* command : shown()) {
    std::vector<std::string> words = alias;
    for (const std::string& word : words_of(*command)) words.push_back(word);
    for (const Argument& argument : command->arguments)
      for (std::size_t i = 0; i < argument.least; i++) words.emplace_back("x");
    try {
      const Found found = find(words);
      ASSERT_EQ(found.command, command);
      parse(*command, found.words, [](std::string_view) { return std::nullopt; });
    } catch (const UsageError& error) {
      ADD_FAILURE() << command->name << ": " << error.what();
    }
  }
}

TEST(Commands, AFlagThatMeansNothingToACommandIsNotShown) {
  const Command& help = *find_command("help");
  EXPECT_THAT(help_text(help, true), testing::Not(HasSubstr("--brokers")));
  const Variable timeout("MQ_TIMEOUT", "nonsense");
  Streams streams;
  EXPECT_EQ(run(streams.context, {"help", "topics"}), Exit::ok) << streams.err();
  Streams version;
  EXPECT_EQ(run(version.context, {"-b", "host:9092", "--version"}), Exit::ok) << version.err();
}

TEST(Commands, WhatChangesSomethingHasADryRun) {
  for (const std::string_view name :
       {"topic create", "topic alter", "topic delete", "topic trim", "topic purge", "partition elect",
        "partition move", "partition recover", "broker config", "cluster config", "cluster rebalance",
        "cluster moves", "broker drain", "broker resume", "broker decommission", "broker recommission",
        "broker unregister"}) {
    const auto flags = flags_of(*find_command(name));
    const auto dry =
        std::find_if(flags.begin(), flags.end(), [](const Flag& flag) { return flag.name == "dry-run"; });
    EXPECT_NE(dry, flags.end()) << name;
  }
}

TEST(Commands, ExamplesParse) {
  for (const Command* command : shown())
    for (const Example& example : command->examples) {
      // "tail -F x | mq produce y < z": the part that is ours.
      std::smatch ours;
      const std::string line(example.line);
      ASSERT_TRUE(std::regex_search(line, ours, std::regex(R"((?:^|[ (])mq (.*?)(?: [|<>] ?.*|\))?$)")))
          << line;
      const std::string rest = ours[1];
      std::vector<std::string> words;
      const std::regex word(R"('([^']*)'|([^\s']+))");
      for (std::sregex_iterator i(rest.begin(), rest.end(), word), end; i != end; ++i)
        words.push_back((*i)[1].matched ? (*i)[1].str() : (*i)[2].str());
      const Found found = find(words);
      ASSERT_NE(found.command, nullptr) << example.line;
      try {
        parse(*found.command, found.words, [](std::string_view) { return std::nullopt; });
      } catch (const UsageError& error) {
        ADD_FAILURE() << example.line << ": " << error.what();
      }
    }
}

TEST(Help, BothFormsNameEveryFlagOfTheCommand) {
  for (const Command* command : shown()) {
    const std::string full = help_text(*command, true), brief = help_text(*command, false);
    for (const Flag& flag : flags_of(*command)) {
      const bool named = full.find(flag_names(flag)) != full.npos;
      EXPECT_EQ(named, !flag.idle) << command->name << " " << flag.name;
    }
    for (const Flag& flag : command->flags) EXPECT_THAT(brief, HasSubstr(flag_names(flag)));
  }
}

TEST(Help, AFlagThatIsShownAsANegativeIsExplainedAsOne) {
  const std::string text = help_text(*find_command("topic delete"), true);
  EXPECT_THAT(text, testing::ContainsRegex("--no-headers +leave out"));
  EXPECT_THAT(text, testing::ContainsRegex("--no-input +never ask"));
  EXPECT_THAT(text, testing::Not(HasSubstr("do not:")));
}

TEST(Help, BriefHelpBeginsWithTheSummaryAndTheExamples) {
  const std::string text = help_text(*find_command("topic create"), false);
  EXPECT_TRUE(text.starts_with("Create topics.\n\n  mq topic create")) << text;
  EXPECT_LT(text.find("mq topic create orders"), text.find("Usage:"));
}

TEST(Help, EveryTopicItPromisesIsThere) {
  for (const std::string_view topic : help_topics()) {
    ASSERT_TRUE(help_topic(topic).has_value()) << topic;
    EXPECT_GT(help_topic(topic)->size(), 200u) << topic;
  }
  EXPECT_FALSE(help_topic("nonsense").has_value());
}

TEST(Help, NoLineIsWiderThanAPage) {
  for (const std::string_view topic : help_topics()) {
    std::istringstream in(*help_topic(topic));
    for (std::string line; std::getline(in, line);) EXPECT_LE(line.size(), 130u) << topic << ": " << line;
  }
}

// ---- man pages ----

fs::path page_of(const Command& command) {
  const std::string first(command.name.substr(0, command.name.find(' ')));
  const bool in_main = first == "help" || first == "version";
  return test::source_dir() / "man" / (in_main ? "mq.1" : "mq-" + first + ".1");
}

// "\-\-dry\-run" → "--dry-run", and no font changes.
std::string plain(std::string text) {
  text = std::regex_replace(text, std::regex(R"(\\f[BIRP])"), "");
  text = std::regex_replace(text, std::regex(R"(\\-)"), "-");
  return std::regex_replace(text, std::regex(R"(\\\(cq|\\\(aq)"), "'");
}

TEST(Manual, EveryCommandAndFlagIsInItsPage) {
  const std::string everywhere = plain(content(test::source_dir() / "man" / "mq.1"));
  for (const Command* command : shown()) {
    const std::string page = plain(content(page_of(*command)));
    ASSERT_FALSE(page.empty()) << page_of(*command);
    EXPECT_THAT(page, HasSubstr("mq " + std::string(command->name)));
    for (const Flag& flag : command->flags) {
      const bool negative = flag.kind == Kind::boolean && flag.initial == "true";
      const std::string name = (negative ? "--no-" : "--") + std::string(flag.name);
      EXPECT_TRUE(std::regex_search(page, std::regex(name + "(?![a-z-])")))
          << page_of(*command) << " lacks " << name << " of " << command->name;
      if (flag.letter) {
        EXPECT_THAT(page, HasSubstr(std::string("-") + flag.letter)) << command->name;
      }
    }
    for (const Flag& flag : flags_of(*command))
      EXPECT_THAT(
          everywhere + page,
          HasSubstr(std::string(flag.kind == Kind::boolean && flag.initial == "true" ? "--no-" : "--") +
                    std::string(flag.name)));
  }
}

TEST(Manual, PagesNameNoUnknownFlag) {
  std::set<std::string> all{"--", "--no"};
  for (const Command* command : commands())
    for (const Flag& flag : flags_of(*command)) {
      all.insert("--" + std::string(flag.name));
      if (flag.kind == Kind::boolean) all.insert("--no-" + std::string(flag.name));
    }
  all.insert("--version");
  const std::regex flag("(^|[^a-zA-Z-])(--[a-z][a-z0-9-]*)");
  std::set<fs::path> pages;  // of this program; others have pages there, too
  for (const Command* command : shown()) pages.insert(page_of(*command));
  for (const fs::path& path : pages) {
    const std::string page = plain(content(path));
    for (std::sregex_iterator i(page.begin(), page.end(), flag), end; i != end; ++i)
      EXPECT_TRUE(all.contains((*i)[2].str())) << path << " names " << (*i)[2].str();
  }
}

// ---- completion ----

TEST(Completion, TheInstalledScriptsAreWhatTheCommandPrints) {
  for (const auto& [shell, file] :
       std::map<std::string, std::string>{{"bash", "mq.bash"}, {"zsh", "_mq"}, {"fish", "mq.fish"}}) {
    Streams streams;
    ASSERT_EQ(run(streams.context, {"completion", shell}), Exit::ok);
    EXPECT_EQ(streams.out(), content(test::source_dir() / "completions" / file)) << shell;
  }
}

std::string completed(std::vector<std::string> words) {
  Streams streams;
  words.insert(words.begin(), {"__complete", "mq"});
  EXPECT_EQ(run(streams.context, words), Exit::ok);
  EXPECT_EQ(streams.err(), "");
  return streams.out();
}

TEST(Completion, CommandsVerbsFlagsAndValuesAreOffered) {
  EXPECT_THAT(completed({""}), HasSubstr("serve\tRun a broker."));
  EXPECT_THAT(completed({"top"}), HasSubstr("topic\t"));
  EXPECT_THAT(completed({"topic", "de"}), testing::AllOf(HasSubstr("describe\t"), HasSubstr("delete\t"),
                                                         testing::Not(HasSubstr("create"))));
  EXPECT_THAT(completed({"topic", "create", "x", "--par"}), HasSubstr("--partitions\t"));
  EXPECT_EQ(completed({"topic", "list", "-o", "js"}), "json\njsonl\n");
  EXPECT_EQ(completed({"topic", "list", "--output=ya"}), "--output=yaml\n");
  EXPECT_THAT(completed({"topic", "create", "x", "-c", "retention"}), HasSubstr("retention.ms=\t"));
  EXPECT_THAT(completed({"topic", "create", "x", "-c", "cleanup.policy=c"}),
              HasSubstr("cleanup.policy=compact"));
  EXPECT_EQ(completed({"completion", ""}), "bash\nzsh\nfish\n");
  EXPECT_EQ(completed({"broker", "config", ""}), "list\nget\nset\nunset\n");
  EXPECT_THAT(completed({"cluster", "config", "set", "log.ret"}), HasSubstr("log.retention.ms\t"));
  EXPECT_EQ(completed({"config", "validate", ""}), ":files\n");
}

TEST(Completion, EveryFlagOfEveryCommandIsOffered) {
  for (const Command* command : shown()) {
    std::vector<std::string> words = words_of(*command);
    words.emplace_back("--");
    const std::string offered = "\n" + completed(words);
    for (const Flag& flag : flags_of(*command)) {
      if (flag.idle) continue;
      const bool negative = flag.kind == Kind::boolean && flag.initial == "true";
      EXPECT_THAT(offered, HasSubstr((negative ? "\n--no-" : "\n--") + std::string(flag.name) + "\t"))
          << command->name;
    }
  }
}

TEST(Completion, ABrokerThatDoesNotAnswerIsSilence) {
  const fs::path cache = fs::temp_directory_path() / ("mq-cache-" + std::to_string(::getpid()));
  const Variable home("XDG_CACHE_HOME", cache.c_str()), brokers("MQ_BROKERS", "127.0.0.1:1");
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(completed({"topic", "describe", ""}), "");
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(2));
}

TEST(Completion, NamesThatAreRememberedAreUsed) {
  const fs::path cache = fs::temp_directory_path() / ("mq-cache-" + std::to_string(::getpid()) + "b");
  fs::create_directories(cache / "mq");
  const Variable home("XDG_CACHE_HOME", cache.c_str()), brokers("MQ_BROKERS", "127.0.0.1:1");
  std::ofstream(cache / "mq" / ("topics-" + std::to_string(std::hash<std::string>{}("127.0.0.1:1"))))
      << "orders\nother\n";
  EXPECT_EQ(completed({"topic", "describe", "or"}), "orders\n");
  std::ofstream(cache / "mq" /
                ("partitions-orders-" + std::to_string(std::hash<std::string>{}("127.0.0.1:1"))))
      << "0\n1\n2\n10\n";
  EXPECT_EQ(completed({"topic", "trim", "orders:"}), "orders:0\norders:1\norders:2\norders:10\n");
  EXPECT_EQ(completed({"topic", "trim", "orders:1,2,"}), "orders:1,2,0\norders:1,2,10\n");
  EXPECT_EQ(completed({"topic", "trim", "orders:1"}), "orders:1\norders:10\n");
  EXPECT_EQ(completed({"topic", "trim", "../x:"}), "");
  std::ofstream(cache / "mq" / ("brokers-" + std::to_string(std::hash<std::string>{}("127.0.0.1:1"))))
      << "1\n2\n";
  EXPECT_EQ(completed({"partition", "list", "--leader", ""}), "1\n2\n");
  EXPECT_EQ(completed({"partition", "move", "orders:1"}), "orders:1\norders:10\n");
  EXPECT_EQ(completed({"partition", "move", "orders:1="}), "orders:1=1\norders:1=2\n");
  EXPECT_EQ(completed({"partition", "move", "orders:1=2,"}), "orders:1=2,1\n");
  fs::remove_all(cache);
}

}  // namespace
}  // namespace mq::cli
