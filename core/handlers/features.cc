// SPDX-License-Identifier: Apache-2.0
#include "core/handlers/features.h"

#include <algorithm>

#include "core/error.h"
#include "core/handlers/handlers.h"
#include "net/kafka/messages/update_features.h"

namespace mq::core {

using kafka::Error;

namespace {

constexpr Feature all_features[] = {
    {"group.version", 1},        // the consumer group protocol (KIP-848)
    {"transaction.version", 2},  // partitions are added by writing, every transaction has an epoch (KIP-890)
};

enum : std::int8_t { upgrade = 1, safe_downgrade = 2, unsafe_downgrade = 3 };

using FeatureUpdate = kafka::UpdateFeaturesRequest::FeatureUpdateKey;

Refusal invalid_update(const FeatureUpdate& wanted, const std::string& why) {
  return {Error::invalid_update_version, "Invalid update version " +
                                             std::to_string(wanted.max_version_level) + " for feature " +
                                             wanted.feature + ". " + why};
}

// Nothing can be changed: what is in use is all that there is. So it either is so already, or is refused.
Refusal judge(const FeatureUpdate& wanted, std::int8_t type) {
  if (type < upgrade || type > unsafe_downgrade)
    return {Error::invalid_request, "there is no upgrade type " + std::to_string(type)};
  if (wanted.max_version_level < 0) return invalid_update(wanted, "A level cannot be less than 0.");
  const auto known =
      std::ranges::find_if(features(), [&](const Feature& one) { return one.name == wanted.feature; });
  if (known == features().end()) return invalid_update(wanted, "There is no such feature here.");
  const std::string level = std::to_string(known->level);
  if (wanted.max_version_level > known->level)
    return invalid_update(wanted, "Levels up to " + level + " are supported.");
  if (wanted.max_version_level == known->level) return {};
  if (type == upgrade) return invalid_update(wanted, "It is at " + level + ", and less is no upgrade.");
  return {Error::feature_update_failed, "feature " + wanted.feature + " stays at " + level};
}

}  // namespace

std::span<const Feature> features() {
  return all_features;
}

// All or none, as in Kafka.
Task<kafka::UpdateFeaturesResponse> update_features(Context& context, kafka::UpdateFeaturesRequest& request) {
  kafka::UpdateFeaturesResponse response;
  response.results.reserve(request.feature_updates.size());
  for (const FeatureUpdate& wanted : request.feature_updates) {
    if (context.pace.due()) co_await context.pace.give_way();
    const std::int8_t type_in_first = wanted.allow_downgrade ? safe_downgrade : upgrade;
    const std::int8_t type = context.version == 0 ? type_in_first : wanted.upgrade_type;
    Refusal refusal = judge(wanted, type);
    auto& result = response.results.emplace_back();
    result.feature = wanted.feature;
    if (refusal.error == Error::none) continue;
    result.error_code = kafka::number_of(refusal.error);
    result.error_message = refusal.message;
    if (response.error_code != 0) continue;
    response.error_code = result.error_code;
    response.error_message = std::move(refusal.message);
  }
  co_return response;
}

}  // namespace mq::core
