// A request's body that ends with an error beyond a number of bytes (SPEC transport/14).
#ifndef KEYWALK_PROXY_BOUNDED_BODY_H_
#define KEYWALK_PROXY_BOUNDED_BODY_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "keywalk/transport.h"

namespace keywalk::proxy {

// For bodies that are passed on as they come; the failover layer bounds those that it keeps.
class BoundedBody final : public BodySource {
 public:
  BoundedBody(std::shared_ptr<BodySource> inner, std::uint64_t max_bytes)
      : inner_(std::move(inner)), left_(max_bytes) {}

  std::optional<std::uint64_t> size() const override { return inner_->size(); }
  bool ready() const override { return inner_->ready(); }
  void Cancel() override { inner_->Cancel(); }
  const Headers& trailers() const override { return inner_->trailers(); }
  Awaitable<BodyChunk> Read() override;

 private:
  const std::shared_ptr<BodySource> inner_;
  std::uint64_t left_;
};

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_BOUNDED_BODY_H_
