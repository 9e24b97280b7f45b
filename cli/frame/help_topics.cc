// SPDX-License-Identifier: Apache-2.0
// The help topics: prose, but for the two that are tables of the program itself.
#include <algorithm>

#include "cli/frame/help.h"
#include "cli/frame/print.h"

namespace mq::cli {

namespace {

constexpr std::string_view formats = R"(Formats: what records look like, on the way out and on the way in

Ready-made outputs of mq consume and mq tail, -o FMT:

  value    the value and a newline (-D changes it); what mq consume does
  raw      the value, nothing added
  kv       key, TAB (-K changes it), value, newline
  json     one JSON object per line: topic, partition, offset, timestamp, ts, key, value, headers
  pretty   for people; what mq tail does on a terminal
  hex      a line about the record, then its bytes
  none     nothing: to measure

In JSON, keys and values are strings when their bytes are valid UTF-8, null when null; otherwise the field is called
key_b64 or value_b64 and holds base64. What mq consume -o json writes, mq produce --input json reads back, byte for byte;
so it does with what kcat -J and rpk topic consume print. A field it does not know, or a value that is missing, is an error.

Formats of your own, -f STRING (instead of -o):

  %v  value      %V  its length, -1 for null       %t  topic         %h  headers, k=v,k=v    %%  a percent sign
  %k  key        %K  its length                    %p  partition     %H  how many headers
  %d  timestamp  %T  timestamp in milliseconds     %o  offset        %i  running number

  How it is written follows in braces: text {raw} {hex} {base64} {json} {esc} {q}; numbers {u32be} {i64le} {hex8};
  times {ms} {s} {iso} {local} {strftime:%F %T}. Escapes: \n \t \r \0 \\ \xNN.

  -f '%k\t%v\n'                      key, TAB, value
  -f '%d{iso} %p@%o %k %v{json}\n'   a log line
  -f '%V{u32be}%v'                   values with their length before them
)";

constexpr std::string_view positions = R"(Positions: where to begin and where to end

  start      the first record there is
  end        after the newest record
  120        the record with this offset
  +10        ten offsets after the start
  -10        ten offsets before the end; the ten newest records: --last 10
  @TIME      the first record at or after this time

Times: 2026-11-22T10:00:00Z, 2026-11-22, '2026-11-22 13:04' (local zone, or UTC with --utc), 1795352659 or
1795352659123 (seconds or milliseconds since 1970), now, today, yesterday, -90m (that long ago).

Durations carry a unit: 250ms 10s 5m 2h 7d 1w 1h30m inf. Sizes: 512 64k 10M 1GiB (by 1024), kB MB GB (by 1000).

  mq consume orders --from -10 -e         the last ten offsets of each partition
  mq consume orders --since 15m           from a quarter of an hour ago
  mq topic trim orders --before @-7d      forget what is older than a week
)";

constexpr std::string_view selectors_text = R"(Selectors: which topics are meant

  orders          this topic
  'logs-*'        a glob: * ? [abc] [a-z]; quote it, or the shell takes it for files
  /^eu-[0-9]+$/   a regular expression, matching anywhere unless it says ^ or $
  orders:0,2,5-7  some partitions of it

Topic names hold letters, digits, '.', '_' and '-' only, so it is always clear which of these was meant: 'orders.v1' is
never a pattern. Topics that begin with __ are internal; patterns match them only with --internal.
)";

constexpr std::string_view filters = R"(Filters: which records mq consume and mq tail show

  --grep RE           the regular expression (RE2's syntax) is found in the value
  --key GLOB          the key is like the glob: * ? [abc] [a-z]
  --header K          there is a header of this name
  --header K=GLOB     there is one whose value is like the glob
  --where EXPR        the expression holds
  --invert            not all of that holds

Each may be given several times; a record is shown when all of them hold. They choose among what is read: of --last 10 those
are shown that match, and -n 10 stops when 10 have matched. In a group, what does not match counts as read, too.

Expressions are comparisons, joined by && and ||, negated by !, in parentheses:

  .user.id == 42 && .total > 10         fields of the value, as JSON; .items[0].sku, ."a b", and . for all of it
  key.region == "eu"                    fields of the key, as JSON
  key =~ "^eu-" || key !~ "^us-"        bytes of the key, or value; =~ and !~ take a regular expression
  headers.trace == "ab"                 the last header of that name; headers["a.b"]
  value_size > 1M && partition != 3     key_size value_size topic partition offset timestamp ts transactional
                                        producer_id producer_epoch sequence leader_epoch batch_offset
  .error && !.retried                   a field alone: it is there, and neither null nor false

  == != < <= > >=   numbers exactly, with every digit; sizes such as 64k 10M 1GiB are numbers
  "a" 'a'           texts, byte by byte; \n \t \r \0 \\ \xNN. After =~ backslashes are those of the expression
  true false null   value == null is a tombstone
  timestamp         as in JSON, in UTC: timestamp >= "2026-11-22T13:04"; ts is the same in milliseconds

A field that is not there is equal to nothing, not even to null: != holds. Values of different kinds are not equal either: of
"42" and 42 in JSON only one is 42. Keys, values and headers as such have no kind: key == 42 holds for the text 42.
A value that is no JSON has no fields.

  mq consume 'logs-*' --grep ERROR --since 1h
  mq consume orders -e --where '.total > 100 && headers.region == "eu"'
  mq tail orders --key 'u-42*' --header trace
)";

constexpr std::string_view pipes = R"(Pipes: how mq behaves between other programs

  stdout carries data, stderr everything else. mq … >file never holds a notice, mq … 2>/dev/null never loses data.
  Records are sent as they arrive, and written as they arrive: nothing waits in a buffer of ours for long.
  When the reader goes away (| head -1), mq stops and exits with 0.
  With -m, or with files, mq produce does not read stdin; it is safe inside while read loops.
  Ctrl-C ends in order: what was read is sent and acknowledged first. A second Ctrl-C ends at once.
  Colours and questions are for terminals only. Without one nothing is asked: say -y, or --confirm for severe changes.

  tail -F app.log | mq produce logs
  mq consume orders -e | jq .total | paste -sd+ | bc
  mq consume orders -o json -e | zstd > orders.ndjson.zst
  mq topic list -o name 'tmp-*' | xargs -r mq topic delete -y
)";

constexpr std::string_view from_kafka = R"(From Kafka's scripts to mq

  kafka-topics --list                              mq topic list
  kafka-topics --describe --topic T                mq topic describe T
  kafka-topics --create --topic T --partitions 6   mq topic create T -p 6
  kafka-topics --delete --topic T                  mq topic delete T
  kafka-topics --alter --topic T --partitions 12   mq topic alter T -p 12
  kafka-configs --entity-type topics --alter
      --entity-name T --add-config K=V             mq topic alter T -c K=V
  kafka-configs --entity-type brokers --alter
      --entity-name N --add-config K=V             mq broker config set N K=V
      --entity-default --add-config K=V            mq cluster config set K=V
  kafka-log-dirs --describe                        mq broker disk
  kafka-consumer-groups --list                     mq group list
  kafka-consumer-groups --describe --group G       mq group describe G
  kafka-consumer-groups --reset-offsets --group G
     --topic T --to-earliest --execute             mq group seek G -t T --to start
  kafka-consumer-groups --delete --group G         mq group delete G
  kafka-consumer-groups --delete-offsets           mq group forget G -t T
  kafka-get-offsets --topic T                      mq topic offsets T
  kafka-leader-election --election-type preferred  mq partition elect
  kafka-reassign-partitions --execute
     --reassignment-json-file F                    mq partition move --file F
  kafka-reassign-partitions --cancel               mq partition move --cancel
  kafka-delete-records                             mq topic trim T --before POS
  kafka-console-producer --topic T                 mq produce T
      --property parse.key=true                    -K SEPARATOR
  kafka-console-consumer --topic T                 mq tail T
      --from-beginning                             mq consume T
      --max-messages N                             -n N
      --timeout-ms MS                              --idle DUR
      --property print.key=true                    -o kv
  kafka-log-dirs, kafka-dump-log                   mq storage ls, mq storage dump
  kafka-server-start server.properties             mq serve
  --bootstrap-server HOST:PORT                     -b HOST:PORT, or MQ_BROKERS
)";

constexpr std::string_view from_kcat = R"(From kcat to mq

  kcat -P -t T                    mq produce T
  kcat -P -t T -K:                mq produce T -K:
  kcat -P -t T -Z                 mq produce T -Z
  kcat -P -t T -l FILE            mq produce T FILE
  kcat -C -t T -e                 mq consume T -e
  kcat -C -t T -o beginning       mq consume T --from start
  kcat -C -t T -o -10             mq consume T --from -10
  kcat -C -t T -o s@TIME          mq consume T --since TIME
  kcat -C -t T -c N               mq consume T -n N
  kcat -C -t T -p 3               mq consume T -p 3
  kcat -C -t T -J                 mq consume T -o json
  (a file of kcat -C -J)          mq produce T --input json FILE
  kcat -C -t T -f '%k %s\n'       mq consume T -f '%k %v\n'   (%s works, too)
  kcat -G GROUP T                 mq consume T -g GROUP
  kcat -L                         mq topic list, mq cluster info
  kcat -Q -t T:0:TIMESTAMP        mq topic offsets T:0 --at TIME
  -u, -q                          not needed; -q
)";

std::string exit_codes() {
  std::vector<std::vector<std::string>> lines;
  for (const ExitClass& row : exit_classes())
    lines.push_back(
        {std::to_string(static_cast<int>(row.exit)), std::string(row.name), std::string(row.when)});
  return "Exit codes\n\n" + aligned(lines, {true}) +
         "\nErrors are written to stderr, with Kafka's name for them in parentheses; with -o json, jsonl or "
         "yaml as one JSON\n"
         "object: {\"error\":{\"code\":…,\"exit\":…,\"kafka\":…,\"message\":…}}.\n";
}

// Every variable that stands in for a flag, from the table; and those that are read elsewhere.
std::string environment() {
  std::vector<std::vector<std::string>> lines;
  for (const Command* command : commands())
    for (const Flag& flag : flags_of(*command)) {
      const auto same = [&](const auto& line) { return line[0] == flag.env; };
      if (flag.env.empty() || std::any_of(lines.begin(), lines.end(), same)) continue;
      const bool only_serve = command->name == "serve";
      lines.push_back({std::string(flag.env),
                       std::string(only_serve ? "mq serve " : "") + "--" + std::string(flag.name),
                       std::string(flag.help)});
    }
  lines.push_back({"MQ_VERBOSE", "-v", "1 or 2; MQ_DEBUG=1 is 2"});
  lines.push_back({"MQ_NO_INPUT", "--no-input", "never ask"});
  lines.push_back({"NO_COLOR", "--color never", "when not empty; FORCE_COLOR is the opposite"});
  lines.push_back({"MQ_COMPLETION_TIMEOUT", "", "how long completion may ask a broker; 250ms"});
  lines.push_back({"XDG_CACHE_HOME", "", "where completion remembers topics; ~/.cache"});
  return "Environment\n\nA flag beats its variable. An empty variable counts as none.\n\n" +
         aligned(lines, {}) +
         "\nOf the broker's settings each has a variable, too: MQ_STORAGE__DATA for storage.data; see mq "
         "config keys.\n";
}

}  // namespace

std::vector<std::string_view> help_topics() {
  return {"formats",     "positions", "selectors",  "filters",  "exit-codes",
          "environment", "pipes",     "from-kafka", "from-kcat"};
}

std::optional<std::string> help_topic(std::string_view name) {
  if (name == "formats") return std::string(formats);
  if (name == "positions") return std::string(positions);
  if (name == "selectors") return std::string(selectors_text);
  if (name == "filters") return std::string(filters);
  if (name == "pipes") return std::string(pipes);
  if (name == "from-kafka") return std::string(from_kafka);
  if (name == "from-kcat") return std::string(from_kcat);
  if (name == "exit-codes") return exit_codes();
  if (name == "environment") return environment();
  return std::nullopt;
}

}  // namespace mq::cli
