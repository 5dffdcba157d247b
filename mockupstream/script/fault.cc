#include "mockupstream/script/fault.h"

#include <array>

namespace keywalk::mock {
namespace {

using At = Fault::At;
using Kind = Fault::Kind;

constexpr std::size_t kPlaces = static_cast<std::size_t>(At::kSseEvent) + 1;
constexpr std::size_t kKinds = static_cast<std::size_t>(Kind::kInterim) + 1;

constexpr std::array<std::string_view, kPlaces> kPlaceNames{
    "accept",           "request_headers", "request_body", "before_head", "status_line",
    "response_headers", "after_head",      "body",         "sse_event"};

constexpr std::array<std::string_view, kKinds> kKindNames{
    "close",     "reset",   "stall",   "drip",        "wrong_content_length",
    "bad_chunk", "garbage", "endless", "error_event", "early_response",
    "interim"};

// A row a place, a column a kind: the table of the README.
constexpr std::array<std::string_view, kPlaces> kTable{
    "xxx...x....",  // accept
    "xxxx..x..xx",  // request_headers
    "xxxx..x..xx",  // request_body
    "xxxx..x...x",  // before_head
    "xxxx..xx...",  // status_line
    "xxxxx.xx...",  // response_headers
    "xxxx.xxx...",  // after_head
    "xxxx.xxx...",  // body
    "xxxx.xxxx..",  // sse_event
};

}  // namespace

std::string_view ToString(Fault::At at) { return kPlaceNames[static_cast<std::size_t>(at)]; }
std::string_view ToString(Fault::Kind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

bool IsMeaningful(Fault::At at, Fault::Kind kind) {
  return kTable[static_cast<std::size_t>(at)][static_cast<std::size_t>(kind)] == 'x';
}

bool IsInRequest(Fault::At at) { return at == At::kRequestHeaders || at == At::kRequestBody; }

}  // namespace keywalk::mock
