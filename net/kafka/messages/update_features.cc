// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/update_features.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::UpdateFeaturesRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::UpdateFeaturesResponse>;
