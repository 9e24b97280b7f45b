// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/find_coordinator.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::FindCoordinatorRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::FindCoordinatorResponse>;
