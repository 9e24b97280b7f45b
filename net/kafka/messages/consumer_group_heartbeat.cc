// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/consumer_group_heartbeat.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::ConsumerGroupHeartbeatRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::ConsumerGroupHeartbeatResponse>;
