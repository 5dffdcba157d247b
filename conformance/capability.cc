#include "conformance/capability.h"

#include <algorithm>

namespace keywalk::conformance {
namespace {

constexpr std::string_view kKnown[] = {
    // How the suite gets at the implementation.
    "clock", "key_states", "decide", "decide.pool",
    // What a gateway does beyond choosing keys.
    "body.verbatim", "pool.validation", "drain.bounded", "stream.any", "trailers", "body.abort",
    "body.buffered", "body.streamed", "client.abort", "upstream.early", "upstream.own",
    "upstream.reuse", "headers.hop", "websocket.refuse", "target.confine", "body.limit",
    "client-tokens", "metrics", "dump", "copilot", "time.limits",
    // The declared clauses of the specification.
    "retry.http-date", "retry.cap", "retry.provider-hints", "classify.body", "secret.redact-echo",
    "recovery.half-open"};

}  // namespace

std::span<const std::string_view> KnownCapabilities() noexcept { return kKnown; }

bool IsKnownCapability(std::string_view name) noexcept {
  return std::ranges::find(kKnown, name) != std::end(kKnown);
}

}  // namespace keywalk::conformance
