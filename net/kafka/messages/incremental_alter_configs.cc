// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/incremental_alter_configs.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::IncrementalAlterConfigsRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::IncrementalAlterConfigsResponse>;
