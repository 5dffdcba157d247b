#include "conformance/wire_observation.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string_view>

#include "conformance/response_comparison.h"
#include "keywalk/provider.h"
#include "mockupstream/serve/sha256.h"

namespace keywalk::conformance {
namespace {

using nlohmann::json;

std::string DescribeAnswer(const WireExchange& exchange) {
  if (!exchange.answered) return "no answer (" + exchange.error + ")";
  std::string text = "status " + std::to_string(exchange.response.status);
  if (const auto wait = exchange.response.headers.Find("Retry-After")) {
    text += ", Retry-After " + std::string(*wait);
  }
  return text;
}

std::vector<std::string> Aliases(const std::vector<WireAttempt>& attempts) {
  std::vector<std::string> aliases;
  for (const WireAttempt& attempt : attempts) aliases.push_back(attempt.alias);
  return aliases;
}

// The same of the request's last attempt.
const mock::ScriptStep* LastStep(const Case& test_case, const WireObservation& seen) {
  return seen.attempts.empty() ? nullptr : FindServedStep(test_case, seen.attempts.back());
}

bool IsJson(const std::shared_ptr<const std::string>& body) {
  return body == nullptr || json::accept(*body);
}

// The value without the members that the setup put into every request: a gateway that finds its
// pool by them may answer with them, and does not send them on.
json WithoutMerged(json value, const WireObservation& seen) {
  if (seen.merged == nullptr || !value.is_object()) return value;
  for (const auto& member : seen.merged->items()) value.erase(member.key());
  return value;
}

// A body that was read and written anew: the same values, and perhaps more members.
void CompareByValue(const WireObservation& seen, ExpectedContent& content) {
  std::optional<json> value;
  if (content.json) value = *content.json;
  if (content.bytes && json::accept(*content.bytes)) value = json::parse(*content.bytes);
  if (!value) return;
  content = ExpectedContent();
  content.json_includes = std::make_shared<const json>(WithoutMerged(*std::move(value), seen));
}

// True if the answer that comes is not the one that the step states.
bool SpoilsAnswer(const mock::ScriptStep& step) {
  using Kind = mock::Fault::Kind;
  return step.fault && step.fault->kind != Kind::kInterim && step.fault->kind != Kind::kDrip &&
         step.fault->kind != Kind::kEarlyResponse;
}

// What a forwarded answer must be where the fixture says no more: the upstream's, whole.
ExpectedResponse ForwardedResponse(const Case& test_case, const CaseRequest& request, bool verbatim,
                                   const WireObservation& seen) {
  ExpectedResponse expected = request.expect.response.value_or(ExpectedResponse());
  if (!expected.status) expected.status = request.expect.outcome.status;
  const ExpectedContent& content = expected.content;
  const bool stated = content.bytes || content.json || content.json_includes || content.sse;
  if (!verbatim) CompareByValue(seen, expected.content);
  const mock::ScriptStep* step = LastStep(test_case, seen);
  if (stated || step == nullptr) return expected;
  if (SpoilsAnswer(*step) || step->endless || !step->sse.empty() || request.method == "HEAD") {
    return expected;
  }
  if (verbatim || step->body == nullptr || !json::accept(*step->body)) {
    expected.content.bytes = step->body ? step->body : std::make_shared<const std::string>();
  } else {
    expected.content.bytes = step->body;
    CompareByValue(seen, expected.content);
  }
  return expected;
}

// What an exhausted pool must answer: the provider's error of the specification, and what the
// fixture says beyond that.
ExpectedResponse ExhaustedResponse(const Case& test_case, const CaseRequest& request,
                                   const Policy& policy) {
  ExpectedResponse expected = request.expect.response.value_or(ExpectedResponse());
  const auto answer = FindProvider(test_case.provider)
                          ->BuildExhaustedResponse(request.expect.outcome.exhaustion, policy);
  if (!answer) {
    if (!expected.status) expected.status = 502;
    return expected;
  }
  if (!expected.status) expected.status = answer->status;
  const auto wait = answer->headers.Find("Retry-After");
  if (wait && !expected.headers.Contains("Retry-After")) {
    expected.headers.Add("Retry-After", *wait);
  } else if (!wait) {
    expected.absent_headers.emplace_back("Retry-After");
  }
  const ExpectedContent& content = expected.content;
  if (!content.bytes && !content.json && !content.json_includes) {
    expected.content.json_includes = std::make_shared<const json>(json::parse(answer->body));
  }
  return expected;
}

ExpectedResponse FailedResponse(const CaseRequest& request, int status) {
  ExpectedResponse expected = request.expect.response.value_or(ExpectedResponse());
  if (!expected.status) expected.status = status;
  return expected;
}

// The client is not there to compare anything; what is left of it upstream must have ended.
void CompareDeparture(const CaseRequest& request, const WireObservation& seen,
                      std::vector<Mismatch>& mismatches) {
  if (!seen.exchange.left) {
    mismatches.push_back(
        {request.id + " outcome", Describe(request.expect.outcome),
         "the exchange ended before the client could go: " + DescribeAnswer(seen.exchange)});
  }
  for (std::size_t i = 0; i < seen.attempts.size(); ++i) {
    if (seen.attempts[i].entry.ended) continue;
    mismatches.push_back(
        {request.id + " attempt " + std::to_string(i), "ends when the client has gone", "goes on"});
  }
}

// The client is silent: the implementation ends the connection, with an error or without a word.
void CompareDrop(const CaseRequest& request, const WireObservation& seen,
                 std::vector<Mismatch>& mismatches) {
  const WireExchange& exchange = seen.exchange;
  const int status = exchange.response.status;
  const bool answer_fits = !exchange.answered || (status >= 400 && status < 500);
  if (!exchange.timed_out && answer_fits) return;
  mismatches.push_back({request.id + " outcome", Describe(request.expect.outcome),
                        exchange.timed_out ? "still open" : DescribeAnswer(exchange)});
}

void CompareAnswer(const Case& test_case, const CaseRequest& request, const Policy& policy,
                   bool verbatim, const WireObservation& seen, std::vector<Mismatch>& mismatches) {
  const Outcome& outcome = request.expect.outcome;
  const auto wrong_outcome = [&](const std::string& actual) {
    mismatches.push_back({request.id + " outcome", Describe(outcome), actual});
  };
  if (outcome.kind == Outcome::Kind::kGone) return CompareDeparture(request, seen, mismatches);
  if (outcome.kind == Outcome::Kind::kDropped) return CompareDrop(request, seen, mismatches);
  if (!seen.exchange.answered) return wrong_outcome(DescribeAnswer(seen.exchange));
  const bool upstream_answered = !seen.attempts.empty() && seen.attempts.back().entry.status != 0;
  ExpectedResponse expected;
  if (outcome.kind == Outcome::Kind::kForward) {
    if (!upstream_answered || seen.attempts.back().entry.status != outcome.status ||
        seen.exchange.response.status != outcome.status) {
      return wrong_outcome(DescribeAnswer(seen.exchange));
    }
    expected = ForwardedResponse(test_case, request, verbatim, seen);
  } else if (outcome.kind == Outcome::Kind::kExhausted) {
    expected = ExhaustedResponse(test_case, request, policy);
  } else {
    const bool refused = outcome.kind == Outcome::Kind::kRefused;
    expected = FailedResponse(request, refused ? outcome.status : 502);
  }
  CompareResponse(expected, seen.exchange.response, request.id, mismatches);
  if (expected.streamed) {
    std::chrono::nanoseconds scripted{};
    const mock::ScriptStep* step = LastStep(test_case, seen);
    for (std::size_t i = 1; step != nullptr && i < step->sse.size(); ++i) {
      scripted += step->sse[i].delay;
    }
    // A buffered stream comes in one piece; half leaves room for a busy machine.
    if (seen.exchange.body_time < scripted / 2) {
      mismatches.push_back({request.id + " response", "its first event before the last is sent",
                            "all events at once"});
    }
  }
}

std::string Digest(std::string_view bytes) {
  mock::Sha256 digest;
  digest.Update(bytes);
  return digest.FinishHex();
}

std::string BelowBase(std::string_view target, std::string_view base) {
  return std::string(target.starts_with(base) ? target.substr(base.size()) : target);
}

// True if the upstream got what the client sent.
bool IsSameBody(const WireObservation& seen, const std::string& sent_digest, bool verbatim,
                const mock::JournalEntry& entry) {
  const std::string_view sent = seen.sent_body ? std::string_view(*seen.sent_body) : "";
  if (!entry.body_complete) return false;
  if (entry.body_bytes == sent.size() && entry.body_sha256 == sent_digest) return true;
  if (verbatim || entry.body_truncated) return false;
  const json actual = json::parse(entry.body, nullptr, false);
  return !actual.is_discarded() &&
         Includes(actual, WithoutMerged(json::parse(sent, nullptr, false), seen));
}

void CompareUpstream(const CaseRequest& request, bool verbatim, const WireObservation& seen,
                     std::vector<Mismatch>& mismatches) {
  if (!request.expect.upstream || request.expect.upstream->size() != seen.attempts.size()) return;
  const std::string_view sent = seen.sent_body ? std::string_view(*seen.sent_body) : "";
  const std::string sent_digest = Digest(sent);
  for (std::size_t i = 0; i < seen.attempts.size(); ++i) {
    const ExpectedUpstream& expected = (*request.expect.upstream)[i];
    const mock::JournalEntry& entry = seen.attempts[i].entry;
    const std::string where = request.id + " attempt " + std::to_string(i);
    const std::string path = BelowBase(entry.target, seen.upstream_path);
    if (expected.path && *expected.path != path) {
      mismatches.push_back({where + " path", *expected.path, path});
    }
    if (expected.same_method && entry.method != request.method) {
      mismatches.push_back({where + " method", request.method, entry.method});
    }
    Headers headers = expected.headers;
    if (expected.own_host) headers.Add("Host", seen.upstream_host);
    CompareHeaders(headers, expected.absent_headers, entry.headers, where, mismatches);
    if (expected.reused && !seen.attempts[i].reused) {
      mismatches.push_back({where + " connection", "one that was used before", "a new one"});
    }
    if (expected.cut_body && entry.body_complete) {
      mismatches.push_back({where + " body", "a body that is cut off",
                            "a whole one of " + std::to_string(entry.body_bytes) + " bytes"});
    }
    if (expected.same_body && !IsSameBody(seen, sent_digest, verbatim, entry)) {
      mismatches.push_back({where + " body",
                            "the client's " + std::to_string(sent.size()) + " bytes",
                            (entry.body_complete ? "another body of " : "a cut body of ") +
                                std::to_string(entry.body_bytes) + " bytes"});
    }
  }
}

}  // namespace

const mock::ScriptStep* FindServedStep(const Case& test_case, const WireAttempt& attempt) {
  const mock::Lane* lane = FindLane(test_case, attempt.alias);
  if (!attempt.entry.step || lane == nullptr || lane->steps.empty()) return nullptr;
  std::size_t number = *attempt.entry.step % StepCount(*lane);
  if (lane->at_end != mock::AtEnd::kLoop) {
    number = std::min(*attempt.entry.step, StepCount(*lane) - 1);
  }
  for (const mock::ScriptStep& step : lane->steps) {
    if (number < step.times) return &step;
    number -= step.times;
  }
  return nullptr;
}

bool ComparesByValue(const Case& test_case) {
  for (const auto& [alias, lane] : test_case.lanes) {
    for (const mock::ScriptStep& step : lane.steps) {
      if (!IsJson(step.body)) return false;
    }
  }
  return std::all_of(
      test_case.requests.begin(), test_case.requests.end(), [](const CaseRequest& request) {
        const auto& response = request.expect.response;
        return IsJson(request.body) && (!response || IsJson(response->content.bytes));
      });
}

bool PassesOtherBodies(const Case& test_case) {
  const auto passes_other = [](const mock::ScriptStep& step) {
    return step.status >= 200 && step.status < 300 && step.body != nullptr && !step.body->empty() &&
           !json::accept(*step.body);
  };
  return std::ranges::any_of(test_case.requests,
                             [](const CaseRequest& request) { return !IsJson(request.body); }) ||
         std::ranges::any_of(test_case.lanes, [&](const auto& lane) {
           return std::ranges::any_of(lane.second.steps, passes_other);
         });
}

void CompareWire(const Case& test_case, const CaseRequest& request, const Policy& policy,
                 bool verbatim, const WireObservation& seen, std::vector<Mismatch>& mismatches) {
  const std::vector<std::string> attempts = Aliases(seen.attempts);
  if (attempts != request.expect.attempts) {
    mismatches.push_back(
        {request.id + " attempts", DescribeList(request.expect.attempts), DescribeList(attempts)});
  }
  for (const WireAttempt& attempt : seen.attempts) {
    if (attempt.alias != "?" && !attempt.entry.step) {
      mismatches.push_back({"lane " + attempt.alias, "no attempt past its last step", "one"});
    }
  }
  if (seen.exchange.paused_in_vain) {
    mismatches.push_back({request.id + " pause",
                          "attempts within the body: " + std::to_string(request.pauses->attempts),
                          "fewer"});
  }
  CompareAnswer(test_case, request, policy, verbatim, seen, mismatches);
  CompareUpstream(request, verbatim, seen, mismatches);
  if (request.expect.within && seen.exchange.duration > *request.expect.within) {
    const auto took = std::chrono::ceil<Milliseconds>(seen.exchange.duration);
    mismatches.push_back({request.id + " duration",
                          "at most " + std::to_string(request.expect.within->count()) + " ms",
                          std::to_string(took.count()) + " ms"});
  }
}

}  // namespace keywalk::conformance
