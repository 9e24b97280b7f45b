// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/offset_delete.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::OffsetDeleteRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::OffsetDeleteResponse>;
