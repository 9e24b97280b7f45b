// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/record_batch.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "net/kafka/varint.h"
#include "tests/net/kafka/golden.h"

namespace mq::kafka {

namespace {

constexpr std::array every_codec = {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd};
constexpr std::int64_t now = 1'700'000'000'000;

net::Bytes bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}
std::string text_of(net::Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
Bytes owned(const net::Slice& slice) {
  return {slice.data.get(), slice.data.get() + slice.size};
}

// Three records: with a key, without one, with headers.
Bytes three_records(Codec codec = Codec::none, BatchProducer producer = {}) {
  BatchBuilder builder(10'000);
  const std::vector<Header> headers = {{"trace", bytes_of("1")}, {"empty", std::nullopt}};
  builder.append(now, bytes_of("k"), bytes_of("one"));
  builder.append(now + 500, std::nullopt, bytes_of("two"));
  builder.append(now - 10, bytes_of(""), std::nullopt, headers);
  return owned(*recompress(builder.finish(Codec::none, 0, producer).bytes(), codec));
}

// A batch with records written by hand, so that they may be wrong.
Bytes batch_of(std::string_view records_hex, std::int32_t count, std::int32_t last_offset_delta) {
  Bytes batch(BatchHead::bytes);
  const Bytes records = golden::bytes_of_hex(records_hex);
  batch.insert(batch.end(), records.begin(), records.end());
  BatchHead head;
  head.batch_length = static_cast<std::int32_t>(batch.size() - BatchHead::size_before_length);
  head.record_count = count;
  head.last_offset_delta = last_offset_delta;
  head.base_timestamp = head.max_timestamp = now;
  head.put(batch.data());
  write_checksum(batch.data(), batch.size());
  return batch;
}

std::vector<std::string> values_of(net::Bytes batch) {
  std::vector<std::string> values;
  RecordReader reader(batch);
  while (const auto* record = reader.next())
    values.push_back(record->value ? text_of(*record->value) : "null");
  EXPECT_FALSE(reader.error()) << reader.error().message();
  return values;
}

Error records_of(net::Bytes batch, RecordRules rules = {}) {
  std::vector<std::int32_t> bad;
  return check_records(batch, rules, bad);
}

// --- the head

TEST(BatchHead, ReadsWhatItWrites) {
  BatchHead head;
  head.base_offset = 1, head.batch_length = 2, head.partition_leader_epoch = 3, head.crc = 4,
  head.attributes = 5;
  head.last_offset_delta = 6, head.base_timestamp = 7, head.max_timestamp = 8, head.producer_id = 9;
  head.producer_epoch = 10, head.base_sequence = 11, head.record_count = 12;
  Bytes bytes(BatchHead::bytes), again(BatchHead::bytes);
  head.put(bytes.data());
  BatchHead::parse(bytes)->put(again.data());
  EXPECT_EQ(again, bytes);
  EXPECT_EQ(golden::hex_of(bytes),
            "0000000000000001"
            "00000002"
            "00000003"
            "02"
            "00000004"
            "0005"
            "00000006"
            "0000000000000007"
            "0000000000000008"
            "0000000000000009"
            "000a"
            "0000000b"
            "0000000c");
  EXPECT_FALSE(BatchHead::parse(net::Bytes(bytes).first(60)));
}

TEST(BatchHead, SequencesBeginAgainAtZero) {
  BatchHead head;
  EXPECT_EQ(head.last_sequence(), -1);
  head.base_sequence = INT32_MAX;
  head.last_offset_delta = 2;
  EXPECT_EQ(head.last_sequence(), 1);
}

TEST(CheckBatch, LikesAWholeBatch) {
  for (const Codec codec : every_codec) EXPECT_EQ(check_batch(three_records(codec)), Error::none);
}

TEST(CheckBatch, TellsWhatIsWrong) {
  const Bytes good = three_records();
  const auto changed = [&](std::size_t at, int value, bool sealed) {
    Bytes bad = good;
    bad[at] = static_cast<std::byte>(value);
    if (sealed) write_checksum(bad.data(), bad.size());
    return check_batch(bad);
  };
  EXPECT_EQ(changed(16, 1, true), Error::invalid_record) << "an older format";
  EXPECT_EQ(changed(16, 3, true), Error::invalid_record) << "a newer one";
  EXPECT_EQ(changed(8, 0x7f, true), Error::corrupt_message) << "a length beyond the end";
  EXPECT_EQ(changed(8, 0xff, true), Error::corrupt_message) << "a negative length";
  EXPECT_EQ(changed(11, 1, true), Error::corrupt_message) << "a length shorter than a head";
  EXPECT_EQ(changed(22, 5, true), Error::unsupported_compression_type);
  EXPECT_EQ(changed(23, 0x80, true), Error::invalid_record) << "a negative last offset";
  EXPECT_EQ(changed(57, 0x80, true), Error::invalid_record) << "a negative count";
  for (std::size_t at = 17; at < good.size(); at++)
    EXPECT_EQ(changed(at, static_cast<int>(~good[at]), false), Error::corrupt_message)
        << "checksum, byte " << at;
  for (const std::size_t at : {0u, 12u})
    EXPECT_EQ(changed(at, 9, false), Error::none) << "the broker's to write";
}

TEST(CheckBatch, WantsExactlyOne) {
  Bytes two = three_records();
  const Bytes one = two;
  two.insert(two.end(), one.begin(), one.end());
  EXPECT_EQ(check_batch(two), Error::invalid_record);
  for (std::size_t n = 0; n < one.size(); n++)
    EXPECT_EQ(check_batch(net::Bytes(one).first(n)), Error::corrupt_message) << n;
}

TEST(NextBatch, WalksARowAndStopsAtOneThatIsCutOff) {
  Bytes row = three_records();
  const Bytes one = row;
  row.insert(row.end(), one.begin(), one.end());
  row.insert(row.end(), one.begin(), one.begin() + 70);
  net::Bytes rest(row);
  EXPECT_TRUE(std::ranges::equal(*next_batch(rest), one));
  EXPECT_TRUE(std::ranges::equal(*next_batch(rest), one));
  EXPECT_FALSE(next_batch(rest));
  EXPECT_EQ(rest.size(), 70u);
}

TEST(Stamp, LeavesTheChecksumAlone) {
  Bytes batch = three_records();
  stamp(batch.data(), 1'000'000, 7);
  EXPECT_EQ(check_batch(batch), Error::none);
  const auto head = BatchHead::parse(batch);
  EXPECT_EQ(head->base_offset, 1'000'000);
  EXPECT_EQ(head->last_offset(), 1'000'002);
  EXPECT_EQ(head->partition_leader_epoch, 7);
  RecordReader reader(batch);
  EXPECT_EQ(reader.next()->offset, 1'000'000);
}

TEST(LogAppendTime, ReplacesTheTimeOfEveryRecord) {
  Bytes batch = three_records();
  set_log_append_time(batch.data(), batch.size(), now + 99);
  EXPECT_EQ(check_batch(batch), Error::none);
  EXPECT_TRUE(BatchHead::parse(batch)->log_append_time());
  RecordReader reader(batch);
  while (const auto* record = reader.next()) EXPECT_EQ(record->timestamp, now + 99);
  EXPECT_FALSE(reader.error());
}

// --- records

TEST(RecordReader, YieldsWhatTheBuilderWasGivenInEveryCodec) {
  for (const Codec codec : every_codec) {
    const Bytes batch = three_records(codec);
    EXPECT_EQ(BatchHead::parse(batch)->codec(), codec);
    RecordReader reader(batch);
    const Record* record = reader.next();
    ASSERT_NE(record, nullptr) << name_of(codec);
    EXPECT_EQ(record->timestamp, now);
    EXPECT_EQ(text_of(*record->key), "k");
    EXPECT_EQ(text_of(*record->value), "one");
    EXPECT_TRUE(record->headers.empty());
    record = reader.next();
    EXPECT_EQ(record->offset, 1);
    EXPECT_EQ(record->timestamp, now + 500);
    EXPECT_FALSE(record->key);
    record = reader.next();
    EXPECT_EQ(record->timestamp, now - 10);
    EXPECT_EQ(record->key->size(), 0u) << "empty is not null";
    EXPECT_FALSE(record->value);
    ASSERT_EQ(record->headers.size(), 2u);
    EXPECT_EQ(record->headers[0].key, "trace");
    EXPECT_EQ(text_of(*record->headers[0].value), "1");
    EXPECT_FALSE(record->headers[1].value);
    EXPECT_EQ(reader.next(), nullptr);
    EXPECT_FALSE(reader.error());
  }
}

TEST(RecordReader, SaysWhenRecordsAreCutOffOrTooMany) {
  const auto error_of_reading = [](const Bytes& batch) {
    RecordReader reader(batch);
    while (reader.next()) {
    }
    return reader.error();
  };
  const char* const one =
      "0c"
      "00"
      "00"
      "00"
      "01"
      "00"
      "00";  // six bytes: no key, an empty value
  EXPECT_FALSE(error_of_reading(batch_of(one, 1, 0)));
  EXPECT_EQ(error_of_reading(batch_of(one, 2, 1)), Error::corrupt_message) << "one is missing";
  EXPECT_EQ(error_of_reading(batch_of(one, 0, 0)), Error::corrupt_message) << "one too many";
  EXPECT_EQ(error_of_reading({}), Error::corrupt_message);
  EXPECT_EQ(error_of_reading(Bytes(BatchHead::bytes)), Error::corrupt_message);
}

TEST(RecordReader, UnpacksNoMoreThanItIsAllowed) {
  BatchBuilder builder(1 << 20);
  const std::string value(100'000, 'x');
  builder.append(now, std::nullopt, bytes_of(value));
  const Bytes batch = owned(builder.finish(Codec::zstd));
  RecordReader reader(batch, 10'000);
  EXPECT_EQ(reader.next(), nullptr);
  EXPECT_EQ(reader.error(), Error::message_too_large);
}

TEST(RecordReader, ABatchEmptiedByCompactionHasNoRecordsAndNoError) {
  RecordReader reader(batch_of("", 0, 5));
  EXPECT_EQ(reader.next(), nullptr);
  EXPECT_FALSE(reader.error());
}

TEST(CheckRecords, LikesWhatAProducerShouldSend) {
  for (const Codec codec : every_codec) {
    std::vector<std::int32_t> bad;
    std::int64_t max_timestamp = 0;
    EXPECT_EQ(check_records(three_records(codec), {}, bad, &max_timestamp), Error::none);
    EXPECT_TRUE(bad.empty());
    EXPECT_EQ(max_timestamp, now + 500);
  }
}

TEST(CheckRecords, NamesTheRecordsWithoutAKey) {
  std::vector<std::int32_t> bad;
  RecordRules rules;
  rules.key_required = true;
  EXPECT_EQ(check_records(three_records(), rules, bad), Error::invalid_record);
  EXPECT_EQ(bad, std::vector<std::int32_t>{1});
}

TEST(CheckRecords, NamesTheRecordsOutOfTime) {
  std::vector<std::int32_t> bad;
  const RecordRules early{false, now, INT64_MAX, 100};
  EXPECT_EQ(check_records(three_records(), early, bad), Error::invalid_timestamp);
  EXPECT_EQ(bad, std::vector<std::int32_t>{1});
  const RecordRules late{false, now + 1000, 1005, INT64_MAX};
  EXPECT_EQ(check_records(three_records(), late, bad), Error::invalid_timestamp);
  EXPECT_EQ(bad, std::vector<std::int32_t>{2});
}

TEST(CheckRecords, ARecordWithoutATimeIsNeverOutOfTime) {
  BatchBuilder builder(1000);
  builder.append(-1, std::nullopt, std::nullopt);
  EXPECT_EQ(records_of(owned(builder.finish()), {false, now, 10, 10}), Error::none);
}

TEST(CheckRecords, CountsAndOffsetsMustAgree) {
  const std::string first = "0c000000010000", second = "0c000002010000", third = "0c000004010000";
  EXPECT_EQ(records_of(batch_of(first + second, 2, 1)), Error::none);
  EXPECT_EQ(records_of(batch_of(first + second, 2, 2)), Error::invalid_record);
  EXPECT_EQ(records_of(batch_of(first + third, 2, 1)), Error::invalid_record) << "a gap";
  EXPECT_EQ(records_of(batch_of(second + first, 2, 1)), Error::invalid_record) << "backwards";
  EXPECT_EQ(records_of(batch_of(first + second, 3, 2)), Error::invalid_record) << "one is missing";
}

TEST(CheckRecords, ARecordFillsItsLengthExactly) {
  for (const auto* record : {
           "0e000000010000ff",  // a byte too many
           "0a0000000100",      // one too few
           "0c000000030000",    // a key of length -2
           "0c000000017f00",    // a value of length -64
           "0c000000010001",    // minus one header
           "0c000000010002",    // a header that is not there
           "10000000010002"
           "0101",                  // a header's key is never null
           "ffffffff0f",            // a length of -2^31
           "80808080808080808001",  // a length that is no 32-bit number
           "00",                    // an empty record
       })
    EXPECT_EQ(records_of(batch_of(record, 1, 0)), Error::invalid_record) << record;
}

// What a batch holds may be wrong though its checksum is right.
TEST(CheckRecords, NothingMayStandBehindTheLastRecordInAnyCodec) {
  const std::string first = "0c000000010000", second = "0c000002010000";
  for (const Codec codec : every_codec) {
    const auto check = [&](const Bytes& plain) { return records_of(owned(*recompress(plain, codec))); };
    EXPECT_EQ(check(batch_of(first + second, 2, 1)), Error::none) << name_of(codec);
    EXPECT_EQ(check(batch_of(first + second, 1, 0)), Error::invalid_record) << name_of(codec);
    EXPECT_EQ(check(batch_of(first + "00", 1, 0)), Error::invalid_record) << name_of(codec);
    EXPECT_EQ(check(batch_of(first + "deadbeef", 1, 0)), Error::invalid_record) << name_of(codec);
    EXPECT_EQ(check(batch_of(first, 2, 1)), Error::invalid_record) << name_of(codec);
    EXPECT_EQ(check(batch_of("", 1, 0)), Error::invalid_record) << name_of(codec);
  }
}

TEST(CheckRecords, NothingMayStandBehindTheCompressedStreamNorBeMissingOfIt) {
  const auto resized = [](Bytes batch, std::size_t size) {
    BatchHead head = *BatchHead::parse(batch);
    batch.resize(size, std::byte{0x5a});
    head.batch_length = static_cast<std::int32_t>(size - BatchHead::size_before_length);
    head.put(batch.data());
    write_checksum(batch.data(), batch.size());
    EXPECT_EQ(check_batch(batch), Error::none);
    return batch;
  };
  for (const Codec codec : every_codec) {
    const Bytes whole = three_records(codec);
    for (const std::size_t more : {1, 3, 4, 8, 40})
      EXPECT_EQ(records_of(resized(whole, whole.size() + more)), Error::invalid_record)
          << name_of(codec) << " and " << more << " bytes";
    for (std::size_t size = BatchHead::bytes; size < whole.size(); size++)
      EXPECT_EQ(records_of(resized(whole, size)), Error::invalid_record)
          << name_of(codec) << " cut to " << size << " of " << whole.size();
  }
}

TEST(CheckRecords, BytesChangedAnywhereNeverBreakTheReader) {
  for (const Codec codec : every_codec) {
    Bytes batch = three_records(codec);
    for (std::size_t at = BatchHead::checked_from; at < batch.size(); at++)
      for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
        const std::byte before = std::exchange(batch[at], static_cast<std::byte>(value));
        records_of(batch);
        batch[at] = before;
      }
  }
}

// --- recompress

TEST(Recompress, KeepsEverythingButTheCodec) {
  const BatchProducer producer{42, 3, 17, true};
  for (const Codec from : every_codec)
    for (const Codec to : every_codec) {
      const Bytes batch = three_records(from, producer);
      const auto anew = recompress(batch, to);
      ASSERT_TRUE(anew);
      EXPECT_EQ(check_batch(anew->bytes()), Error::none);
      const auto head = BatchHead::parse(anew->bytes());
      EXPECT_EQ(head->codec(), to);
      EXPECT_EQ(head->producer_id, 42);
      EXPECT_EQ(head->producer_epoch, 3);
      EXPECT_EQ(head->base_sequence, 17);
      EXPECT_EQ(head->last_sequence(), 19);
      EXPECT_TRUE(head->is_transactional());
      EXPECT_EQ(head->max_timestamp, now + 500);
      EXPECT_EQ(values_of(anew->bytes()), values_of(batch));
    }
}

TEST(Recompress, ThereAndBackIsTheSameBatch) {
  const Bytes batch = three_records();
  for (const Codec codec : every_codec) {
    const Bytes small = owned(*recompress(batch, codec, 3));
    EXPECT_EQ(owned(*recompress(small, Codec::none)), batch) << name_of(codec);
  }
}

TEST(Recompress, PassesOnWhatIsWrongWithTheRecords) {
  const Bytes batch = three_records(Codec::gzip);
  const net::Bytes cut = net::Bytes(batch).first(batch.size() - 4);
  EXPECT_EQ(recompress(cut, Codec::zstd).error(), Error::corrupt_message);
  EXPECT_EQ(recompress(net::Bytes(batch).first(20), Codec::zstd).error(), Error::corrupt_message);
}

// --- building

TEST(BatchBuilder, SaysWhenABatchIsFull) {
  BatchBuilder builder(200);
  const std::string value(50, 'v');
  int fitted = 0;
  while (builder.append(now, std::nullopt, bytes_of(value))) fitted++;
  EXPECT_EQ(fitted, 2);
  const std::size_t size = builder.size();
  EXPECT_LE(size, 200u);
  const Bytes batch = owned(builder.finish());
  EXPECT_EQ(batch.size(), size);
  EXPECT_EQ(values_of(batch), (std::vector<std::string>{value, value}));
  EXPECT_TRUE(builder.empty());
}

TEST(BatchBuilder, AnEmptyBatchTakesARecordOfAnySize) {
  BatchBuilder builder(100);
  const std::string value(100'000, 'v');
  EXPECT_TRUE(builder.append(now, std::nullopt, bytes_of(value)));
  EXPECT_FALSE(builder.append(now, std::nullopt, bytes_of("")));
  EXPECT_EQ(values_of(owned(builder.finish())), std::vector<std::string>{value});
}

TEST(BatchBuilder, ServesForMoreThanOneBatch) {
  BatchBuilder builder(1000);
  for (const Codec codec : {Codec::none, Codec::lz4, Codec::none, Codec::zstd}) {
    builder.append(now + 5, std::nullopt, bytes_of(name_of(codec)));
    const Bytes batch = owned(builder.finish(codec));
    EXPECT_EQ(BatchHead::parse(batch)->base_timestamp, now + 5);
    EXPECT_EQ(values_of(batch), std::vector<std::string>{std::string(name_of(codec))});
  }
}

TEST(BatchBuilder, DoesNotCompressWhatDoesNotBecomeSmaller) {
  BatchBuilder builder(1 << 20);
  std::mt19937 random(7);
  std::string noise(10'000, ' ');
  for (char& c : noise) c = static_cast<char>(random());
  for (const Codec codec : {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
    for (const std::string& value : {std::string("v"), noise}) {
      builder.append(now, std::nullopt, bytes_of(value));
      const std::size_t size = builder.size();
      const Bytes batch = owned(builder.finish(codec));
      EXPECT_EQ(batch.size(), size) << name_of(codec);
      EXPECT_EQ(BatchHead::parse(batch)->codec(), Codec::none);
      EXPECT_EQ(values_of(batch), std::vector<std::string>{value});
    }
    builder.append(now, std::nullopt, bytes_of(std::string(10'000, 'v')));
    EXPECT_EQ(BatchHead::parse(owned(builder.finish(codec)))->codec(), codec);
  }
}

TEST(BatchBuilder, ACodecThatDoesNotExistMeansNone) {
  BatchBuilder builder(1000);
  builder.append(now, std::nullopt, bytes_of("v"));
  const Bytes batch = owned(builder.finish(static_cast<Codec>(7)));
  EXPECT_EQ(check_batch(batch), Error::none);
  EXPECT_EQ(values_of(batch), std::vector<std::string>{"v"});
}

TEST(Varint, NumbersOfEverySizeTravelUnchanged) {
  for (const std::int64_t v :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{63}, std::int64_t{64}, std::int64_t{-65},
        std::int64_t{INT32_MAX}, std::int64_t{INT32_MIN}, INT64_MAX, INT64_MIN}) {
    std::array<std::byte, 10> to;
    const auto size = static_cast<std::size_t>(put_varint(to.data(), v) - to.data());
    EXPECT_EQ(size, varint_size(v)) << v;
    Cursor cursor(net::Bytes(to).first(size));
    EXPECT_EQ(cursor.varlong(), v);
    EXPECT_TRUE(cursor.ok() && cursor.left() == 0);
  }
}

// --- batches written by Kafka itself

std::vector<std::pair<std::string, Bytes>> golden_batches() {
  std::vector<std::pair<std::string, Bytes>> batches;
  const auto file = golden::load(golden::folder() / "vectors-records.json");
  for (const auto& vector : file.at("vectors").as_array())
    batches.emplace_back(vector.at("name").as_string(), golden::bytes_of_hex(vector.at("hex").as_string()));
  return batches;
}

TEST(GoldenBatches, AreWholeAndReadable) {
  MQ_NEEDS_GOLDEN_BYTES();
  const auto batches = golden_batches();
  EXPECT_EQ(batches.size(), 18u);
  for (const auto& [name, batch] : batches) {
    SCOPED_TRACE(name);
    EXPECT_EQ(check_batch(batch), Error::none);
    const auto head = BatchHead::parse(batch);
    EXPECT_EQ(values_of(batch).size(), static_cast<std::size_t>(head->record_count));
    Bytes again(BatchHead::bytes);
    head->put(again.data());
    EXPECT_TRUE(std::equal(again.begin(), again.end(), batch.begin()));
  }
}

TEST(GoldenBatches, TheSameRecordsComeOutOfEveryCodec) {
  MQ_NEEDS_GOLDEN_BYTES();
  std::map<std::string, Bytes, std::less<>> batches;
  for (auto& [name, batch] : golden_batches()) batches[name] = std::move(batch);
  const auto plain = values_of(batches.at("compression_twin_uncompressed"));
  EXPECT_FALSE(plain.empty());
  for (const auto* codec : {"gzip", "snappy", "lz4", "zstd"}) {
    EXPECT_EQ(values_of(batches.at(codec)), plain) << codec;
    EXPECT_EQ(owned(*recompress(batches.at(codec), Codec::none)), batches.at("compression_twin_uncompressed"))
        << codec;
  }
}

TEST(GoldenBatches, OursAreTheSameBytes) {
  MQ_NEEDS_GOLDEN_BYTES();
  for (const auto& [name, theirs] : golden_batches()) {
    const auto head = *BatchHead::parse(theirs);
    if (head.codec() != Codec::none || head.attributes & ~(1 << 4) ||
        head.record_count != head.last_offset_delta + 1)
      continue;  // what only brokers write, or another library packed
    SCOPED_TRACE(name);
    BatchBuilder builder(10'000);
    RecordReader reader(theirs);
    while (const auto* record = reader.next())
      builder.append(record->timestamp, record->key, record->value, record->headers);
    Bytes ours = owned(
        builder.finish(Codec::none, 0,
                       {head.producer_id, head.producer_epoch, head.base_sequence, head.is_transactional()}));
    stamp(ours.data(), head.base_offset, head.partition_leader_epoch);
    EXPECT_EQ(golden::hex_of(ours), golden::hex_of(theirs));
  }
}

}  // namespace

}  // namespace mq::kafka
