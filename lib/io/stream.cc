#include "io/stream.h"

#include <algorithm>

namespace keywalk::io {

std::vector<asio::const_buffer> RestOf(std::span<const asio::const_buffer> buffers,
                                       std::size_t taken) {
  std::vector<asio::const_buffer> rest;
  for (asio::const_buffer buffer : buffers) {
    const std::size_t gone = std::min(taken, buffer.size());
    taken -= gone;
    buffer += gone;
    if (buffer.size() > 0) rest.push_back(buffer);
  }
  return rest;
}

}  // namespace keywalk::io
