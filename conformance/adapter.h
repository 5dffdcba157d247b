// An implementation under test, as the suite talks to it (DESIGN "The adapter protocol").
//
// One call at a time, from one thread. No call blocks for longer than the adapter's time limit.
#ifndef KEYWALK_CONFORMANCE_ADAPTER_H_
#define KEYWALK_CONFORMANCE_ADAPTER_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conformance/case.h"
#include "conformance/fixture_loader.h"
#include "conformance/trace.h"
#include "keywalk/headers.h"
#include "keywalk/result.h"

namespace keywalk::conformance {

// Why a call gave no answer.
class Refusal {
 public:
  enum class Kind : std::uint8_t {
    kSkipped,  // the implementation says that it cannot, and why
    kError,    // it reported an error, answered nonsense, did not answer in time, or died
  };
  Refusal(Kind kind, std::string reason, std::string url = "")
      : kind_(kind), reason_(std::move(reason)), url_(std::move(url)) {}

  static Refusal Error(std::string reason) { return Refusal(Kind::kError, std::move(reason)); }

  Kind kind() const { return kind_; }
  const std::string& reason() const { return reason_; }
  const std::string& url() const { return url_; }  // where the implementation says more; or empty

 private:
  Kind kind_;
  std::string reason_;
  std::string url_;
};

template <typename T>
using Reply = Result<T, Refusal>;

// The answer to `hello`.
struct Identity {
  std::string name;
  std::string version;
  std::string language;
  std::vector<std::string> policies;
  std::vector<std::string> capabilities;

  bool Has(std::string_view capability) const;
};

// One pool of a `setup`.
struct PoolSetup {
  std::string id;
  std::string provider;
  std::string policy;
  std::vector<std::string> keys;  // the secrets
  std::string base_url;           // of the upstream
  CaseSetup more;                 // with the secrets of its client tokens
  // "metrics", "dump": what the suite will look at, and expects to be of this pool alone.
  std::vector<std::string> observe;
};

// A sample of a metrics page, such as `keys{state="valid"}`; more labels may be there.
using Series = std::map<std::string, std::string>;  // by the names of kSeries

// Where and how the requests of a pool are sent.
struct PoolEndpoint {
  std::string base_url;
  Headers headers;                             // added to every request
  std::shared_ptr<const nlohmann::json> body;  // merged into a JSON body; null: nothing
  std::string metrics_url;                     // Prometheus text; empty: none
  Series series;
  std::string dump_dir;  // where its records are; empty: nowhere
};
using PoolEndpoints = std::map<std::string, PoolEndpoint>;  // by pool id

class Adapter {
 public:
  Adapter() = default;
  Adapter(const Adapter&) = delete;
  Adapter& operator=(const Adapter&) = delete;
  virtual ~Adapter() = default;

  // Starts the implementation. Called once, first.
  virtual Reply<Identity> Hello() = 0;

  // Makes all these pools at once. Called once at most.
  virtual Reply<PoolEndpoints> Setup(const std::vector<PoolSetup>& pools) = 0;

  // Moves the time of all pools forward (capability clock). A refusal, or nullopt.
  virtual std::optional<Refusal> Advance(Milliseconds step) = 0;

  // The states of a pool's keys (capability key_states).
  virtual Reply<std::vector<std::string>> KeyStates(const std::string& pool) = 0;

  // What the implementation does in a case on virtual time (capability decide).
  virtual Reply<Trace> Decide(const Case& test_case, const LoadedPolicy& policy) = 0;

  // How the implementation has ended by itself, with its last words; empty if it has not, or nobody
  // can tell.
  virtual std::string Ending() { return ""; }

  // Ends the implementation, in order if it answers and by force if not. Idempotent.
  virtual void Stop() = 0;
};

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_ADAPTER_H_
