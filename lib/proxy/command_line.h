// The command line of keywalk-proxy.
#ifndef KEYWALK_PROXY_COMMAND_LINE_H_
#define KEYWALK_PROXY_COMMAND_LINE_H_

#include <functional>
#include <optional>

#include "proxy/proxy_config.h"

namespace keywalk::proxy {

// What main does next.
class CommandLine {
 public:
  CommandLine() = default;

  // Set: nothing is to be run (--help, or wrong use, already told on standard output or error).
  std::optional<int> exit_code;
  ProxyConfig config;  // checked
  // The same once more, for a reload: the files as they are then, the arguments as they were.
  std::function<Result<ProxyConfig>()> read_again;
};

// Reads the arguments, the files they name and KEYWALK_KEYS.
CommandLine ParseCommandLine(int argc, char** argv);

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_COMMAND_LINE_H_
