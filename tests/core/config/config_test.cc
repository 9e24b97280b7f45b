// SPDX-License-Identifier: Apache-2.0
#include "core/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <regex>
#include <sstream>

#include "tests/support/source_dir.h"

namespace mq::core {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Loaded load_text(const std::string& yaml, Environment environment = {}) {
  Sources sources;
  sources.text = yaml;
  sources.environment = std::move(environment);
  return load(sources);
}

std::vector<std::string> messages(const Loaded& loaded) {
  std::vector<std::string> result;
  for (const Problem& problem : loaded.problems) result.push_back(problem.message());
  return result;
}

std::vector<std::string> problems_of(const std::string& yaml, Environment environment = {}) {
  return messages(load_text(yaml, std::move(environment)));
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (fs::temp_directory_path() / "mq-config-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryDirectory() { fs::remove_all(path_); }

  std::string write(const std::string& name, const std::string& content) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << content;
    return (path_ / name).string();
  }

 private:
  fs::path path_;
};

TEST(Config, IsCompleteWithoutAnySource) {
  const Loaded loaded = load({});
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(loaded.config.listeners, std::vector<Listener>{Listener{}});
  EXPECT_EQ(loaded.config.default_partitions, 1u);
  EXPECT_THAT(loaded.config.origins, IsEmpty());
}

TEST(Config, ReadsEverySetting) {
  const Loaded loaded = load_text(R"(
node:
  id: 7
  rack: eu-1a
listeners:
  - name: default
    listen: 127.0.0.1:9092
  - name: outside
    listen: ":9093"
    advertise: mq.example.net:443
storage:
  data: /srv/mq
  flush: interval
  min_free: 1GiB
  retention_check_interval: 1m
  compaction: no
  compaction_memory: 8MiB
  tail: 64MiB
limits:
  max_connections: 50
  max_connections_per_ip: 5
  max_request: 10M
topics:
  auto_create: no
  default_partitions: 3
  allow_delete: false
topic_defaults:
  retention.ms: 1d
  cleanup.policy: [compact, delete]
log:
  level: info,net=debug
  format: json
shutdown_timeout: 10s
)");
  EXPECT_THAT(messages(loaded), IsEmpty());
  const Config& config = loaded.config;
  EXPECT_EQ(config.node_id, 7);
  EXPECT_EQ(config.rack, "eu-1a");
  EXPECT_EQ(config.listeners,
            (std::vector<Listener>{{"default", {"127.0.0.1", 9092}, std::nullopt},
                                   {"outside", {"", 9093}, Address{"mq.example.net", 443}}}));
  EXPECT_EQ(config.data, "/srv/mq");
  EXPECT_EQ(config.flush, storage::Flush::interval);
  EXPECT_EQ(config.min_free_bytes, 1u << 30);
  EXPECT_EQ(config.tail_bytes, 64u << 20);
  EXPECT_EQ(config.retention_check_interval, std::chrono::minutes(1));
  EXPECT_FALSE(config.compaction);
  EXPECT_EQ(config.compaction_memory_bytes, 8u << 20);
  EXPECT_EQ(config.connections_max, 50u);
  EXPECT_EQ(config.connections_per_ip_max, 5u);
  EXPECT_EQ(config.request_bytes_max, 10u << 20);
  EXPECT_FALSE(config.auto_create_topics);
  EXPECT_EQ(config.default_partitions, 3u);
  EXPECT_FALSE(config.allow_delete_topics);
  EXPECT_EQ(config.topic_defaults,
            (ConfigMap{{"retention.ms", "86400000"}, {"cleanup.policy", "compact,delete"}}));
  EXPECT_EQ(config.log_levels, (LogLevels{LogLevel::info, {{"net", LogLevel::debug}}}));
  EXPECT_EQ(config.log_format, LogFormat::json);
  EXPECT_EQ(config.shutdown_timeout, std::chrono::seconds(10));
}

TEST(Config, DefaultsAreValuesThatWouldBeAccepted) {
  for (const Setting& setting : settings()) {
    Config config;
    EXPECT_FALSE(set_value(config, setting.key, setting.default_value)) << setting.key;
    EXPECT_EQ(value_of(config, setting.key), setting.default_value);
  }
}

TEST(ConfigSources, SetWinsOverFlagsOverEnvironmentOverFiles) {
  Sources sources;
  sources.text = "node: {id: 1}";
  EXPECT_EQ(load(sources).config.node_id, 1);
  sources.environment["MQ_NODE__ID"] = "2";
  EXPECT_EQ(load(sources).config.node_id, 2);
  sources.flags.push_back({"node.id", "3", "--node-id"});
  EXPECT_EQ(load(sources).config.node_id, 3);
  sources.sets.push_back("node.id=4");
  const Loaded loaded = load(sources);
  EXPECT_EQ(loaded.config.node_id, 4);
  EXPECT_EQ(loaded.config.origins.at("node.id"), "--set node.id");
}

TEST(ConfigSources, EveryKeyHasAVariable) {
  EXPECT_EQ(variable_of("limits.max_connections_per_ip"), "MQ_LIMITS__MAX_CONNECTIONS_PER_IP");
  EXPECT_EQ(variable_of("topic_defaults.retention.ms"), "MQ_TOPIC_DEFAULTS__RETENTION_MS");
  const Loaded loaded = load_text("", {{"MQ_TOPIC_DEFAULTS__RETENTION_MS", "1d"},
                                       {"MQ_LISTEN", ":9092,inside=10.0.0.1:9093"},
                                       {"MQ_ADVERTISE", "localhost:9092"},
                                       {"MQ_DATA", "/data"},
                                       {"MQ_RACK", ""}});
  EXPECT_THAT(messages(loaded), IsEmpty());
  EXPECT_EQ(loaded.config.topic_defaults.at("retention.ms"), "86400000");
  EXPECT_EQ(loaded.config.listeners,
            (std::vector<Listener>{{"default", {"", 9092}, Address{"localhost", 9092}},
                                   {"inside", {"10.0.0.1", 9093}, std::nullopt}}));
  EXPECT_EQ(loaded.config.data, "/data");
  EXPECT_FALSE(loaded.config.is_set("node.rack"));
}

TEST(ConfigSources, UnknownVariablesAreErrorsButThoseOfCommandsAndServicesAreNot) {
  EXPECT_THAT(problems_of("", {{"MQ_BROKERS", "a:9092"},
                               {"MQ_TLS_CA", "x"},
                               {"MQ_PORT", "tcp://10.0.0.1:9092"},
                               {"MQ_SERVICE_HOST", "10.0.0.1"},
                               {"MQ_PORT_9092_TCP_PORT", "9092"},
                               {"PATH", "/bin"}}),
              IsEmpty());
  EXPECT_THAT(problems_of("", {{"MQ_NODEID", "1"}}),
              ElementsAre("env MQ_NODEID: unknown variable; did you mean MQ_NODE_ID?"));
  EXPECT_THAT(problems_of("", {{"MQ_HTTP__BASE_PATH", "/mq"}}),
              ElementsAre("env MQ_HTTP__BASE_PATH: MQ_HTTP__BASE_PATH is not in this version of mq"));
  EXPECT_THAT(problems_of("", {{"MQ_ETCD", "10.0.0.1:2379"}}),
              ElementsAre(HasSubstr("is not http://HOST:PORT or https://HOST:PORT")));
  EXPECT_THAT(problems_of("", {{"MQ_CONSUL", "10.0.0.1:8500"}}),
              ElementsAre(HasSubstr("is not http://HOST:PORT or https://HOST:PORT")));
  EXPECT_THAT(problems_of("", {{"MQ_ETCD", "http://a:2379"}, {"MQ_CONSUL", "http://a:8500"}}),
              ElementsAre("env MQ_CONSUL: cluster.consul: cluster.etcd is set, too (env MQ_ETCD); a cluster "
                          "has one of them"));
  EXPECT_THAT(problems_of("", {{"MQ_METRICS__MAX_TOPICS", "1"}}),
              ElementsAre(HasSubstr("is not in this version")));
  EXPECT_THAT(problems_of("", {{"MQ_NODE_ID", "1"}, {"MQ_NODE__ID", "2"}}),
              ElementsAre(HasSubstr("given twice")));
}

TEST(ConfigSources, AdvertiseAppliesToListenersOfAnyStrongerSource) {
  Sources sources;
  sources.environment["MQ_ADVERTISE"] = "outside=mq.example.net:443";
  sources.flags.push_back({"listeners", ":9092,outside=:9093", "--listen"});
  const Loaded loaded = load(sources);
  EXPECT_THAT(messages(loaded), IsEmpty());
  EXPECT_EQ(loaded.config.listeners.back().advertise, (Address{"mq.example.net", 443}));
  sources.flags.clear();
  EXPECT_THAT(messages(load(sources)),
              ElementsAre("env MQ_ADVERTISE: advertise: there is no listener \"outside\""));
}

TEST(ConfigFiles, IncludedFilesWinOverTheMainOneInTheOrderOfTheirNames) {
  const TemporaryDirectory directory;
  const std::string file =
      directory.write("mq.yaml", "include: conf.d\nnode: {id: 1, rack: a}\nlog.level: warn\n");
  directory.write("conf.d/20.yaml", "node: {id: 3}\n");
  const std::string first = directory.write("conf.d/10.yaml", "node: {id: 2}\n\nnode.rack: b\n");
  directory.write("conf.d/README", "not yaml: [");
  Sources sources;
  sources.file = file;
  const Loaded loaded = load(sources);
  EXPECT_THAT(messages(loaded), IsEmpty());
  EXPECT_EQ(loaded.config.node_id, 3);
  EXPECT_EQ(loaded.config.rack, "b");
  EXPECT_EQ(loaded.config.log_levels.all, LogLevel::warn);
  EXPECT_EQ(loaded.config.origins.at("node.rack"), first + ":3");
}

TEST(ConfigFiles, MayNotBeMissingNorIncludeFurther) {
  const TemporaryDirectory directory;
  Sources sources;
  sources.file = directory.write("a.yaml", "include: nowhere\n");
  EXPECT_THAT(messages(load(sources)),
              ElementsAre(HasSubstr("a.yaml:1:1: include: cannot read the directory")));
  sources.file = directory.write("b.yaml", "include: conf.d\n");
  directory.write("conf.d/1.yaml", "include: conf.d\n");
  EXPECT_THAT(messages(load(sources)), ElementsAre(HasSubstr("1.yaml:1:1: include: only the main file")));
  sources.file = "/nowhere/mq.yaml";
  EXPECT_THAT(messages(load(sources)), ElementsAre("/nowhere/mq.yaml: cannot read the file"));
}

TEST(ConfigFiles, TakeValuesFromTheEnvironmentAndFromFiles) {
  const TemporaryDirectory directory;
  const std::string secret = directory.write("rack", "eu-1b\n");
  const Environment environment{{"WHERE", "/srv"}, {"${X}", "y"}};
  EXPECT_EQ(load_text("storage: {data: '${WHERE}/mq/$${WHERE}'}", environment).config.data,
            "/srv/mq/${WHERE}");
  EXPECT_EQ(load_text("node: {rack: '${file:" + secret + "}'}").config.rack, "eu-1b");
  EXPECT_THAT(problems_of("node: {rack: '${MISSING}'}"),
              ElementsAre("mq.yaml:1:8: node.rack: the environment variable MISSING is not set"));
  EXPECT_THAT(problems_of("node: {rack: '${file:/nowhere}'}"),
              ElementsAre(HasSubstr("cannot read /nowhere")));
  EXPECT_THAT(problems_of("node: {rack: '${file:/dev/zero}'}"),
              ElementsAre(HasSubstr("cannot read /dev/zero")));
  EXPECT_THAT(problems_of("node: {rack: '${OPEN'}"), ElementsAre(HasSubstr("${ without }")));
}

TEST(ConfigProblems, AreListedAllAtOnceWithTheirPlaces) {
  Sources sources;
  sources.text =
      "node:\n"
      "  id: seven\n"
      "limits:\n"
      "  max_conections: 5\n"
      "  max_request: 10\n"
      "shutdown_timeout: 30\n"
      "topic_defaults:\n"
      "  retention.mss: 1\n"
      "  cleanup.policy: shrink\n";
  sources.environment["MQ_STORAGE__FLUSH"] = "never";
  sources.sets = {"storage.tail", "storage.tial=5M"};
  EXPECT_THAT(
      messages(load(sources)),
      ElementsAre(
          "mq.yaml:2:3: node.id: \"seven\" is not a whole number",
          "mq.yaml:4:3: unknown key limits.max_conections; did you mean limits.max_connections?",
          "mq.yaml:5:3: limits.max_request: \"10\" is out of range: 64KiB to 2147483647",
          "mq.yaml:6:1: shutdown_timeout: \"30\" needs a unit: ms, s, m, h, d or w",
          "mq.yaml:8:3: unknown key topic_defaults.retention.mss; did you mean topic_defaults.retention.ms?",
          "mq.yaml:9:3: topic_defaults.cleanup.policy: \"shrink\" is none of compact,delete",
          "env MQ_STORAGE__FLUSH: storage.flush: \"never\" is not sync, interval or os",
          "--set storage.tail: needs a value: --set storage.tail=VALUE",
          "--set storage.tial: unknown key storage.tial; did you mean storage.tail?"));
}

TEST(ConfigProblems, NameWhatIsWrongWithTheText) {
  EXPECT_THAT(problems_of("node:\n\tid: 1\n"),
              ElementsAre("mq.yaml:2:1: a tab in the indentation: use spaces"));
  EXPECT_THAT(problems_of("node: {id: 1}\nnode: {id: 2}\n"),
              ElementsAre("mq.yaml:2:8: node.id: given twice, first at mq.yaml:1"));
  EXPECT_THAT(problems_of("node: {id: 1\n"), ElementsAre(HasSubstr("broken YAML: ")));
  EXPECT_THAT(problems_of(", node.id: 1"), ElementsAre(HasSubstr("does not belong to one YAML document")));
  EXPECT_THAT(problems_of("hello"), ElementsAre(HasSubstr("expected settings")));
  EXPECT_THAT(problems_of("node.id: 1\n---\nnode.id: 2\n"),
              ElementsAre(HasSubstr("does not belong to one YAML document")));
  EXPECT_THAT(problems_of("node:\n  id:\n"), ElementsAre("mq.yaml:2:3: node.id: has no value"));
  EXPECT_THAT(problems_of("node.id: [1, 2]"),
              ElementsAre("mq.yaml:1:1: node.id: takes one value, not a list"));
  EXPECT_THAT(problems_of("storage: /srv"), ElementsAre(HasSubstr("storage is a section")));
  EXPECT_THAT(problems_of("storage: {data: {path: /srv}}"),
              ElementsAre(HasSubstr("storage.data takes a value")));
  EXPECT_THAT(problems_of(std::string((1 << 20) + 1, ' ')), ElementsAre(HasSubstr("larger than 1MiB")));
}

TEST(ConfigProblems, PointFromKafkasNamesToOurs) {
  EXPECT_THAT(problems_of("num.partitions: 3"),
              ElementsAre(HasSubstr("did you mean topics.default_partitions?")));
  EXPECT_THAT(problems_of("log.retention.hours: 3"),
              ElementsAre(HasSubstr("did you mean topic_defaults.retention.ms?")));
  EXPECT_THAT(problems_of("retention.ms: 3"),
              ElementsAre(HasSubstr("did you mean topic_defaults.retention.ms?")));
  EXPECT_THAT(problems_of("max_connections: 3"),
              ElementsAre(HasSubstr("did you mean limits.max_connections?")));
}

TEST(ConfigProblems, SettingsOfLaterVersionsAreRefusedAsSuch) {
  for (const char* text :
       {"http: {base_path: '/mq'}", "groups: {}\nmetrics: {max_topics: 3}", "security: x",
        "limits: {memory: auto}", "log: {slow_request: 1s}",
        "listeners: [{listen: ':9092', tls: {enabled: true}}]", "listeners: [{auth: none}]"})
    EXPECT_THAT(problems_of(text), ElementsAre(HasSubstr("is not in this version of mq"))) << text;
}

TEST(ConfigProblems, AShortTextCannotDescribeAHugeTree) {
  std::string text = "a0: &a0 {x: 1, y: 2}\n";
  for (int i = 1; i < 30; i++) {
    const std::string below = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " {l: " + below + ", r: " + below + "}\n";
  }
  EXPECT_FALSE(problems_of(text).empty());
  EXPECT_FALSE(problems_of("a: &a {b: *a}").empty());
  EXPECT_FALSE(problems_of(std::string(100'000, '[')).empty());
}

TEST(Listeners, AreChecked) {
  EXPECT_THAT(problems_of("listeners: []"), ElementsAre(HasSubstr("at least one listener")));
  EXPECT_THAT(problems_of("listeners: ':1,:2'"),
              ElementsAre(HasSubstr("two listeners are called \"default\"")));
  EXPECT_THAT(problems_of("listeners: 'a=:1,b=:1'"),
              ElementsAre(HasSubstr("\"a\" and \"b\" both listen on :1")));
  EXPECT_THAT(problems_of("listeners: [{name: a}, {name: b}]"), ElementsAre(HasSubstr("both listen on")));
  EXPECT_THAT(
      problems_of("listeners: [{listn: ':1'}]"),
      ElementsAre("mq.yaml:1:14: unknown key listeners[0].listn; a listener has name, listen and advertise"));
  EXPECT_THAT(problems_of("listeners: [{listen: 'localhost'}]"), ElementsAre(HasSubstr("needs a port")));
  EXPECT_THAT(problems_of("advertise: ':9092'"), ElementsAre(HasSubstr("clients cannot connect to")));
}

TEST(Listeners, HaveAddressesWithAPort) {
  EXPECT_EQ(*parse_address(":9092"), (Address{"", 9092}));
  EXPECT_EQ(*parse_address("9192"), (Address{"", 9192}));
  EXPECT_EQ(*parse_address(" mq.example.net:0 "), (Address{"mq.example.net", 0}));
  EXPECT_EQ(*parse_address("[fe80::1%eth0]:9092"), (Address{"fe80::1%eth0", 9092}));
  for (const char* text :
       {"", ":", "a:", "a:b", "a:65536", "a:-1", "::1:9092", "[]:1", "a b:1", "kafka://a:1", "[::1]"})
    EXPECT_FALSE(parse_address(text)) << text;
  EXPECT_EQ(format_address({"::1", 9092}), "[::1]:9092");
  EXPECT_EQ(format_address({"", 9092}), ":9092");
}

TEST(PrintConfig, ShowsValuesWithTheirOrigins) {
  Sources sources;
  sources.text = "storage:\n  data: /srv/mq\ntopic_defaults: {retention.ms: 1d}\n";
  sources.environment["MQ_LISTEN"] = ":9092";
  const Loaded loaded = load(sources);
  EXPECT_EQ(print(loaded.config, false),
            "listeners = :9092                 env MQ_LISTEN\n"
            "storage.data = /srv/mq            mq.yaml:2\n"
            "topic_defaults.retention.ms = 1d  mq.yaml:3\n");
  const std::string all = print(loaded.config, true);
  EXPECT_THAT(all, HasSubstr("node.id = auto "));
  EXPECT_THAT(all, HasSubstr("topic_defaults.max.message.bytes = 1048588 "));
  EXPECT_THAT(all, HasSubstr(" default\n"));
}

TEST(DataDirectory, IsInTheHomeOfWhoeverIsNeitherRootNorMq) {
  const Loaded loaded = load_text("", {{"HOME", "/home/ada"}});
  if (::geteuid() == 0) {
    EXPECT_EQ(loaded.config.data, "/var/lib/mq");
  } else {
    EXPECT_EQ(loaded.config.data, "/home/ada/.local/share/mq");
    EXPECT_EQ(load_text("", {{"XDG_DATA_HOME", "/x"}}).config.data, "/x/mq");
  }
}

// ---- the page mq.yaml(5) ----

std::string page() {
  std::ifstream in(test::source_dir() / "man/mq.yaml.5");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// Words that the page defines: lines such as `.It Cm storage.data`.
std::vector<std::string> defined_in_page() {
  std::istringstream in(page());
  const std::regex item(R"(^\.It Cm (\S+).*)");
  std::vector<std::string> words;
  std::smatch match;
  for (std::string line; std::getline(in, line);)
    if (std::regex_match(line, match, item)) words.push_back(match[1]);
  return words;
}

TEST(ManualPage, DefinesEveryKeyAndNoOther) {
  std::vector<std::string> known{"include"};
  for (const Setting& setting : settings()) known.push_back(setting.key);
  for (const TopicConfigKey& key : topic_config_keys()) known.emplace_back(key.name);
  EXPECT_THAT(defined_in_page(), testing::UnorderedElementsAreArray(known));
}

TEST(ManualPage, HasAnExampleThatLoads) {
  const std::string text = page();
  const std::string begin = ".Bd -literal -offset indent\n";
  const std::size_t start = text.find(begin, text.find(".Sh EXAMPLES")) + begin.size();
  const Loaded loaded = load_text(text.substr(start, text.find(".Ed", start) - start));
  EXPECT_THAT(messages(loaded), IsEmpty());
  EXPECT_EQ(loaded.config.listeners.size(), 2u);
}

TEST(ManualPage, NamesDefaultsAndVariables) {
  const std::string text = page();
  for (const Setting& setting : settings()) {
    const std::size_t start = text.find(".It Cm " + setting.key + "\n");
    ASSERT_NE(start, std::string::npos) << setting.key;
    const std::string item = text.substr(start, text.find(".It Cm ", start + 1) - start);
    if (!setting.default_value.empty()) {
      EXPECT_THAT(item, HasSubstr("Default: " + setting.default_value + "."));
    }
    if (!setting.variable.empty()) {
      EXPECT_THAT(item, HasSubstr(".Ev " + std::string(setting.variable)));
    }
  }
  for (const TopicConfigKey& key : topic_config_keys()) {
    if (key.default_value.empty()) continue;
    const std::string head =
        ".It Cm " + std::string(key.name) + " Pq " + to_human(key, key.default_value) + "\n";
    EXPECT_THAT(text, HasSubstr(head));
  }
}

}  // namespace
}  // namespace mq::core
