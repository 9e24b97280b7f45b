// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/join_group.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::JoinGroupRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::JoinGroupResponse>;
