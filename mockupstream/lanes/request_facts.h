// What lanes may look at in a request: its line, its fields, and its body where that was kept.
#ifndef KEYWALK_MOCKUPSTREAM_LANES_REQUEST_FACTS_H_
#define KEYWALK_MOCKUPSTREAM_LANES_REQUEST_FACTS_H_

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "keywalk/headers.h"

namespace keywalk::mock {

// A view: what it was made from outlives it. Confined to the thread of its connection.
class RequestFacts {
 public:
  // `target` is without the prefix that names a scope (scope.h).
  RequestFacts(std::string_view method, std::string_view target, const Headers& headers);
  ~RequestFacts();
  RequestFacts(const RequestFacts&) = delete;
  RequestFacts& operator=(const RequestFacts&) = delete;

  std::string_view method() const { return method_; }
  std::string_view target() const { return target_; }
  // The target without its query.
  std::string_view path() const { return target_.substr(0, target_.find('?')); }
  const Headers& headers() const { return headers_; }

  // Gives it the whole body, which outlives it too.
  void set_body(std::string_view body) { body_ = body; }
  // The whole body; empty with a null data() if it was not read, or not kept.
  std::string_view body() const { return body_; }
  // Forgets the body and its JSON, as if none had been given: it need not outlive this any longer.
  void DropBody();
  // The body as JSON, parsed at the first demand; null if there is none, or if it is no JSON.
  const nlohmann::json* json() const;

 private:
  const std::string_view method_;
  const std::string_view target_;
  const Headers& headers_;
  std::string_view body_;
  mutable std::unique_ptr<nlohmann::json> json_;  // discarded: the body is no JSON
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_LANES_REQUEST_FACTS_H_
