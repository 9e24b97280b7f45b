// SPDX-License-Identifier: Apache-2.0
#include "cli/frame/parse.h"

#include <fcntl.h>
#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <thread>

#include "tests/cli/support/streams.h"

namespace mq::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const Command sample{
    .name = "sample",
    .summary = "For tests.",
    .arguments = {{"TOPIC", Kind::topic, 1, any}},
    .uses = connects | rows | changes,
    .flags = {
        {.name = "exit-at-end", .letter = 'e', .help = "stop at the end"},
        {.name = "message",
         .letter = 'm',
         .kind = Kind::text,
         .value = "TEXT",
         .help = "text",
         .repeatable = true},
        {.name = "separator", .letter = 'K', .kind = Kind::text, .value = "S", .help = "text"},
        {.name = "count", .letter = 'n', .kind = Kind::number, .value = "N", .help = "number"},
        {.name = "from", .kind = Kind::position, .value = "POS", .initial = "start", .help = "position"},
        {.name = "idle", .kind = Kind::duration, .value = "DUR", .initial = "10s", .help = "duration"},
        {.name = "buffer", .kind = Kind::size, .value = "SIZE", .initial = "64k", .help = "size"},
        {.name = "create",
         .kind = Kind::text,
         .value = "PARTS",
         .initial = "1",
         .help = "create",
         .optional = true}}};

Arguments parsed(const std::vector<std::string>& words) {
  return parse(sample, words, [](std::string_view) { return std::nullopt; });
}

std::string mistake(const std::vector<std::string>& words) {
  try {
    parsed(words);
  } catch (const UsageError& error) {
    return std::string(error.what()) + " | " + error.hint;
  }
  return "none";
}

TEST(Parse, FlagsMayStandAnywhere) {
  const Arguments arguments = parsed({"-e", "orders", "-n", "3", "logs"});
  EXPECT_THAT(arguments.positional(), ElementsAre("orders", "logs"));
  EXPECT_TRUE(arguments.on("exit-at-end"));
  EXPECT_EQ(arguments.number("count"), 3);
}

TEST(Parse, TwoDashesEndTheFlags) {
  EXPECT_THAT(parsed({"--", "-e", "--count=1"}).positional(), ElementsAre("-e", "--count=1"));
}

TEST(Parse, ASingleDashIsAnArgument) {
  EXPECT_THAT(parsed({"t", "-"}).positional(), ElementsAre("t", "-"));
}

TEST(Parse, AValueMayFollowOrStandBehindAnEqualsSign) {
  EXPECT_EQ(parsed({"t", "--count", "5"}).number("count"), 5);
  EXPECT_EQ(parsed({"t", "--count=5"}).number("count"), 5);
  EXPECT_EQ(parsed({"t", "-n5"}).number("count"), 5);
}

TEST(Parse, AValueMayBeginWithADash) {
  EXPECT_EQ(parsed({"t", "--from", "-10"}).text("from"), "-10");
  EXPECT_EQ(parsed({"t", "-m", "--count=3"}).text("message"), "--count=3");
  EXPECT_EQ(parsed({"t", "-m", "--"}).text("message"), "--");
}

TEST(Parse, AValueMayBeEmpty) {
  EXPECT_EQ(parsed({"t", "--message="}).all("message"), std::vector<std::string>{""});
  EXPECT_EQ(parsed({"t", "-m", ""}).all("message"), std::vector<std::string>{""});
  EXPECT_THAT(parsed({"--message=", "t"}).positional(), ElementsAre("t"));
  EXPECT_EQ(parsed({"t", "-m", "--message="}).text("message"), "--message=");
}

TEST(Parse, ValuesAreTakenAsTheyAre) {
  for (const std::string value :
       {"{}", "[1,2]", "a,b", "%%", "true", "\"x\"", "a=b", " ", "-", "{\"id\":1}"}) {
    EXPECT_EQ(parsed({"t", "-m", value}).all("message"), std::vector<std::string>{value}) << value;
    EXPECT_THAT(parsed({value == "-" ? "x" : value}).positional(), ElementsAre(value == "-" ? "x" : value));
  }
}

TEST(Parse, ShortFlagsCanBeBundled) {
  const Arguments arguments = parsed({"t", "-eqn", "7"});
  EXPECT_TRUE(arguments.on("exit-at-end"));
  EXPECT_TRUE(arguments.on("quiet"));
  EXPECT_EQ(arguments.number("count"), 7);
  EXPECT_EQ(parsed({"t", "-K:"}).text("separator"), ":");
}

TEST(Parse, EveryBooleanCanBeTakenBack) {
  EXPECT_FALSE(parsed({"t", "-e", "--no-exit-at-end"}).on("exit-at-end"));
  EXPECT_TRUE(parsed({"t"}).on("headers"));
  EXPECT_FALSE(parsed({"t", "--no-headers"}).on("headers"));
}

TEST(Parse, AnOptionalValueStandsOnlyBehindAnEqualsSign) {
  const Arguments without = parsed({"--create", "orders"});
  EXPECT_TRUE(without.given("create"));
  EXPECT_FALSE(without.has_value("create"));
  EXPECT_THAT(without.positional(), ElementsAre("orders"));
  const Arguments with = parsed({"orders", "--create=6:3"});
  EXPECT_TRUE(with.has_value("create"));
  EXPECT_EQ(with.text("create"), "6:3");
  EXPECT_FALSE(parsed({"orders"}).given("create"));
}

TEST(Parse, ARepeatableFlagKeepsEveryValueInOrder) {
  EXPECT_THAT(parsed({"t", "-m", "a", "-m", "b", "--message=c"}).all("message"), ElementsAre("a", "b", "c"));
}

TEST(Parse, DefaultsComeFromTheTable) {
  const Arguments arguments = parsed({"t"});
  EXPECT_EQ(arguments.text("from"), "start");
  EXPECT_EQ(arguments.duration("idle"), std::chrono::seconds(10));
  EXPECT_EQ(arguments.size("buffer"), 65536);
  EXPECT_FALSE(arguments.maybe("from").has_value());
}

TEST(Parse, ValuesAreCheckedByKind) {
  EXPECT_THAT(mistake({"t", "-n", "many"}), StartsWith("--count"));
  EXPECT_THAT(mistake({"t", "--idle", "10"}), HasSubstr("unit"));
  EXPECT_THAT(mistake({"t", "-o", "jsn"}), HasSubstr("json"));
  EXPECT_THAT(mistake({"t", "--idle"}), HasSubstr("needs a value"));
}

TEST(Parse, AnUnknownFlagIsAnsweredWithTheNearestOne) {
  EXPECT_THAT(mistake({"t", "--exit-at-ned"}), HasSubstr("did you mean \"--exit-at-end\"?"));
  EXPECT_THAT(mistake({"t", "--bootstrap-server", "x"}), HasSubstr("--brokers"));
  EXPECT_THAT(mistake({"t", "-J"}), HasSubstr("-o json"));
}

TEST(Parse, APositionAsOutputFormatIsExplained) {
  EXPECT_THAT(mistake({"t", "-o", "beginning"}), HasSubstr("use --from start"));
  EXPECT_THAT(mistake({"t", "-o", "-10"}), HasSubstr("use --from -10"));
}

TEST(Parse, MissingAndSurplusArgumentsAreNamed) {
  EXPECT_THAT(mistake({}), StartsWith("TOPIC is missing"));
  EXPECT_THROW(parse(*find_command("config validate"), {"a", "b"}, process_environment()), UsageError);
}

TEST(Parse, AVariableStandsInForAFlagAndAFlagBeatsIt) {
  const Environment environment = [](std::string_view name) -> std::optional<std::string> {
    return name == "MQ_OUTPUT" ? std::optional<std::string>("json") : std::nullopt;
  };
  EXPECT_EQ(parse(sample, {"t"}, environment).text("output"), "json");
  EXPECT_EQ(parse(sample, {"t", "-o", "csv"}, environment).text("output"), "csv");
  const Environment wrong = [](std::string_view name) -> std::optional<std::string> {
    return name == "MQ_TIMEOUT" ? std::optional<std::string>("ten") : std::nullopt;
  };
  EXPECT_THROW(parse(sample, {"t"}, wrong), UsageError);
}

TEST(Find, ACommandIsFoundBehindFlagsAndTheirValues) {
  const Found found = find({"-b", "topic:9092", "-o", "json", "topic", "-q", "list", "x"});
  ASSERT_NE(found.command, nullptr);
  EXPECT_EQ(found.command->name, "topic list");
  EXPECT_THAT(found.words, ElementsAre("-b", "topic:9092", "-o", "json", "-q", "x"));
}

TEST(Find, PluralsAndAliasesAreAccepted) {
  EXPECT_EQ(find({"topics", "ls"}).command->name, "topic list");
  EXPECT_EQ(find({"topic", "rm", "x"}).command->name, "topic delete");
  EXPECT_EQ(find({"topic", "info", "x"}).command->name, "topic describe");
  EXPECT_EQ(find({"cluster", "info"}).command->name, "cluster info");
}

TEST(Find, AbbreviationsAreNot) {
  EXPECT_THROW(find({"top", "list"}), UsageError);
}

TEST(Find, WhatIsUnknownIsAnsweredWithASuggestion) {
  const auto hint = [](const std::vector<std::string>& words) -> std::string {
    try {
      find(words);
    } catch (const UsageError& error) {
      return error.hint;
    }
    return "none";
  };
  EXPECT_THAT(hint({"topci", "list"}), HasSubstr("mq topic"));
  EXPECT_THAT(hint({"topic", "lst"}), HasSubstr("mq topic list"));
  EXPECT_THAT(hint({"topic", "orders"}), HasSubstr("mq topic describe orders"));
  EXPECT_THAT(hint({"kafka-topics.sh"}), HasSubstr("mq topic"));
  EXPECT_THAT(hint({"list"}), HasSubstr("mq topic list"));
}

TEST(Find, ANounAloneIsNoCommand) {
  const Found found = find({"topic"});
  EXPECT_EQ(found.command, nullptr);
  EXPECT_EQ(found.noun, "topic");
}

// ---- whole lines ----

TEST(Run, ANounAlonePrintsItsHelpOnStderrAndExitsWith2) {
  Streams streams;
  EXPECT_EQ(run(streams.context, {"topic"}), Exit::usage);
  EXPECT_EQ(streams.out(), "");
  EXPECT_THAT(streams.err(), HasSubstr("mq topic create"));
}

TEST(Run, HelpGoesToStdout) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"-h"},
                                             {"--help"},
                                             {"topic", "-h"},
                                             {"topic", "create", "-h"},
                                             {"topic", "create", "--help"},
                                             {"help"},
                                             {"help", "topic", "create"},
                                             {"help", "positions"}}) {
    Streams streams;
    EXPECT_EQ(run(streams.context, words), Exit::ok) << words.front();
    EXPECT_EQ(streams.err(), "");
    EXPECT_GT(streams.out().size(), 100u);
  }
}

TEST(Run, HelpAsTheValueOfAFlagIsAValue) {
  EXPECT_EQ(help_wanted({"t", "-m", "--help"}, &sample), Help::none);
  EXPECT_EQ(help_wanted({"t", "-m", "x", "--help"}, &sample), Help::full);
  EXPECT_EQ(help_wanted({"t", "--", "-h"}, &sample), Help::none);
}

TEST(Run, AMistakeIsTwoLinesOnStderrAndNothingOnStdout) {
  Streams streams;
  EXPECT_EQ(run(streams.context, {"topic", "create", "x", "-c", "retention.mz=1"}), Exit::usage);
  EXPECT_EQ(streams.out(), "");
  EXPECT_THAT(
      streams.err(),
      StartsWith(
          "mq: error: unknown topic config \"retention.mz\"\nmq: hint: did you mean \"retention.ms\"?"));
}

TEST(Run, WithJsonAMistakeIsOneObjectOnStderr) {
  Streams streams;
  EXPECT_EQ(run(streams.context, {"topic", "list", "-o", "json", "--nonsense"}), Exit::usage);
  EXPECT_THAT(streams.err(), StartsWith("{\"error\":{\"code\":\"USAGE\",\"exit\":2,"));
}

TEST(Run, VersionIsOneLine) {
  Streams streams;
  EXPECT_EQ(run(streams.context, {"--version"}), Exit::ok);
  EXPECT_THAT(streams.out(), StartsWith("mq "));
}

TEST(Run, AClosedPipeIsNoErrorAndAFullDiskIs) {
  Streams streams;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  std::signal(SIGPIPE, SIG_IGN);
  streams.context.out = ends[1];
  EXPECT_EQ(run(streams.context, {"topic", "configs"}), Exit::ok);
  EXPECT_EQ(streams.err(), "");
  ::close(ends[1]);

  Streams full;
  const int device = ::open("/dev/full", O_WRONLY);
  full.context.out = device;
  EXPECT_EQ(run(full.context, {"topic", "configs"}), Exit::failed);
  EXPECT_THAT(full.err(), HasSubstr("could not write"));
  ::close(device);
}

TEST(Run, AnUnreachableBrokerIsExit5WithALineForEachAddress) {
  Streams streams;
  EXPECT_EQ(run(streams.context, {"topic", "list", "-b", "127.0.0.1:1"}), Exit::unreachable);
  EXPECT_THAT(streams.err(), HasSubstr("127.0.0.1:1: "));
}

TEST(Run, OnlyPropertiesThatAreHonouredAreTaken) {
  Streams streams;
  EXPECT_EQ(run(streams.context, {"topic", "list", "-X", "sasl.mechanism=PLAIN"}), Exit::usage);
  Streams list;
  EXPECT_EQ(run(list.context, {"topic", "list", "-X", "list"}), Exit::ok);
  EXPECT_THAT(list.out(), HasSubstr("client.id"));
}

TEST(Run, TheListOfPropertiesNeedsNoCommand) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"-X", "list"}, {"-Xlist"}, {"--property=list"}}) {
    Streams streams;
    EXPECT_EQ(run(streams.context, words), Exit::ok) << streams.err();
    EXPECT_THAT(streams.out(), HasSubstr("bootstrap.servers"));
  }
  Streams other;
  EXPECT_EQ(run(other.context, {"-X", "client.id=a"}), Exit::usage);
}

TEST(Run, TheUsageTellsWhatMayBeLeftOut) {
  Streams streams;
  EXPECT_EQ(run(streams.context, {"produce"}), Exit::usage);
  EXPECT_THAT(streams.err(), HasSubstr("usage: mq produce TOPIC [FILE…]"));
}

TEST(Run, NoTimeIsNoTimeout) {
  Streams streams;
  EXPECT_EQ(run(streams.context, {"topic", "list", "--timeout", "0s"}), Exit::usage);
  EXPECT_THAT(streams.err(), HasSubstr("--timeout"));
}

TEST(Run, WhoeverTakesTheConnectionAndSaysNothingIsATimeoutWithinTheOneGiven) {
  boost::asio::io_context loop;
  const boost::asio::ip::tcp::endpoint loopback(boost::asio::ip::address_v4::loopback(), 0);
  const boost::asio::ip::tcp::acceptor silent(loop, loopback);  // the kernel takes the connection
  const std::string at = "127.0.0.1:" + std::to_string(silent.local_endpoint().port());
  Streams streams;
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(run(streams.context, {"topic", "list", "--timeout", "100ms", "-b", at + "," + at}),
            Exit::timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
  EXPECT_THAT(streams.err(), HasSubstr("connected, but nothing answered in time"));
  EXPECT_THAT(streams.err(), HasSubstr(at + ": connected, but no Kafka broker answered"));
}

// Takes connections, says its word to each, and closes it.
class Stranger {
 public:
  explicit Stranger(std::string word) : word_(std::move(word)) {
    accept();
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Stranger() {
    loop_.stop();
    thread_.join();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

 private:
  using Socket = boost::asio::ip::tcp::socket;

  void accept() {
    acceptor_.async_accept([this](boost::system::error_code error, Socket socket) {
      if (error) return;
      boost::system::error_code ignored;
      char request[256];
      socket.read_some(boost::asio::buffer(request), ignored);
      boost::asio::write(socket, boost::asio::buffer(word_), ignored);
      accept();
    });
  }

  const std::string word_;
  boost::asio::io_context loop_;
  boost::asio::ip::tcp::acceptor acceptor_{loop_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::thread thread_;
};

struct Meeting {
  std::string word;         // what is said by whoever listens
  const char *seen, *hint;  // what is told of it
};
const Meeting meetings[] = {
    {"", "the connection was closed before an answer came", "TLS"},
    {std::string("\x15\x03\x01\x00\x02\x02\x46", 7), "what answered speaks TLS", "plaintext"},
    {"HTTP/1.1 400 Bad Request\r\n\r\n", "what answered speaks HTTP", "which port"}};

TEST(Run, WhoeverListensAndIsNoBrokerIsNotTakenForNobody) {
  for (const Meeting& meeting : meetings) {
    const Stranger other(meeting.word);
    Streams streams;
    EXPECT_EQ(run(streams.context, {"topic", "list", "-b", other.address()}), Exit::unreachable);
    EXPECT_THAT(streams.err(), HasSubstr(meeting.seen));
    EXPECT_THAT(streams.err(), HasSubstr(meeting.hint));
    EXPECT_THAT(streams.err(), testing::Not(HasSubstr("is one running?")));
  }
}

TEST(Run, TheDoctorGivesTheCauseThatOtherCommandsGive) {
  for (const Meeting& meeting : meetings) {
    const Stranger other(meeting.word);
    Streams streams;
    EXPECT_EQ(run(streams.context, {"doctor", "-b", other.address()}), Exit::unreachable);
    EXPECT_THAT(streams.out(), HasSubstr(other.address() + ": connected, "));
    EXPECT_THAT(streams.out(), HasSubstr(meeting.seen));
    EXPECT_THAT(streams.out(), HasSubstr(meeting.hint));
  }
}

}  // namespace
}  // namespace mq::cli
