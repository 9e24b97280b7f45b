// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/offset_commit.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::OffsetCommitRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::OffsetCommitResponse>;
