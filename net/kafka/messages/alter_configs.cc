// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/alter_configs.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::AlterConfigsRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::AlterConfigsResponse>;
