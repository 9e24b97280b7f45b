// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/describe_cluster.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::DescribeClusterRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::DescribeClusterResponse>;
