#include "tests/steps/judge.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

namespace keywalk::steps {
namespace {

using testing::DiskFault;
using testing::StreamFault;

bool IsHarmless(const Failure& failure) {
  const bool connection = failure.fault == StreamFault::kNone ||
                          failure.fault == StreamFault::kOneByte ||
                          failure.fault == StreamFault::kLate;
  const bool disk = failure.disk == DiskFault::kNone || failure.disk == DiskFault::kShort ||
                    failure.disk == DiskFault::kInterrupted;
  return failure.intrusion == Intrusion::kNone && connection && disk;
}

// Where the number behind `name` in a log line stands for the line.
std::size_t NumberIn(std::string_view line, std::string_view name) {
  std::size_t number = 0;
  const std::size_t begin = line.find(name);
  if (begin == line.npos) return 0;
  std::from_chars(line.data() + begin + name.size(), line.data() + line.size(), number);
  return number;
}

class Judgement {
 public:
  Judgement(const ProxySetup& setup, const Failure& failure, const Outcome& outcome,
            const Outcome& usual)
      : scenario_(setup.scenario),
        mode_(setup.mode),
        failure_(failure),
        outcome_(outcome),
        usual_(usual) {}

  std::string Run() {
    CheckNothingIsLeft();
    CheckAnswers();
    CheckExchanges();
    CheckKeys();
    CheckLog();
    if (IsHarmless(failure_)) {
      CheckAsUsual();
    } else if (failure_.intrusion != Intrusion::kNone) {
      CheckIntruded();
    } else if (failure_.side == Failure::Side::kUpstream) {
      CheckUpstreamFailed();
    } else if (failure_.side == Failure::Side::kDisk) {
      CheckDiskFailed();
    } else {
      CheckClientFailed();
    }
    return problems_;
  }

 private:
  void Require(bool holds, const std::string& what) {
    if (!holds) problems_ += "- " + what + "\n";
  }

  void CheckNothingIsLeft() {
    Require(!outcome_.unfinished, "something waits for ever");
    Require(outcome_.connections_left == 0, "a client's connection is left");
    Require(outcome_.body_bytes_left == 0, "bytes of bodies are kept");
    Require(outcome_.streams_left == 0, "an upstream connection is left");
    Require(!outcome_.work_left, "a coroutine is left");
  }

  // One answer for a request, right by its framing, and nothing after one that is not.
  void CheckAnswers() {
    Require(!outcome_.garbled, "the client got bytes of no answer");
    for (std::size_t i = 0; i < outcome_.answers.size(); ++i) {
      const ClientAnswer& answer = outcome_.answers[i];
      const bool last = i + 1 == outcome_.answers.size();
      Require(answer.complete || last, "an answer after one that was cut off");
      if (!answer.begun || answer.status != 200) continue;
      Require(scenario_.answer.content.starts_with(answer.content), "an answer was changed");
      Require(!answer.complete || answer.content == scenario_.answer.content || CannotBeSeen(),
              "an answer was cut off as if it were whole");
    }
  }

  // That the upstream's answer has ended too early.
  bool CannotBeSeen() const {
    return scenario_.answer.ends_with_connection && failure_.side == Failure::Side::kUpstream &&
           failure_.fault == StreamFault::kEnd;
  }

  // What the upstream read is what the client sent, and nobody's key was tried twice.
  void CheckExchanges() {
    const Exchange* before = nullptr;
    for (const Exchange& exchange : outcome_.exchanges) {
      const std::string& sent = scenario_.requests.at(exchange.request).content;
      Require(sent.starts_with(exchange.content), "a request was changed");
      const bool withheld = scenario_.expect_continue_bytes > 0 && exchange.answer.early_after == 0;
      Require(
          !exchange.complete || exchange.content == sent || (withheld && exchange.content.empty()),
          "a request was cut off as if it were whole");
      if (before != nullptr && before->request == exchange.request) {
        Require(exchange.key > before->key, "a key was tried twice");
        Require(IsSeen(*before) && before->answer.refuses(), "failover without a refusal");
      }
      before = &exchange;
    }
  }

  // The proxy was given the head of its answer.
  bool IsSeen(const Exchange& exchange) const {
    return outcome_.delivered[exchange.connection] >= exchange.head_ends;
  }
  bool IsWhole(const Exchange& exchange) const {
    return outcome_.delivered[exchange.connection] >= exchange.answer_ends;
  }

  // Only what the upstream said marks a key.
  void CheckKeys() {
    for (KeyIndex key = 0; key < outcome_.keys.size(); ++key) {
      const bool refused = std::ranges::any_of(outcome_.exchanges, [&](const Exchange& exchange) {
        return exchange.key == key && exchange.answer.refuses() && IsSeen(exchange);
      });
      const bool followed = std::ranges::any_of(
          outcome_.exchanges, [key](const Exchange& exchange) { return exchange.key > key; });
      const bool marked = outcome_.keys[key] != KeyState::kValid;
      Require(refused || !marked, "a key was marked that nobody refused");
      const bool client_stays =
          failure_.side != Failure::Side::kClient && failure_.intrusion == Intrusion::kNone;
      Require(marked || !refused || !(client_stays || followed), "a refused key was not marked");
    }
  }

  // A line for each request, and as many attempts as the upstream has seen begin.
  void CheckLog() {
    std::size_t lines = 0;
    for (std::size_t i = 0; i < scenario_.requests.size(); ++i) {
      const std::string begin = "POST /v1/r" + std::to_string(i) + " ";
      const auto seen =
          static_cast<std::size_t>(std::ranges::count(outcome_.exchanges, i, &Exchange::request));
      std::size_t of_request = 0;
      for (const std::string& line : outcome_.log) {
        if (!line.starts_with(begin)) continue;
        ++of_request;
        const std::size_t attempts = NumberIn(line, " attempts=");
        const std::size_t unseen = IsHarmless(failure_) ? 0 : 1;
        Require(attempts >= seen && attempts <= seen + unseen,
                "not the attempts that the upstream saw: " + line);
      }
      Require(of_request <= 1, "a request was logged twice");
      Require(seen == 0 || of_request == 1, "a request was not logged");
      lines += of_request;
    }
    const bool blamed = std::ranges::any_of(outcome_.log, [](const std::string& line) {
      return line.find("upstream proxy error") != line.npos;
    });
    const bool upstream_failed =
        failure_.side == Failure::Side::kUpstream && failure_.intrusion == Intrusion::kNone;
    Require(!blamed || upstream_failed, "the upstream is blamed for what it has not done");
    Require(lines >= outcome_.answers.size() || failure_.side == Failure::Side::kClient ||
                failure_.intrusion != Intrusion::kNone,
            "an answer was not logged");
  }

  // An upload that is late and the answer that comes before its end: either may come first, and the
  // answer ends the connection if it does.
  bool MayEndWithAnswer() const {
    return mode_ == BodyMode::kStream && scenario_.answer.early_after &&
           failure_.side == Failure::Side::kClient && failure_.fault == StreamFault::kLate;
  }

  void CheckAsUsual() {
    const std::size_t answered = outcome_.answers.size();
    const bool all = answered == scenario_.requests.size();
    Require(all || (answered > 0 && MayEndWithAnswer()), "not every request was answered");
    for (const ClientAnswer& answer : outcome_.answers) {
      Require(answer.complete && answer.status == 200, "not the usual answer");
    }
    bool same = outcome_.exchanges.size() == (all ? usual_.exchanges.size() : answered);
    for (std::size_t i = 0; same && i < outcome_.exchanges.size(); ++i) {
      same = outcome_.exchanges[i].key == usual_.exchanges[i].key &&
             outcome_.exchanges[i].request == usual_.exchanges[i].request;
    }
    Require(same, "not the usual attempts");
  }

  // The client stays: each request is answered once, by what came of its last attempt.
  void CheckUpstreamFailed() {
    for (std::size_t i = 0; i < outcome_.answers.size(); ++i) {
      const ClientAnswer& answer = outcome_.answers[i];
      const Exchange* last = nullptr;
      for (const Exchange& exchange : outcome_.exchanges) {
        if (exchange.request == i) last = &exchange;
      }
      const bool answered = last != nullptr && IsSeen(*last) && !last->answer.refuses();
      if (!answered) {
        Require(answer.complete && answer.status == 502, "a failed attempt is answered 502");
      } else if (CannotBeSeen()) {
        Require(answer.complete && answer.status == 200, "an answer was not passed on");
      } else if (scenario_.answer.ends_with_connection && IsWhole(*last)) {
        // All of it came, perhaps not its end.
        Require(answer.begun && answer.status == 200, "an answer was not passed on");
      } else if (IsWhole(*last)) {
        Require(answer.complete && answer.status == 200, "a whole answer was not passed on");
      } else {
        Require(answer.begun && !answer.complete && answer.status == 200,
                "an answer that broke off is to break off");
      }
    }
    const bool all = outcome_.answers.size() == scenario_.requests.size();
    const bool one_failed = std::ranges::any_of(
        outcome_.answers, [](const ClientAnswer& answer) { return answer.status != 200; });
    const bool broken = !outcome_.answers.empty() && !outcome_.answers.back().complete;
    Require(all || one_failed || broken, "a request was not answered");
  }

  // Where the request ends in what the client sends.
  std::uint64_t EndOf(std::size_t request) const {
    std::uint64_t end = 0;
    for (std::size_t i = 0; i <= request; ++i) {
      end += scenario_.requests[i].head.size() + scenario_.requests[i].body.size();
    }
    return end;
  }

  // What is the client's fault is not answered as the upstream's; nothing is sent for a request
  // that did not come as a whole, unless it is passed on as it comes.
  void CheckClientFailed() {
    for (std::size_t i = 0; i < outcome_.answers.size(); ++i) {
      const ClientAnswer& answer = outcome_.answers[i];
      const bool came = outcome_.client_bytes_read >= EndOf(i);
      if (!answer.complete) continue;
      const bool of_body = answer.status == 400 || answer.status == 408;
      Require(answer.status == 200 || (of_body && !came), "not a client's error");
    }
    for (const Exchange& exchange : outcome_.exchanges) {
      const bool came = outcome_.client_bytes_read >= EndOf(exchange.request);
      Require(came || mode_ == BodyMode::kStream || scenario_.own_key,
              "a body that did not come was sent");
      Require(came || !exchange.complete || exchange.content.empty(),
              "a request was completed that had not come");
    }
    Require(outcome_.exchanges.size() <= usual_.exchanges.size(), "more attempts than usual");
  }

  // Nobody's fault but ours: 503, whatever was sent of the body.
  void CheckDiskFailed() {
    for (const ClientAnswer& answer : outcome_.answers) {
      Require(answer.complete && answer.status == 503,
              "a body that cannot be kept is answered 503");
    }
    Require(!outcome_.answers.empty(), "a request was not answered");
  }

  void CheckIntruded() {
    for (const ClientAnswer& answer : outcome_.answers) {
      Require(!answer.complete || answer.status == 200, "neither the answer nor none");
      const bool drains = failure_.intrusion == Intrusion::kServerDrains;
      const bool idle = &answer != &outcome_.answers.front() || !answer.begun;
      Require(!drains || answer.complete || idle, "a request in flight was not finished");
    }
    Require(outcome_.exchanges.size() <= usual_.exchanges.size(), "more attempts than usual");
  }

  const Scenario& scenario_;
  const BodyMode mode_;
  const Failure& failure_;
  const Outcome& outcome_;
  const Outcome& usual_;
  std::string problems_;
};

}  // namespace

std::string Judge(const ProxySetup& setup, const Failure& failure, const Outcome& outcome,
                  const Outcome& usual) {
  return Judgement(setup, failure, outcome, usual).Run();
}

std::string Describe(const Outcome& outcome) {
  std::string text;
  for (const Exchange& exchange : outcome.exchanges) {
    text += "upstream: request " + std::to_string(exchange.request) + " on connection " +
            std::to_string(exchange.connection) + " with key " + std::to_string(exchange.key) +
            ", " + std::to_string(exchange.content.size()) + " bytes" +
            (exchange.complete ? "" : " and no end") + "\n";
  }
  for (const ClientAnswer& answer : outcome.answers) {
    text += "client: " + std::to_string(answer.status) + ", " +
            std::to_string(answer.content.size()) + " bytes" +
            (answer.complete ? "" : " and no end") + "\n";
  }
  for (const std::string& line : outcome.log) text += "log: " + line + "\n";
  return text;
}

}  // namespace keywalk::steps
