#include "io/deadline.h"

#include <algorithm>
#include <boost/system/error_code.hpp>

namespace keywalk::io {
namespace {

// Sweeps are at least this far apart, which is also how late an expiry may be noticed.
constexpr std::chrono::milliseconds kResolution{5};

}  // namespace

asio::execution_context::id DeadlineService::id;

DeadlineService::Entry::Entry(asio::io_context& context)
    : service_(asio::use_service<DeadlineService>(context)), position_(service_.entries_.size()) {
  service_.entries_.push_back(this);
}

DeadlineService::Entry::~Entry() {
  auto& entries = service_.entries_;
  entries[position_] = entries.back();
  entries[position_]->position_ = position_;
  entries.pop_back();
  // Without entries nothing can expire; a waiting timer would keep io_context::run() from
  // returning.
  if (entries.empty() && service_.timer_) {
    service_.next_sweep_ = TimePoint::max();
    service_.timer_->cancel();
  }
}

void DeadlineService::Entry::ExpiresAfter(std::chrono::milliseconds time) noexcept {
  at_ = std::chrono::steady_clock::now() + time;
  if (at_ < service_.next_sweep_) service_.Arm(at_);
}

DeadlineService::DeadlineService(asio::execution_context& context)
    : asio::execution_context::service(context),
      timer_(std::in_place, static_cast<asio::io_context&>(context).get_executor()) {}

void DeadlineService::shutdown() { timer_.reset(); }

void DeadlineService::Arm(TimePoint at) {
  if (!timer_) return;
  next_sweep_ = at;
  timer_->expires_at(at);
  timer_->async_wait([this](const boost::system::error_code& ec) {
    if (!ec) Sweep();
  });
}

void DeadlineService::Sweep() {
  const TimePoint now = std::chrono::steady_clock::now();
  next_sweep_ = TimePoint::max();
  TimePoint earliest = TimePoint::max();
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = *entries_[i];
    if (entry.at_ <= now) {
      entry.at_ = TimePoint::max();
      entry.OnExpired();
    }
    earliest = std::min(earliest, entry.at_);
  }
  if (earliest != TimePoint::max()) Arm(std::max(earliest, now + kResolution));
}

}  // namespace keywalk::io
