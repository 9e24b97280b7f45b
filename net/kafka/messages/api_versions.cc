// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/api_versions.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::ApiVersionsRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::ApiVersionsResponse>;
