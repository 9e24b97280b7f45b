// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/describe_configs.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::DescribeConfigsRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::DescribeConfigsResponse>;
