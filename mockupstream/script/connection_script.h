// What happens to connections as they are accepted, when no key is known yet.
#ifndef KEYWALK_MOCKUPSTREAM_SCRIPT_CONNECTION_SCRIPT_H_
#define KEYWALK_MOCKUPSTREAM_SCRIPT_CONNECTION_SCRIPT_H_

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/json_reader.h"
#include "keywalk/secret.h"
#include "mockupstream/script/fault.h"

namespace keywalk::mock {

struct ConnectionStep {
  std::optional<Fault> fault;  // at kAccept; nullopt: the connection is served
  std::size_t times = 1;
};

// A sequence of its own, spent by accepted connections.
struct ConnectionScript {
  enum class AtEnd : std::uint8_t {
    kServe,  // all further connections are served
    kRepeatLast,
    kLoop,
  };

  std::vector<ConnectionStep> steps;
  AtEnd at_end = AtEnd::kServe;
};

// The script's member "connections": an array of steps, or an object with "at_end" too.
ConnectionScript ReadConnections(const nlohmann::json& value, std::string pointer,
                                 config::JsonProblems& problems);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SCRIPT_CONNECTION_SCRIPT_H_
