#include "tests/mockupstream/serve/fault_cases.h"

#include <initializer_list>
#include <ostream>
#include <string_view>

#include "tests/mockupstream/mock_client.h"

namespace keywalk::mock::testing {
namespace {

using namespace std::chrono_literals;

const std::string kStatusLine = "HTTP/1.1 200 OK\r\n";
const std::string kTextFields = "Date: D\r\nContent-Type: text/plain; charset=utf-8\r\n";
const std::string kText = R"("text": "hello", "headers": {"Date": "D"})";
const std::string kFields = kStatusLine + kTextFields + "Content-Length: 5\r\n";
const std::string kHead = kFields + "\r\n";
const std::string kAnswer = kHead + "hello";
const std::string kChunkedHead = kStatusLine + kTextFields + "Transfer-Encoding: chunked\r\n\r\n";

const std::string kSse = R"("sse": [{"data": "one"}, {"data": "two"}], "headers": {"Date": "D"})";
const std::string kSseHead = kStatusLine +
                             "Date: D\r\nContent-Type: text/event-stream\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n";
const std::string kOne = "b\r\ndata: one\n\n\r\n";
const std::string kTwo = "b\r\ndata: two\n\n\r\n";

const std::string kRate = R"(, "bytes_per_second": 100)";
const std::string kGarbage = R"(, "text": "SSH-2.0-x\r\n")";
const std::string kGarbageBytes = "SSH-2.0-x\r\n";
const std::string kInterim =
    R"(, "interim": [{"status": 103, "headers": {"Link": "</x>"}}, {"status": 100}])";
const std::string kInterimHeads =
    "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";

constexpr std::string_view kBody = "0123456789";

std::string RequestHead() {
  return "POST /v1/x HTTP/1.1\r\nHost: localhost\r\nx-api-key: " + std::string(kKey) +
         "\r\nContent-Length: 10\r\n\r\n";
}

FaultCase Base(std::string at, std::string kind, std::string members, std::string expected,
               Then then) {
  FaultCase fault;
  fault.name = kind;
  fault.step = kText;
  fault.at = std::move(at);
  fault.kind = std::move(kind);
  fault.members = std::move(members);
  fault.request = RequestHead() + std::string(kBody);
  fault.expected = std::move(expected);
  fault.then = then;
  fault.status = then == Then::kServesOn ? 200 : 0;
  fault.body_bytes = kBody.size();
  return fault;
}

// A fault in the request, of which `sent` bytes of the body are sent before it.
FaultCase InRequest(std::size_t sent, std::string kind, std::string members, std::string expected,
                    Then then) {
  const bool headers = sent == 0;
  if (!headers) members += ", \"body_bytes\": " + std::to_string(sent);
  FaultCase fault = Base(headers ? "request_headers" : "request_body", std::move(kind),
                         std::move(members), std::move(expected), then);
  fault.request = RequestHead() + std::string(kBody.substr(0, sent));
  fault.rest = kBody.substr(sent);
  fault.body_bytes = sent;
  return fault;
}

void AddRequestCases(std::vector<FaultCase>& cases, std::size_t sent) {
  for (FaultCase& fault : std::vector<FaultCase>{
           InRequest(sent, "close", "", "", Then::kCloses),
           InRequest(sent, "reset", "", "", Then::kResets),
           InRequest(sent, "stall", "", "", Then::kStalls),
           InRequest(sent, "garbage", kGarbage, kGarbageBytes, Then::kCloses),
       }) {
    fault.rest.clear();  // it is never sent
    cases.push_back(std::move(fault));
  }
  FaultCase drip = InRequest(sent, "drip", kRate, kAnswer, Then::kServesOn);
  drip.body_bytes = kBody.size();
  drip.at_least = 10ms * (kBody.size() - sent);
  cases.push_back(std::move(drip));
  FaultCase early = InRequest(sent, "early_response", "", kAnswer, Then::kServesOn);
  early.first = kAnswer;
  cases.push_back(std::move(early));
  FaultCase interim =
      InRequest(sent, "interim", kInterim, kInterimHeads + kAnswer, Then::kServesOn);
  interim.first = kInterimHeads;
  interim.body_bytes = kBody.size();
  cases.push_back(std::move(interim));
}

// close, reset, stall and garbage at a place of the answer, after `before`.
void AddEnds(std::vector<FaultCase>& cases, const FaultCase& model, const std::string& before) {
  const auto add = [&](const char* kind, const std::string& members, const std::string& bytes,
                       Then then) {
    FaultCase fault = model;
    fault.name += kind;
    fault.kind = kind;
    fault.members += members;
    fault.expected = before + bytes;
    fault.then = then;
    cases.push_back(std::move(fault));
  };
  add("close", "", "", Then::kCloses);
  add("reset", "", "", Then::kResets);
  add("stall", "", "", Then::kStalls);
  add("garbage", kGarbage, kGarbageBytes, Then::kCloses);
}

// A drip of the rest of kAnswer, of which `before` bytes are sent at once.
FaultCase Drip(std::string at, std::string members, std::size_t before) {
  FaultCase fault = Base(std::move(at), "drip", ", \"bytes_per_second\": 1000" + members, kAnswer,
                         Then::kServesOn);
  fault.at_least = std::chrono::milliseconds(kAnswer.size() - before);
  return fault;
}

FaultCase Chunked(FaultCase fault, const char* name) {
  fault.name += name;
  fault.step = kText + R"(, "chunked": true)";
  return fault;
}

void AddHeadCases(std::vector<FaultCase>& cases) {
  AddEnds(cases, Base("before_head", "", "", "", Then::kCloses), "");
  cases.push_back(Drip("before_head", "", 0));
  cases.push_back(
      Base("before_head", "interim", kInterim, kInterimHeads + kAnswer, Then::kServesOn));

  AddEnds(cases, Base("status_line", "", "", "", Then::kCloses), "HTTP/1.1 2");
  cases.push_back(Drip("status_line", "", 10));
  cases.push_back(Base("status_line", "endless", "", "HTTP/1.1 2xxx", Then::kGoesOn));

  AddEnds(cases, Base("response_headers", "", "", "", Then::kCloses), kFields);
  cases.push_back(Drip("response_headers", "", kFields.size()));
  cases.push_back(
      Base("response_headers", "endless", "", kFields + "X-Endless: xxx", Then::kGoesOn));
  for (const std::size_t length : {3u, 9u}) {
    FaultCase wrong = Base(
        "response_headers", "wrong_content_length",
        ", \"content_length\": " + std::to_string(length),
        kStatusLine + kTextFields + "Content-Length: " + std::to_string(length) + "\r\n\r\nhello",
        Then::kCloses);
    wrong.name += std::to_string(length);
    wrong.status = 200;
    cases.push_back(std::move(wrong));
  }
  FaultCase stream = cases.back();
  stream.name = "wrong_content_length_of_a_stream";
  stream.step = kSse;
  stream.expected = kStatusLine +
                    "Date: D\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\r\n"
                    "data: one\n\ndata: two\n\n";
  cases.push_back(std::move(stream));
}

void AddBodyCases(std::vector<FaultCase>& cases) {
  for (const std::size_t at : {0u, 2u, 5u}) {
    const bool at_head = at == 0;
    const std::string members = at_head ? "" : ", \"body_bytes\": " + std::to_string(at);
    const std::string part = std::string("hello").substr(0, at);
    FaultCase model = Base(at_head ? "after_head" : "body", "", members, "", Then::kCloses);
    model.name = "at" + std::to_string(at) + "_";
    model.status = 200;
    AddEnds(cases, model, kHead + part);
    const std::string chunk = at_head ? "" : std::to_string(at) + "\r\n" + part + "\r\n";
    AddEnds(cases, Chunked(model, "chunked_"), kChunkedHead + chunk);

    FaultCase bad = model;
    bad.name += "bad_chunk";
    bad.kind = "bad_chunk";
    bad.expected = kChunkedHead + chunk + "not-hex\r\n";
    cases.push_back(bad);
    FaultCase endless = model;
    endless.name += "endless";
    endless.kind = "endless";
    // The body is repeated to 16,385 bytes.
    endless.expected = kChunkedHead + chunk + "4001\r\n" + std::string("hellohello").substr(at, 5);
    endless.then = Then::kGoesOn;
    cases.push_back(endless);
  }
  cases.push_back(Drip("after_head", "", kHead.size()));
  cases.push_back(Drip("body", R"(, "body_bytes": 2)", kHead.size() + 2));
}

void AddEventCases(std::vector<FaultCase>& cases) {
  FaultCase model = Base("sse_event", "", R"(, "event": 1)", "", Then::kCloses);
  model.step = kSse;
  model.status = 200;
  AddEnds(cases, model, kSseHead + kOne);
  const auto add = [&](const char* name, const char* kind, const std::string& members,
                       const std::string& bytes, Then then) {
    FaultCase fault = model;
    fault.name = name;
    fault.kind = kind;
    fault.members = members;
    fault.expected = kSseHead + bytes;
    fault.then = then;
    cases.push_back(fault);
  };
  add("first", "close", R"(, "event": 0)", "", Then::kCloses);
  add("within", "close", R"(, "event": 1, "within": true)", kOne + "5\r\ndata:\r\n", Then::kCloses);
  add("behind_the_last", "close", R"(, "event": 2)", kOne + kTwo, Then::kCloses);
  add("bad_chunk", "bad_chunk", R"(, "event": 1)", kOne + "not-hex\r\n", Then::kCloses);
  // "data: two\n\n" is repeated to 16,390 bytes.
  add("endless", "endless", R"(, "event": 1)", kOne + "4006\r\ndata: two\n\ndata: two\n\n",
      Then::kGoesOn);
  add("error_event", "error_event", R"(, "event": 1)",
      kOne +
          "60\r\nevent: error\ndata: {\"type\":\"error\",\"error\":"
          "{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n\r\n0\r\n\r\n",
      Then::kServesOn);
  add("error_event_then_close", "error_event",
      R"(, "event": 1, "then": "close", "error_event": {"event": "e", "data": {"a": 1}})",
      kOne + "18\r\nevent: e\ndata: {\"a\":1}\n\n\r\n", Then::kCloses);
  // 1,000 bytes a second: pieces of 20 bytes, so that each event is one.
  add("drip", "drip", R"(, "event": 1, "bytes_per_second": 1000)", kOne + kTwo + "0\r\n\r\n",
      Then::kServesOn);
  cases.back().at_least = 11ms;
}

}  // namespace

void PrintTo(const FaultCase& fault, std::ostream* out) {
  *out << fault.kind << " at " << fault.at << fault.members;
}

std::vector<FaultCase> FaultCases() {
  std::vector<FaultCase> cases;
  AddRequestCases(cases, 0);
  AddRequestCases(cases, 4);
  AddHeadCases(cases);
  AddBodyCases(cases);
  AddEventCases(cases);
  return cases;
}

std::vector<FaultCase> FaultCasesAt(Fault::At at) {
  std::vector<FaultCase> cases = FaultCases();
  std::erase_if(cases, [at](const FaultCase& fault) { return fault.at != ToString(at); });
  return cases;
}

std::string NeededMembers(Fault::Kind kind) {
  if (kind == Fault::Kind::kDrip) return R"(, "bytes_per_second": 1)";
  if (kind == Fault::Kind::kWrongContentLength) return R"(, "content_length": 7)";
  if (kind == Fault::Kind::kInterim) return R"(, "interim": [{"status": 103}])";
  return "";
}

std::vector<Fault::At> Places() {
  std::vector<Fault::At> places;
  for (int i = 0; i <= static_cast<int>(Fault::At::kSseEvent); ++i) {
    places.push_back(static_cast<Fault::At>(i));
  }
  return places;
}

std::vector<Fault::Kind> Kinds() {
  std::vector<Fault::Kind> kinds;
  for (int i = 0; i <= static_cast<int>(Fault::Kind::kInterim); ++i) {
    kinds.push_back(static_cast<Fault::Kind>(i));
  }
  return kinds;
}

}  // namespace keywalk::mock::testing
