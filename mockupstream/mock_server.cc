#include "mockupstream/mock_server.h"

#include <boost/asio/io_context.hpp>
#include <utility>

#include "io/http_server.h"
#include "mockupstream/journal/verify_state.h"
#include "mockupstream/mock_handler.h"
#include "mockupstream/mock_state.h"
#include "mockupstream/server_thread.h"

namespace keywalk::mock {
namespace {

// The host for a URL: an address that any client can connect to.
std::string UrlHost(const asio::ip::address& address) {
  if (address.is_unspecified()) return address.is_v6() ? "[::1]" : "127.0.0.1";
  return address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
}

HandlerOptions ToHandlerOptions(const MockServerOptions& options) {
  return {{options.max_body_bytes, options.journal_body_bytes, options.body_digests},
          options.max_stall,
          options.serve_admin,
          options.admin_tokens,
          options.tail_ping,
          options.on_request};
}

class MockServerImpl final : public MockServer {
 public:
  MockServerImpl(const MockServerOptions& options, Script script)
      : tls_(!options.tls_cert_file.empty()),
        state_(std::move(script), {options.max_journal_entries, options.max_journal_bytes},
               options.max_scopes),
        handler_(context_, state_, ToHandlerOptions(options)) {}

  ~MockServerImpl() override { Stop(); }

  // Binds and starts the thread; an error, or nothing.
  std::optional<Error> Open(const MockServerOptions& options) {
    io::ServerOptions server_options;
    server_options.tls_cert_file = options.tls_cert_file;
    server_options.tls_key_file = options.tls_key_file;
    server_options.max_connections = options.max_connections;
    auto server = io::HttpServer::Create(context_, std::move(server_options), handler_);
    if (!server.ok()) return server.error();
    server_ = std::move(*server);
    handler_.set_server(server_.get());
    const auto endpoint = server_->Listen(options.listen);
    if (!endpoint.ok()) return endpoint.error();
    endpoint_ = *endpoint;
    thread_.Start(*server_, [this] { return handler_.active(); });
    return std::nullopt;
  }

  std::uint16_t port() const override { return endpoint_.port(); }
  std::string url() const override {
    return (tls_ ? "https://" : "http://") + UrlHost(endpoint_.address()) + ":" +
           std::to_string(port());
  }

  void SetScript(Script script) override { state_.Replace(std::move(script)); }
  void AddLanes(Script script) override {
    state_.scopes.default_scope().lanes().Add(std::move(script));
  }

  bool SetScript(std::string_view scope_id, Script script) override {
    const std::shared_ptr<Scope> scope = state_.scopes.Use(scope_id);
    if (scope) scope->lanes().Replace(std::move(script));
    return scope != nullptr;
  }
  bool ForgetScope(std::string_view scope_id) override { return state_.scopes.Forget(scope_id); }
  bool AdvanceClock(std::string_view scope_id, std::chrono::milliseconds by) override {
    const std::shared_ptr<Scope> scope = state_.scopes.Use(scope_id);
    return scope && scope->clock.Advance(by);
  }

  std::vector<JournalEntry> JournalOf(std::string_view scope) const override {
    std::vector<JournalEntry> entries = state_.journal.From(0);
    std::erase_if(entries, [scope](const JournalEntry& entry) { return entry.scope != scope; });
    return entries;
  }
  std::vector<JournalEntry> Journal(std::uint64_t from) const override {
    return state_.journal.From(from);
  }
  std::uint64_t journal_next() const override { return state_.journal.next(); }
  void ClearJournal() override { state_.journal.Clear(); }
  std::vector<AcceptFaultReport> AcceptFaults() const override {
    return state_.connections.Report();
  }
  bool WaitForJournal(const std::function<bool(const std::vector<JournalEntry>&)>& done,
                      std::chrono::milliseconds limit) const override {
    return state_.journal.WaitFor(done, limit);
  }

  VerifyResult Verify(const Expectation& expectation) const override {
    return VerifyState(state_, expectation);
  }

  std::size_t steps_served(const std::string& key) const override {
    const std::shared_ptr<LaneState> lane = state_.scopes.default_scope().lanes().Find(key);
    return lane ? lane->served() : 0;
  }

  void Stop() override { thread_.Stop(std::chrono::milliseconds(0)); }

 private:
  const bool tls_;
  // One thread runs it, and only that one touches sockets: others post. So the reactor needs no
  // lock.
  asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};  // outlives all that runs on it
  MockState state_;
  MockHandler handler_;
  std::unique_ptr<io::HttpServer> server_;
  asio::ip::tcp::endpoint endpoint_;
  ServerThread thread_{context_};
};

}  // namespace

Result<std::unique_ptr<MockServer>> MockServer::Start(MockServerOptions options, Script script) {
  if (options.tls_cert_file.empty() != options.tls_key_file.empty()) {
    return Error("TLS needs both a certificate file and a key file");
  }
  auto server = std::make_unique<MockServerImpl>(options, std::move(script));
  if (std::optional<Error> error = server->Open(options)) return std::move(*error);
  return std::unique_ptr<MockServer>(std::move(server));
}

}  // namespace keywalk::mock
