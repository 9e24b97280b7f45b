// SPDX-License-Identifier: Apache-2.0
// What hands remember from Kafka's scripts, kcat and rpk, said in this program's words.
#include <algorithm>
#include <array>

#include "cli/frame/parse.h"

namespace mq::cli {

namespace {

struct Memory {
  std::string_view typed;
  std::string_view hint;
};

constexpr Memory flags[] = {
    {"--bootstrap-server", "it is called --brokers here (-b); mq help from-kafka"},
    {"--broker-list", "it is called --brokers here (-b); mq help from-kafka"},
    {"--zookeeper", "there is no ZooKeeper here; give the brokers with --brokers (-b)"},
    {"--from-beginning", "mq consume reads from the start unless told otherwise; or say --from start"},
    {"--topic", "the topic is an argument: mq consume orders; mq help from-kafka"},
    {"-t", "the topic is an argument: mq consume orders; mq help from-kcat"},
    {"--list", "it is a command here: mq topic list; mq help from-kafka"},
    {"--describe", "it is a command here: mq topic describe NAME; mq help from-kafka"},
    {"--alter", "it is a command here: mq topic alter NAME; mq help from-kafka"},
    {"--delete", "it is a command here: mq topic delete NAME; mq help from-kafka"},
    {"--max-messages", "use -n N (--count)"},
    {"--num", "use -n N (--count)"},
    {"--timeout-ms", "use --idle DUR: stop when nothing came for that long"},
    {"--offset", "use --from POS: start, end, +N, -N, @TIME; mq help positions"},
    {"--property", "see mq help from-kafka: parse.key is -K, print.key is -o kv or -f '%k\\t%v\\n'"},
    {"--consumer-property", "client properties are given with -X KEY=VALUE"},
    {"--producer-property", "client properties are given with -X KEY=VALUE"},
    {"--consumer.config", "client properties are given with -X KEY=VALUE"},
    {"--producer.config", "client properties are given with -X KEY=VALUE"},
    {"--command-config", "client properties are given with -X KEY=VALUE"},
    {"--replication-factor", "it is called --replication here (-r)"},
    {"--brokers-list", "it is called --brokers here (-b)"},
    {"--force", "confirm with -y (--yes)"},
    {"--password", "a password on the command line would be seen by everybody"},
    {"-u", "output is never stuck in a buffer; --line-buffered writes record by record"},
    {"-J", "use -o json"},
    {"-P", "to produce: mq produce TOPIC; mq help from-kcat"},
    {"-L", "metadata: mq topic list, mq cluster info; mq help from-kcat"},
    {"-Q", "offsets at a time: mq topic offsets TOPIC --at TIME; mq help from-kcat"},
    {"-G", "to consume in a group: mq consume TOPIC -g GROUP; mq help from-kcat"},
    {"-C", "to consume: mq consume TOPIC; mq help from-kcat"},
    {"-s", "fields are unpacked by a format: -f '%v{unpack:>I}'; mq help formats"},
    {"-l", "lines of a file are records anyway: mq produce TOPIC FILE"},
    {"-d", "use -v to see requests, -vv to see frames"},
    {"-d1", "use -v to see requests, -vv to see frames"},
    {"-g", "groups are read in with mq consume -g GROUP, looked at with mq group describe GROUP"},
    {"--group", "groups are read in with mq consume -g GROUP, looked at with mq group describe GROUP"},
    {"--reset-offsets", "it is a command here: mq group seek GROUP --to POS; mq help from-kafka"},
    {"--to-earliest", "it is --to start here: mq group seek GROUP --to start"},
    {"--to-latest", "it is --to end here: mq group seek GROUP --to end"},
    {"--shift-by", "it is --by N here: mq group seek GROUP --by -10"},
    {"-c", "to stop after N records use -n N (--count)"},
};

constexpr Memory words[] = {
    {"kafka-topics", "mq topic …; mq help from-kafka"},
    {"kafka-console-producer", "mq produce TOPIC; mq help from-kafka"},
    {"kafka-console-consumer", "mq consume TOPIC; mq help from-kafka"},
    {"kafka-configs",
     "mq topic alter NAME -c KEY=VALUE, mq cluster config, mq broker config; mq help from-kafka"},
    {"kafka-log-dirs", "mq broker disk; mq help from-kafka"},
    {"kafka-consumer-groups", "mq group …; mq help from-kafka"},
    {"kafka-leader-election", "mq partition elect; mq help from-kafka"},
    {"kafka-reassign-partitions", "mq partition move; mq help from-kafka"},
    {"topics.sh", "mq topic …; mq help from-kafka"},
    {"start", "a broker is started with: mq serve"},
    {"server", "a broker is started with: mq serve"},
    {"read", "records are read with: mq consume TOPIC"},
    {"write", "records are written with: mq produce TOPIC"},
    {"send", "records are written with: mq produce TOPIC"},
    {"cat", "everything of a topic: mq consume TOPIC -e"},
    {"list", "did you mean \"mq topic list\"?"},
    {"ls", "did you mean \"mq topic list\"?"},
    {"create", "did you mean \"mq topic create\"?"},
    {"describe", "did you mean \"mq topic describe\"?"},
    {"delete", "did you mean \"mq topic delete\"?"},
};

template <std::size_t size>
std::string look_up(const Memory (&memories)[size], std::string_view typed) {
  const auto found = std::find_if(std::begin(memories), std::end(memories),
                                  [&](const Memory& row) { return row.typed == typed; });
  return found == std::end(memories) ? std::string{} : std::string(found->hint);
}

}  // namespace

std::string hint_for_flag(std::string_view command, std::string_view flag) {
  if (flag == "--partitions" && command == "consume") return "use -p LIST (--partition)";
  if ((flag == "--topic" || flag == "-t") && command == "produce")
    return "the topic is an argument: mq produce orders; mq help from-kafka";
  return look_up(flags, flag.substr(0, flag.starts_with("--") ? flag.npos : 2));
}

std::string hint_for_output(std::string_view value) {
  static constexpr std::array positions{"beginning", "earliest", "smallest", "end",
                                        "latest",    "largest",  "stored",   "start"};
  const bool number = !value.empty() && value.find_first_not_of("-0123456789") == value.npos;
  if (value.starts_with("s@") || value.starts_with("e@"))
    return "-o is the output format; use --since and --until";
  if (!number && std::find(positions.begin(), positions.end(), value) == positions.end()) return {};
  std::string position(value);
  if (value == "beginning" || value == "earliest" || value == "smallest") position = "start";
  if (value == "latest" || value == "largest") position = "end";
  if (number && value[0] != '-') position.insert(0, "+");
  return "-o is the output format; use --from " + position;
}

std::string hint_for_command(std::string_view word) {
  if (word.ends_with(".sh")) word.remove_suffix(3);
  return look_up(words, word);
}

}  // namespace mq::cli
