#include "proxy/proxy_server.h"

#include <boost/asio/ip/tcp.hpp>
#include <future>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "proxy/admin_pages.h"
#include "proxy/proxy_shared.h"
#include "proxy/worker.h"

namespace keywalk::proxy {
namespace {

std::string EndpointText(const asio::ip::tcp::endpoint& endpoint) {
  std::string address = endpoint.address().to_string();
  if (endpoint.address().is_v6()) address = "[" + address + "]";
  return address + ":" + std::to_string(endpoint.port());
}

io::ServerOptions OptionsFor(const ProxyConfig& config) {
  io::ServerOptions options;
  options.tls_cert_file = config.tls_cert_file;
  options.tls_key_file = config.tls_key_file;
  options.reuse_port = config.threads > 1;
  options.max_header_bytes = config.limits.max_header_bytes;
  // Each thread accepts for itself.
  options.max_connections = (config.limits.max_connections + config.threads - 1) / config.threads;
  options.header_timeout = config.limits.client_header;
  options.keep_alive = config.limits.keep_alive;
  options.idle_timeout = config.limits.idle;
  return options;
}

class ThreadedProxyServer final : public ProxyServer {
 public:
  explicit ThreadedProxyServer(std::unique_ptr<ProxyShared> shared)
      : shared_(std::move(shared)), admin_pages_(*shared_) {}

  ~ThreadedProxyServer() override {
    for (const std::unique_ptr<Worker>& worker : workers_) worker->Stop();
  }

  // Binds every listener, then runs the threads: a failure leaves nothing running.
  Result<bool> Open(const ProxyConfig& config) {
    const io::ServerOptions options = OptionsFor(config);
    std::string address = config.listen;
    for (std::size_t i = 0; i < config.threads; ++i) {
      Result<std::unique_ptr<Worker>> worker = Worker::Make(*shared_, options);
      if (!worker) return worker.error();
      const Result<asio::ip::tcp::endpoint> bound = (*worker)->Listen(address);
      if (!bound) return bound.error();
      port_ = bound->port();
      // Port 0 is any for the first thread, and the same for the others.
      address = EndpointText(*bound);
      workers_.push_back(std::move(*worker));
    }
    shared_->listen_address = address;
    if (!config.admin_listen.empty()) {
      const Result<asio::ip::tcp::endpoint> bound =
          workers_.front()->ListenForAdmin(config.admin_listen, admin_pages_);
      if (!bound) return bound.error();
      admin_address_ = EndpointText(*bound);
    }
    for (const std::string& warning : config.warnings) {
      shared_->log.Write(LogLevel::kWarn, warning);
    }
    for (const std::unique_ptr<Worker>& worker : workers_) worker->Run();
    return true;
  }

  std::uint16_t port() const override { return port_; }
  std::string listen_address() const override { return shared_->listen_address; }
  std::string admin_address() const override { return admin_address_; }

  std::shared_ptr<KeyPool> pool(std::string_view prefix) const override {
    for (const std::unique_ptr<Route>& route : shared_->routes) {
      if (route->prefix() == prefix) return route->pool();
    }
    return nullptr;
  }

  void Drain() override {
    const std::lock_guard lock(draining_);
    shared_->draining = true;
    std::vector<std::future<void>> drained;
    for (const std::unique_ptr<Worker>& worker : workers_) {
      drained.push_back(worker->Drain(shared_->limits.drain));
    }
    for (std::future<void>& done : drained) done.wait();
    if (shared_->dump != nullptr) shared_->dump->Flush();
  }

 private:
  const std::unique_ptr<ProxyShared> shared_;
  AdminPages admin_pages_;
  std::uint16_t port_ = 0;
  std::string admin_address_;
  std::mutex draining_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace

Result<std::unique_ptr<ProxyServer>> ProxyServer::Start(ProxyConfig config,
                                                        std::shared_ptr<const Clock> clock,
                                                        LogSink log) {
  const Result<ProxyConfig> checked = CheckServable(std::move(config));
  if (!checked) return checked.error();
  Result<std::unique_ptr<ProxyShared>> shared =
      ProxyShared::Make(*checked, std::move(clock), std::move(log));
  if (!shared) return shared.error();
  auto server = std::make_unique<ThreadedProxyServer>(std::move(*shared));
  const Result<bool> opened = server->Open(*checked);
  if (!opened) return opened.error();
  return std::unique_ptr<ProxyServer>(std::move(server));
}

}  // namespace keywalk::proxy
