// Copilot: every client brings its own token, so there is nothing to fail over (SPEC provider/1).
#include "provider/providers.h"

namespace keywalk {
namespace {

class Copilot final : public Provider {
 public:
  std::string_view name() const noexcept override { return "copilot"; }
  bool has_failover() const noexcept override { return false; }
  bool IsByok(const Headers&) const noexcept override { return true; }
  void InjectAuthKey(Headers&, std::string_view) const override {}
  std::optional<ExhaustedAnswer> BuildExhaustedResponse(const Exhaustion&,
                                                        const Policy&) const override {
    return std::nullopt;
  }
};

}  // namespace

const Provider& CopilotProvider() {
  static const Copilot kProvider;
  return kProvider;
}

}  // namespace keywalk
