#include "keywalk/transport.h"

#include <utility>

namespace keywalk {

std::string_view ToString(TransportError::Kind kind) noexcept {
  switch (kind) {
    case TransportError::Kind::kConnect:
      return "connect";
    case TransportError::Kind::kTls:
      return "tls";
    case TransportError::Kind::kTimeout:
      return "timeout";
    case TransportError::Kind::kReset:
      return "reset";
    case TransportError::Kind::kProtocol:
      return "protocol";
    case TransportError::Kind::kRequestBody:
      return "request_body";
    case TransportError::Kind::kBodyTooLarge:
      return "body_too_large";
    case TransportError::Kind::kBodyStorage:
      return "body_storage";
    case TransportError::Kind::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

void Cancellation::Request() {
  if (std::exchange(requested_, true)) return;
  if (hook_) hook_();
}

Cancellation::Scope::Scope(Cancellation& cancellation, std::function<void()> hook)
    : cancellation_(cancellation), previous_(std::exchange(cancellation.hook_, std::move(hook))) {}

Cancellation::Scope::~Scope() { cancellation_.hook_ = std::move(previous_); }

}  // namespace keywalk
