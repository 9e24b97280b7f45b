// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/describe_groups.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::DescribeGroupsRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::DescribeGroupsResponse>;
