// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/add_offsets_to_txn.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::AddOffsetsToTxnRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::AddOffsetsToTxnResponse>;
