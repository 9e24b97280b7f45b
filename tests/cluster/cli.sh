#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The command line against a cluster of three brokers, 1 to 3: cluster.py MQ -- ../cluster/cli.sh
set -uo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
passed=0 failed=0

mq() { timeout 90 "$MQ" "$@"; }

check() {  # sentence expected got
  if [ "$2" = "$3" ]; then
    passed=$((passed + 1)); echo "ok    $1"
  else
    failed=$((failed + 1)); printf 'FAIL  %s\n  expected: %.300s\n  got:      %.300s\n' "$1" "$2" "$3"
  fi
}
status() { "$@" >/dev/null 2>error; echo $?; }
partition() {  # topic:partition jq-expression
  mq partition list "$1" -o json | jq -cr ".[0] | $2"
}
until_so() {  # expected command... : within 20 s
  for _ in $(seq 100); do
    [ "$("${@:2}")" = "$1" ] && break
    sleep 0.2
  done
  "${@:2}"
}

# health

mq topic create orders -p 3 -r 3 -q >/dev/null
check "a cluster becomes healthy" HEALTHY "$(mq cluster health --wait | head -1)"
check "and the exit status says so" 0 "$(status mq cluster health)"
check "programs read it, too" 'healthy 0 3' \
  "$(mq cluster health -o json | jq -r '"\(.state) \(.problems | length) \(.brokers)"')"
check "-o name is the state alone" healthy "$(mq cluster health -o name)"

# list

check "partitions are listed with their status" 'ok ok ok' "$(mq partition list orders -o json | jq -r '[.[].state] | join(" ")')"
check "as a table for people" 'TOPIC PARTITION LEADER REPLICAS ISR STATUS' "$(mq partition list orders | head -1 | tr -s ' ' | sed 's/ $//')"
check "one of them" 1 "$(mq partition list orders:1 -o json | jq length)"
check "those of a leader" 1 "$(mq partition list orders --leader 2 -o json | jq length)"
check "those of a broker" 3 "$(mq partition list orders --broker 2 -o json | jq length)"
check "those of a broker that is not there" 0 "$(mq partition list orders --broker 9 -o json | jq length)"
check "none is unhealthy" 0 "$(mq partition list orders --unhealthy -o json | jq length)"
check "a topic that is not there" 3 "$(status mq partition list nothing)"

# brokers

check "brokers are listed" '1 ok, 2 ok, 3 ok' "$(mq broker list -o json | jq -r '[.[] | "\(.broker) \(.state)"] | join(", ")')"
check "with what they lead and hold" '3 9' "$(mq broker list -o json | jq -r '"\([.[].leaders] | add) \([.[].replicas] | add)"')"
check "one of them is the controller" 1 "$(mq broker list -o json | jq '[.[] | select(.controller)] | length')"
check "as a table for people" 'BROKER ADDRESS RACK STATE LEADS REPLICAS USED FREE' \
  "$(mq broker list | head -1 | tr -s ' ' | sed 's/ $//')"
check "-o name is their numbers" '1 2 3' "$(mq broker list -o name | paste -sd' ')"
check "disks have a size" true "$(mq broker disk -o json | jq 'length == 3 and all(.[]; .total_bytes > .free_bytes and .replicas == 3)')"
check "of one broker" 2 "$(mq broker disk 2 -o json | jq '.[0].broker')"
check "one is described" '3 ok 1 configuration' "$(mq broker describe 3 -o json |
  jq -r '"\(.broker) \(.state) \(.log_dirs | length) \(.settings[] | select(.key == "node.id") | .source)"')"
check "for people, too" 1 "$(mq broker describe 3 | grep -c '^broker 3   ok')"
check "a broker that is not there" 3 "$(status mq broker describe 9)"

# settings of brokers

value() { mq broker config get "$1" log.retention.ms; }  # broker
check "nothing is set for all" '[]' "$(mq cluster config list -o json)"
check "and brokers are alike" 0 "$(status mq cluster config diff)"
check "a setting for all wants a yes" 10 "$(status mq cluster config set log.retention.ms=3d)"
check "a dry run shows it" 'all 3d' "$(mq cluster config set log.retention.ms=3d --dry-run -o json | jq -r '.[0] | "\(.broker) \(.after)"')"
check "it is set" 0 "$(status mq cluster config set log.retention.ms=3d -y)"
check "every broker has it" '3d 3d 3d' "$(echo $(until_so 3d value 1) $(until_so 3d value 2) $(until_so 3d value 3))"
check "from the cluster" cluster "$(mq broker config list 2 log.retention.ms -o json | jq -r '.[0].source')"
check "and so have topics" 259200000 "$(mq topic describe orders --config -o json |
  jq -r '.config[] | select(.key == "retention.ms") | .value')"
check "another one for one broker" 0 "$(status mq broker config set 2 log.retention.ms=1h -y)"
check "is so there alone" '3d 1h' "$(value 1) $(value 2)"
check "then brokers differ" '9 log.retention.ms 3600000' \
  "$(status mq cluster config diff) $(mq cluster config diff -o json | jq -r '.[] | select(.key == "log.retention.ms") | "\(.key) \(.broker_2)"')"
check "until it is unset" '0 3d' "$(status mq broker config unset 2 log.retention.ms -y) $(value 2)"
check "for all" 0 "$(status mq cluster config unset log.retention.ms -y)"
check "then it is the default again" 7d "$(until_so 7d value 3)"
check "what a file must say is refused, with Kafka's error" '1 1' \
  "$(status mq broker config set 1 num.partitions=3 -y) $(grep -c INVALID_REQUEST error)"
check "a setting that nobody knows" 2 "$(status mq broker config set 1 log.retention.mz=1d -y)"
check "a value that is none" 2 "$(status mq cluster config set log.retention.ms=soon -y)"
check "one that is not set for all" 3 "$(status mq cluster config get log.retention.ms)"

# move

seq 1 1000 | mq produce orders -q
# To where whoever leads is not: who leads among them goes on.
case "$(partition orders:0 .leader)" in 1) to=2,3 ;; 2) to=1,3 ;; *) to=1,2 ;; esac
check "a dry run shows where it would go" would "$(mq partition move orders:0=$to --dry-run -o json | jq -r '.[0].status')"
check "and changes nothing" 3 "$(partition orders:0 '.replicas | length')"
check "a move wants a yes" 10 "$(status mq partition move orders:0=$to)"
check "a partition moves to two brokers" "ok [$to]" \
  "$(mq partition move orders:0=$to -y --wait=60s -o json | jq -cr '.[0] | "\(.status) \(.new_replicas)"')"
check "and is there" "[$to] [$to] ok" "$(partition orders:0 '"\(.replicas) \(.in_sync | sort) \(.state)"')"
check "led by the first of them" "${to%,*}" "$(partition orders:0 .leader)"
check "with all that was in it" 1000 "$(mq consume orders -e | wc -l)"
check "the cluster is healthy afterwards" 0 "$(status mq cluster health --wait)"

cat >plan.json <<'JSON'
{"version":1,"partitions":[{"topic":"orders","partition":1,"replicas":[3,1],"log_dirs":["any","any"]},
                           {"topic":"orders","partition":2,"replicas":[3,2]}]}
JSON
check "Kafka's file is understood" '0 2' "$(status mq partition move --file plan.json -y --wait=60s) $(
  mq partition list orders:1-2 -o json | jq '[.[] | select(.replicas[0] == 3 and (.replicas | length) == 2)] | length')"
check "also from stdin; what is there stays there" 'ok ok' \
  "$(mq partition move --file - -y --wait=60s -o json <plan.json | jq -r '[.[].status] | join(" ")')"
check "with three replicas again" '0 [1,2,3]' "$(status mq partition move orders:0=1,2,3 -y --wait=60s) $(partition orders:0 .replicas)"

check "a broker that is not there is refused" 2 "$(status mq partition move orders:0=1,9 -y)"
check "with Kafka's error" 1 "$(grep -c INVALID_REPLICA_ASSIGNMENT error)"
check "a partition that is not there" 3 "$(status mq partition move orders:7=1,2 -y)"
check "of two, one that is not there" 8 "$(status mq partition move orders:0=1,2,3 orders:7=1,2 -y)"
check "a broker twice" 2 "$(status mq partition move orders:0=1,1 -y)"
check "a partition twice" 2 "$(status mq partition move orders:0=1,2 orders:0=2,3 -y)"
check "no partition" 2 "$(status mq partition move orders=1,2 -y)"
check "a file that is none" 2 "$(echo '{"version":1}' | status mq partition move --file - -y)"
check "what does not move cannot be cancelled" 'does not move' \
  "$(mq partition move --cancel orders:0 -y -o json | jq -r '.[0].status')"
check "nothing moves" '[]' "$(mq partition move --cancel -o json)"

# elect

leader() { partition orders:0 .leader; }
mq partition elect -y -q >/dev/null
check "the preferred replica leads when it is elected" 1 "$(leader)"
check "who leads already is left alone" already "$(mq partition elect orders:0 -y -o json | jq -r '.[0].status')"
# The same replicas in another order: another one is preferred, and nobody has to be filled.
check "another replica is preferred" '0 [2,3,1]' "$(status mq partition move orders:0=2,3,1 -y) $(partition orders:0 .replicas)"
mq partition elect -y >/dev/null
check "and leads after an election" 2 "$(leader)"
check "of all there are" 0 "$(status mq partition elect -y)"
check "a partition that is not there" 3 "$(status mq partition elect orders:7 -y)"
check "who has a leader needs no unclean election" already \
  "$(mq partition elect --unclean orders:0 -o json | jq -r '.[0].status')"

# broken: a broker that is not the controller is stopped by the kernel, and goes on later

[ "$(mq cluster info -o json | jq .controller)" = 3 ] && down=2 up=3 || down=3 up=2
mq topic create single slow -p 1 -r 1 -q >/dev/null
mq partition move single:0=$down slow:0=1 orders:0=$down,1,$up orders:1-2=1,$up -y --wait=60s -q >/dev/null
mq partition elect -y -q >/dev/null
address=$(mq cluster info -o json | jq -r ".brokers[] | select(.broker == $down) | .address")
victim=$(ss -Hltnp "sport = :${address##*:}" | grep -oE 'pid=[0-9]+' | head -1 | cut -d= -f2)
export MQ_BROKERS=$(tr , '\n' <<<"$MQ_BROKERS" | grep -vxF "$address" | paste -sd,)
kill -STOP "$victim"

check "a move waits for a broker that does not answer, as long as it is told" 6 \
  "$(status mq partition move slow:0=$down -y --wait=1s)"
check "it is seen to move" "moving [$down] [1]" "$(partition slow:0 '"\(.state) \(.adding) \(.removing)"')"
check "and can be cancelled" 'ok' "$(mq partition move --cancel -y -o json | jq -r '.[0].status')"
check "then it is where it was" '[1] ok' "$(partition slow:0 '"\(.replicas) \(.state)"')"

problems() { mq cluster health -o json | jq -r '[.problems[].problem] | unique | join(" ")'; }
check "a broker that does not answer is missed" 'no_leader under_replicated' "$(until_so 'no_leader under_replicated' problems)"
check "which is unhealthy" 9 "$(status mq cluster health)"
mq cluster health >health
check "the first line says so" yes "$(head -1 health | grep -qE '^UNHEALTHY  1 critical, [0-9]+ warning' && echo yes)"
check "the partition without leader is named, and who is missing" 1 \
  "$(grep -cE "^CRITICAL +1 partition has no leader +single\\[0\\]: broker $down is down" health)"
check "and how to go on" 1 "$(grep -c 'mq partition recover single:0' health)"
check "replicas that lack, too" 1 "$(grep -cE "^WARNING .*not in sync on broker $down, which is down" health)"
check "it is listed" offline "$(partition single:0 .state)"
check "among the unhealthy" 'orders[0] single[0]' \
  "$(mq partition list --unhealthy orders single -o json | jq -r '[.[] | "\(.topic)[\(.partition)]"] | join(" ")')"
check "a preferred replica that is not there cannot be elected" 1 "$(status mq partition elect orders:0 -y)"
check "nor anybody where there is nobody" 1 "$(status mq partition elect --unclean single:0 --confirm single:0)"
check "--unclean wants the name" 10 "$(status mq partition elect --unclean single:0 -y)"
check "nobody can recover where nobody runs" 1 "$(status mq partition recover single:0 --confirm single:0)"
check "it says whom to start" 1 "$(grep -c "start broker $down" error)"
check "who has a leader is left alone" 'has a leader' "$(mq partition recover slow:0 -o json | jq -r '.[0].status')"
down_is() { mq broker list -o json | jq -r ".[] | select(.broker == $down) | .state"; }
check "the broker is listed as down" down "$(down_is)"
check "and described as that" down "$(mq broker describe $down -o json 2>/dev/null | jq -r .state)"
check "waiting ends after its time" 9 "$(status mq cluster health --wait=1s)"

kill -CONT "$victim"
healthy() { status mq cluster health; }
check "when it goes on the cluster heals" 0 "$(until_so 0 healthy)"
mq partition elect -y -q >/dev/null
check "and is as before after an election" HEALTHY "$(mq cluster health --wait=20s)"

# recovered: the one that has everything goes after the other one has missed something

pid_of() {  # broker
  local address; address=$(mq cluster info -o json | jq -r ".brokers[] | select(.broker == $1) | .address")
  ss -Hltnp "sport = :${address##*:}" | grep -oE 'pid=[0-9]+' | head -1 | cut -d= -f2
}
full=$(pid_of $down) late=$(pid_of $up)
export MQ_BROKERS=$(mq cluster info -o json | jq -r '.brokers[] | select(.broker == 1) | .address')
mq topic create lossy -p 1 -r 1 -c min.insync.replicas=1 -q >/dev/null
mq partition move lossy:0=$down,$up -y --wait=60s -q >/dev/null
mq partition elect lossy -y -q >/dev/null
echo early | mq produce lossy -q
kill -STOP "$late"
in_sync() { partition lossy:0 '.in_sync'; }
check "who does not answer is in sync no more" "[$down]" "$(until_so "[$down]" in_sync)"
echo late | mq produce lossy -q
kill -STOP "$full"
state_of() { partition lossy:0 .state; }
check "without the last in sync there is no leader" offline "$(until_so offline state_of)"
kill -CONT "$late"
up_is() { mq broker list -o json | jq -r ".[] | select(.broker == $up) | .state"; }
check "though another one is back" 'ok offline' "$(until_so ok up_is) $(state_of)"
check "it is told who has everything, and who would lead" "would [$down] $up" \
  "$(mq partition recover lossy:0 --dry-run -o json | jq -cr '.[0] | "\(.status) \(.complete) \(.new_leader)"')"
check "and what that means" 1 "$(mq partition recover lossy:0 --dry-run 2>&1 | grep -c "Everything is on broker $down")"
check "recovering wants the name" 10 "$(status mq partition recover lossy:0 -y)"
check "it is recovered" ok "$(mq partition recover lossy:0 --confirm lossy:0 -o json | jq -r '.[0].status')"
check "by who had missed something" "$up early" "$(partition lossy:0 .leader) $(mq consume lossy -e)"
kill -CONT "$full"
check "which is so for the other, too, when it is back" '0 early' \
  "$(until_so 0 healthy) $(mq partition elect lossy -y -q >/dev/null; mq consume lossy -e)"

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
