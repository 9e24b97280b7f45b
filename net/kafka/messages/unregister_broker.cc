// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/unregister_broker.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::UnregisterBrokerRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::UnregisterBrokerResponse>;
