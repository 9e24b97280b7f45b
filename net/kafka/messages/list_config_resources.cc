// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/list_config_resources.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::ListConfigResourcesRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::ListConfigResourcesResponse>;
