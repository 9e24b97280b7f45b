// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/produce.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::ProduceRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::ProduceResponse>;
