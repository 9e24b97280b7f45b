// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/end_txn.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::EndTxnRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::EndTxnResponse>;
