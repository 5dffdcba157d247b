// The command `keywalk-mock record`, but for its options.
#ifndef KEYWALK_MOCKUPSTREAM_RECORD_RECORD_COMMAND_H_
#define KEYWALK_MOCKUPSTREAM_RECORD_RECORD_COMMAND_H_

#include "mockupstream/record/record_server.h"

namespace keywalk::mock {

// Records until SIGTERM or SIGINT; logs to spdlog. Returns the exit status: 0; 1 if the script
// could not be written at the end; 2 for wrong options.
int RunRecord(RecordOptions options);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_RECORD_RECORD_COMMAND_H_
