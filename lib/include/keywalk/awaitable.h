// The coroutine type of the I/O layer: bound to the executor of an io_context that one thread runs.
// The concrete executor type, in place of the type-erased one, saves a fifth of a small request.
#ifndef KEYWALK_AWAITABLE_H_
#define KEYWALK_AWAITABLE_H_

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace keywalk {

namespace asio = boost::asio;

using Executor = asio::io_context::executor_type;

template <typename T>
using Awaitable = asio::awaitable<T, Executor>;

// The completion tokens to pass to every operation inside an Awaitable. kAwait makes an Awaitable
// of it, which throws boost::system::system_error; kAwaitTuple is awaited on the spot, without a
// frame of its own, and gives a tuple that begins with the error code.
inline constexpr asio::use_awaitable_t<Executor> kAwait;
inline constexpr asio::as_tuple_t<asio::deferred_t> kAwaitTuple(asio::deferred);

}  // namespace keywalk

#endif  // KEYWALK_AWAITABLE_H_
