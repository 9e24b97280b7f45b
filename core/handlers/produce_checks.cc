// SPDX-License-Identifier: Apache-2.0
#include "core/handlers/produce_checks.h"

#include "net/kafka/first_record.h"
#include "net/kafka/record_batch.h"

namespace mq::core {

using kafka::Error;

namespace {

constexpr std::int16_t produce_version_with_zstd = 7;

Checked refused(Error error, std::string message, std::vector<std::int32_t> bad_records = {}) {
  return {error, std::move(message), std::move(bad_records), {}, {}};
}

// What the head alone tells; nothing: fine so far.
std::optional<Checked> check_head(const kafka::BatchHead& head, std::size_t size, const TopicConfig& config,
                                  std::int16_t produce_version) {
  if (size > static_cast<std::size_t>(config.message_bytes_max))
    return refused(Error::message_too_large, "the batch has " + std::to_string(size) +
                                                 " bytes, max.message.bytes is " +
                                                 std::to_string(config.message_bytes_max));
  if (head.base_offset != 0) return refused(Error::invalid_record, "a produced batch begins at offset 0");
  if (head.record_count < 1 || head.last_offset_delta + 1 != head.record_count)
    return refused(Error::invalid_record, "the batch's record count and last offset do not agree");
  if (head.is_control()) return refused(Error::invalid_record, "clients may not write control batches");
  if (head.is_transactional() && head.producer_id < 0)
    return refused(Error::invalid_record, "a transaction needs a producer with an id");
  if (head.producer_id >= 0 && (head.base_sequence < 0 || head.producer_epoch < 0))
    return refused(Error::invalid_record, "a producer with an id numbers its records");
  if (head.codec() == kafka::Codec::zstd && produce_version < produce_version_with_zstd)
    return refused(Error::unsupported_compression_type, "zstd needs Produce version 7");
  return {};
}

std::optional<Checked> check_times(const kafka::BatchHead& head, const TopicConfig& config, Timestamp now) {
  if (config.timestamp_type == TimestampType::log_append_time) return {};
  if (head.log_append_time())
    return refused(Error::invalid_timestamp, "only the broker may set the log append time");
  if (head.max_timestamp >= 0 && head.max_timestamp - now > config.timestamp_after_ms_max)
    return refused(Error::invalid_timestamp,
                   "a timestamp is further in the future than message.timestamp.after.max.ms allows");
  return {};
}

// As it is to lie in the log.
kafka::Codec codec_in_log(kafka::Codec sent, const TopicConfig& config) {
  if (config.compression == CompressionType::producer) return sent;
  return static_cast<kafka::Codec>(config.compression);
}

// Whether the topic wants to know every record, though that costs unpacking them.
bool needs_records(const TopicConfig& config) {
  return config.compacts || config.timestamp_before_ms_max != std::numeric_limits<std::int64_t>::max();
}

std::optional<Checked> check_records(net::Bytes batch, const TopicConfig& config, Timestamp now) {
  kafka::RecordRules rules;
  rules.key_required = config.compacts;
  if (config.timestamp_type == TimestampType::create_time) {
    rules.now = now;
    rules.before_max = config.timestamp_before_ms_max;
    rules.after_max = config.timestamp_after_ms_max;
  }
  std::vector<std::int32_t> bad;
  const Error error = kafka::check_records(batch, rules, bad);
  if (error == Error::none) return {};
  return refused(error,
                 config.compacts && !bad.empty() ? "a compacted topic needs a key in every record"
                                                 : "the batch's records are not as its head says",
                 std::move(bad));
}

// Its checksum is right: whoever sent it again would send the same, so it is not called corrupt.
std::optional<Checked> repack(net::Slice& batch, kafka::Codec to, int level) {
  auto anew = kafka::recompress(batch.bytes(), to, level);
  if (!anew) {
    const bool too_large = anew.error() == Error::message_too_large;
    return refused(too_large ? Error::message_too_large : Error::invalid_record,
                   "the batch does not decompress");
  }
  batch = std::move(*anew);
  return {};
}

}  // namespace

bool takes_long(const kafka::BatchHead& head, std::size_t size, const TopicConfig& config) {
  constexpr std::size_t short_bytes_max = 2u << 20;
  const kafka::Codec codec = head.codec();
  return codec_in_log(codec, config) != codec || (codec != kafka::Codec::none && needs_records(config)) ||
         size > short_bytes_max;
}

Checked check_produced(net::Slice batch, const std::optional<kafka::BatchHead>& parsed,
                       const TopicConfig& config, std::int16_t produce_version, Timestamp now) {
  if (batch.size == 0) return refused(Error::invalid_record, "no batch for this partition");
  const Error shape = kafka::check_batch(batch.bytes(), parsed);
  if (shape != Error::none) return refused(shape, "the batch is damaged, or is not one batch of format 2");
  kafka::BatchHead head = *parsed;
  if (auto wrong = check_head(head, batch.size, config, produce_version)) return std::move(*wrong);
  if (auto wrong = check_times(head, config, now)) return std::move(*wrong);

  kafka::Codec codec = head.codec();
  const kafka::Codec wanted = codec_in_log(codec, config);
  if (codec != wanted && codec != kafka::Codec::none) {  // unpacked once, for looking and for packing anew
    if (auto wrong = repack(batch, kafka::Codec::none, 0)) return std::move(*wrong);
    codec = kafka::Codec::none;
  }
  if (codec == kafka::Codec::none || needs_records(config)) {
    if (auto wrong = check_records(batch.bytes(), config, now)) return std::move(*wrong);
  } else if (kafka::check_first_record(batch.bytes()) != Error::none) {
    return refused(Error::invalid_record, "what is packed in the batch does not begin with a record");
  }
  if (codec != wanted)
    if (auto wrong = repack(batch, wanted, config.compression_level)) return std::move(*wrong);
  const bool stamps_time = config.timestamp_type == TimestampType::log_append_time;
  if (stamps_time) kafka::set_log_append_time(batch.data.get(), batch.size, now);
  if (stamps_time || codec != parsed->codec()) head = *kafka::BatchHead::parse(batch.bytes());
  return {Error::none, {}, {}, std::move(batch), head};
}

}  // namespace mq::core
