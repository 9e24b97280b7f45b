#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# kcat against a broker: broker.py MQ -- kcat.sh
set -uo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
passed=0 failed=0

produce() { timeout 30 kcat -b "$MQ_BROKERS" -P "$@"; }
consume() { timeout 30 kcat -b "$MQ_BROKERS" -C -q -X fetch.wait.max.ms=50 "$@"; }
create() { "$MQ" topic create -q "$@" >/dev/null; }

check() {  # sentence expected got
  if [ "$2" = "$3" ]; then
    passed=$((passed + 1)); echo "ok    $1"
  else
    failed=$((failed + 1)); printf 'FAIL  %s\n  expected: %.300s\n  got:      %.300s\n' "$1" "$2" "$3"
  fi
}
same() {  # sentence expected_file got_file
  if cmp -s "$2" "$3"; then check "$1" same same; else check "$1" "$(wc -lc <"$2") lines, bytes" "$(wc -lc <"$3")"; fi
}

# acks

seq 1 2000 >numbers
for acks in 0 1 all; do
  produce -t "acks_$acks" -X acks=$acks numbers -l
  consume -t "acks_$acks" -c 2000 >got  # waits: an answer does not say that acks=0 has arrived
  same "what is produced with acks=$acks is consumed in order" numbers got
  check "and once (acks=$acks)" 2000 "$(consume -t "acks_$acks" -e | wc -l)"
done

produce -t idempotent -X enable.idempotence=true -X batch.num.messages=50 numbers -l
consume -t idempotent -e >got
same "an idempotent producer's records are there once, in order" numbers got

# codecs

yes 'a needle in a haystack, long enough to be worth the trouble' | head -2000 >needles
for codec in none gzip snappy lz4 zstd; do
  before=$(grep -raoF needle "$DATA" | wc -l)
  produce -t "codec_$codec" -z $codec -X linger.ms=100 needles -l
  consume -t "codec_$codec" -e >got
  same "$codec batches come back as they were" needles got
  written=$(($(grep -raoF needle "$DATA" | wc -l) - before))
  case $codec in
    none) check "plain batches are on disk as sent" yes "$([ $written -ge 2000 ] && echo yes || echo "$written")" ;;
    *) check "$codec batches are kept compressed" yes "$([ $written -lt 500 ] && echo yes || echo "$written")" ;;
  esac
done

# headers, nulls, keys

echo body | produce -t headers -k key -H one=1 -H empty= -H one=again
check "headers keep order, repetition and emptiness" 'key|one=1,empty=,one=again|body' \
  "$(consume -t headers -e -f '%k|%h|%s\n')"

printf 'key:value\n:value\nkey:\n:\n' | produce -t nulls -K: -Z
check "null is not empty: keys and values" '3,5 -1,5 3,-1 -1,-1' "$(consume -t nulls -e -f '%K,%S\n' | paste -sd' ')"
printf 'key:value\n:\n' | produce -t empties -K:
check "empty is not null" '3,5 0,0' "$(consume -t empties -e -f '%K,%S\n' | paste -sd' ')"

# size

create large -p 1 -c max.message.bytes=2M
head -c 786432 /dev/urandom | base64 -w0 >large  # 1 MiB exactly
for codec in none zstd; do
  produce -t large -X message.max.bytes=4000000 -z $codec large
  consume -t large -o -1 -c 1 -D '' >got
  same "a record of 1 MiB comes back whole ($codec)" large got
done
create small -p 1
cat large large >larger
produce -t small -X message.max.bytes=4000000 larger 2>error
check "a record above max.message.bytes is refused" 1 "$(grep -ci 'message size too large' error)"
check "and is not there" 0 "$(consume -t small -e | wc -l)"

# positions

check "from the beginning" '1' "$(consume -t acks_all -o beginning -c 1)"
check "from the end there is nothing" '' "$(consume -t acks_all -o end -e)"
check "from an offset inside a batch" '6' "$(consume -t acks_all -o 5 -c 1)"
check "the last three" '1998 1999 2000' "$(consume -t acks_all -o -3 -e | paste -sd' ')"
check "a far offset resets to the end" '' "$(consume -t acks_all -o 9999 -e -X auto.offset.reset=latest)"

# time

create timed -p 2
seq 1 10 | produce -t timed -p 0
last=$(consume -t timed -p 0 -o -1 -e -f '%T')
until [ "$(date +%s%3N)" -gt $((last + 1)) ]; do :; done  # a clock that has moved on
middle=$((last + 1))
seq 11 20 | produce -t timed -p 0
end=$(($(consume -t timed -p 0 -o -1 -e -f '%T') + 1))
check "from a time: what came at or after it" "$(seq 11 20 | paste -sd' ')" \
  "$(consume -t timed -p 0 -o s@$middle -e | paste -sd' ')"
check "up to a time" "$(seq 1 10 | paste -sd' ')" "$(consume -t timed -p 0 -o s@1 -o e@$middle -e | paste -sd' ')"
query() { timeout 30 kcat -b "$MQ_BROKERS" -Q -t "timed:$1:$2" | awk '{print $NF}'; }
check "the offset of a time" 10 "$(query 0 $middle)"
check "the offset of a time before everything" 0 "$(query 0 1)"
check "a time after everything is the end" 20 "$(query 0 $end | sed 's/^-1$/20/')"
check "the end of an empty partition" 0 "$(query 1 -1)"

# groups

member() { timeout 30 kcat -b "$MQ_BROKERS" -q -G "$@"; }
create shared -p 4
seq 1 200 | produce -t shared
member readers -c 200 -X auto.offset.reset=earliest shared | sort -n >got
seq 1 200 >sorted
same "a member alone reads every partition" sorted got
seq 201 220 | produce -t shared
check "the next one goes on where it was" "$(seq 201 220 | paste -sd' ')" \
  "$(member readers -c 20 -X auto.offset.reset=earliest shared | sort -n | paste -sd' ')"
check "another group reads from the beginning" 220 \
  "$(member others -c 220 -X auto.offset.reset=earliest shared | wc -l)"

# metadata

create three -p 3
timeout 30 kcat -b "$MQ_BROKERS" -L -J >metadata
in_order() { tr ',' '\n' | sort | paste -sd,; }
check "metadata names the brokers as the client reaches them" "$(in_order <<<"$MQ_BROKERS")" \
  "$(jq -r '.brokers[].name' metadata | in_order)"
check "and all partitions with their leaders" "3 $(jq '.brokers | length' metadata)" \
  "$(jq -r '. as $m | .topics[] | select(.topic == "three") | "\(.partitions | length) \([.partitions[].leader] | unique | length)"' metadata)"
check "and the controller is one of the brokers" true \
  "$(jq '.controllerid as $id | any(.brokers[]; .id == $id)' metadata)"
for p in 0 1 2; do echo "to $p" | produce -t three -p $p; done
check "records stay in the partition they were sent to" 'to 0,to 1,to 2' \
  "$(for p in 0 1 2; do consume -t three -p $p -e; done | paste -sd,)"
echo lost | produce -t three -p 7 -X message.timeout.ms=3000 2>error
check "a partition that does not exist is an error" 1 "$(grep -ci 'unknown partition' error)"
consume -t never_made -e -X allow.auto.create.topics=false 2>error >/dev/null
check "consuming does not create a topic" 0 "$("$MQ" topic list -o name | grep -c never_made)"

# forgetting

seq -f "%0990g" 1 2000 >thousands
create shrinking -c retention.bytes=300000
produce -t shrinking -X linger.ms=0 -X batch.num.messages=10 thousands -l
for _ in $(seq 100); do  # it is trimmed as it grows, and what was in flight then a moment later
  start=$(timeout 30 kcat -b "$MQ_BROKERS" -Q -t shrinking:0:-2 | grep -oE '[0-9]+$')
  [ "$start" -gt 1000 ] && break
  tail -50 thousands | produce -t shrinking -l
done
check "a topic with retention.bytes forgets its oldest records" yes "$([ "$start" -gt 1000 ] && echo yes)"
check "and keeps its newest" "$(tail -1 thousands)" "$(consume -t shrinking -e | tail -1)"

create compacted -c cleanup.policy=compact -c segment.ms=1 -c min.cleanable.dirty.ratio=0.01
for i in $(seq 300); do echo "key$((i % 3)):$i"; done | produce -t compacted -K : -X batch.num.messages=10
for _ in $(seq 900); do
  consume -t compacted -e -K : >got
  [ "$(wc -l <got)" -le 3 ] && break
  timeout 0.2 kcat -b "$MQ_BROKERS" -C -q -t compacted -o end >/dev/null
done
check "a compacted topic ends with the newest of every key" 'key0:300 key1:298 key2:299' "$(sort got | paste -sd' ')"
echo keyless | produce -t compacted -X message.timeout.ms=3000 2>error
check "and takes no record without a key" 1 "$(grep -ci 'failed to validate record' error)"

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
