// What a request must be like to take a route.
#ifndef KEYWALK_MOCKUPSTREAM_SCRIPT_MATCHER_H_
#define KEYWALK_MOCKUPSTREAM_SCRIPT_MATCHER_H_

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/json_reader.h"
#include "mockupstream/lanes/request_facts.h"

namespace keywalk::mock {

// True if `text` is `pattern`, where each "*" stands for any bytes, also for none. Takes time in
// proportion to the product of both lengths at worst. Pure; safe for concurrent use.
bool MatchesPattern(std::string_view pattern, std::string_view text);

// A header field or a parameter of the query.
struct FieldMatch {
  std::string name;
  std::optional<std::string> pattern;  // one value must match; nullopt: there must be none
};

// Everything that is stated must hold; with nothing stated, any request matches. A plain value;
// concurrent reads are safe.
struct RequestMatch {
  std::vector<std::string> methods;  // empty: any
  std::string path;                  // a pattern for the path without its query; empty: any
  std::vector<FieldMatch> query;     // of values with percent-encoding undone; the first of a name
  std::vector<FieldMatch> headers;
  std::shared_ptr<const nlohmann::json> json;  // the body has all of it; null: any body

  bool Matches(const RequestFacts& request) const;
};

RequestMatch ReadMatch(const nlohmann::json& value, std::string pointer,
                       config::JsonProblems& problems);

// As a script writes it.
nlohmann::json ToJson(const RequestMatch& match);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SCRIPT_MATCHER_H_
