#include "conformance/process_adapter.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "conformance/adapter_reply.h"
#include "conformance/child_process.h"
#include "conformance/masked_log.h"
#include "conformance/question.h"

namespace keywalk::conformance {
namespace {

using nlohmann::json;

constexpr int kMaxRestarts = 3;
constexpr std::chrono::milliseconds kStopLimit{2'000};
constexpr std::size_t kMaxShownBytes = 120;  // of a line that is no reply

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
    return Masked(ReadEndpoints(*reply));
  }

  std::optional<Refusal> Advance(Milliseconds step) override {
    Reply<json> reply = Call({{"cmd", "advance"}, {"ms", step.count()}}, options_.call_limit);
    if (!reply) return reply.error();
    return std::nullopt;
  }

  Reply<std::vector<std::string>> KeyStates(const std::string& pool) override {
    Reply<json> reply = Call({{"cmd", "key_states"}, {"pool", pool}}, options_.call_limit);
    if (!reply) return reply.error();
    return Masked(ReadKeyStates(*reply));
  }

  Reply<Trace> Decide(const Case& test_case, const LoadedPolicy& policy) override {
    if (const auto refusal = Restart()) return *refusal;
    Reply<json> reply = Call({{"cmd", "decide"},
                              {"case", Question(test_case)},
                              {"policy", policy.policy->name},
                              {"policy_content", *policy.content}},
                             options_.call_limit);
    if (!reply) return reply.error();
    Reply<Trace> trace = Masked(ReadTrace(*reply, test_case.kind == Case::Kind::kOperations));
    if (trace) restarts_ = 0;
    return trace;
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
    Reply<Identity> identity = Masked(ReadIdentity(*reply));
    if (!identity) return identity.error();
    identity_ = *std::move(identity);
    return std::nullopt;
  }

  // Starts a child that died anew, unless it held pools or dies again and again.
  std::optional<Refusal> Restart() {
    if (child_ || has_pools_ || restarts_ >= kMaxRestarts) return std::nullopt;
    ++restarts_;
    return Start();
  }

  // One command and its answer. After a failure of the channel the child is gone.
  Reply<json> Call(json command, std::chrono::milliseconds limit) {
    if (!child_)
      return Refusal::Error("the adapter is gone" + (gone_.empty() ? "" : ": it " + gone_));
    const std::uint64_t sequence = ++sequence_;
    command["seq"] = sequence;
    const Result<std::string> line = child_->Ask(command.dump(), limit);
    if (!line) return Lose(line.error().message());
    Result<json> reply = ParseReply(*line, sequence);
    if (!reply) {
      // Masked before it is cut: of a key in the middle of the cut something would stay.
      const std::string shown = log_.Mask(*line).substr(0, kMaxShownBytes);
      return Lose(reply.error().message() + ": " + shown);
    }
    if (const auto refusal = ReadRefusal(*reply)) return Masked(*refusal);
    return *std::move(reply);
  }

  // What an implementation says may hold the keys that it was given.
  Refusal Masked(const Refusal& refusal) const {
    return Refusal(refusal.kind(), log_.Mask(refusal.reason()), log_.Mask(refusal.url()));
  }
  template <typename T>
  Reply<T> Masked(Reply<T> reply) const {
    if (!reply) return Masked(reply.error());
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
