#include "mockupstream/lanes/scope.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace keywalk::mock {
namespace {

constexpr std::string_view kScopeField = "X-Keywalk-Scope";
constexpr std::string_view kScopePrefix = "/__scope/";
constexpr std::size_t kMaxIdBytes = 64;

Milliseconds UnixNow() {
  return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now().time_since_epoch());
}

bool IsIdCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

bool IsScopeId(std::string_view id) {
  return !id.empty() && id.size() <= kMaxIdBytes &&
         std::all_of(id.begin(), id.end(), IsIdCharacter);
}

std::string TooManyScopes(std::size_t max_scopes) {
  return "this server has " + std::to_string(max_scopes) +
         " scopes, its limit: forget some with DELETE /__mock/scopes?scope=ID";
}

ScopedTarget::ScopedTarget(std::string_view target, const Headers& headers) : target_(target) {
  const std::optional<std::string_view> field = headers.Find(kScopeField);
  const bool has_prefix = target.starts_with(kScopePrefix);
  if (has_prefix) {
    const std::string_view rest = target.substr(kScopePrefix.size());
    scope_ = rest.substr(0, rest.find_first_of("/?"));
    target_ = rest.substr(scope_.size());
    if (!target_.starts_with('/')) rooted_ = "/" + std::string(target_);
    if (field && *field != scope_) problem_ = "the path and X-Keywalk-Scope name two scopes";
  } else if (field) {
    scope_ = *field;
  }
  if ((has_prefix || field) && !IsScopeId(scope_)) {
    problem_ = kScopeIdRule;
  }
}

ScopeTable::ScopeTable(Script script, std::size_t max_scopes)
    : max_scopes_(max_scopes),
      default_scope_(std::make_shared<Scope>(
          std::string(), std::make_unique<LaneTable>(std::move(script), UnixNow()), started_)) {}

std::shared_ptr<Scope> ScopeTable::Use(std::string_view id) {
  if (id.empty()) return default_scope_;
  const MutexLock lock(mutex_);
  const auto found = named_.find(id);
  if (found != named_.end()) return found->second;
  if (named_.size() >= max_scopes_) return nullptr;
  const auto scope =
      std::make_shared<Scope>(std::string(id), default_scope_->lanes().StartOver(), started_);
  named_.emplace(scope->id(), scope);
  return scope;
}

std::shared_ptr<Scope> ScopeTable::Find(std::string_view id) const {
  if (id.empty()) return default_scope_;
  const MutexLock lock(mutex_);
  const auto found = named_.find(id);
  return found == named_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<Scope>> ScopeTable::Named() const {
  const MutexLock lock(mutex_);
  std::vector<std::shared_ptr<Scope>> scopes;
  scopes.reserve(named_.size());
  for (const auto& [id, scope] : named_) scopes.push_back(scope);
  return scopes;
}

bool ScopeTable::Forget(std::string_view id) {
  const MutexLock lock(mutex_);
  const auto found = named_.find(id);
  if (found == named_.end()) return false;
  named_.erase(found);
  return true;
}

void ScopeTable::ForgetAll() {
  const MutexLock lock(mutex_);
  named_.clear();
}

SecretMasker ScopeTable::masker() const {
  LaneTable::KeyCollection all;
  default_scope_->lanes().AddKeysTo(all);
  for (const std::shared_ptr<Scope>& scope : Named()) scope->lanes().AddKeysTo(all);
  return SecretMasker(std::vector<std::string>(all.keys.begin(), all.keys.end()));
}

}  // namespace keywalk::mock
