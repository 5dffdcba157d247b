// What an admin page answers, and what it is asked for in its query.
#ifndef KEYWALK_MOCKUPSTREAM_ADMIN_ADMIN_REPLY_H_
#define KEYWALK_MOCKUPSTREAM_ADMIN_ADMIN_REPLY_H_

#include <cstdint>
#include <initializer_list>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "keywalk/headers.h"

namespace keywalk::mock {

class AdminReply {
 public:
  AdminReply() = default;

  Headers headers() const;

  int status = 200;
  std::string content_type = "application/json";
  std::string allow;  // 405: the methods that the page knows
  std::string body;
};

// A value as compact text; bytes that are not UTF-8, as header fields and paths may hold, are
// replaced.
std::string DumpJson(const nlohmann::json& value);

AdminReply JsonReply(int status, const nlohmann::json& value);
// {"error": {"message": ...}}
AdminReply ErrorReply(int status, std::string_view message);

// The target without its query.
std::string_view PathOf(std::string_view target);

// The parameters of an admin page's query, read strictly: one that is not known, is there twice or
// has the wrong form is a problem, of which the first is kept. Not safe for concurrent use.
class AdminQuery {
 public:
  explicit AdminQuery(std::string_view target);

  // Each names a parameter that is thereby known. Percent-encoding is undone.
  std::optional<std::string> Text(std::string_view name);
  std::optional<std::uint64_t> Number(std::string_view name);
  // ?scope=ID: empty for the default scope, nullopt for none named; another name is a problem.
  std::optional<std::string> Scope();
  // The first of `choices` is the default.
  std::string Choice(std::string_view name, std::initializer_list<std::string_view> choices);

  // What is wrong, parameters that nothing named too; nullopt if all is well.
  std::optional<std::string> Problem();

 private:
  void Add(std::string problem);

  std::map<std::string, std::string, std::less<>> values_;
  std::set<std::string, std::less<>> known_;
  std::optional<std::string> problem_;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_ADMIN_ADMIN_REPLY_H_
