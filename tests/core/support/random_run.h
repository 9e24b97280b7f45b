// SPDX-License-Identifier: Apache-2.0
// Clients that do what they do all day while the disk is slow, fails or fills up, the broker is killed and
// time passes; all of it chosen by a seed, in one thread, on virtual time. What was promised must be there in
// the end.
#pragma once

#include <map>
#include <set>

#include "tests/core/handlers/conversation.h"

namespace mq::core {

class RandomRun {
 public:
  explicit RandomRun(std::uint64_t seed) : clock_(seed), random_(seed) {}

  void run(int steps);
  // One line for each answer: when, who, what.
  const std::vector<std::string>& events() const { return events_; }

 private:
  static constexpr int partitions = 3;

  // Has one request under way at most. Whatever is not answered, or not as it should be, is asked again.
  class Actor {
   public:
    Actor(RandomRun& run, std::string name) : run_(run), name_(std::move(name)) {}
    virtual ~Actor() = default;

    void act() {
      if (!then_) next();
    }
    void collect();     // an answer, if there is one
    void disconnect();  // the broker has gone
    bool waits() const { return static_cast<bool>(then_); }
    virtual bool is_at_rest() const { return !waits(); }  // nothing is half done

   protected:
    virtual void next() = 0;  // sends the next request
    virtual void lost() {}    // nobody knows what became of the last one
    template <class Response, class Request>
    void ask(const Request& request, kafka::Version version, std::function<void(const Response&)> then) {
      if (!wire_) connect();
      wire_->send(request, version);
      then_ = [this, version, then = std::move(then)](const std::vector<std::byte>& frame) {
        const auto header = kafka::parse_response_header(frame, kafka::Describe<Response>::key, version);
        ASSERT_TRUE(header);
        const auto response = kafka::decode<Response>(net::Bytes(frame).subspan(header->body_at), version);
        ASSERT_TRUE(response);
        then(*response);
      };
    }
    void note(const std::string& what) const;
    std::uint64_t chance(std::uint64_t of) { return run_.chance(of); }

    RandomRun& run_;

   private:
    void connect();

    const std::string name_;
    std::unique_ptr<test::VirtualWire> wire_;
    std::function<void(const std::vector<std::byte>&)> then_;
  };
  class IdempotentProducer;
  class TransactionalProducer;
  class Committer;
  class Member;

  void make_actors();
  void start();
  void crash();
  void step();
  void heal();
  void check_logs();
  std::string last_events(std::size_t count) const;
  std::uint64_t chance(std::uint64_t of) { return random_() % of; }
  static bool is_passing(Error error);  // what a client tries again

  test::TempDir dir_;
  test::VirtualClock clock_;
  storage::MemoryDisk disk_;
  std::mt19937_64 random_;
  std::unique_ptr<test::VirtualBroker> broker_;
  std::vector<std::unique_ptr<Actor>> actors_;
  std::vector<std::string> events_;
  bool ending_ = false;

  // What was promised: each value has this offset; it is read, or is not.
  struct Sent {
    std::int32_t partition = 0;
    std::optional<std::int64_t> offset = {};
    enum class Fate { unknown, there, gone } fate = Fate::unknown;
  };
  std::map<std::string, Sent> sent_;
};

}  // namespace mq::core
