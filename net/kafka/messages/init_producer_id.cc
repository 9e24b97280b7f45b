// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/init_producer_id.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::InitProducerIdRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::InitProducerIdResponse>;
