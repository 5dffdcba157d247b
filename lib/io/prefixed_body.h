// Response bodies that do not come straight from a connection: a text of ours, and a body whose
// beginning was read already.
#ifndef KEYWALK_IO_PREFIXED_BODY_H_
#define KEYWALK_IO_PREFIXED_BODY_H_

#include <cstddef>
#include <memory>
#include <string>

#include "keywalk/awaitable.h"
#include "keywalk/transport.h"

namespace keywalk::io {

std::unique_ptr<ResponseBody> MakeStringBody(std::string text);

// Reads up to `max_bytes` of the response's body (bounded in time too) and gives them back, while
// the response still yields its whole body to whoever reads it next. A body that is too slow or
// fails is given as far as it came.
Awaitable<std::string> PeekBody(Response& response, std::size_t max_bytes);

}  // namespace keywalk::io

#endif  // KEYWALK_IO_PREFIXED_BODY_H_
