#include "proxy/bounded_body.h"

#include <boost/system/errc.hpp>

namespace keywalk::proxy {

Awaitable<BodyChunk> BoundedBody::Read() {
  BodyChunk chunk = co_await inner_->Read();
  if (chunk.failed()) co_return chunk;
  if (chunk.bytes().size() > left_) {
    TransportError error(TransportError::Kind::kBodyTooLarge,
                         make_error_code(boost::system::errc::message_size),
                         "the request's body is larger than the limit");
    co_return BodyChunk(std::move(error));
  }
  left_ -= chunk.bytes().size();
  co_return chunk;
}

}  // namespace keywalk::proxy
