// The thread of a server that is used as a library: it runs an io_context and is ended from
// outside.
#ifndef KEYWALK_MOCKUPSTREAM_SERVER_THREAD_H_
#define KEYWALK_MOCKUPSTREAM_SERVER_THREAD_H_

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <thread>

#include "io/http_server.h"
#include "keywalk/mutex.h"

namespace keywalk::mock {

class ServerThread {
 public:
  // `context` outlives it, and so does what Start() is given.
  explicit ServerThread(asio::io_context& context) : context_(context) {}
  ServerThread(const ServerThread&) = delete;
  ServerThread& operator=(const ServerThread&) = delete;

  // Runs the context until Stop(). `active`, called on that thread, says how many requests are
  // being served.
  void Start(io::HttpServer& server, std::function<std::size_t()> active);

  // Drains the server for so long at the most, lets what is still being served unwind, and ends the
  // thread. False if it does not run (any more). Safe for concurrent use.
  bool Stop(std::chrono::milliseconds drain);

 private:
  void Run();

  asio::io_context& context_;
  io::HttpServer* server_ = nullptr;
  std::function<std::size_t()> active_;
  Mutex stop_mutex_;
  std::thread thread_;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SERVER_THREAD_H_
