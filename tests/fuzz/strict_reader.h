// Reads HTTP/1.1 messages as strictly as RFC 9112 lets anybody write them. A second opinion: shares
// no code with lib/io.
#ifndef KEYWALK_TESTS_FUZZ_STRICT_READER_H_
#define KEYWALK_TESTS_FUZZ_STRICT_READER_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keywalk::fuzz {

enum class MessageKind { kRequest, kResponse };

struct StrictMessage {
  std::string first;   // of a request its method, of a response its version
  std::string second;  // its target; its status
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;          // without its framing
  bool until_close = false;  // the body is all that follows

  // How many fields have that name, whatever its case.
  std::size_t Count(std::string_view name) const;
  // The value of the first of them; empty if there is none.
  std::string_view Find(std::string_view name) const;
};

// The message at the front of some bytes.
struct StrictRead {
  enum class State { kWhole, kPart, kWrong };
  State state = State::kPart;
  std::string problem;   // of kWrong
  std::size_t head = 0;  // bytes of the head; 0: it has not come as a whole
  std::size_t size = 0;  // bytes of the message, of kWhole
  StrictMessage message;
};

// `bodiless`: the response to a HEAD.
StrictRead ReadStrictly(std::string_view bytes, MessageKind kind, bool bodiless = false);

}  // namespace keywalk::fuzz

#endif  // KEYWALK_TESTS_FUZZ_STRICT_READER_H_
