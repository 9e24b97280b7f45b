// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/txn_offset_commit.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::TxnOffsetCommitRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::TxnOffsetCommitResponse>;
