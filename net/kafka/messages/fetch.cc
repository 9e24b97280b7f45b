// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/fetch.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::FetchRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::FetchResponse>;
