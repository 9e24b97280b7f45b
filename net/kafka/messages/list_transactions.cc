// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/list_transactions.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::ListTransactionsRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::ListTransactionsResponse>;
