// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/list_offsets.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::ListOffsetsRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::ListOffsetsResponse>;
