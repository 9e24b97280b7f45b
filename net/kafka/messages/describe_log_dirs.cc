// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/describe_log_dirs.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::DescribeLogDirsRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::DescribeLogDirsResponse>;
