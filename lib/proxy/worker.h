// One thread of the proxy: an io_context of its own with a server, transports, and nothing shared
// but ProxyShared.
#ifndef KEYWALK_PROXY_WORKER_H_
#define KEYWALK_PROXY_WORKER_H_

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "io/http_server.h"
#include "keywalk/result.h"
#include "proxy/proxy_handler.h"
#include "proxy/proxy_shared.h"

namespace keywalk::proxy {

// Make, Listen and Run are for one thread, in this order; Drain and Stop then for any.
class Worker {
 public:
  // `shared` outlives the worker. Fails on TLS or CA files that cannot be used.
  static Result<std::unique_ptr<Worker>> Make(const ProxyShared& shared,
                                              const io::ServerOptions& options);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  // Stops at once.
  ~Worker();

  Result<asio::ip::tcp::endpoint> Listen(std::string_view address);

  // A second server on this thread, for `handler`, which outlives the worker.
  Result<asio::ip::tcp::endpoint> ListenForAdmin(std::string_view address,
                                                 io::HttpHandler& handler);

  // A reload takes two steps, so that a failure on one thread leaves all as they were: Prepare()
  // fails on a CA file that cannot be read; once Use()'s future is ready, requests that begin are
  // served by `serving`, and connections accepted by `settings`. Both for one caller at a time.
  // REQUIRES: Run() was called, Stop() was not
  Result<std::shared_ptr<const Serving>> Prepare(std::shared_ptr<const Generation> generation);
  std::future<void> Use(std::shared_ptr<const Serving> serving,
                        std::shared_ptr<io::ServerSettings> settings);

  // Starts the thread.
  void Run();

  // Lets the requests in flight end, within the limit; the future is ready when they have.
  std::future<void> Drain(std::chrono::milliseconds limit);

  // Ends connections and the thread. Idempotent.
  void Stop();

 private:
  explicit Worker(const ProxyShared& shared) : shared_(shared), work_(context_.get_executor()) {}

  std::future<void> DrainServer(io::HttpServer& server, std::chrono::milliseconds limit);

  const ProxyShared& shared_;
  // One thread runs it. Others post to it and make transports for it that have no socket yet; its
  // sockets are touched by that thread only, and so are not locked.
  asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  asio::executor_work_guard<Executor> work_;
  std::shared_ptr<const Serving> serving_;  // the handler's, as who reloads knows it
  std::unique_ptr<ProxyHandler> handler_;
  std::unique_ptr<io::HttpServer> server_;
  std::unique_ptr<io::HttpServer> admin_server_;
  std::thread thread_;
};

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_WORKER_H_
