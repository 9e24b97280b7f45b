// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/describe_producers.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::DescribeProducersRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::DescribeProducersResponse>;
