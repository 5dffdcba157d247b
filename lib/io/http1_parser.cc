#include "io/http1_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/none.hpp>
#include <boost/optional/optional.hpp>
#include <utility>

namespace keywalk::io {
namespace {

namespace http = boost::beast::http;

// More fields than this, or longer `Connection` lists, serve only to make each other's handling
// slow.
constexpr std::size_t kMaxFields = 512;
constexpr std::size_t kMaxConnectionBytes = 1024;

// Chunk sizes, extensions and trailers may take this many bytes for each byte of content, and a
// head's limit more. Even chunks of one byte take only five.
constexpr std::uint64_t kMaxFramingPerContentByte = 16;

// Hands what Beast's grammar finds to our own types. The two roles differ in nothing else.
template <bool kIsRequest>
class Events final : public http::basic_parser<kIsRequest> {
 public:
  using View = boost::beast::string_view;

  Events(MessageHead& head, Headers& trailers) : head_(head), trailers_(trailers) {}

  std::string_view TakeBody() { return std::exchange(body_, {}); }
  // True within the data of a chunk.
  bool in_chunk() const { return chunk_left_ > 0; }

 private:
  static std::string_view Std(View view) { return {view.data(), view.size()}; }

  void on_request_impl(http::verb, View method, View target, int version, error_code&) override {
    head_.method.assign(method.data(), method.size());
    head_.target.assign(target.data(), target.size());
    head_.version = version;
  }
  void on_response_impl(int status, View reason, int version, error_code&) override {
    head_.status = status;
    head_.reason.assign(reason.data(), reason.size());
    head_.version = version;
  }
  void on_field_impl(http::field field, View name, View value, error_code& ec) override {
    Headers& fields = this->is_header_done() ? trailers_ : head_.headers;
    if (head_.headers.size() + trailers_.size() >= kMaxFields) {
      ec = http::error::header_limit;
    } else if (!fields.AddIfValid(Std(name), Std(value))) {
      ec = IsValidHeaderName(Std(name)) ? http::error::bad_value : http::error::bad_field;
    }
    if (field == http::field::connection &&
        (connection_bytes_ += value.size()) > kMaxConnectionBytes) {
      ec = http::error::header_limit;
    }
  }
  void on_header_impl(error_code& ec) override {
    head_.chunked = this->chunked();
    // A coding we do not undo, or one that hides where the message ends (RFC 9112 section 6.1).
    if (const auto coding = head_.headers.Find("Transfer-Encoding");
        coding && !EqualsIgnoreCase(TrimWhitespace(*coding), "chunked")) {
      ec = http::error::bad_transfer_encoding;
    }
    CheckLength(ec);
    if (const auto length = this->content_length()) head_.content_length = *length;
    head_.keep_alive = this->keep_alive();
  }
  // One length, in digits only: Beast takes a list of equal ones. Of two equal fields, which many
  // servers answer with, a request has none (RFC 9112 section 6.3).
  void CheckLength(error_code& ec) const {
    std::size_t stated = 0;
    for (const Headers::Field field : head_.headers) {
      if (!EqualsIgnoreCase(field.name, "Content-Length")) continue;
      const bool digits = field.value.find_first_not_of("0123456789") == std::string_view::npos;
      if (!digits || (++stated > 1 && kIsRequest)) ec = http::error::bad_content_length;
    }
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(View body, error_code&) override {
    body_ = Std(body);
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t size, View, error_code&) override { chunk_left_ = size; }
  std::size_t on_chunk_body_impl(std::uint64_t left, View body, error_code&) override {
    body_ = Std(body);
    chunk_left_ = left - body.size();
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  MessageHead& head_;
  Headers& trailers_;
  std::string_view body_;
  std::uint64_t chunk_left_ = 0;
  std::size_t connection_bytes_ = 0;
};

}  // namespace

namespace {

// What peers may read otherwise than we do: a line that ends with LF alone (RFC 9112 section 2.2),
// and in a request a folded one (section 5.2). `previous` is the byte before `text`, and becomes
// its last one. Beast takes no line whose successor has not begun, so that a fold is within one
// `text`.
error_code FaultOfLines(std::string_view text, Http1Parser::Role role, char& previous) {
  for (std::size_t at = text.find('\n'); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    if ((at == 0 ? previous : text[at - 1]) != '\r') return http::error::bad_line_ending;
    const bool folded = at + 1 < text.size() && (text[at + 1] == ' ' || text[at + 1] == '\t');
    if (folded && role == Http1Parser::Role::kRequest) return http::error::bad_value;
  }
  if (!text.empty()) previous = text.back();
  return {};
}

// What there is of "0 CR LF CR LF", beginning with the size. Once Beast (seen in 1.81) has read the
// size of the last chunk, it asserts that it is never given less, which a cut in the middle of
// that, seen twice, would do. Nothing is lost by waiting.
bool IsCutInLastChunk(std::string_view input) {
  return input.size() < 5 && (input.starts_with("0\r\n") || input == "00\r\n");
}

}  // namespace

class Http1Parser::Impl {
 public:
  Impl(Role role, std::size_t max_header_bytes) : role(role), max_header_bytes(max_header_bytes) {}

  void Start(bool without_body) {
    head.method.clear();
    head.target.clear();
    head.reason.clear();
    head.headers.Clear();
    head.content_length.reset();
    head.chunked = false;
    head.status = 0;
    head_bytes = 0;
    content_bytes = framing_bytes = 0;
    last_byte = '\0';
    trailers.Clear();
    if (role == Role::kRequest) {
      Prepare(request.emplace(head, trailers), without_body);
    } else {
      Prepare(response.emplace(head, trailers), without_body);
    }
  }

  template <typename Parser>
  void Prepare(Parser& parser, bool without_body) {
    parser.header_limit(static_cast<std::uint32_t>(max_header_bytes));
    parser.body_limit(boost::none);  // the reader of the body holds its own limit
    parser.skip(without_body);
  }

  // Calls `use` with the parser of this role.
  template <typename Use>
  auto With(Use use) {
    return role == Role::kRequest ? use(*request) : use(*response);
  }

  // What came beside the content of a chunked body.
  error_code CheckFraming(std::string_view text) {
    framing_bytes += text.size();
    if (framing_bytes > max_header_bytes + kMaxFramingPerContentByte * content_bytes) {
      return http::error::bad_chunk_extension;
    }
    return FaultOfLines(text, role, last_byte);
  }

  const Role role;
  const std::size_t max_header_bytes;
  std::uint64_t content_bytes = 0;  // of a chunked body, so far
  std::uint64_t framing_bytes = 0;  // around them
  std::size_t head_bytes = 0;       // consumed so far: Beast's limit is for what one call sees
  char last_byte = '\0';            // of what was consumed and is no content
  MessageHead head;
  Headers trailers;
  std::optional<Events<true>> request;
  std::optional<Events<false>> response;
};

Http1Parser::Http1Parser(Role role, std::size_t max_header_bytes)
    : impl_(std::make_unique<Impl>(role, max_header_bytes)) {
  Start();
}

Http1Parser::~Http1Parser() = default;

void Http1Parser::Start(bool without_body) { impl_->Start(without_body); }

Http1Parser::Progress Http1Parser::Put(std::string_view input) {
  return impl_->With([this, input](auto& parser) {
    const bool in_head = !parser.is_header_done();
    Progress progress;
    const bool between_chunks = !in_head && impl_->head.chunked && !parser.in_chunk();
    if (between_chunks && IsCutInLastChunk(input)) {
      progress.need_more = true;
      return progress;
    }
    progress.consumed =
        parser.put(boost::asio::const_buffer(input.data(), input.size()), progress.code);
    progress.body = parser.TakeBody();
    if (progress.code == http::error::need_more) {
      progress.code = {};
      progress.need_more = true;
    }
    if (in_head) {
      impl_->head_bytes += progress.consumed;
      const std::size_t waiting = progress.need_more ? input.size() - progress.consumed : 0;
      const std::string_view read = input.substr(0, progress.consumed);
      if (!progress.code && impl_->head_bytes + waiting > impl_->max_header_bytes) {
        progress.code = http::error::header_limit;
      } else if (!progress.code) {
        progress.code = FaultOfLines(read, impl_->role, impl_->last_byte);
      }
    } else if (impl_->head.chunked && !progress.code) {
      impl_->content_bytes += progress.body.size();
      if (progress.body.empty()) {
        progress.code = impl_->CheckFraming(input.substr(0, progress.consumed));
      }
    }
    return progress;
  });
}

Http1Parser::Progress Http1Parser::PutEof() {
  return impl_->With([](auto& parser) {
    Progress progress;
    parser.put_eof(progress.code);
    return progress;
  });
}

bool Http1Parser::head_done() const {
  return impl_->With([](auto& parser) { return parser.is_header_done(); });
}

bool Http1Parser::done() const {
  return impl_->With([](auto& parser) { return parser.is_done(); });
}

bool Http1Parser::needs_eof() const {
  return impl_->With([](auto& parser) { return parser.need_eof(); });
}

MessageHead& Http1Parser::head() { return impl_->head; }
Headers& Http1Parser::trailers() { return impl_->trailers; }

bool IsHeaderLimit(const error_code& code) noexcept { return code == http::error::header_limit; }

bool IsCutOff(const error_code& code) noexcept { return code == http::error::partial_message; }

}  // namespace keywalk::io
