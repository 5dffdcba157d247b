#include "sim/check/key_trace.h"

#include <algorithm>
#include <deque>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/check/invariant.h"
#include "sim/check/shadow_keys.h"
#include "sim/run/observer.h"

namespace keywalk::sim {
namespace {

// Without the unit: a column has one.
std::string Seconds(Instant at) {
  std::string text = InSeconds(at);
  return text.substr(0, text.size() - 2);
}

class KeyTraceRows final : public RunObserver {
 public:
  // Keeps `most` rows, none later than `until`.
  KeyTraceRows(const CheckedWorld& checked, std::size_t most, Instant until)
      : world_(checked.world), keys_(checked.world, *checked.policy), most_(most), until_(until) {}

  std::string Text() const {
    std::vector<Row> shown(rows_.begin(), rows_.end());
    Row head;
    head.cells = {"time", "request"};
    for (const KeySpec& key : world_.keys) head.cells.push_back(key.name);
    shown.insert(shown.begin(), head);
    return Aligned(shown);
  }

  void OnRequest(const SimRequest& request) override {
    std::string what = Name(request.id) + " arrives";
    if (world_.gateways.replicas > 1) what += " at replica " + std::to_string(request.replica);
    Add(request.sent_at, std::move(what), request.replica);
  }

  void OnAttemptSent(const AttemptSent& attempt) override {
    Row& row = Add(attempt.at, Name(attempt.request), attempt.replica);
    row.cells[kFirstKey + attempt.key] = "try";
  }

  void OnAttemptEnded(const AttemptEnded& attempt) override {
    std::string what;
    switch (attempt.how) {
      case AttemptEnded::How::kResponse:
        what = std::to_string(attempt.status);
        keys_.Apply(attempt);
        break;
      case AttemptEnded::How::kReset:
        what = "reset";
        break;
      case AttemptEnded::How::kTimeout:
        what = "timeout";
        break;
      case AttemptEnded::How::kAbandoned:
        what = "abandoned";
        break;
    }
    Row& row = Add(attempt.at, Name(attempt.request), attempt.replica);
    std::string& cell = row.cells[kFirstKey + attempt.key];
    cell = cell == "." ? what : what + " " + cell;
  }

  void OnAnswered(const Answered& answer) override {
    Add(answer.at, Name(answer.request->id) + " " + std::string(ToString(answer.outcome)),
        answer.request->replica);
  }

  void OnRestart(Instant at, std::uint32_t replica) override {
    keys_.OnRestart(replica);
    Add(at, "replica " + std::to_string(replica) + " restarts", replica);
  }

 private:
  static constexpr std::size_t kFirstKey = 2;
  struct Row {
    std::vector<std::string> cells;
  };

  static std::string Name(RequestId request) { return "r" + std::to_string(request); }

  static std::string StateOf(const ShadowKey& key, Instant at) {
    if (key.permanent) return "out";
    return key.valid(at) ? "." : "until " + Seconds(key.deadline);
  }

  Row& Add(Instant at, std::string what, std::uint32_t replica) {
    if (rows_.size() > most_) rows_.pop_front();
    Row row;
    row.cells = {Seconds(at), std::move(what)};
    for (const ShadowKey& key : keys_.of(replica)) row.cells.push_back(StateOf(key, at));
    if (at > until_) return dropped_ = std::move(row);
    rows_.push_back(std::move(row));
    return rows_.back();
  }

  static std::string Aligned(const std::vector<Row>& rows) {
    std::vector<std::size_t> widths(rows.front().cells.size());
    for (const Row& row : rows) {
      for (std::size_t i = 0; i < widths.size(); ++i) {
        widths[i] = std::max(widths[i], row.cells[i].size());
      }
    }
    std::string text;
    for (const Row& row : rows) {
      std::string line = std::string(widths[0] - row.cells[0].size(), ' ') + row.cells[0];
      for (std::size_t i = 1; i < widths.size(); ++i) {
        line += "  " + row.cells[i] + std::string(widths[i] - row.cells[i].size(), ' ');
      }
      text += "  " + line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return text;
  }

  const World& world_;
  ShadowKeys keys_;
  const std::size_t most_;
  const Instant until_;
  std::deque<Row> rows_;
  Row dropped_;
};

}  // namespace

std::string KeyTrace(const CheckedWorld& checked, std::size_t rows) {
  const CheckedRun run = RunChecked(checked);
  KeyTraceRows trace(checked, rows, run.first() != nullptr ? run.first()->at : run.end);
  RunChecked(checked, {&trace});
  return trace.Text();
}

}  // namespace keywalk::sim
