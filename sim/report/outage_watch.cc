#include "sim/report/outage_watch.h"

#include <algorithm>

namespace keywalk::sim {
namespace {

// What lies in both.
std::vector<Period> Intersection(const std::vector<Period>& one, const std::vector<Period>& two) {
  std::vector<Period> common;
  std::size_t i = 0;
  std::size_t k = 0;
  while (i < one.size() && k < two.size()) {
    const Period both{std::max(one[i].from, two[k].from), std::min(one[i].to, two[k].to)};
    if (both.from < both.to) common.push_back(both);
    if (one[i].to < two[k].to) {
      ++i;
    } else {
      ++k;
    }
  }
  return common;
}

}  // namespace

std::vector<Period> OutagesOf(const KeySpec& key, Duration world_duration) {
  if (!key.answers.empty()) return {};  // then the model is not asked
  const Instant end(world_duration);
  std::vector<Period> outages;
  for (const mock::Outage& outage : key.model.key.outages) {
    const Period period{Instant(outage.from), Instant(outage.to)};
    // After an end that the world does not see, or of a revoked key, nothing can come back.
    if (key.model.key.revoked_at && Instant(*key.model.key.revoked_at) <= period.to) continue;
    if (period.to < end) outages.push_back(period);
  }
  std::sort(outages.begin(), outages.end(),
            [](const Period& a, const Period& b) { return a.from < b.from; });
  std::vector<Period> apart;
  for (const Period& period : outages) {
    if (!apart.empty() && period.from <= apart.back().to) {
      apart.back().to = std::max(apart.back().to, period.to);
    } else {
      apart.push_back(period);
    }
  }
  return apart;
}

std::vector<Period> CommonOutages(const World& world) {
  if (world.keys.empty()) return {};
  std::vector<Period> common = OutagesOf(world.keys.front(), world.duration);
  for (const KeySpec& key : world.keys) {
    common = Intersection(common, OutagesOf(key, world.duration));
  }
  return common;
}

void OutageWatch::PassBy(Instant at) {
  while (next_ + 1 < outages_.size() && at >= outages_[next_ + 1].from) {
    if (met_) ++recovery_.never;
    met_ = tried_ = false;
    ++next_;
  }
}

void OutageWatch::Failure(Instant sent_at) {
  PassBy(sent_at);
  if (sent_at < outages_[next_].to) {
    met_ = true;
  } else {
    tried_ = true;
  }
}

void OutageWatch::Success(Instant at, Instant sent_at) {
  PassBy(sent_at);
  if (sent_at < outages_[next_].to) return;
  if (met_) recovery_.Add(at - outages_[next_].to);
  met_ = tried_ = false;
  ++next_;
}

void OutageWatch::OnEnd(bool lost) {
  if (next_ < outages_.size() && met_ && (tried_ || lost)) ++recovery_.never;
}

}  // namespace keywalk::sim
