// Writes the API dump: one file an attempt, on a thread of its own, so that no stream waits for a
// disk (SPEC proxy/7).
#ifndef KEYWALK_PROXY_DUMP_WRITER_H_
#define KEYWALK_PROXY_DUMP_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>

#include "keywalk/mutex.h"
#include "keywalk/result.h"
#include "keywalk/secret.h"
#include "proxy/attempt_record.h"
#include "proxy/log.h"

namespace keywalk::proxy {

// Safe for concurrent use. A file that cannot be written, or a queue that is full, costs a warning,
// never a request.
class DumpWriter {
 public:
  static constexpr std::size_t kMaxQueued = 256;  // records of up to 128 KiB

  // Makes the folder if there is none. Fails if files cannot be made in it.
  static Result<std::unique_ptr<DumpWriter>> Open(std::string folder, const Logger& log);
  DumpWriter(const DumpWriter&) = delete;
  DumpWriter& operator=(const DumpWriter&) = delete;
  // Writes what is queued.
  ~DumpWriter();

  // `secrets` are masked in it.
  void Enqueue(AttemptRecord record, std::shared_ptr<const Secrets> secrets);

  // Returns once everything queued before has been written.
  void Flush();

 private:
  struct Queued {
    AttemptRecord record;
    std::shared_ptr<const Secrets> secrets;
  };

  DumpWriter(std::string folder, const Logger& log);

  void Run();
  void WriteFile(const Queued& queued);

  const std::string folder_;
  const Logger& log_;

  Mutex mutex_;
  Condition changed_;
  std::deque<Queued> queue_ KEYWALK_GUARDED_BY(mutex_);
  bool stopping_ KEYWALK_GUARDED_BY(mutex_) = false;
  bool writing_ KEYWALK_GUARDED_BY(mutex_) = false;
  std::uint64_t sequence_ = 0;  // of the thread alone
  std::thread thread_;
};

}  // namespace keywalk::proxy

#endif  // KEYWALK_PROXY_DUMP_WRITER_H_
