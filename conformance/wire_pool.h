// What a case becomes over sockets: a pool with secrets of its own, and lanes under those secrets.
#ifndef KEYWALK_CONFORMANCE_WIRE_POOL_H_
#define KEYWALK_CONFORMANCE_WIRE_POOL_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "conformance/adapter.h"
#include "conformance/case.h"
#include "conformance/key_alias.h"
#include "mockupstream/journal/journal.h"
#include "mockupstream/script/script.h"

namespace keywalk::conformance {

// Immutable; concurrent reads are safe.
class WirePool {
 public:
  // `upstream` is the mock's URL, which begins with http://. Each repetition of a case (from 0) has
  // secrets of its own.
  WirePool(const Case& test_case, const std::string& policy, const std::string& upstream,
           std::size_t repetition = 0);

  const std::string& id() const { return id_; }
  // The case with its secrets in place.
  const Case& instance() const { return instance_; }
  const Secrets& secrets() const { return secrets_; }
  // The path of the upstream's base URL, by which attempts are found in the journal.
  const std::string& upstream_path() const { return upstream_path_; }
  // The base URL's authority.
  const std::string& upstream_host() const { return upstream_host_; }

  PoolSetup Setup() const;
  // The lanes, by secret.
  void AddLanes(mock::Script& script) const;
  // True if the attempt is one that the case knows of, and not the gateway's own look at the
  // upstream's models (GET base_url/models), which it may take whenever it likes.
  static bool IsAttempt(const mock::JournalEntry& entry);
  // The alias of a journal entry's lane; "?" if it is not of this case.
  std::string AliasOf(std::string_view lane) const;
  // The text with every secret replaced by its alias in braces.
  std::string Masked(std::string text) const;

 private:
  std::string id_;
  std::string policy_;
  std::string upstream_path_;
  std::string upstream_host_;
  std::string base_url_;
  Secrets secrets_;
  Case instance_;
};

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_WIRE_POOL_H_
