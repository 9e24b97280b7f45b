// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/describe_quorum.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::DescribeQuorumRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::DescribeQuorumResponse>;
