// The mock upstream as a library: an AI provider that fails on cue, by key.
//
// Runs on a thread of its own, so that any test can use it in process on port 0. All methods are
// safe for concurrent use.
#ifndef KEYWALK_MOCKUPSTREAM_MOCK_SERVER_H_
#define KEYWALK_MOCKUPSTREAM_MOCK_SERVER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "keywalk/result.h"
#include "keywalk/secret.h"
#include "mockupstream/journal/journal.h"
#include "mockupstream/journal/verify.h"
#include "mockupstream/lanes/connection_table.h"
#include "mockupstream/script/script.h"

namespace keywalk::mock {

struct MockServerOptions {
  std::string listen = "127.0.0.1:0";
  std::string tls_cert_file;  // PEM; with tls_key_file: TLS
  std::string tls_key_file;
  std::size_t max_journal_entries = 100'000;     // the oldest are dropped, and counted
  std::size_t max_journal_bytes = 256ull << 20;  // of what entries hold; likewise
  std::size_t journal_body_bytes = 0;            // of each request's body, kept in its entry
  bool body_digests = true;                      // off: a large body costs less time
  std::size_t max_scopes = 10'000;               // named ones; requests to further ones get 599
  std::size_t max_connections = 16'384;          // further ones wait to be accepted
  std::size_t max_body_bytes = 1ull << 30;       // larger requests are answered 413
  std::chrono::milliseconds max_stall{600'000};  // a stalled answer ends then at the latest
  bool serve_admin = true;                       // the pages under /__mock/
  Secrets admin_tokens;                          // which ask for one of these, if there are any
  std::chrono::milliseconds tail_ping{15'000};   // a journal tail is silent for so long at most
  // Called on the server's thread for each request that has ended, for a log. Quick; may be empty.
  // The script's keys are masked in the target and in the names of lane and route.
  std::function<void(const JournalEntry&)> on_request;
};

class MockServer {
 public:
  // Binds, starts its thread, and serves. Fails with the reason (address in use, TLS file).
  static Result<std::unique_ptr<MockServer>> Start(MockServerOptions options, Script script);
  virtual ~MockServer() = default;  // stops

  virtual std::uint16_t port() const = 0;
  // "http://127.0.0.1:PORT" (or https).
  virtual std::string url() const = 0;

  // Replaces all lanes; steps start over.
  virtual void SetScript(Script script) = 0;
  // The same for a scope of its own: of requests with `X-Keywalk-Scope: ID` or a path of
  // /__scope/ID/. False, and nothing happens, if there are max_scopes others.
  // Its "connections" are left aside. REQUIRES: IsScopeId(scope)
  virtual bool SetScript(std::string_view scope, Script script) = 0;
  // False if there is no scope of that name. The next request makes it anew, from the server's
  // script.
  virtual bool ForgetScope(std::string_view scope) = 0;
  // Adds to the clock of a scope, or of requests without one: quota windows pass at once, delays do
  // not. False, and nothing happens, beyond max_scopes or MockClock::kMaxAdvance.
  virtual bool AdvanceClock(std::string_view scope, std::chrono::milliseconds by) = 0;
  // Adds lanes, or replaces those of the same key. The script's "connections" are left aside.
  virtual void AddLanes(Script script) = 0;

  // Entries with a sequence number of at least `from`, in order of arrival. An entry appears when
  // its request has been read (or its step was served early) and is completed in place.
  virtual std::vector<JournalEntry> Journal(std::uint64_t from = 0) const = 0;
  // Those of one scope; "": of requests without one.
  virtual std::vector<JournalEntry> JournalOf(std::string_view scope) const = 0;
  // The sequence number the next entry will have.
  virtual std::uint64_t journal_next() const = 0;
  virtual void ClearJournal() = 0;
  // Waits until `done` holds for the journal, asked at each change; false after `limit`.
  virtual bool WaitForJournal(const std::function<bool(const std::vector<JournalEntry>&)>& done,
                              std::chrono::milliseconds limit) const = 0;

  // Whether the journal is as expected: EXPECT_TRUE(result.ok()) << result.message().
  virtual VerifyResult Verify(const Expectation& expectation) const = 0;
  // The faults scripted for connections that are accepted, and how often each has fired.
  virtual std::vector<AcceptFaultReport> AcceptFaults() const = 0;

  // How many steps of that key's lane have been served, faults included.
  virtual std::size_t steps_served(const std::string& key) const = 0;
  // Ends every connection and the thread; the journal can still be asked. Idempotent.
  virtual void Stop() = 0;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_MOCK_SERVER_H_
