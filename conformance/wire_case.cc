#include "conformance/wire_case.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "conformance/comparison.h"
#include "conformance/key_alias.h"
#include "conformance/wire_client.h"
#include "conformance/wire_observation.h"
#include "conformance/wire_records.h"
#include "conformance/wire_timeline.h"
#include "keywalk/http_transport.h"

namespace keywalk::conformance {
namespace {

using nlohmann::json;

// How long the journal may take to be complete once the client has its answer.
constexpr Milliseconds kSettleLimit{3'000};
// Real waiting for an implementation whose clock cannot be moved.
constexpr Milliseconds kMaxRealWait{2'500};

// So much later than it must be, an answer is not waited for.
constexpr Milliseconds kGrace{500};

// In a request's target: the implementation's own authority.
constexpr std::string_view kOwnHost = "{host}";

// A request as SDKs send it, where the case does not care.
std::shared_ptr<const std::string> UsualBody(std::string_view provider) {
  json body = {{"model", provider == "anthropic" ? "claude-sonnet-4-5" : "gpt-4o"},
               {"max_tokens", 16},
               {"messages", {{{"role", "user"}, {"content", "Hello"}}}}};
  return std::make_shared<const std::string>(body.dump());
}

bool ExpectsCutBody(const CaseRequest& request) {
  return request.expect.upstream &&
         std::ranges::any_of(*request.expect.upstream,
                             [](const ExpectedUpstream& attempt) { return attempt.cut_body; });
}

class WireCaseRun {
 public:
  WireCaseRun(const WireCaseContext& context, CaseResult& result)
      : context_(context),
        case_(context.pool.instance()),
        result_(result),
        timeline_(context.mock_started) {}

  void Run() {
    begin_ = context_.mock.journal_next();
    RunSteps();
    result_.timeline = timeline_.Finish(context_.mock.Journal(begin_), context_.pool);
  }

 private:
  void RunSteps() {
    if (!CheckTime()) return;
    for (const WireStep& step : context_.plan.steps) {
      if (!MoveTo(step.at)) return;
      const bool went_on = step.requests.empty() ? Check(step.check) : Send(step.requests);
      if (!went_on) return;
    }
    Conclude();
  }

  bool End(Verdict verdict, std::string reason) {
    result_.verdict = verdict;
    result_.reason = std::move(reason);
    return false;
  }

  bool Refused(const Refusal& refusal) {
    result_.reason_url = refusal.url();
    return End(refusal.kind() == Refusal::Kind::kSkipped ? Verdict::kSkipped : Verdict::kError,
               refusal.reason());
  }

  bool CheckTime() {
    const bool can =
        context_.identity.Has("clock") || context_.plan.steps.back().at <= kMaxRealWait;
    return can || End(Verdict::kSkipped, "needs the capability clock");
  }

  // By the nominal difference: an implementation's clock may stand still between two commands.
  bool MoveTo(Milliseconds at) {
    if (at <= now_) return true;
    const Milliseconds step = at - now_;
    now_ = at;
    timeline_.AddAdvance(step, context_.identity.Has("clock"));
    if (!context_.identity.Has("clock")) {
      std::this_thread::sleep_for(step);  // real time itself is what is waited for
      return true;
    }
    const std::lock_guard lock(context_.adapter_mutex);
    const std::optional<Refusal> refusal = context_.adapter.Advance(step);
    return !refusal || Refused(*refusal);
  }

  bool Check(std::size_t index) {
    const StateCheck& check = case_.checks[index];
    const std::string at = std::to_string(check.at.count()) + " ms";
    if (!context_.identity.Has("key_states")) {
      result_.notes.push_back("key states at " + at + " were not looked at");
      return true;
    }
    if (context_.plan.IsUnsure(index)) {
      result_.notes.push_back("key states at " + at + " hang on a moment");
      return true;
    }
    const std::lock_guard lock(context_.adapter_mutex);
    const auto states = context_.adapter.KeyStates(context_.pool.id());
    if (!states) return Refused(states.error());
    if (*states != check.states) {
      result_.mismatches.push_back(
          {"states at " + at, DescribeList(check.states), DescribeList(*states)});
    }
    return true;
  }

  bool Send(const std::vector<std::size_t>& indexes) {
    const Result<BaseUrl> base = BaseUrl::Parse(context_.endpoint.base_url);
    if (!base || base->tls) return End(Verdict::kError, "setup answered with no http base_url");
    const std::uint64_t from = context_.mock.journal_next();
    std::vector<WireObservation> seen(indexes.size());
    std::vector<std::thread> senders;
    for (std::size_t i = 0; i < indexes.size(); ++i) {
      const CaseRequest& asked = case_.requests[indexes[i]];
      WireRequest request = MakeRequest(asked, *base);
      request.wait_to_leave = [this, &asked, from, alone = indexes.size() == 1] {
        WaitForAttempts(from, alone ? nullptr : &asked.path, asked.expect.attempts.size());
      };
      if (asked.pauses) request.pauses_after = asked.pauses->bytes;
      if (asked.pauses && asked.pauses->attempts > 0) {
        request.wait_to_go_on = [this, &asked, from, alone = indexes.size() == 1] {
          return WaitForAttempts(from, alone ? nullptr : &asked.path, asked.pauses->attempts);
        };
      }
      seen[i].sent_body = request.body;
      seen[i].upstream_path = context_.pool.upstream_path();
      seen[i].upstream_host = context_.pool.upstream_host();
      seen[i].merged = context_.endpoint.body;
      if (indexes.size() == 1) {
        seen[i].exchange = Exchange(request);
      } else {
        senders.emplace_back([&exchange = seen[i].exchange, request = std::move(request)] {
          exchange = Exchange(request);
        });
      }
    }
    for (std::thread& sender : senders) sender.join();
    for (std::size_t i = 0; i < indexes.size(); ++i) {
      const CaseRequest& request = case_.requests[indexes[i]];
      timeline_.AddExchange(request, seen[i].exchange);
      if (seen[i].exchange.error.starts_with("cannot ")) {
        return End(Verdict::kError, WithEnding(seen[i].exchange.error));
      }
      CollectAttempts(from, indexes.size() > 1 ? &request.path : nullptr, request, seen[i]);
      CompareWire(case_, request, context_.policy, context_.identity.Has("body.verbatim"), seen[i],
                  result_.mismatches);
      CompareSecrets(request, seen[i].exchange.response);
      TracedRequest& traced = trace_.requests.emplace_back();
      for (const WireAttempt& attempt : seen[i].attempts) {
        traced.attempts.push_back(attempt.alias);
        timeline_.Attribute(attempt.entry.sequence, request.id);
      }
      result_.attempts[request.id] = traced.attempts;
      result_.requests.push_back(BlankRecord(request));
      result_.requests.back().outcome =
          seen[i].exchange.answered ? "status " + std::to_string(seen[i].exchange.response.status)
                                    : "no answer";
    }
    return true;
  }

  // Why nothing listens any more, where that is known.
  std::string WithEnding(const std::string& error) {
    const std::lock_guard lock(context_.adapter_mutex);
    const std::string ending = context_.adapter.Ending();
    return ending.empty() ? error : error + "; " + ending;
  }

  WireRequest MakeRequest(const CaseRequest& request, const BaseUrl& base) const {
    WireRequest wire;
    wire.host = base.host;
    wire.port = base.port;
    wire.authority = base.authority;
    wire.method = request.method;
    wire.target = request.origin + base.path + request.path;
    if (const std::size_t at = wire.target.find(kOwnHost); at != std::string::npos) {
      wire.target.replace(at, kOwnHost.size(), base.authority);
    }
    wire.leaves = request.leaves;
    wire.headers = request.headers;
    if (!request.byok.empty()) {
      AddClientKey(wire.headers, case_.provider, context_.pool.secrets().at(request.byok));
    }
    for (const Headers::Field field : context_.endpoint.headers) {
      wire.headers.Add(field.name, field.value);
    }
    wire.chunked = request.chunked;
    wire.body = request.body;
    if (!wire.body && request.method == "POST") wire.body = UsualBody(case_.provider);
    const bool is_json = wire.body && wire.body->starts_with('{') && json::accept(*wire.body);
    if (is_json && !wire.headers.Contains("Content-Type")) {
      wire.headers.Add("Content-Type", "application/json");
    }
    if (is_json && context_.endpoint.body) {
      json merged = json::parse(*wire.body);
      merged.update(*context_.endpoint.body);
      wire.body = std::make_shared<const std::string>(merged.dump());
    }
    wire.limit = context_.request_limit;
    // Longer than that need not be waited to know that it is too long.
    if (request.expect.within) wire.limit = std::min(wire.limit, *request.expect.within + kGrace);
    return wire;
  }

  bool IsOurs(const mock::JournalEntry& entry, const std::string* path) const {
    if (!WirePool::IsAttempt(entry)) return false;
    const std::string& base = context_.pool.upstream_path();
    if (path != nullptr) return entry.target == base + *path;
    // By its key too: a target may have escaped.
    return entry.target.starts_with(base + "/") || entry.lane.starts_with(context_.pool.id() + "/");
  }

  // False if they are not there in time.
  bool WaitForAttempts(std::uint64_t from, const std::string* path, std::size_t count) const {
    return context_.mock.WaitForJournal(
        [&](const std::vector<mock::JournalEntry>& journal) {
          const auto ours = [&](const mock::JournalEntry& entry) {
            return entry.sequence >= from && IsOurs(entry, path);
          };
          return std::count_if(journal.begin(), journal.end(), ours) >=
                 static_cast<std::ptrdiff_t>(count);
        },
        kSettleLimit);
  }

  // True if a request of this case came before on the same connection: one that is idle since an
  // earlier case would hide that the case's own have been given up.
  bool IsReused(const mock::JournalEntry& entry) const {
    const std::vector<mock::JournalEntry> journal = context_.mock.Journal(begin_);
    return std::any_of(journal.begin(), journal.end(), [&](const mock::JournalEntry& other) {
      return other.connection == entry.connection && other.sequence < entry.sequence;
    });
  }

  // An answer that the implementation makes itself shows no key.
  void CompareSecrets(const CaseRequest& request, const ReceivedResponse& response) {
    if (request.expect.outcome.kind == Outcome::Kind::kForward) return;
    std::string text = response.body;
    for (const Headers::Field field : response.headers) text.append("\n").append(field.value);
    const std::string alias = FindLeak(text, context_.pool.secrets());
    if (alias.empty()) return;
    result_.mismatches.push_back(
        {request.id + " response", "no more of a key than its hint", "more of " + alias});
  }

  // The journal's entries of this request once they are complete, or as they are by then.
  void CollectAttempts(std::uint64_t from, const std::string* path, const CaseRequest& request,
                       WireObservation& seen) {
    const bool needs_body = request.expect.upstream.has_value();
    // Who breaks off in its body is noticed upstream, and written down there, a moment later.
    const bool breaks_off = ExpectsCutBody(request);
    const bool is_gone = request.leaves.has_value() || breaks_off;
    const auto is_ours = [&](const mock::JournalEntry& entry) {
      return entry.sequence >= from && IsOurs(entry, path);
    };
    const auto settled = [&](const std::vector<mock::JournalEntry>& journal) {
      const auto count = std::count_if(journal.begin(), journal.end(), is_ours);
      if (breaks_off && count < std::ssize(request.expect.attempts)) return false;
      return std::all_of(journal.begin(), journal.end(), [&](const mock::JournalEntry& entry) {
        if (!is_ours(entry)) return true;
        if (is_gone) return entry.ended;
        // A fault may fire long before the answer that it only delays or precedes.
        const bool answers = entry.status >= 200 && entry.fault != mock::FaultState::kPending;
        return entry.ended || (answers && (!needs_body || entry.body_complete || entry.answered));
      });
    };
    if (!settled(context_.mock.Journal(from))) context_.mock.WaitForJournal(settled, kSettleLimit);
    for (mock::JournalEntry& entry : context_.mock.Journal(from)) {
      if (!IsOurs(entry, path)) continue;
      std::string alias = context_.pool.AliasOf(entry.lane);
      const bool reused = context_.plan.counts_connections && IsReused(entry);
      seen.attempts.push_back(WireAttempt{std::move(alias), std::move(entry), reused});
      ++collected_;
    }
    LookForUnfired(seen.attempts);
  }

  // A fault behind the head of an answer that another attempt followed may not fire: an answer that
  // is not wanted may be given up at once.
  void LookForUnfired(const std::vector<WireAttempt>& attempts) {
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      const mock::JournalEntry& entry = attempts[i].entry;
      if (entry.fault != mock::FaultState::kPending &&
          entry.fault != mock::FaultState::kNotReached) {
        continue;
      }
      const mock::ScriptStep* step = FindServedStep(case_, attempts[i]);
      const bool behind_head =
          step != nullptr && step->fault && step->fault->at >= mock::Fault::At::kAfterHead;
      if (behind_head && entry.status != 0 && i + 1 < attempts.size()) {
        result_.notes.push_back(attempts[i].alias + "'s answer was given up before its fault");
      } else {
        unfired_ = "the fault scripted for " + attempts[i].alias + " did not fire";
      }
    }
  }

  // Attempts that were made when their request had long ended.
  void CompareLateAttempts() {
    const std::vector<mock::JournalEntry> journal = context_.mock.Journal(begin_);
    const auto all = static_cast<std::size_t>(
        std::count_if(journal.begin(), journal.end(),
                      [&](const mock::JournalEntry& entry) { return IsOurs(entry, nullptr); }));
    if (all <= collected_) return;
    result_.mismatches.push_back(
        {"attempts in all", std::to_string(collected_), std::to_string(all)});
  }

  std::optional<std::string> FindUnfiredConnection() const {
    if (case_.connections.script.steps.empty()) return std::nullopt;
    for (const mock::AcceptFaultReport& report : context_.mock.AcceptFaults()) {
      if (report.fired > 0) continue;
      return "the fault scripted for connections in step " + std::to_string(report.step) +
             " never fired";
    }
    return std::nullopt;
  }

  void Conclude() {
    CompareLateAttempts();
    CompareRecords(context_.pool, context_.endpoint, result_.mismatches);
    if (!result_.mismatches.empty()) {
      result_.verdict = Verdict::kFail;
      return;
    }
    if (!unfired_) unfired_ = FindUnfiredFault(case_, trace_);
    if (!unfired_) unfired_ = FindUnfiredConnection();
    if (unfired_) End(Verdict::kInconclusive, *unfired_);
  }

  const WireCaseContext& context_;
  const Case& case_;
  CaseResult& result_;
  Milliseconds now_{0};
  std::uint64_t begin_ = 0;    // the journal's next number at the start
  std::size_t collected_ = 0;  // entries that a request has been given
  Trace trace_;                // the attempts only
  WireTimeline timeline_;
  std::optional<std::string> unfired_;
};

}  // namespace

void RunWireCase(const WireCaseContext& context, CaseResult& result) {
  WireCaseRun(context, result).Run();
}

}  // namespace keywalk::conformance
