// SPDX-License-Identifier: Apache-2.0
#include "net/http/session.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <ctime>

#include "net/acceptor.h"
#include "net/error.h"

namespace mq::net::http {

namespace beast = boost::beast;

namespace {

constexpr std::size_t piece_bytes = 64u << 10;
constexpr std::uint64_t good_piece = 64u << 10;
constexpr std::size_t lingering_bytes_max = 1u << 20;
constexpr std::chrono::seconds lingering_max{5};

// RFC 9110, 5.6.7.
std::string now_as_http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 40> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

void add_field(std::string& head, std::string_view name, std::string_view value) {
  ((head += name) += ": ");
  for (const char letter : value)
    head += static_cast<unsigned char>(letter) < ' ' || letter == 0x7f ? ' ' : letter;
  head += "\r\n";
}

bool has_no_body(unsigned status) {
  return status == 204 || status == 304;
}

unsigned status_of(error_code error) {
  return error == beast::http::error::header_limit ? 431 : 400;
}

}  // namespace

std::string_view RequestHead::field(std::string_view name) const {
  const auto found = fields.find({name.data(), name.size()});
  return found == fields.end() ? std::string_view()
                               : std::string_view(found->value().data(), found->value().size());
}

// ------------------------------------------------------------------------------------------ all of them

bool Sessions::is_full(const asio::ip::address& address) const {
  const auto from_there = by_address_.find(address);
  return all_.size() >= limits.connections_max ||
         (from_there != by_address_.end() && from_there->second >= limits.connections_per_address_max);
}

void Sessions::add(Session* session) {
  all_.insert(session);
  by_address_[session->address()]++;
  stats.connections = all_.size();
  if (!std::exchange(watching_, true)) asio::co_spawn(loop, watch(shared_from_this()), asio::detached);
}

void Sessions::remove(Session* session) {
  if (all_.erase(session) == 0) return;
  stats.connections = all_.size();
  const auto from_there = by_address_.find(session->address());
  if (--from_there->second == 0) by_address_.erase(from_there);
  if (all_.empty()) watch_.cancel();  // nobody is there: nothing wakes
}

void Sessions::close_all() {
  for (Session* session : all_) session->close();
}

Clock::duration Sessions::look_every() const {
  const auto shortest =
      std::min({limits.head_max, limits.idle_max, limits.body_stalled_max, limits.send_stalled_max});
  return std::clamp<Clock::duration>(shortest / 4, std::chrono::milliseconds(5), std::chrono::seconds(1));
}

Task<void> Sessions::watch(std::shared_ptr<Sessions> self) {
  while (!self->all_.empty()) {
    self->watch_.expires_after(self->look_every());
    co_await self->watch_.async_wait(use_result);
    const auto now = Clock::now();
    for (Session* session : self->all_) session->look(now);
  }
  self->watching_ = false;
}

// ------------------------------------------------------------------------------------------ one of them

Session::Session(Socket socket, std::shared_ptr<Sessions> all)
    : stream_(std::move(socket)), all_(std::move(all)), buffer_(all_->limits.head_bytes_max + piece_bytes) {
  remote_ = as_written(stream_.remote());
  local_ = as_written(stream_.local());
  address_ = remote_.address();
}

Task<void> Session::serve(std::shared_ptr<Session> self) {
  self->all_->add(self.get());
  for (;;) {
    const bool has_come = co_await self->read_head();
    if (!has_come) break;
    self->all_->stats.requests++;
    co_await self->handle();
    co_await self->complete();
    if (!self->keep_) break;
  }
  self->close();
  self->all_->remove(self.get());
}

Task<void> Session::turn_away(std::shared_ptr<Session> self) {
  self->parser_.emplace();
  Answer refusal{.status = 503, .body = "There are too many connections.\n"};
  co_await self->answer(std::move(refusal));
  self->close();
}

// The socket closes; who waits for it is told.
void Session::close() {
  closed_ = true;
  stream_.close();
}

void Session::enter(Phase phase) {
  phase_ = phase;
  since_ = Clock::now();
  moved_to_ = received_;
}

void Session::look(Clock::time_point now) {
  const ServerLimits& limits = all_->limits;
  const bool is_sending = sending_.waiting;
  const std::uint64_t at = is_sending ? sending_.bytes : received_;
  const bool has_moved =
      (is_sending || phase_ == Phase::body) && (at < moved_to_ || at - moved_to_ >= good_piece);
  if (has_moved) {
    moved_to_ = at;
    since_ = now;
  }
  const auto waited = now - since_;
  if (is_sending && waited > limits.send_stalled_max) return close();
  if (is_sending) return;
  if (phase_ == Phase::body && waited > limits.body_stalled_max) {
    timed_out_ = true;
    return stream_.cancel();
  }
  const bool is_over = (phase_ == Phase::idle && waited > limits.idle_max) ||
                       (phase_ == Phase::head && waited > limits.head_max) ||
                       (phase_ == Phase::lingering && waited > lingering_max);
  if (is_over) close();
}

bool Session::is_gone() {
  if (closed_) return true;
  char byte = 0;
  const ssize_t got = ::recv(stream_.descriptor(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

// ------------------------------------------------------------------------------------------------ reading

Task<bool> Session::read_head() {
  keep_ = told_to_go_on_ = timed_out_ = false;
  state_ = State::unanswered;
  head_ = RequestHead{};
  head_.remote = remote_;
  head_.local = local_;
  if (buffer_.size() == 0) buffer_.shrink_to_fit();
  parser_.emplace();
  parser_->eager(true);
  parser_->header_limit(static_cast<std::uint32_t>(all_->limits.head_bytes_max));
  parser_->body_limit(boost::none);
  enter(Phase::idle);
  while (!parser_->is_header_done()) {
    const error_code error = co_await receive();
    if (parser_->got_some() && phase_ == Phase::idle) enter(Phase::head);
    if (error == Errc::closed || closed_) co_return false;
    if (error)
      co_return co_await refuse(status_of(error), "This is no HTTP request: " + error.message() + ".");
  }
  const auto& request = parser_->get();
  head_.method = std::string(request.method_string());
  head_.target = std::string(request.target());
  head_.is_1_0 = request.version() < 11;
  head_.fields = request.base();
  keep_ = parser_->keep_alive();
  if (head_.target.size() > all_->limits.target_bytes_max)
    co_return co_await refuse(414, "The target is too long.");
  if (!head_.is_1_0 && head_.fields.count(beast::http::field::host) != 1)
    co_return co_await refuse(400, "A request names its host, once.");
  co_return true;
}

Task<bool> Session::refuse(unsigned status, std::string why) {
  keep_ = false;
  Answer refusal{.status = status, .body = std::move(why) + "\n"};
  co_await answer(std::move(refusal));
  co_await linger();
  co_return false;
}

Task<error_code> Session::receive() {
  if (buffer_.size() > 0) {  // of what came before
    const std::size_t before = buffer_.size();
    const error_code error = parse();
    if (error || buffer_.size() < before) co_return error;
  }
  const std::size_t room = std::min(piece_bytes, buffer_.max_size() - buffer_.size());
  if (room == 0) co_return beast::http::error::header_limit;
  const auto space = buffer_.prepare(room);
  const auto [error, size] = co_await stream_.read_some(space);
  if (error)
    co_return timed_out_ ? make_error_code(boost::system::errc::timed_out) : make_error_code(Errc::closed);
  received_ += size;
  buffer_.commit(size);
  co_return parse();
}

error_code Session::parse() {
  error_code error;
  buffer_.consume(parser_->put(buffer_.data(), error));
  return error == beast::http::error::need_more ? error_code() : error;
}

Task<Result<std::string>> Session::next_piece() {
  std::string& body = parser_->get().body();
  const bool waits = beast::iequals(head_.field("Expect"), "100-continue") && !head_.is_1_0;
  if (waits && body.empty() && !parser_->is_done() && !std::exchange(told_to_go_on_, true))
    if (const error_code error = co_await write("HTTP/1.1 100 Continue\r\n\r\n")) co_return error;
  enter(Phase::body);
  error_code error;
  while (body.empty() && !parser_->is_done() && !error) error = co_await receive();
  enter(Phase::handler);
  if (error) {
    keep_ = false;
    co_return error;
  }
  co_return std::exchange(body, {});
}

Task<Result<std::string>> Session::body(std::size_t bytes_max) {
  std::string whole;
  for (;;) {
    const auto piece = co_await next_piece();
    if (!piece) co_return piece.error();
    if (piece->empty()) co_return whole;
    if (whole.size() + piece->size() > bytes_max)
      co_return make_error_code(boost::system::errc::value_too_large);
    whole += *piece;
  }
}

// ---------------------------------------------------------------------------------------------- answering

Task<void> Session::handle() {
  enter(Phase::handler);
  if (all_->stats.unsent_bytes > all_->limits.unsent_bytes_max) {
    Answer busy{.status = 503, .body = "Too much waits to be sent.\n", .fields = {{"Retry-After", "1"}}};
    co_await answer(std::move(busy));
    co_return;
  }
  try {
    co_await all_->handler.handle(*this);
  } catch (const std::exception&) {  // whoever knows more has said it
    keep_ = false;
  }
}

Task<void> Session::complete() {
  if (state_ == State::unanswered) {
    Answer failed{.status = timed_out_ ? 408u : 500u,
                  .body = timed_out_ ? "The body did not come.\n" : "The request could not be answered.\n"};
    co_await answer(std::move(failed));
  }
  if (state_ == State::begun) keep_ = false;  // cut short: the client sees that its end is missing
  if (!parser_->is_done()) {
    keep_ = false;
    if (state_ == State::answered) co_await linger();
  }
}

// Reads on for a while: closed with something unread, TCP would take the answer back.
Task<void> Session::linger() {
  stream_.end();
  enter(Phase::lingering);
  std::array<char, 4096> nobody_reads;
  for (std::size_t taken = 0; taken < lingering_bytes_max && !closed_;) {
    const auto space = asio::buffer(nobody_reads);
    const auto [error, size] = co_await stream_.read_some(space);
    if (error) co_return;
    taken += size;
  }
}

Task<error_code> Session::write(std::string bytes) {
  if (closed_) co_return Errc::closed;
  const std::size_t size = bytes.size();
  const auto kept = std::make_shared<const std::string>(std::move(bytes));
  Piece piece;
  piece.memory = {kept, reinterpret_cast<const std::byte*>(kept->data())};
  piece.size = size;
  Pieces pieces{std::move(piece)};
  since_ = Clock::now();
  moved_to_ = sending_.bytes;
  all_->stats.unsent_bytes += size;
  const error_code error = co_await stream_.send(std::move(pieces), sending_);
  all_->stats.unsent_bytes -= size;
  if (error) close();
  enter(phase_);
  co_return error;
}

std::string Session::head_of(const Answer& answer, std::optional<std::size_t> size) {
  keep_ = keep_ && parser_->is_done() && (size || !head_.is_1_0);
  const auto reason = beast::http::obsolete_reason(beast::http::int_to_status(answer.status));
  std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " ";
  ((head += std::string_view(reason.data(), reason.size())) += "\r\n");
  add_field(head, "Date", now_as_http_date());
  if (!has_no_body(answer.status)) add_field(head, "Content-Type", answer.type);
  if (size && !has_no_body(answer.status)) add_field(head, "Content-Length", std::to_string(*size));
  if (!size && !head_.is_1_0) add_field(head, "Transfer-Encoding", "chunked");
  if (!keep_) add_field(head, "Connection", "close");
  if (keep_ && head_.is_1_0) add_field(head, "Connection", "keep-alive");
  for (const auto& [name, value] : answer.fields) add_field(head, name, value);
  return head += "\r\n";
}

Task<error_code> Session::answer(Answer answer) {
  if (state_ != State::unanswered) co_return Errc::closed;
  state_ = State::answered;
  std::string text = head_of(answer, answer.body.size());
  if (head_.method != "HEAD" && !has_no_body(answer.status)) text += answer.body;
  co_return co_await write(std::move(text));
}

Task<error_code> Session::begin(Answer head) {
  if (state_ != State::unanswered) co_return Errc::closed;
  state_ = State::begun;
  std::string text = head_of(head, std::nullopt);
  const error_code error = co_await write(std::move(text));
  if (error || head.body.empty()) co_return error;
  co_return co_await send(std::move(head.body));
}

Task<error_code> Session::send(std::string piece) {
  if (state_ != State::begun || piece.empty() || head_.method == "HEAD") co_return error_code();
  if (!head_.is_1_0) {
    std::array<char, 24> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", piece.size());
    piece.insert(0, size.data());
    piece += "\r\n";
  }
  co_return co_await write(std::move(piece));
}

Task<error_code> Session::end() {
  if (state_ != State::begun) co_return Errc::closed;
  state_ = State::answered;
  if (head_.is_1_0 || head_.method == "HEAD") co_return error_code();
  co_return co_await write("0\r\n\r\n");
}

}  // namespace mq::net::http
