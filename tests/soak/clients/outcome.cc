#include "tests/soak/clients/outcome.h"

namespace keywalk::soak {

std::string_view ToString(Ending ending) {
  switch (ending) {
    case Ending::kWhole:
      return "whole";
    case Ending::kCut:
      return "cut";
    case Ending::kNone:
      return "none";
    case Ending::kLeft:
      return "left";
    case Ending::kSurplus:
      return "surplus";
    case Ending::kBroken:
      return "broken";
    case Ending::kTimeout:
      return "timeout";
    case Ending::kRefused:
      return "refused";
  }
  return "unknown";
}

void OutcomeLog::Write(const Outcome& outcome) {
  // Nothing in it needs to be escaped: ids, kinds and digests are ours.
  std::string line = "[\"" + outcome.id + "\",\"";
  line.append(outcome.kind).append("\",").append(std::to_string(outcome.begin_us));
  line.append(",").append(std::to_string(outcome.end_us)).append(",\"");
  line.append(ToString(outcome.ending)).append("\",").append(std::to_string(outcome.status));
  line.append(",").append(std::to_string(outcome.body_bytes)).append(",\"");
  line.append(outcome.body_sha256).append("\",").append(std::to_string(outcome.sent_bytes));
  line.append(",\"").append(outcome.sent_sha256).append("\"]\n");
  const std::lock_guard lock(mutex_);
  std::fwrite(line.data(), 1, line.size(), file_);
}

void OutcomeLog::Flush() {
  const std::lock_guard lock(mutex_);
  std::fflush(file_);
}

}  // namespace keywalk::soak
