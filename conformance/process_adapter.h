// An implementation behind a command that speaks the adapter protocol: one JSON object a line.
#ifndef KEYWALK_CONFORMANCE_PROCESS_ADAPTER_H_
#define KEYWALK_CONFORMANCE_PROCESS_ADAPTER_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "conformance/adapter.h"

namespace keywalk::conformance {

struct ProcessAdapterOptions {
  std::string command;  // run by `sh -c`
  std::chrono::milliseconds call_limit{10'000};
  // A gateway may be slow to start: `hello` and `setup` may take this long.
  std::chrono::milliseconds start_limit{60'000};
  // What the command prints on its standard error, a line at a time, from another thread. Secrets
  // of pools are masked.
  std::function<void(std::string_view)> log;
};

// A command that dies, hangs or prints nonsense gives kError refusals. For `decide`, which needs no
// state, it is then started again, up to three times in a run; after a `setup` it is not, because
// its pools are gone.
std::unique_ptr<Adapter> NewProcessAdapter(ProcessAdapterOptions options);

}  // namespace keywalk::conformance

#endif  // KEYWALK_CONFORMANCE_PROCESS_ADAPTER_H_
