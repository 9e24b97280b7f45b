#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The command line against a running broker of its own: acceptance.sh PATH-TO-MQ. Prints a line for each check that
# fails, and at the end "N passed, N failed". ACCEPTANCE_BROKERS=HOST:PORT takes a broker that runs already.
set -u
MQ=$(realpath "${1:?usage: acceptance.sh PATH-TO-MQ}")
work=$(mktemp -d)
cd "$work" || exit 1
export XDG_CACHE_HOME=$work/cache XDG_DATA_HOME=$work/data
unset MQ_BROKERS MQ_OUTPUT MQ_YES NO_COLOR FORCE_COLOR
[ -n "${ACCEPTANCE_SLOW:-}" ] && export MQ_COMPLETION_TIMEOUT=5s  # an instrumented build needs longer to begin
passed=0 failed=0 broker=

mq() { "$MQ" "$@"; }

finish() {
  if [ -n "$broker" ]; then kill "$broker" 2>/dev/null; wait "$broker" 2>/dev/null; fi
  cd / && rm -rf "$work"
}
trap finish EXIT

# check NAME COMMAND…: passes when the command exits with 0.
check() {
  local name=$1
  shift
  if "$@" >check.out 2>check.err; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $name"
    head -5 check.err check.out | sed 's/^/    /'
  fi
}

# exits CODE COMMAND…: the command ends with that code.
exits() {
  local wanted=$1 code
  shift
  "$@" </dev/null >exits.out 2>exits.err
  code=$?
  [ "$code" = "$wanted" ] && return 0
  echo "exit $code instead of $wanted: $*"
  cat exits.err
  return 1
}

is() { [ "$1" = "$2" ] || { echo "got: $1"; echo "not: $2"; return 1; }; }

# until_true SECONDS COMMAND…
until_true() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -ge "$deadline" ] && return 1
    sleep 0.05
  done
}

milliseconds() { date +%s%3N; }

port_of_log() { sed -nE 's/.*ready.*kafka 127\.0\.0\.1:([0-9]+).*/\1/p' broker.log | head -1; }
has_port() { [ -n "$(port_of_log)" ]; }

if [ -n "${ACCEPTANCE_BROKERS:-}" ]; then
  export MQ_BROKERS=$ACCEPTANCE_BROKERS
else
  "$MQ" serve --dev --listen 127.0.0.1:0 2>broker.log &
  broker=$!
  until_true 30 has_port || { echo "the broker did not start:"; cat broker.log; exit 1; }
  MQ_BROKERS=127.0.0.1:$(port_of_log)
  export MQ_BROKERS
fi

# ---- basics and exit codes ----
basics() { echo hi | mq produce a1 --create && is "$(mq consume a1 -e)" hi; }
check 'what is produced is consumed' basics
no_silent_creation() {
  echo x | mq produce a2 2>err
  is $? 3 && grep -q -- --create err
}
check 'no topic is created silently, and the hint names --create' no_silent_creation
unknown_topic() {
  mq consume nope -e >out 2>err
  is $? 3 && is "$(wc -c <out)" 0 && is "$(grep -c 'error:' err)" 1 && is "$(grep -c 'hint:' err)" 1
}
check 'an unknown topic is exit 3 with one error and one hint' unknown_topic
unreachable() {
  local began=$SECONDS
  mq topic list -b 127.0.0.1:1 >out 2>err
  is $? 5 && [ $((SECONDS - began)) -lt 4 ] && grep -q '127.0.0.1:1: ' err
}
check 'an unreachable broker is exit 5 with a line for each address' unreachable
silent() {
  local port code began=$SECONDS
  python3 -c 'import socket,time; s=socket.create_server(("127.0.0.1",0)); print(s.getsockname()[1],flush=True); time.sleep(30)' >silent.port &
  local listener=$!
  until_true 10 test -s silent.port
  port=$(cat silent.port)
  mq topic list -b "127.0.0.1:$port" --timeout 1s >out 2>err
  code=$?
  kill "$listener"
  is $code 6 && [ $((SECONDS - began)) -lt 3 ] && grep -q "127.0.0.1:$port: connected" err
}
command -v python3 >/dev/null && check 'who takes the connection and says nothing is exit 6, within the timeout' silent
check 'no time is no timeout' exits 2 mq topic list --timeout 0s
check 'the properties that are honoured are listed without a command' mq -X list
check 'a topic that exists is a conflict' exits 7 mq topic create a1
check '--if-not-exists makes it none' mq topic create a1 --if-not-exists
check 'unless it is different' exits 7 mq topic create a1 --if-not-exists -p 9
wrong_key() {
  mq topic create b1 -c retention.mz=1 2>err
  is $? 2 && grep -q 'retention.ms' err
}
check 'an unknown setting is exit 2 with the one meant' wrong_key
check 'deleting without a terminal is refused' exits 10 mq topic delete a1
check 'unless -y is given' mq topic delete a1 -y
absent() { mq topic delete none1 none2 -y --if-exists -o json | jq -e 'length==2'; }
check 'topics that are not there are fine with --if-exists' absent
check 'deleting an unknown topic is exit 3' exits 3 mq topic delete none1 -y
full_disk() {
  mq topic list >/dev/full 2>err
  is $? 1
}
check 'output that cannot be written is exit 1' full_disk
check 'a noun alone is exit 2' exits 2 mq topic
check 'an unknown command is exit 2' exits 2 mq nonsense
check 'an invalid name is exit 2' exits 2 mq topic create 'a b'

# ---- topics ----
create_and_describe() {
  mq topic create t1 -p 3 -c retention.ms=7d && mq topic describe t1 -o json >d.json &&
    jq -e '.partitions==3 and (.partition_details|length)==3 and (.config[]|select(.key=="retention.ms").value=="604800000")' d.json
}
check 'create and describe' create_and_describe
alter() {
  mq topic alter t1 -c retention.ms=14d -o json | jq -e '.[0].before=="7d" and .[0].after=="14d" and .[0].status=="ok"' &&
    mq topic alter t1 --unset retention.ms -o json | jq -e '.[0].before=="14d" and .[0].after=="7d"' &&
    mq topic describe t1 -o json | jq -e '.config==[]'
}
check 'alter and unset' alter
defaults() {
  mq topic describe t1 --config -o json >d.json &&
    jq -e '[.config[]|select(.key=="retention.ms" or .key=="segment.ms").default]==["604800000","604800000"]' d.json
}
check 'defaults that a broker counts in hours are shown in the unit of the setting' defaults
without_effect() {
  mq topic create idle -c segment.bytes=1G 2>err && grep -q 'segment.bytes has no effect in mq' err &&
    mq topic alter idle -c preallocate=true 2>err && grep -q 'preallocate has no effect in mq' err &&
    mq topic alter idle -c retention.ms=1h 2>err && is "$(grep -c effect err)" 0 &&
    mq topic describe idle >d.txt && is "$(grep -c '← no effect in mq' d.txt)" 2 &&
    mq topic describe idle -o json | jq -e '[.config[]|select(.effective==false).key]==["preallocate","segment.bytes"]' &&
    exits 2 mq topic alter idle -c remote.storage.enable=true
}
check 'a setting without effect says so when it is set and when it is shown' without_effect
more_partitions() { exits 10 mq topic alter t1 -p 5 && mq topic alter t1 -p 5 -y && mq topic list t1 -o json | jq -e '.[0].partitions==5'; }
check 'adding partitions is asked about' more_partitions
fewer_partitions() { exits 2 mq topic alter t1 -p 2 -y; }
check 'partitions cannot be taken away' fewer_partitions
like() { mq topic create t2 --like t1 && mq topic list t2 -o json | jq -e '.[0].partitions==5'; }
check 'create --like' like
offsets() {
  seq 10 | mq produce o1 --create && mq topic offsets o1 -o json | jq -e '.[0].start_offset==0 and .[0].end_offset==10' &&
    mq topic offsets o1 --at -1h -o json | jq -e '.[0].at_offset==0'
}
check 'offsets' offsets
trim() {
  mq topic trim o1 --before 4 -y && is "$(mq consume o1 -e | head -1)" 5 && exits 10 mq topic purge o1 &&
    mq topic purge o1 -y && is "$(mq consume o1 -e)" ""
}
check 'trim and purge' trim
severe() { exits 10 mq topic delete 't[12]' -y && exits 10 mq topic delete 't[12]' --confirm 3 && mq topic delete 't[12]' --confirm 2; }
check 'deleting by pattern wants the number' severe
nothing_matches() { exits 3 mq topic list 'zzz-*'; }
check 'a pattern that matches nothing is exit 3' nothing_matches
partial() { mq topic create q1 && exits 8 mq topic create q1 q2; }
check 'some good and some bad is exit 8' partial
dry_runs() {
  mq topic list -o name >before
  mq topic create dry1 --dry-run && mq topic delete q1 --dry-run && mq topic alter q1 -c retention.ms=1h --dry-run &&
    mq topic trim q1 --before end --dry-run && mq topic purge q1 --dry-run
  mq topic list -o name >after
  cmp before after && mq topic describe q1 -o json | jq -e '.config==[]'
}
check 'a dry run changes nothing' dry_runs
cluster() { mq cluster info -o json | jq -e '.brokers|length==1' && mq doctor; }
check 'cluster info and doctor' cluster

# ---- pipes ----
million() { yes | head -1000000 | mq produce p1 --create && is "$(mq consume p1 -e | wc -l)" 1000000; }
check 'a million records go through' million
closed_pipe() {
  mq consume p1 2>err | head -1 >/dev/null
  is "${PIPESTATUS[*]}" "0 0" && is "$(cat err)" ""
}
check 'a reader that goes away is no error' closed_pipe
sent_before_end() {
  mkfifo pipe
  "$MQ" produce p2 --create <pipe &
  local producer=$!
  exec 3>pipe
  echo a >&3
  arrived() { [ "$(mq consume p2 -e 2>/dev/null)" = a ]; }
  until_true 10 arrived
  local result=$?
  exec 3>&-
  wait "$producer"
  return "$result"
}
check 'a record is sent before the input ends' sent_before_end
not_stuck() {
  mq topic create p3
  "$MQ" tail p3 -n 0 -o value >tail.out 2>tail.err &
  local tail=$!
  seen() { mq produce p3 -m now && grep -q now tail.out; }
  until_true 10 seen
  local result=$?
  kill "$tail"
  wait "$tail" 2>/dev/null
  return "$result"
}
check 'a quiet topic is not stuck in a buffer' not_stuck
wrong_targets() {
  exits 2 mq produce p1 nofile && exits 2 mq produce p1 -p -1 && exits 3 mq produce p1 -p 7 && exits 2 mq produce p1 -z snappy:3 -m x &&
    exits 2 mq consume p1 -e --meta-only
}
check 'what is written and how is checked before anything is' wrong_targets
stdin_is_left_alone() {
  seq 3 | while read -r line; do mq produce p4 --create -m "$line"; done
  is "$(mq consume p4 -e | wc -l)" 3
}
check 'with -m stdin is not read' stdin_is_left_alone
no_such_partition() {
  mq topic create p13 -p 3 && exits 3 mq consume p13 -p 9 -e && exits 3 mq consume p13 -p 0,9 -e && exits 3 mq consume p13 --start-at 9=5 -e &&
    exits 2 mq consume p13:0 -p 1 -e && exits 0 mq consume p13 --start-at 2=5 -e
}
check 'a partition that is named exists' no_such_partition
last() {
  mq topic create p12 -p 12 && seq 1000 | mq produce p12 -K '' 2>/dev/null || seq 1000 | mq produce p12
  is "$(mq consume p1 --last 100 | wc -l)" 100 && is "$(mq consume p12 --last 100 | wc -l)" 100
}
check '--last counts all partitions together' last

# ---- filters ----
filtered() {
  jq -nc '{key: ("eu-1", "us-2"), value: ("ERROR", "fine", "{\"id\":9007199254740993,\"total\":12.5}"), headers: [{key: "trace", value: "ab"}]}' >lines &&
    mq produce filtered --create=3 --input json <lines &&
    is "$(mq consume filtered -e --grep '^ERR' | sort -u)" ERROR && is "$(mq consume filtered -e --key 'eu-*' | wc -l)" 3 &&
    is "$(mq consume filtered -e --header 'trace=a?' --where '.id == 9007199254740993 && .total > 10' -f '%k\n' | sort | tr '\n' ' ')" 'eu-1 us-2 ' &&
    is "$(mq consume filtered -e --where '.id == 9007199254740992')" '' && is "$(mq consume filtered -e --where '.id' --invert | wc -l)" 4 &&
    is "$(mq consume filtered --grep fine -n 2 | sort -u)" fine && is "$(mq consume filtered --last 6 --key 'us-*' | wc -l)" 3
}
check 'filters choose by value, key, header and expression' filtered
scanned() { mq consume p1 -e -v --grep '^n' 2>err >out && is "$(wc -c <out)" 0 && grep -q '^scanned 1.0 M records (.*), matched 0, in ' err; }
check 'what was scanned for nothing is said' scanned
wrong_filters() {
  exits 2 mq consume filtered -e --where '.id = 42' && grep -q -- '--where: character 5, at "= 42": equal is written ==' exits.err &&
    exits 2 mq tail filtered --grep 'a(' && exits 2 mq consume filtered -e --invert && exits 2 mq consume filtered -e --where 'len(.a) > 1'
}
check 'a filter that is none is exit 2 with the place of the mistake' wrong_filters

# ---- fidelity ----
blob() {
  head -c 1000000 /dev/urandom | tee blob | mq produce f1 --create --input raw && mq consume f1 -e -o raw | cmp - blob
}
check 'a million random bytes are the same afterwards' blob
tombstone() { printf 'k:\n' | mq produce f2 --create -K: -Z && mq consume f2 -e -o json | jq -e '.key=="k" and .value==null'; }
check 'an empty value can be a tombstone' tombstone
envelopes() {
  mq produce src --create -m x -k k -H a=1 -H a=2 --timestamp 2020-01-01T00:00:00Z && head -c 300 /dev/urandom >bytes &&
    mq produce src --input raw bytes && printf 'k:\n' | mq produce src -K: -Z &&
    mq consume src -e -o json | mq produce dst --create --input json
  local strip='del(.topic,.partition,.offset)'
  mq consume src -e -o json | jq -cS "$strip" | sort >src.json
  mq consume dst -e -o json | jq -cS "$strip" | sort >dst.json
  is "$(wc -l <src.json)" 3 && cmp src.json dst.json
}
check 'JSON envelopes survive the way there and back' envelopes
not_understood() {
  mq topic create strict -p 1 -c retention.ms=-1 && mq produce strict -m x -k k || return 1
  for line in '{"key":"k","payload":"v"}' '{"key":"k"}' '{"key":"k","Value":"v"}' '{"user":7}'; do
    printf '{"key":"a","value":"b"}\n%s\n' "$line" >lines
    exits 1 mq produce strict --input json lines && grep -q 'lines:2: ' exits.err || return 1
  done
  printf '%s\n' '{"topic":"t","partition":0,"offset":1,"tstype":"create","ts":1,"broker":1,"key":"c","payload":"d"}' |
    mq produce strict --input json && mq produce strict -m y || return 1
  is "$(mq consume strict -e -o json | jq -c 'select(.value==null)')" '' &&
    is "$(mq consume strict -e -o json | jq -r .value | tr '\n' ' ')" 'x b b b b d y '
}
check 'what --input json does not understand is an error with its line, and no tombstone' not_understood
plain_batches() {
  seq 2000 | mq produce plain --create && mq consume plain -e -o json --envelope full | jq -r .compression | sort -u >codecs &&
    is "$(cat codecs)" none &&
    is "$(head -c 200000 /dev/urandom | base64 -w100 | mq produce packed --create -z gzip && mq consume packed -e -o json --envelope full | jq -r .compression | sort -u)" gzip
}
check 'every client can read what mq produce writes by default' plain_batches
old_times() {
  mq topic create kept -c retention.ms=1h && mq produce kept -m old --timestamp 2020-01-01 2>err && grep -q 'it will be removed' err &&
    mq produce kept -m new 2>err && is "$(cat err)" '' && mq topic create forever -c retention.ms=-1 &&
    mq produce forever -m old --timestamp 2020-01-01 2>err && is "$(cat err)" ''
}
check 'a time that retention removes at once is told' old_times

# ---- terminal manners ----
no_colors() { is "$(NO_COLOR=1 script -qc "$MQ topic list -b $MQ_BROKERS" /dev/null | grep -c $'\e\[')" 0 && is "$(mq topic list | grep -c $'\e\[')" 0; }
check 'NO_COLOR and pipes mean no colours' no_colors
on_a_terminal() {
  printf 'a\033[31mb\n' | mq produce esc --create=1 || return 1
  is "$(script -qc "$MQ consume esc -eq -b $MQ_BROKERS" /dev/null | tr -d '\r')" 'a\x1b[31mb' &&
    is "$(script -qc "$MQ consume esc -eq --raw -b $MQ_BROKERS" /dev/null | tr -d '\r')" $'a\e[31mb' && is "$(mq consume esc -e)" $'a\e[31mb'
}
check 'a record cannot drive a terminal' on_a_terminal
check 'without a terminal nothing is asked' exits 10 setsid -w "$MQ" topic delete p1

# ---- uniformity ----
formats() {
  local command wanted lines
  for command in 'topic list' 'topic describe p12' 'topic offsets p12' 'topic configs retention' 'cluster info' 'config keys storage' version; do
    # shellcheck disable=SC2086
    wanted=$(mq $command -o jsonl | wc -l)
    for format in table wide json yaml csv tsv name; do
      # shellcheck disable=SC2086
      mq $command -o $format >out || { echo "$command -o $format"; return 1; }
      case $format in
        json) lines=$(jq 'if type=="array" then length else 1 end' out) ;;
        csv | tsv) lines=$(($(wc -l <out) - 1)) ;;
        name) lines=$(wc -l <out) ;;
        *) lines=$wanted ;;
      esac
      is "$lines" "$wanted" || { echo "$command -o $format"; return 1; }
    done
  done
}
check 'every format has the same rows' formats
completion() {
  mq __complete mq topic describe p1 >out 2>err && grep -qx p12 out && is "$(wc -c <err)" 0
}
check 'topics are completed' completion
partitions_completed() { is "$(mq __complete mq topic trim p12: | tr '\n' ' ')" "$(printf 'p12:%s ' $(seq 0 11))"; }
check 'partitions are completed' partitions_completed
completion_without_broker() {
  local began took
  began=$(milliseconds)
  MQ_BROKERS=127.0.0.1:1 mq __complete mq topic describe '' >out 2>err || return 1
  took=$(($(milliseconds) - began))
  is "$(wc -c <err)" 0 && [ "$took" -lt 10000 ]  # it does not wait for a broker
}
check 'completion without a broker is quick and silent' completion_without_broker
bash_completion() {
  bash -c 'source "$1"; COMP_LINE="$2 topic de"; COMP_POINT=${#COMP_LINE}; _mq; [ "${COMPREPLY[*]}" = "describe delete" ] || { echo "${COMPREPLY[*]}"; exit 1; }' \
    bash <(mq completion bash) "$MQ"
}
check 'bash completes verbs' bash_completion

# ---- groups ----
group_goes_on() {
  printf '%s\n' a b c | mq produce g1 --create=2 && is "$(mq consume g1 -g gr -e | sort | tr -d '\n')" abc &&
    is "$(mq consume g1 -g gr -e)" '' && echo d | mq produce g1 && exits 9 mq group lag gr --max 0 &&
    is "$(mq consume g1 -g gr -e)" d && exits 0 mq group lag gr --max 0
}
check 'a group goes on where it was' group_goes_on
has_member() { mq group list "$1" --no-headers --columns members | grep -qx "$2"; }
has_lines() { [ "$(wc -l <"$1")" = "$2" ]; }
group_with_a_member() {
  "$MQ" consume g1 -g busy >busy.out 2>busy.err &
  local pid=$! result=0
  until_true 20 has_member busy 1 && until_true 20 has_lines busy.out 4 || result=1
  exits 7 mq group seek busy --to start -t g1 && grep -q 'g1\[0-1\]' exits.err || result=1
  kill -TERM "$pid"
  wait "$pid"
  is $? 143 || result=1
  has_member busy 0 && is "$(mq consume g1 -g busy -e)" '' || result=1  # committed, and out
  return "$result"
}
check 'a group with a member is not moved; SIGTERM commits and leaves' group_with_a_member
group_shares() {
  mq topic create g2 -p 4 && seq 400 | awk '{print $1 ":" $1}' | mq produce g2 -K: || return 1
  "$MQ" consume g2 -g two >two1.out & local one=$!
  "$MQ" consume g2 -g two >two2.out & local two=$!
  all_there() { [ "$(sort -u two1.out two2.out | wc -l)" = 400 ]; }
  until_true 30 has_member two 2 && until_true 30 all_there
  local result=$?
  seq 401 500 | awk '{print $1 ":" $1}' | mq produce g2 -K:
  more_there() { [ "$(sort -u two1.out two2.out | wc -l)" = 500 ] && mq group lag two --max 0 >/dev/null; }
  until_true 30 more_there || result=1
  kill "$one" "$two"
  wait "$one" "$two"
  return "$result"
}
check 'two members share a topic and lose nothing' group_shares
newer_protocol() {
  mq topic create g4 -p 4 && seq 400 | awk '{print $1 ":" $1}' | mq produce g4 -K: || return 1
  "$MQ" consume g4 -g new --protocol consumer >new1.out & local one=$!
  "$MQ" consume g4 -g new --protocol consumer --assignor range >new2.out & local two=$!
  new_there() { [ "$(sort -u new1.out new2.out | wc -l)" = 400 ]; }
  until_true 30 has_member new 2 && until_true 30 new_there
  local result=$?
  kill "$one"
  wait "$one"
  is $? 143 && until_true 30 has_member new 1 || result=1
  seq 401 500 | awk '{print $1 ":" $1}' | mq produce g4 -K:
  rest_there() { [ "$(sort -u new1.out new2.out | wc -l)" = 500 ] && mq group lag new --max 0 >/dev/null; }
  until_true 30 rest_there || result=1
  kill "$two"
  wait "$two"
  [ "$result" = 0 ] && is "$(mq consume g4 -g new --protocol consumer -e)" ''
}
check 'two members share a topic by the newer protocol' newer_protocol
check 'an assignor of the other protocol is exit 2' exits 2 mq consume g4 -g new --protocol consumer --assignor roundrobin
group_and_head() {
  seq 200000 | mq produce g3 --create && is "$(mq consume g3 -g head 2>head.err | head -1)" 1 && is "$(cat head.err)" '' || return 1
  local rest
  rest=$(mq consume g3 -g head -e | head -1)
  [ "$rest" -gt 1 ] && [ "$rest" -lt 200000 ]
}
check 'a reader that has enough leaves the rest to the next one' group_and_head
positions() {
  mq group export gr >gr.json && mq group seek gr --to start -t g1 && mq group import gr.json && exits 0 mq group lag gr --max 0 &&
    exits 10 mq group delete gr && mq group delete gr -y && exits 3 mq group describe gr
}
check 'where a group is can be kept, moved, put back and deleted' positions
wrong_positions() {
  printf 'nope,0,1\n' | mq group import gi - 2>err
  is $? 3 && grep -q 'topic "nope" does not exist' err || return 1
  printf 'g1,9,1\n' | mq group import gi - 2>err
  is $? 3 && grep -q 'topic "g1" has no partition 9' err && exits 3 mq group describe gi || return 1
  printf 'g1,0,999999\n' | mq group import gi - 2>err && grep -q 'after the end' err && mq group export gi -o csv | grep -q '^g1,0,'
}
check 'positions name partitions that exist, within their logs' wrong_positions
no_internal_topics() {
  mq topic list --internal -o name | grep -qx __consumer_offsets && exits 3 mq consume '__*' -e -o none &&
    exits 3 mq topic describe '__*' && mq topic describe __consumer_offsets -o name
}
check 'patterns leave internal topics alone' no_internal_topics
check 'a state that there is not is exit 2' exits 2 mq group list --state Foo
check 'a state of transactions, too' exits 2 mq txn list --state Foo
compacted() {
  mq topic create k1 -c cleanup.policy=compact && printf 'k:v\nk:w\n' | mq produce k1 -K: || return 1
  exits 1 mq topic trim k1 --before end -y && grep -q 'is compacted' exits.err
}
check 'a compacted topic is not trimmed, and why' compacted
peek() { mq group seek pk --to +2 -t g3 --create && is "$(mq group peek pk -B 1 -A 2 | tr '\n' ' ')" '2 3 4 '; }
check 'records around where a group is are shown' peek
lists_uniformly() {
  local format
  for format in table wide json jsonl yaml csv tsv name; do mq group list -o "$format" >/dev/null || return 1; done
}
check 'groups are listed in every format' lists_uniformly

# ---- transactions ----
all_committed() { [ "$(mq txn list --no-headers --columns state | sort -u)" = CompleteCommit ]; }
transaction() {
  are_committed() { is "$(mq consume x1 -e | wc -l)" "$1"; }  # Kafka writes its markers after it has answered
  seq 1000 | mq produce x1 --create=3 --txn && until_true 10 are_committed 1000 &&
    is "$(mq consume x1 -e | sort -n | tail -1)" 1000 &&
    seq 1000 | mq produce x1 --txn=tool --txn-every 100 && until_true 10 are_committed 2000 &&
    until_true 10 all_committed && mq txn describe tool && mq txn hanging
}
check 'a transaction is written, and another one after the other' transaction
aborted_transaction() {
  mkfifo endless
  "$MQ" produce x2 --create --txn=aborted <endless 2>aborted.err &
  local pid=$! input
  exec {input}>endless
  echo gone >&"$input"
  in_log() { mq consume x2 -e --isolation uncommitted 2>/dev/null | grep -qx gone; }
  until_true 20 in_log || return 1
  is "$(mq consume x2 -e)" '' || return 1
  kill -TERM "$pid"
  wait "$pid"
  local code=$?
  exec {input}>&-
  is $code 143 && grep -q aborted aborted.err && is "$(mq consume x2 -e)" '' && echo kept | mq produce x2 && is "$(mq consume x2 -e)" kept
}
check 'an interrupted transaction is aborted' aborted_transaction

# ---- measuring ----
benches() {
  mq bench e2e -n 2000 --size 100..500 --keys 7 -p 3 --verify -o json >bench.json &&
    grep -q '"checked":2000,"lost":0,"repeated":0,"damaged":0' bench.json &&
    mq bench e2e -n 2000 --rate 20k/s --compare bench.json && is "$(mq topic list 'mq-bench-*' -o name 2>/dev/null)" ''
}
monitored() {
  mq topic create mon -p 2 && seq 1 100 | mq produce mon && mq consume mon -g mg -n 10 >/dev/null &&
    is "$(mq check ready)" 'MQ READY OK - 1 broker, clients are answered' && exits 0 mq check health &&
    exits 0 mq check topic mon && exits 2 mq check topic mon-none && exits 2 mq check group mg-none &&
    exits 1 mq check group mg --lag -W 10 -E 1000 && exits 2 mq check group mg -W 10 -E 50 && exits 0 mq check group mg -W 1k &&
    is "$(mq check group mg -o json | jq -r '.state, .lag' | tr '\n' ' ')" 'OK 90 ' &&
    exits 0 mq check disk -W 0% -E 0% && exits 3 mq check group && exits 3 mq check group mg -W many &&
    exits 2 mq -b 127.0.0.1:1 check ready && exits 3 mq -b 127.0.0.1:1 check group mg && mq topic delete mon -y
}
check 'monitoring gets one line, and 0 to 3' monitored
check 'a load of our own arrives whole and leaves nothing behind' benches

# ---- broker ----
config() {
  mq config template --full >mq.yaml && mq config validate mq.yaml && echo 'storage: {dta: x}' >bad.yaml && exits 2 mq config validate bad.yaml &&
    mq serve --data "$work/data" --check && mq serve --data d-new --check && exits 9 mq serve --data /proc/d-new --check && mq serve --print-config=all | grep -q storage.data
}
check 'the configuration template is valid' config
in_use() {
  local other=$work/other.log
  "$MQ" serve --data "$work/one" --listen 127.0.0.1:0 2>"$other" &
  local pid=$!
  started() { grep -q ready "$other"; }
  until_true 30 started && exits 7 mq serve --data "$work/one" --listen 127.0.0.1:0
  local result=$?
  kill "$pid" 2>/dev/null
  wait "$pid"
  is $? 0 && return "$result"
}
check 'a data directory serves one broker, which stops with 0' in_use
# What would end a process without a word: a signal that is no wish to stop it, a file that may not grow.
outspoken() {
  local log=$work/outspoken.log
  (ulimit -Sn 256 && exec "$MQ" serve --data "$work/outspoken" --listen 127.0.0.1:0 2>"$log") &
  local pid=$! soft hard
  started() { grep -q ready "$log"; }
  until_true 30 started && read -r soft hard < <(awk '/^Max open files/ {print $4, $5}' "/proc/$pid/limits")
  kill -USR1 "$pid" && kill -USR2 "$pid" && kill -ALRM "$pid"
  heard() { [ "$(grep -c 'means nothing to a broker' "$log")" = 3 ]; }
  until_true 30 heard
  local result=$?
  kill "$pid"
  wait "$pid"
  is $? 0 && is "$soft" "$hard" || return
  (ulimit -f 1 && exec "$MQ" config template --full >large.out 2>large.err)
  is $? 1 && grep -qi 'too large' large.err && return "$result"
}
check 'signals and limits of the shell are heard, and end nothing without a word' outspoken
offline() {
  mq storage ls "$work/one" && mq storage verify "$work/one" && exits 3 mq storage dump "$work/one" nope || return
  printf 'half a record' >>"$(ls "$work"/one/meta/MANIFEST-* | tail -1)"
  sums() { find "$work/one" -type f ! -name LOCK -exec cksum {} + | sort; }
  local before
  before=$(sums)
  mq storage ls "$work/one" && mq storage verify "$work/one" && is "$before" "$(sums)"
}
"$MQ" storage -h >/dev/null 2>&1 && check 'a stopped data directory can be looked into' offline

# A file of the broker's must not become the stream that its log goes to.
without_streams() {
  "$MQ" serve --data "$work/closed" --listen 127.0.0.1:0 0<&- 1>&- 2>&- &
  local pid=$!
  opened() { [ -e "$work/closed/meta/CURRENT" ] && [ -e "/proc/$pid/fd/9" ]; }
  until_true 30 opened
  local streams
  streams=$(readlink /proc/$pid/fd/0 /proc/$pid/fd/1 /proc/$pid/fd/2 | sort -u)
  kill "$pid"
  wait "$pid"
  is "$streams" /dev/null || return
  mq topic create c1 || return
  mq produce c1 0<&-
  is $? 1 || return
  mq topic list 1>&-
  is $? 1
}
"$MQ" storage -h >/dev/null 2>&1 && check 'closed standard streams stay closed' without_streams

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
