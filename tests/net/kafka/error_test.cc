// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/error.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "net/kafka/uuid.h"
#include "net/types.h"
#include "tests/net/kafka/golden.h"

namespace mq::kafka {

namespace {

TEST(Error, HasANumberANameAndASentence) {
  EXPECT_EQ(number_of(Error::not_leader_or_follower), 6);
  EXPECT_EQ(name_of(Error::not_leader_or_follower), "NOT_LEADER_OR_FOLLOWER");
  EXPECT_EQ(text_of(Error::not_leader_or_follower), "this broker does not lead the partition");
  EXPECT_EQ(name_of(Error::unknown_server_error), "UNKNOWN_SERVER_ERROR");
}

TEST(Error, NumbersAndNamesAreUnique) {
  std::set<std::string_view> names;
  for (std::int16_t number = -1; number <= 136; number++) {
    EXPECT_EQ(number_of(error_of(number)), number);
    EXPECT_TRUE(names.insert(name_of(error_of(number))).second) << number;
    EXPECT_FALSE(text_of(error_of(number)).empty()) << number;
  }
}

// Lines of three: | number | NAME | R when clients try again, other letters |
TEST(Error, EveryRowIsThatOfTheFactSheet) {
  std::ifstream sheet(golden::folder() / "PROTOCOL.md");
  if (!sheet) GTEST_SKIP() << "no fact sheet in " << golden::folder();
  const std::regex row(R"(\| (-?\d+) \| ([A-Z_]+)[^|]*\| ([RMC ]*))");
  int rows = 0;
  bool is_table = false;
  for (std::string line; std::getline(sheet, line);) {
    if (line.starts_with("## ")) is_table = line.find("Error codes") != std::string::npos;
    if (!is_table) continue;
    for (std::sregex_iterator at(line.begin(), line.end(), row), end; at != end; ++at, ++rows) {
      const Error error = error_of(static_cast<std::int16_t>(std::stoi((*at)[1])));
      EXPECT_EQ(name_of(error), (*at)[2].str());
      EXPECT_EQ(retriable(error), (*at)[3].str().find('R') != std::string::npos) << name_of(error);
    }
  }
  EXPECT_EQ(rows, 138);
}

TEST(Error, ANumberNobodyKnowsIsAnUnknownServerError) {
  for (const std::int16_t number : {-2, 137, 32767, -32768})
    EXPECT_EQ(error_of(number), Error::unknown_server_error) << number;
}

TEST(Error, TellsWhatClientsTryAgain) {
  EXPECT_TRUE(retriable(Error::leader_not_available));
  EXPECT_TRUE(retriable(Error::kafka_storage_error));
  EXPECT_FALSE(retriable(Error::none));
  EXPECT_FALSE(retriable(Error::invalid_record));
}

TEST(Error, TravelsAsAnErrorCode) {
  const boost::system::error_code code = Error::message_too_large;
  EXPECT_TRUE(code);
  EXPECT_EQ(code.category(), error_category());
  EXPECT_EQ(error_of(static_cast<std::int16_t>(code.value())), Error::message_too_large);
  EXPECT_EQ(code.message(), "MESSAGE_TOO_LARGE: the batch is larger than the topic allows");
  EXPECT_FALSE(boost::system::error_code(Error::none));
  const net::Result<int> result = make_error_code(Error::offset_out_of_range);
  EXPECT_EQ(result.error(), Error::offset_out_of_range);
}

TEST(Uuid, IsTwentyTwoLettersForPeople) {
  Uuid id{};
  EXPECT_EQ(text_of(id), "AAAAAAAAAAAAAAAAAAAAAA");
  for (std::size_t i = 0; i < id.size(); i++) id[i] = static_cast<std::byte>(0xff - i);
  EXPECT_EQ(uuid_of(text_of(id)), id);
  EXPECT_EQ(text_of(*uuid_of("DQ4PEBESExQVFhcYGRobHA")), "DQ4PEBESExQVFhcYGRobHA");
}

TEST(Uuid, HasOneTextOnly) {
  EXPECT_FALSE(uuid_of("DQ4PEBESExQVFhcYGRobH"));
  EXPECT_FALSE(uuid_of("DQ4PEBESExQVFhcYGRobH/"));
  EXPECT_FALSE(uuid_of("DQ4PEBESExQVFhcYGRobHB")) << "bits that mean nothing must be zero";
}

}  // namespace

}  // namespace mq::kafka
