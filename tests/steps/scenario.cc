#include "tests/steps/scenario.h"

#include <ostream>
#include <string_view>
#include <utility>

namespace keywalk::steps {
namespace {

// More than what goes out in one write (16 KiB), and than a connection takes at once.
constexpr std::size_t kLongBody = 40'000;

// Bytes of which no two pieces are the same.
std::string Text(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i) + ",";
  text.resize(size);
  return text;
}

std::string Chunked(std::string_view content, std::size_t chunk) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string wire;
  while (!content.empty()) {
    const std::string_view piece = content.substr(0, chunk);
    for (int shift = 12; shift >= 0; shift -= 4) wire += kDigits[(piece.size() >> shift) & 15];
    wire.append("\r\n").append(piece).append("\r\n");
    content.remove_prefix(piece.size());
  }
  return wire + "0\r\n\r\n";
}

std::string HeadOf(std::size_t index, const std::string& fields) {
  return "POST /v1/r" + std::to_string(index) + " HTTP/1.1\r\nHost: proxy\r\n" + fields + "\r\n";
}

StepRequest WithLength(std::size_t index, std::string content, const std::string& fields = {}) {
  StepRequest request;
  request.head =
      HeadOf(index, fields + "Content-Length: " + std::to_string(content.size()) + "\r\n");
  request.body = content;
  request.content = std::move(content);
  return request;
}

StepRequest InChunks(std::size_t index, std::string content) {
  StepRequest request;
  request.head = HeadOf(index, "Transfer-Encoding: chunked\r\n");
  request.body = Chunked(content, 9'000);
  request.content = std::move(content);
  return request;
}

StepAnswer AnswerOf(int status, std::string content, const std::string& fields = {}) {
  StepAnswer answer;
  answer.status = status;
  answer.head = "HTTP/1.1 " + std::to_string(status) + " Whatever\r\n" + fields +
                "Content-Length: " + std::to_string(content.size()) + "\r\n\r\n";
  answer.body = content;
  answer.content = std::move(content);
  return answer;
}

StepAnswer ChunkedAnswerOf(int status, std::string content, std::size_t chunk,
                           const std::string& fields = {}) {
  StepAnswer answer;
  answer.status = status;
  answer.head = "HTTP/1.1 " + std::to_string(status) + " Whatever\r\n" + fields +
                "Transfer-Encoding: chunked\r\n\r\n";
  answer.body = Chunked(content, chunk);
  answer.content = std::move(content);
  return answer;
}

Scenario Plain(std::string name, std::vector<StepRequest> requests) {
  Scenario scenario;
  scenario.name = std::move(name);
  scenario.requests = std::move(requests);
  scenario.answer = AnswerOf(200, "fine");
  return scenario;
}

Scenario FailingOver(std::string name, std::vector<StepRequest> requests) {
  Scenario scenario = Plain(std::move(name), std::move(requests));
  scenario.refuses = true;
  scenario.refusal = AnswerOf(429, R"({"error":{"message":"slow down"}})", "Retry-After: 20\r\n");
  return scenario;
}

Scenario Early(Scenario scenario) {
  scenario.refusal.early_after = 0;
  scenario.name += " refused early";
  return scenario;
}

std::vector<Scenario> Uploads() {
  Scenario held_back = FailingOver("body held back", {WithLength(0, Text(kLongBody))});
  held_back.expect_continue_bytes = 1000;
  Scenario chunks_held_back = FailingOver("chunks held back", {InChunks(0, Text(kLongBody))});
  chunks_held_back.expect_continue_bytes = 1000;
  Scenario spilled = FailingOver("spilled body", {WithLength(0, Text(3 * kLongBody))});
  spilled.body_memory = kLongBody;
  Scenario spilled_chunks = FailingOver("spilled chunks", {InChunks(0, Text(3 * kLongBody))});
  spilled_chunks.body_memory = kLongBody;
  // The last piece comes, and finds no room, while the second upstream has not read the others.
  Scenario crossing = FailingOver("spilled while sent again", {InChunks(0, Text(kLongBody))});
  crossing.body_memory = 5'000;
  crossing.requests[0].pauses_at = crossing.requests[0].body.size() - 5'000;
  crossing.refusal.early_after = 30'000;
  crossing.answer.rests = true;
  StepRequest waiting = WithLength(0, Text(1000), "Expect: 100-continue\r\n");
  waiting.waits = true;
  // The connection that has the half of an upload is not for the next request.
  Scenario answered_early =
      Plain("upload answered early", {WithLength(0, Text(kLongBody)), WithLength(1, Text(500))});
  answered_early.answer.early_after = 10'000;
  answered_early.answer.rests = true;
  Scenario own_key = Plain("upload with an own key", {InChunks(0, Text(kLongBody))});
  own_key.requests[0].head.insert(own_key.requests[0].head.size() - 2,
                                  "Authorization: Bearer sk-mine-IIIIJJJJKKKKLLLL\r\n");
  own_key.own_key = true;
  return {FailingOver("upload", {WithLength(0, Text(kLongBody))}),
          FailingOver("chunked upload", {InChunks(0, Text(kLongBody))}),
          Early(FailingOver("upload", {WithLength(0, Text(kLongBody))})),
          Early(FailingOver("chunked upload", {InChunks(0, Text(kLongBody))})),
          FailingOver("client waits for 100", {std::move(waiting)}),
          Early(held_back),
          std::move(held_back),
          Early(std::move(chunks_held_back)),
          Early(spilled),
          std::move(spilled),
          std::move(spilled_chunks),
          std::move(crossing),
          std::move(answered_early),
          std::move(own_key)};
}

std::vector<Scenario> Answers() {
  Scenario long_refusal = FailingOver("discarded answer", {WithLength(0, "{}")});
  long_refusal.refusal = AnswerOf(429, Text(30'000));
  Scenario endless_refusal = FailingOver("answer too long to discard", {WithLength(0, "{}")});
  endless_refusal.refusal = ChunkedAnswerOf(429, Text(90'000), 9'000);
  Scenario events = FailingOver("event stream", {WithLength(0, "{}")});
  events.answer = ChunkedAnswerOf(200, "data: 1\n\ndata: 2\n\ndata: 3\n\n", 9,
                                  "Content-Type: text/event-stream\r\n");
  Scenario closing = Plain("upstream closes", {WithLength(0, "{}"), WithLength(1, "{}")});
  closing.answer.closes = true;
  Scenario long_answer = Plain("long answer", {WithLength(0, "{}")});
  long_answer.answer = AnswerOf(200, Text(kLongBody));
  Scenario until_close = FailingOver("answer until close", {WithLength(0, "{}")});
  until_close.answer.content = until_close.answer.body = Text(20'000);
  until_close.answer.head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";
  until_close.answer.closes = until_close.answer.ends_with_connection = true;
  Scenario long_events = events;
  long_events.name = "long event stream";
  long_events.answer =
      ChunkedAnswerOf(200, Text(kLongBody), 9'000, "Content-Type: text/event-stream\r\n");
  Scenario old_client = long_events;
  old_client.name = "event stream for an old client";
  std::string& head = old_client.requests[0].head;
  head.replace(head.find("HTTP/1.1"), 8, "HTTP/1.0");
  return {std::move(long_refusal), std::move(endless_refusal), std::move(events),
          std::move(long_events),  std::move(old_client),      std::move(closing),
          std::move(long_answer),  std::move(until_close)};
}

}  // namespace

std::vector<Scenario> AllScenarios() {
  std::vector<Scenario> all = {
      Plain("one key", {WithLength(0, "{}")}),
      FailingOver("failover", {WithLength(0, "{}")}),
      FailingOver("two requests", {WithLength(0, "{}"), WithLength(1, Text(500))}),
  };
  all.push_back(all.back());
  all.back().name = "two requests at once";
  all.back().pipelined = true;
  for (Scenario& scenario : Uploads()) all.push_back(std::move(scenario));
  for (Scenario& scenario : Answers()) all.push_back(std::move(scenario));
  return all;
}

void PrintTo(const Scenario& scenario, std::ostream* out) { *out << scenario.name; }

}  // namespace keywalk::steps
