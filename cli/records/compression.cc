// SPDX-License-Identifier: Apache-2.0
#include "cli/records/compression.h"

#include "cli/frame/errors.h"
#include "core/config/scalars.h"

namespace mq::cli {

namespace {

std::int64_t level_max(kafka::Codec codec) {
  return codec == kafka::Codec::gzip ? 9 : codec == kafka::Codec::lz4 ? 12 : 22;
}

}  // namespace

void parse_compression(const std::string& text, client::ProducerOptions& producer) {
  const auto colon = text.find(':');
  const auto codec = kafka::codec_of(text.substr(0, colon));
  if (!codec)
    throw UsageError("--compression: " + in_quotes(text) + " is not known",
                     "it is one of none, gzip, snappy, lz4, zstd");
  producer.codec = *codec;
  if (colon == text.npos) return;
  if (*codec == kafka::Codec::none || *codec == kafka::Codec::snappy)
    throw UsageError("--compression: " + text.substr(0, colon) + " has no levels", "gzip, lz4 and zstd have");
  const auto level = core::parse_integer(text.substr(colon + 1), 1, level_max(*codec));
  if (!level) throw UsageError("--compression: " + level.error().why);
  producer.level = static_cast<int>(*level);
}

}  // namespace mq::cli
