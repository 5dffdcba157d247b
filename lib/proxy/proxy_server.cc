#include "proxy/proxy_server.h"

#include <boost/asio/ip/tcp.hpp>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/json_reader.h"
#include "keywalk/mutex.h"
#include "proxy/admin_pages.h"
#include "proxy/config_change.h"
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

std::string Join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
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
    const std::shared_ptr<const Generation> generation = shared_->generation();
    const Route* const route = generation->FindRoute(prefix);
    return route == nullptr ? nullptr : route->pool();
  }

  bool Reload(Result<ProxyConfig> config) override {
    const MutexLock lock(reloading_);
    if (shared_->draining) {
      shared_->log.Write(LogLevel::kInfo, "configuration not reloaded: the proxy is stopping");
      return false;
    }
    const Result<std::string> changed =
        config ? PutInForce(std::move(*config)) : Result<std::string>(config.error());
    if (!changed) {
      shared_->metrics.OnReloadFailed();
      shared_->log.Write(LogLevel::kError, "configuration not reloaded, the old one stays: " +
                                               config::Printable(changed.error().message()));
      return false;
    }
    shared_->log.Write(LogLevel::kInfo, "configuration reloaded: " + *changed);
    return true;
  }

  void Drain() override {
    const MutexLock lock(draining_);
    shared_->draining = true;
    std::vector<std::future<void>> drained;
    for (const std::unique_ptr<Worker>& worker : workers_) {
      drained.push_back(worker->Drain(shared_->generation()->config.limits.drain));
    }
    for (std::future<void>& done : drained) done.wait();
    if (shared_->dump != nullptr) shared_->dump->Flush();
  }

 private:
  // What has changed, for the log.
  Result<std::string> PutInForce(ProxyConfig config) {
    const std::shared_ptr<const Generation> running = shared_->generation();
    const std::vector<std::string> waiting = KeepUntilRestart(running->config, config);
    // Once more, as what of it can be changed makes it.
    Result<ProxyConfig> checked = CheckServable(std::move(config));
    if (!checked) return checked.error();
    Result<std::shared_ptr<io::ServerSettings>> settings =
        io::HttpServer::Prepare(OptionsFor(*checked));
    if (!settings) return settings.error();
    const Result<std::shared_ptr<const Generation>> next = Generation::Make(
        std::move(*checked), running.get(), shared_->metrics, shared_->log, *shared_->clock);
    if (!next) return next.error();
    std::vector<std::shared_ptr<const Serving>> prepared;
    for (const std::unique_ptr<Worker>& worker : workers_) {
      Result<std::shared_ptr<const Serving>> serving = worker->Prepare(*next);
      if (!serving) return serving.error();
      prepared.push_back(std::move(*serving));
    }
    // From here on nothing fails.
    (*next)->TakeOver(*running);
    shared_->log.SetLowest((*next)->config.log_level);
    std::vector<std::future<void>> used;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      used.push_back(workers_[i]->Use(std::move(prepared[i]), *settings));
    }
    for (std::future<void>& done : used) done.wait();
    shared_->SetGeneration(*next);
    for (const std::string& warning : (*next)->config.warnings) {
      shared_->log.Write(LogLevel::kWarn, warning);
    }
    std::string text = Join(DescribeChanges(running->config, (*next)->config));
    if (text.empty()) text = "nothing has changed";
    if (!waiting.empty()) text += "; only a restart changes: " + Join(waiting);
    return text;
  }

  const std::unique_ptr<ProxyShared> shared_;
  AdminPages admin_pages_;
  std::uint16_t port_ = 0;
  std::string admin_address_;
  Mutex reloading_;
  Mutex draining_;
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
