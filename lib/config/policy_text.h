// A policy's file as it stands, for those who show it beside what it led to.
#ifndef KEYWALK_CONFIG_POLICY_TEXT_H_
#define KEYWALK_CONFIG_POLICY_TEXT_H_

#include <string>
#include <string_view>

#include "keywalk/result.h"

namespace keywalk::config {

struct PolicyText {
  std::string json;
  std::string source;  // for errors: the file, or "policy NAME"
};

// By the rules of LoadPolicy(); the text may be no policy at all.
Result<PolicyText> FindPolicyText(std::string_view name_or_file);

}  // namespace keywalk::config

#endif  // KEYWALK_CONFIG_POLICY_TEXT_H_
