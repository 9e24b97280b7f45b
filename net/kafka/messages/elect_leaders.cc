// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/elect_leaders.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::ElectLeadersRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::ElectLeadersResponse>;
