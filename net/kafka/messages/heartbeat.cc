// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/heartbeat.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::HeartbeatRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::HeartbeatResponse>;
