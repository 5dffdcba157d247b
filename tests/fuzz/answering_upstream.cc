#include "tests/fuzz/answering_upstream.h"

#include <algorithm>
#include <boost/asio/error.hpp>

#include "tests/fuzz/expect.h"

namespace keywalk::fuzz {
namespace {

using testing::MemoryConnection;

constexpr std::string_view kRefusedForRate =
    "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nX-Refused: yes\r\nContent-Length: "
    "2\r\n\r\n{}";
constexpr std::string_view kUnauthorized =
    "HTTP/1.1 401 Unauthorized\r\nX-Refused: yes\r\nContent-Length: 2\r\n\r\n{}";

char Selector(const StrictMessage& request) {
  const std::string path = request.second.substr(0, request.second.find('?'));
  return path.empty() ? '/' : path.back();
}

}  // namespace

AnsweringUpstream::~AnsweringUpstream() {
  for (const auto& connection : connections_) connection->on_change = nullptr;
}

std::shared_ptr<MemoryConnection> AnsweringUpstream::Open() {
  std::shared_ptr<MemoryConnection> connection = MemoryConnection::Open(context_, options_);
  connection->on_change = [this, end = connection.get()] { Receive(*end); };
  connections_.push_back(connection);
  return connection;
}

void AnsweringUpstream::Receive(MemoryConnection& connection) {
  while (connection.dealt_with < connection.received().size()) {
    const std::string_view fresh =
        std::string_view(connection.received()).substr(connection.dealt_with);
    StrictRead read = ReadStrictly(fresh, MessageKind::kRequest);
    Expect(read.state != StrictRead::State::kWrong, "the upstream gets well-formed requests",
           read.problem + "\n" + std::string(fresh));
    if (read.state == StrictRead::State::kPart) {
      // An answer before the body has come, after which nothing more is read.
      if (read.head == 0 || Selector(read.message) != 'a') return;
      connection.dealt_with = connection.received().size();
      if (connection.on_change) {
        connection.on_change = nullptr;
        connection.Send(
            "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        connection.Finish();
      }
      return;
    }
    connection.dealt_with += read.size;
    requests_.push_back(std::move(read.message));
    Answer(connection, requests_.back());
  }
}

void AnsweringUpstream::Answer(MemoryConnection& connection, const StrictMessage& request) {
  const bool head = request.first == "HEAD";
  const std::string_view body = head ? "" : kWholeBody;
  const bool with_first_key =
      request.Find("Authorization").find(kFirstKey) != std::string_view::npos;
  switch (Selector(request)) {
    case '1':
      return connection.Send(head ? kRefusedForRate.substr(0, kRefusedForRate.size() - 2)
                                  : kRefusedForRate);
    case '2':
      return connection.Send(head ? kUnauthorized.substr(0, kUnauthorized.size() - 2)
                                  : kUnauthorized);
    case '3':
      if (with_first_key && !head) return connection.Send(kRefusedForRate);
      break;
    case '4':
      connection.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n");
      return connection.Send(head ? "" : "3\r\nhel\r\n2\r\nlo\r\n0\r\nX-Sum: 5\r\n\r\n");
    case '5':  // a body that ends with the connection
      connection.Send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
      connection.Send(body);
      return connection.Finish();
    case '6':
      connection.Send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
      break;
    case '7':
      return connection.Break(asio::error::connection_reset);
    case '8':  // silence
      return;
    case '9':  // an event stream that breaks off
      connection.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      connection.Send(head ? "" : "9\r\ndata: 1\n\n\r\n9\r\ndata");
      return connection.Finish();
    default:
      break;
  }
  connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  connection.Send(body);
}

bool AnsweringUpstream::ExpireAll() {
  bool any = false;
  for (const auto& connection : connections_) any = connection->Expire() || any;
  return any;
}

bool AnsweringUpstream::all_closed() const {
  return std::ranges::all_of(connections_,
                             [](const auto& connection) { return connection->closed(); });
}

}  // namespace keywalk::fuzz
