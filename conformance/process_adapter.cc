#include "conformance/process_adapter.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "config/json_reader.h"
#include "conformance/case_reader.h"
#include "conformance/child_process.h"
#include "conformance/masked_log.h"
#include "conformance/question.h"

namespace keywalk::conformance {
namespace {

using config::JoinPointer;
using config::JsonProblems;
using config::ObjectReader;
using nlohmann::json;

constexpr int kMaxRestarts = 3;
constexpr std::chrono::milliseconds kStopLimit{2'000};

// `{"skipped": {...}}` or `{"error": {...}}` in place of an answer.
std::optional<Refusal> ReadRefusal(const json& reply) {
  const auto text = [](const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
  };
  if (const auto skipped = reply.find("skipped"); skipped != reply.end()) {
    if (!skipped->is_object()) return Refusal::Error("answered \"skipped\" without an object");
    const std::string reason = text(*skipped, "reason");
    return Refusal(Refusal::Kind::kSkipped, reason.empty() ? "no reason given" : reason,
                   text(*skipped, "url"));
  }
  if (const auto error = reply.find("error"); error != reply.end()) {
    const std::string message = error->is_object() ? text(*error, "message") : "";
    return Refusal::Error("reported: " + (message.empty() ? std::string("an error") : message));
  }
  return std::nullopt;
}

// What a pool does not ask for is left out: it needs a capability that the adapter declares.
json ToJson(const PoolSetup& pool) {
  json setup = {{"id", pool.id},
                {"provider", pool.provider},
                {"policy", pool.policy},
                {"keys", pool.keys},
                {"base_url", pool.base_url}};
  if (!pool.more.limits.empty()) setup["limits"] = pool.more.limits;
  if (!pool.more.client_tokens.empty()) setup["client_tokens"] = pool.more.client_tokens;
  if (!pool.more.byok) setup["byok"] = false;
  if (!pool.observe.empty()) setup["observe"] = pool.observe;
  return setup;
}

// `{"url", "series": {NAME: SAMPLE}}`.
void ReadMetrics(const json& value, const std::string& pointer, PoolEndpoint& endpoint,
                 JsonProblems& problems) {
  ObjectReader metrics(value, pointer, problems);
  endpoint.metrics_url = metrics.RequiredString("url");
  if (const json* series = metrics.RequiredObject("series")) {
    ObjectReader names(*series, metrics.PointerTo("series"), problems);
    for (const std::string_view name : kSeries) {
      if (names.Has(name)) endpoint.series.emplace(name, names.String(name));
    }
    names.Finish();
  }
  metrics.Finish();
}

class ProcessAdapter final : public Adapter {
 public:
  explicit ProcessAdapter(ProcessAdapterOptions options)
      : options_(std::move(options)), log_(options_.log) {}
  ~ProcessAdapter() override { Stop(); }

  Reply<Identity> Hello() override {
    if (const auto refusal = Start()) return *refusal;
    return identity_;
  }

  Reply<PoolEndpoints> Setup(const std::vector<PoolSetup>& pools) override {
    if (const auto refusal = Restart()) return *refusal;
    has_pools_ = true;
    json command = {{"cmd", "setup"}, {"pools", json::array()}};
    std::vector<std::string> secrets;
    for (const PoolSetup& pool : pools) {
      command["pools"].push_back(ToJson(pool));
      secrets.insert(secrets.end(), pool.keys.begin(), pool.keys.end());
      const std::vector<std::string>& tokens = pool.more.client_tokens;
      secrets.insert(secrets.end(), tokens.begin(), tokens.end());
    }
    log_.SetSecrets(std::move(secrets));
    Reply<json> reply = Call(std::move(command), options_.start_limit);
    if (!reply) return reply.error();
    return ReadEndpoints(*reply);
  }

  std::optional<Refusal> Advance(Milliseconds step) override {
    Reply<json> reply = Call({{"cmd", "advance"}, {"ms", step.count()}}, options_.call_limit);
    if (!reply) return reply.error();
    return std::nullopt;
  }

  Reply<std::vector<std::string>> KeyStates(const std::string& pool) override {
    Reply<json> reply = Call({{"cmd", "key_states"}, {"pool", pool}}, options_.call_limit);
    if (!reply) return reply.error();
    JsonProblems problems("the reply");
    ObjectReader object(*reply, "", problems);
    object.RequiredArray("states");
    std::vector<std::string> states = object.Strings("states");
    if (problems.any()) return Refusal::Error(problems.error().message());
    return states;
  }

  Reply<Trace> Decide(const Case& test_case, const LoadedPolicy& policy) override {
    if (const auto refusal = Restart()) return *refusal;
    Reply<json> reply = Call({{"cmd", "decide"},
                              {"case", Question(test_case)},
                              {"policy", policy.policy->name},
                              {"policy_content", *policy.content}},
                             options_.call_limit);
    if (!reply) return reply.error();
    const auto trace = reply->find("trace");
    if (trace == reply->end()) return Refusal::Error("answered decide without a trace");
    Result<Trace> parsed = ParseTrace(*trace, test_case.kind == Case::Kind::kOperations);
    if (!parsed) return Refusal::Error(parsed.error().message());
    restarts_ = 0;
    return *std::move(parsed);
  }

  void Stop() override {
    if (!child_) return;
    // Whatever it answers, its input is closed next.
    [[maybe_unused]] const auto answer =
        Call({{"cmd", "stop"}}, std::min(options_.call_limit, kStopLimit));
    if (child_) child_->Stop(std::min(options_.call_limit, kStopLimit));
    child_.reset();
  }

 private:
  std::optional<Refusal> Start() {
    auto child =
        ChildProcess::Start(options_.command, [this](std::string_view line) { log_.Print(line); });
    if (!child) return Refusal::Error(child.error().message());
    child_ = *std::move(child);
    Reply<json> reply = Call({{"cmd", "hello"}, {"protocol", 1}}, options_.start_limit);
    if (!reply) return reply.error();
    return ReadIdentity(*reply);
  }

  // Starts a child that died anew, unless it held pools or dies again and again.
  std::optional<Refusal> Restart() {
    if (child_ || has_pools_ || restarts_ >= kMaxRestarts) return std::nullopt;
    ++restarts_;
    return Start();
  }

  std::optional<Refusal> ReadIdentity(const json& reply) {
    JsonProblems problems("the reply to hello");
    ObjectReader object(reply, "", problems);
    identity_.name = object.RequiredString("name");
    identity_.version = object.String("version");
    identity_.language = object.String("language");
    identity_.policies = object.Strings("policies");
    identity_.capabilities = object.Strings("capabilities");
    if (problems.any()) return Refusal::Error(problems.error().message());
    return std::nullopt;
  }

  Reply<PoolEndpoints> ReadEndpoints(const json& reply) {
    PoolEndpoints endpoints;
    JsonProblems problems("the reply to setup");
    ObjectReader object(reply, "", problems);
    const json* pools = object.RequiredObject("pools");
    if (pools == nullptr) return Refusal::Error(problems.error().message());
    for (const auto& pool : pools->items()) {
      ObjectReader member(pool.value(), JoinPointer("/pools", pool.key()), problems);
      PoolEndpoint endpoint;
      endpoint.base_url = member.RequiredString("base_url");
      endpoint.headers = ReadHeaders(member, "headers", problems);
      const json* body = member.Object("body");
      if (body != nullptr && !body->empty()) endpoint.body = std::make_shared<const json>(*body);
      if (const json* metrics = member.Object("metrics")) {
        ReadMetrics(*metrics, member.PointerTo("metrics"), endpoint, problems);
      }
      endpoint.dump_dir = member.String("dump_dir");
      member.Finish();
      endpoints.emplace(pool.key(), std::move(endpoint));
    }
    if (problems.any()) return Refusal::Error(problems.error().message());
    return endpoints;
  }

  // One command and its answer. After a failure of the channel the child is gone.
  Reply<json> Call(json command, std::chrono::milliseconds limit) {
    if (!child_)
      return Refusal::Error("the adapter is gone" + (gone_.empty() ? "" : ": it " + gone_));
    const std::uint64_t sequence = ++sequence_;
    command["seq"] = sequence;
    const Result<std::string> line = child_->Ask(command.dump(), limit);
    if (!line) return Lose(line.error().message());
    json reply = json::parse(*line, nullptr, false);
    if (!reply.is_object()) {
      return Lose("printed what is not a JSON object: " + log_.Mask(line->substr(0, 120)));
    }
    if (reply.value("seq", json()) != sequence) {
      return Lose("answered with another seq than " + std::to_string(sequence));
    }
    if (const auto refusal = ReadRefusal(reply)) {
      return Refusal(refusal->kind(), log_.Mask(refusal->reason()), refusal->url());
    }
    return reply;
  }

  Refusal Lose(std::string what) {
    child_.reset();  // its standard error has been read to the end now
    if (const std::string last = log_.TakeLast(); !last.empty()) {
      what += "; last on its standard error: " + last;
    }
    gone_ = what;
    return Refusal::Error("the adapter " + std::move(what));
  }

  const ProcessAdapterOptions options_;
  MaskedLog log_;
  std::unique_ptr<ChildProcess> child_;
  Identity identity_;
  std::uint64_t sequence_ = 0;
  int restarts_ = 0;
  bool has_pools_ = false;
  std::string gone_;  // why the last child is no more
};

}  // namespace

bool Identity::Has(std::string_view capability) const {
  return std::ranges::find(capabilities, capability) != capabilities.end();
}

std::unique_ptr<Adapter> NewProcessAdapter(ProcessAdapterOptions options) {
  return std::make_unique<ProcessAdapter>(std::move(options));
}

}  // namespace keywalk::conformance
