#include "tests/steps/peers.h"

#include <boost/asio/co_spawn.hpp>
#include <charconv>
#include <exception>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "keywalk/transport.h"

namespace keywalk::steps {
namespace {

constexpr std::size_t kMaxHead = 64 * 1024;

bool IsOfConnection(const error_code& code) {
  return io::IsCutOff(code) || code.category() == boost::system::system_category() ||
         code.category() == asio::error::get_misc_category();
}

Awaitable<bool> Send(io::Stream& stream, std::string_view bytes) {
  const std::array<asio::const_buffer, 1> all{asio::buffer(bytes.data(), bytes.size())};
  const io::IoResult sent = co_await stream.Write(all);
  co_return sent.ok();
}

// A request's index, from its target.
std::size_t IndexIn(std::string_view target) {
  std::size_t index = 0;
  const std::size_t begin = target.find_last_of('r') + 1;
  std::from_chars(target.data() + begin, target.data() + target.size(), index);
  return index;
}

}  // namespace

TestClient::TestClient(asio::io_context& context, testing::VirtualTime& time,
                       const Scenario& scenario, std::unique_ptr<io::Stream> stream)
    : context_(context),
      time_(time),
      scenario_(scenario),
      stream_(std::move(stream)),
      reader_(*stream_, io::Http1Parser::Role::kResponse, kMaxHead),
      sending_(context.get_executor()) {}

Awaitable<void> TestClient::Run() {
  bool more = true;
  for (std::size_t i = 0; more && i < scenario_.requests.size(); ++i) {
    more = co_await Ask(scenario_.requests[i]);
  }
  if (!more && answers_.back().complete) {
    // Whatever comes after an answer that was the last one is too much.
    reader_.StartMessage();
    const error_code ec = co_await reader_.ReadHead();
    if (!ec || !IsOfConnection(ec) || reader_.message_begun()) garbled_ = true;
  }
  if (more && reader_.has_buffered()) garbled_ = true;
  stream_->Close();
  co_await sending_.Join();
}

// One request and its answer; false if the connection is of no use any more.
Awaitable<bool> TestClient::Ask(const StepRequest& request) {
  const bool first = &request == &scenario_.requests.front();
  if (first || !scenario_.pipelined) {
    const bool head_sent = co_await Send(*stream_, request.head);
    if (head_sent && !request.waits) sending_.Start(SendBody(request));
  }
  bool told = false;
  while (true) {
    reader_.StartMessage();
    ClientAnswer answer;
    const bool more = co_await ReadAnswer(answer);
    if (more && answer.status == 100) {
      if (!request.waits || std::exchange(told, true)) garbled_ = true;
      sending_.Start(SendBody(request));
      continue;
    }
    if (!more) stream_->ShutdownSend();  // the rest of a body is of no use to anybody
    co_await sending_.Join();
    answers_.push_back(std::move(answer));
    co_return more;
  }
}

Awaitable<void> TestClient::SendBody(const StepRequest& request) {
  const std::string_view body = request.body;
  co_await Send(*stream_, body.substr(0, request.pauses_at));
  if (request.pauses_at > 0) {
    Awaitable<void> resting = time_.WaitForRest(context_.get_executor());
    co_await std::move(resting);
  }
  co_await Send(*stream_, body.substr(request.pauses_at));
  if (!scenario_.pipelined) co_return;
  for (const StepRequest& next : std::span(scenario_.requests).subspan(1)) {
    co_await Send(*stream_, next.head + next.body);
  }
}

// True if the connection can be used again.
Awaitable<bool> TestClient::ReadAnswer(ClientAnswer& answer) {
  const error_code ec = co_await reader_.ReadHead();
  answer.begun = reader_.message_begun();
  if (ec) {
    if (!IsOfConnection(ec)) garbled_ = true;
    co_return false;
  }
  answer.status = reader_.head().status;
  const bool keep_alive = reader_.head().keep_alive;
  while (true) {
    const io::MessageReader::Piece piece = co_await reader_.ReadBody();
    if (piece.code && !IsOfConnection(piece.code)) garbled_ = true;
    if (piece.code) co_return false;
    if (piece.bytes.empty()) break;
    answer.content += piece.bytes;
  }
  answer.complete = true;
  const bool more = scenario_.pipelined || answer.status == 100;
  if (reader_.has_buffered() && !more) garbled_ = true;
  co_return keep_alive;
}

void TestUpstream::Accept(std::unique_ptr<io::Stream> stream) {
  written_.push_back(0);
  asio::co_spawn(context_, Serve(std::move(stream), written_.size() - 1),
                 [](const std::exception_ptr& exception) {
                   if (exception) std::rethrow_exception(exception);
                 });
}

Awaitable<void> TestUpstream::Serve(std::unique_ptr<io::Stream> stream, std::size_t connection) {
  io::MessageReader reader(*stream, io::Http1Parser::Role::kRequest, kMaxHead);
  bool more = true;
  while (more) {
    reader.StartMessage();
    const error_code ec = co_await reader.ReadHead();
    if (ec) break;
    more = co_await ServeOne(*stream, reader, connection);
  }
  stream->Close();
}

Awaitable<bool> TestUpstream::ServeOne(io::Stream& stream, io::MessageReader& reader,
                                       std::size_t connection) {
  const std::size_t index = exchanges_.size();
  const io::MessageHead& head = reader.head();
  {
    Exchange exchange;
    exchange.connection = connection;
    exchange.request = IndexIn(head.target);
    exchange.key = head.headers.Find("Authorization") == "Bearer " + std::string(kKeys[0]) ? 0 : 1;
    const bool refused = scenario_.refuses && exchange.key == 0;
    exchange.answer = refused ? scenario_.refusal : scenario_.answer;
    exchanges_.push_back(std::move(exchange));
  }
  const std::optional<std::size_t> early = exchanges_[index].answer.early_after;
  bool answered = false;
  bool good = true;
  const bool rests = exchanges_[index].answer.rests;
  if (rests && !early) {
    Awaitable<void> resting = time_.WaitForRest(context_.get_executor());
    co_await std::move(resting);
  }
  if (!early && head.headers.HasToken("Expect", "100-continue")) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    written_[connection] += kContinue.size();
    good = co_await Send(stream, kContinue);
  }
  while (good) {
    if (early && !answered && exchanges_[index].content.size() >= *early) {
      answered = true;
      good = co_await Answer(stream, index);
      if (rests) {
        Awaitable<void> resting = time_.WaitForRest(context_.get_executor());
        co_await std::move(resting);
      }
    }
    const io::MessageReader::Piece piece = co_await reader.ReadBody();
    good = good && !piece.code;
    if (piece.bytes.empty()) break;
    exchanges_[index].content += piece.bytes;
  }
  exchanges_[index].complete = good;
  if (good && !answered) good = co_await Answer(stream, index);
  co_return good && !exchanges_[index].answer.closes;
}

Awaitable<bool> TestUpstream::Answer(io::Stream& stream, std::size_t index) {
  Exchange& exchange = exchanges_[index];
  std::uint64_t& written = written_[exchange.connection];
  exchange.head_ends = written + exchange.answer.head.size();
  exchange.answer_ends = exchange.head_ends + exchange.answer.body.size();
  written = exchange.answer_ends;
  const std::string head = exchange.answer.head;
  const std::string body = exchange.answer.body;
  const bool head_sent = co_await Send(stream, head);
  if (!head_sent) co_return false;
  co_return co_await Send(stream, body);
}

}  // namespace keywalk::steps
