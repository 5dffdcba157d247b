#include "mockupstream/script/script_fault.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "mockupstream/script/script_parts.h"
#include "mockupstream/script/sse.h"

namespace keywalk::mock {
namespace {

using config::IntegerRange;
using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;
using At = Fault::At;
using Kind = Fault::Kind;

constexpr IntegerRange kBytesRange{0, std::int64_t{1} << 40};
constexpr IntegerRange kEventRange{0, 1'000'000'000};
constexpr IntegerRange kRateRange{1, 1'000'000'000};
constexpr IntegerRange kInterimRange{100, 199};
constexpr int kSwitchingProtocols = 101;
constexpr std::size_t kMaxInterim = 100;
constexpr std::size_t kGarbageBytes = 64;

// What the providers' documentation shows inside a stream.
constexpr std::string_view kErrorData =
    R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})";

constexpr At kPlaces[] = {At::kRequestHeaders,  At::kRequestBody, At::kBeforeHead, At::kStatusLine,
                          At::kResponseHeaders, At::kAfterHead,   At::kBody,       At::kSseEvent};

constexpr Kind kKinds[] = {
    Kind::kClose,    Kind::kReset,   Kind::kStall,   Kind::kDrip,       Kind::kWrongContentLength,
    Kind::kBadChunk, Kind::kGarbage, Kind::kEndless, Kind::kErrorEvent, Kind::kEarlyResponse,
    Kind::kInterim};

// The member `key`, which must be the name of one of `choices`. Missing or wrong: the first.
template <typename Choice, std::size_t kCount>
Choice ReadName(ObjectReader& object, std::string_view key, const Choice (&choices)[kCount]) {
  std::vector<std::string_view> names;
  for (const Choice choice : choices) names.push_back(ToString(choice));
  const std::string name = object.Choice(key, names.front(), names);
  for (const Choice choice : choices) {
    if (name == ToString(choice)) return choice;
  }
  return choices[0];
}

std::string Quoted(std::string_view name) { return '"' + std::string(name) + '"'; }

// True if the object has this member, which belongs to some faults only. Then it must be there, if
// it is `required`; with others it is a problem.
bool HasOwn(ObjectReader& object, std::string_view key, bool belongs, bool required,
            std::string_view owner) {
  if (!belongs) {
    if (object.Has(key)) object.Problem(key, "goes with " + std::string(owner) + " only");
    return false;
  }
  if (required && !object.Has(key)) object.Problem(key, "is required with " + std::string(owner));
  return object.Has(key);
}

void ReadPlace(ObjectReader& object, Fault& fault) {
  const bool in_request = fault.at == At::kRequestBody;
  const std::int64_t bytes = object.Integer("body_bytes", in_request ? 1 : 0, kBytesRange);
  HasOwn(object, "body_bytes", in_request || fault.at == At::kBody, in_request,
         in_request ? "\"at\": \"request_body\"" : "\"at\": \"request_body\" or \"body\"");
  if (in_request && bytes == 0) object.Problem("body_bytes", "must be at least 1 in a request");
  fault.body_bytes = static_cast<std::uint64_t>(bytes);
  const bool in_stream = fault.at == At::kSseEvent;
  fault.event = static_cast<std::size_t>(object.Integer("event", 0, kEventRange));
  HasOwn(object, "event", in_stream, true, "\"at\": \"sse_event\"");
  fault.within = object.Boolean("within", false);
  HasOwn(object, "within", in_stream, false, "\"at\": \"sse_event\"");
  if (fault.within && fault.kind == Kind::kErrorEvent) {
    object.Problem("within", "an event inside an event is none");
  }
}

void ReadGarbage(ObjectReader& object, Fault& fault) {
  std::optional<std::string> content = ReadContent(object);
  if (fault.kind != Kind::kGarbage) {
    for (const std::string_view key : {"json", "text", "base64", "bytes"}) {
      HasOwn(object, key, false, false, "\"kind\": \"garbage\"");
    }
    return;
  }
  if (content && content->empty()) object.Problem("kind", "garbage needs at least one byte");
  fault.bytes =
      std::make_shared<const std::string>(content ? *content : PatternBytes(kGarbageBytes));
}

void ReadErrorEvent(ObjectReader& object, Fault& fault, JsonProblems& problems) {
  constexpr std::string_view kOwner = "\"kind\": \"error_event\"";
  const bool belongs = fault.kind == Kind::kErrorEvent;
  const json* event = object.Object("error_event");
  HasOwn(object, "error_event", belongs, false, kOwner);
  fault.then_close = object.Choice("then", "end", {"end", "close"}) == "close";
  HasOwn(object, "then", belongs, false, kOwner);
  if (!belongs) return;
  SseEvent error;
  if (event != nullptr) {
    error = ReadSseEvent(*event, object.PointerTo("error_event"), problems, "error");
    if (error.delay.count() > 0) object.Problem("error_event", "comes without a delay");
  } else {
    error.event = "error";
    error.data = kErrorData;
  }
  fault.bytes = std::make_shared<const std::string>(EncodeSse(error));
}

InterimResponse ReadInterimResponse(const json& value, std::string pointer,
                                    JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  InterimResponse response;
  response.status = static_cast<int>(object.RequiredInteger("status", kInterimRange));
  if (response.status == kSwitchingProtocols) {
    object.Problem("status", "101 is the end of HTTP on a connection, not an interim response");
  }
  response.headers = ReadHeaders(object, "headers", problems);
  object.Finish();
  return response;
}

void ReadInterim(ObjectReader& object, Fault& fault, JsonProblems& problems) {
  const json* list = object.Array("interim");
  const bool belongs = fault.kind == Kind::kInterim;
  if (!HasOwn(object, "interim", belongs, true, "\"kind\": \"interim\"") || list == nullptr) return;
  if (list->empty() || list->size() > kMaxInterim) {
    object.Problem("interim", "takes 1 to " + std::to_string(kMaxInterim) + " responses");
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string pointer = JoinPointer(object.PointerTo("interim"), i);
    fault.interim.push_back(ReadInterimResponse((*list)[i], pointer, problems));
  }
}

void ReadNumbers(ObjectReader& object, Fault& fault) {
  fault.bytes_per_second =
      static_cast<std::uint64_t>(object.Integer("bytes_per_second", 1, kRateRange));
  HasOwn(object, "bytes_per_second", fault.kind == Kind::kDrip, true, "\"kind\": \"drip\"");
  fault.content_length =
      static_cast<std::uint64_t>(object.Integer("content_length", 0, kBytesRange));
  HasOwn(object, "content_length", fault.kind == Kind::kWrongContentLength, true,
         "\"kind\": \"wrong_content_length\"");
}

void ReadMembers(ObjectReader& object, Fault& fault, JsonProblems& problems) {
  if (!object.Has("kind")) object.Problem("kind", "is required");
  fault.kind = ReadName(object, "kind", kKinds);
  if (!IsMeaningful(fault.at, fault.kind)) {
    object.Problem(
        "kind", Quoted(ToString(fault.kind)) + " has no meaning at " + Quoted(ToString(fault.at)));
  }
  ReadPlace(object, fault);
  ReadNumbers(object, fault);
  ReadGarbage(object, fault);
  ReadErrorEvent(object, fault, problems);
  ReadInterim(object, fault, problems);
  object.Finish();
}

}  // namespace

Fault ReadFault(const json& value, std::string pointer, JsonProblems& problems) {
  ObjectReader object(value, std::move(pointer), problems);
  Fault fault;
  if (!object.Has("at")) object.Problem("at", "is required");
  const json* at = object.Value("at");
  if (at != nullptr && *at == ToString(At::kAccept)) {
    object.Problem("at",
                   "no key is known there: \"accept\" stands in the script's \"connections\"");
  }
  fault.at = ReadName(object, "at", kPlaces);
  ReadMembers(object, fault, problems);
  return fault;
}

Fault ReadAcceptFault(const json& value, std::string pointer, JsonProblems& problems) {
  constexpr At kAccept[] = {At::kAccept};
  ObjectReader object(value, std::move(pointer), problems);
  Fault fault;
  fault.at = ReadName(object, "at", kAccept);
  ReadMembers(object, fault, problems);
  return fault;
}

json FaultJson(const Fault& fault, const SecretMasker& masker) {
  json object = {{"at", ToString(fault.at)}, {"kind", ToString(fault.kind)}};
  if (fault.at == At::kBody || fault.at == At::kRequestBody) {
    object["body_bytes"] = fault.body_bytes;
  }
  if (fault.at == At::kSseEvent) object["event"] = fault.event;
  if (fault.within) object["within"] = true;
  if (fault.kind == Kind::kDrip) object["bytes_per_second"] = fault.bytes_per_second;
  if (fault.kind == Kind::kWrongContentLength) object["content_length"] = fault.content_length;
  if (fault.kind == Kind::kGarbage) object["bytes"] = fault.bytes->size();
  if (fault.kind == Kind::kErrorEvent) {
    object["event_text"] = masker.Mask(*fault.bytes);
    object["then"] = fault.then_close ? "close" : "end";
  }
  for (const InterimResponse& response : fault.interim) {
    json headers = json::array();
    for (const Headers::Field field : response.headers) {
      headers.push_back({field.name, masker.Mask(field.value)});
    }
    object["interim"].push_back({{"status", response.status}, {"headers", std::move(headers)}});
  }
  return object;
}

}  // namespace keywalk::mock
