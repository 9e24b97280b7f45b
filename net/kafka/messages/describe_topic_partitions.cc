// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/describe_topic_partitions.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::DescribeTopicPartitionsRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::DescribeTopicPartitionsResponse>;
