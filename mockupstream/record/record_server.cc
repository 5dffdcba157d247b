#include "mockupstream/record/record_server.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <utility>

#include "io/deadline.h"
#include "io/http_server.h"
#include "keywalk/mutex.h"
#include "mockupstream/record/record_file.h"
#include "mockupstream/server_thread.h"

namespace keywalk::mock {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kDrainTime{2'000};
// What a kill may cost. Writing takes at most a tenth of the time, however long the script is.
constexpr milliseconds kWriteDelay{200};
constexpr int kWriteShare = 10;

class RecordServerImpl final : public RecordServer {
 public:
  explicit RecordServerImpl(RecordOptions options)
      : options_(std::move(options)), recording_(options_.limits) {}

  ~RecordServerImpl() override { Stop(); }

  std::optional<Error> Open() {
    const Result<BaseUrl> base = BaseUrl::Parse(options_.upstream);
    if (!base.ok()) {
      return Error("--upstream: \"" + options_.upstream +
                   "\" is no base URL; expected is one such as https://api.example.com/v1, "
                   "http or https, without user, query and fragment");
    }
    HttpTransportOptions transport_options;
    transport_options.base = *base;
    transport_options.ca_file = options_.ca_file;
    transport_options.https_proxy = ProxyFromEnvironment(*base);
    auto transport = NewHttpTransport(context_, std::move(transport_options));
    if (!transport.ok()) return transport.error();
    handler_ = std::make_unique<RecordHandler>(
        *base, std::move(*transport), recording_, [this] { WriteSoon(); }, options_.log);
    auto server = io::HttpServer::Create(context_, {}, *handler_);
    if (!server.ok()) return server.error();
    server_ = std::move(*server);
    const auto endpoint = server_->Listen(options_.listen);
    if (!endpoint.ok()) return endpoint.error();
    endpoint_ = *endpoint;
    // Late, so that a wrong argument leaves no file behind, but before anything is served: an
    // answer recorded meanwhile would replace the file that is refused here.
    auto error =
        CreateRecordFile(options_.output, Recording(options_.limits).Script(), options_.force);
    if (error) return error;
    thread_.Start(*server_, [this] { return handler_->active(); });
    return std::nullopt;
  }

  std::uint16_t port() const override { return endpoint_.port(); }
  std::string address() const override {
    const std::string host = endpoint_.address().to_string();
    return (endpoint_.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(port());
  }

  std::optional<Error> Stop() override {
    const MutexLock lock(stop_mutex_);
    if (!thread_.Stop(kDrainTime)) return std::nullopt;
    return ReplaceRecordFile(options_.output, recording_.Script());
  }

 private:
  void WriteSoon() {
    if (write_pending_) return;
    write_pending_ = true;
    timer_.expires_after(std::max(kWriteDelay, last_write_ * kWriteShare));
    timer_.async_wait([this](const error_code& code) {
      write_pending_ = false;
      if (!code) Write();
    });
  }

  void Write() {
    const auto begin = steady_clock::now();
    const auto error = ReplaceRecordFile(options_.output, recording_.Script());
    last_write_ = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
    if (error && options_.log) options_.log(true, error->message());
  }

  const RecordOptions options_;
  // One thread runs it, and only that one touches sockets: others post. So the reactor needs no
  // lock.
  asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};  // outlives all that runs on it
  Recording recording_;
  std::unique_ptr<RecordHandler> handler_;
  std::unique_ptr<io::HttpServer> server_;
  io::SteadyTimer timer_{context_.get_executor()};
  bool write_pending_ = false;
  milliseconds last_write_{0};
  asio::ip::tcp::endpoint endpoint_;
  Mutex stop_mutex_;
  ServerThread thread_{context_};
};

}  // namespace

Result<std::unique_ptr<RecordServer>> RecordServer::Start(RecordOptions options) {
  auto server = std::make_unique<RecordServerImpl>(std::move(options));
  if (std::optional<Error> error = server->Open()) return std::move(*error);
  return std::unique_ptr<RecordServer>(std::move(server));
}

}  // namespace keywalk::mock
