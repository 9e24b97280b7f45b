// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/add_partitions_to_txn.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::AddPartitionsToTxnRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::AddPartitionsToTxnResponse>;
