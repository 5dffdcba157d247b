// keywalk-mock record: a reverse proxy that writes what passes as a script.
#ifndef KEYWALK_MOCKUPSTREAM_RECORD_RECORD_SERVER_H_
#define KEYWALK_MOCKUPSTREAM_RECORD_RECORD_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "keywalk/result.h"
#include "mockupstream/record/record_handler.h"
#include "mockupstream/record/recording.h"

namespace keywalk::mock {

struct RecordOptions {
  std::string upstream;  // base URL, whose path is put before each request's
  std::string output;    // the script's file
  bool force = false;    // replace a file that is there
  std::string listen = "127.0.0.1:0";
  std::string ca_file;  // PEM, for the upstream; empty: the system's trust store
  RecordingLimits limits;
  RecordLog log;  // called on the server's thread; may be empty
};

// Runs on a thread of its own. All methods are safe for concurrent use.
class RecordServer {
 public:
  // Claims the file, binds, and serves. Fails with the reason, which names what is wrong.
  static Result<std::unique_ptr<RecordServer>> Start(RecordOptions options);
  virtual ~RecordServer() = default;  // stops

  virtual std::uint16_t port() const = 0;
  // "127.0.0.1:PORT".
  virtual std::string address() const = 0;
  // Lets requests in flight finish for a moment, ends the thread, and writes the file once more.
  // An error if that fails. Idempotent.
  virtual std::optional<Error> Stop() = 0;
};

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_RECORD_RECORD_SERVER_H_
