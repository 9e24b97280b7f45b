// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/offset_for_leader_epoch.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::OffsetForLeaderEpochRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::OffsetForLeaderEpochResponse>;
