#include "sim/transport_gateway/answer_bytes.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <string_view>

#include "io/http1_writer.h"

namespace keywalk::sim {
namespace {

constexpr std::string_view kTagField = "X-Sim-Request";

constexpr std::string_view kSuccessText =
    R"({"object":"chat.completion","choices":[{"message":{"content":"ok"}}]})";
constexpr std::string_view kSuccessEvents[] = {
    "data: {\"choices\":[{\"delta\":{\"content\":\"ok\"}}]}\n\n",
    "data: [DONE]\n\n",
};

void WriteEvents(std::string& out) {
  for (const std::string_view event : kSuccessEvents) {
    io::AppendChunkHead(out, event.size());
    out.append(event).append("\r\n");
  }
  const Headers no_trailers;
  io::AppendLastChunk(out, no_trailers);
}

}  // namespace

void MessageTag::AddTo(Headers& headers) const {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%u.%llu", slot,
                static_cast<unsigned long long>(request));
  headers.Add(kTagField, text.data());
}

std::optional<MessageTag> MessageTag::In(const Headers& headers) {
  const std::optional<std::string_view> text = headers.Find(kTagField);
  if (!text) return std::nullopt;
  MessageTag tag;
  const char* const end = text->data() + text->size();
  const auto slot = std::from_chars(text->data(), end, tag.slot);
  if (slot.ec != std::errc() || slot.ptr == end || *slot.ptr != '.') return std::nullopt;
  const auto request = std::from_chars(slot.ptr + 1, end, tag.request);
  if (request.ec != std::errc() || request.ptr != end) return std::nullopt;
  return tag;
}

void WriteAnswer(const UpstreamAnswer& answer, const MessageTag& tag, bool chunked, bool cut,
                 AnswerBytes& out) {
  Headers own;
  tag.AddTo(own);
  const bool in_events = chunked && answer.error == nullptr;
  if (in_events) {
    own.Add("Content-Type", "text/event-stream");
    own.Add("Transfer-Encoding", "chunked");
  } else {
    own.Add("Content-Type", "application/json");
  }
  out.head.clear();
  io::AppendStatusLine(out.head, answer.status, {});
  io::AppendFields(out.head, own);
  io::AppendFields(out.head, *answer.headers);
  out.body.clear();
  if (in_events) {
    WriteEvents(out.body);
  } else {
    out.body = answer.error != nullptr ? std::string_view(answer.error->text) : kSuccessText;
    io::AppendContentLength(out.head, out.body.size());
  }
  out.head += "\r\n";
  if (cut) out.body.resize(out.body.size() / 2);
}

}  // namespace keywalk::sim
