// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/describe_transactions.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::DescribeTransactionsRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::DescribeTransactionsResponse>;
