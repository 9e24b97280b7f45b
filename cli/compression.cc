// SPDX-License-Identifier: Apache-2.0
#include "cli/compression.h"

#include "cli/errors.h"
#include "core/scalars.h"

namespace mq::cli {

void parse_compression(const std::string& text, client::ProducerOptions& producer) {
  const auto colon = text.find(':');
  const auto codec = kafka::codec_of(text.substr(0, colon));
  if (!codec)
    throw UsageError("--compression: " + in_quotes(text) + " is not known",
                     "it is one of none, gzip, snappy, lz4, zstd");
  producer.codec = *codec;
  if (colon == text.npos) return;
  const auto level = core::parse_integer(text.substr(colon + 1), 1, 22);
  if (!level) throw UsageError("--compression: " + level.error().why);
  producer.level = static_cast<int>(*level);
}

}  // namespace mq::cli
