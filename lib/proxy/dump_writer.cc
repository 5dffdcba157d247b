#include "proxy/dump_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "config/new_file.h"
#include "proxy/utc_time.h"

namespace keywalk::proxy {
namespace {

// "20260729T172807.123Z": a time that a file name can hold.
std::string CompactTime(WallTime time) {
  std::string text = FormatUtc(time);
  std::erase(text, '-');
  std::erase(text, ':');
  return text;
}

}  // namespace

Result<std::unique_ptr<DumpWriter>> DumpWriter::Open(std::string folder, const Logger& log) {
  constexpr mode_t kOwnerOnly = S_IRWXU;
  if (::mkdir(folder.c_str(), kOwnerOnly) != 0 && errno != EEXIST) {
    return Error(folder + ": cannot be made: " + std::strerror(errno));
  }
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return Error(folder + ": is not a folder");
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return Error(folder + ": cannot be written to: " + std::strerror(errno));
  }
  return std::unique_ptr<DumpWriter>(new DumpWriter(std::move(folder), log));
}

DumpWriter::DumpWriter(std::string folder, const Logger& log)
    : folder_(std::move(folder)), log_(log) {
  thread_ = std::thread([this] { Run(); });
}

DumpWriter::~DumpWriter() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  thread_.join();
}

void DumpWriter::Enqueue(AttemptRecord record, std::shared_ptr<const Secrets> secrets) {
  {
    const MutexLock lock(mutex_);
    if (queue_.size() < kMaxQueued) {
      queue_.push_back(Queued{std::move(record), std::move(secrets)});
      changed_.NotifyAll();
      return;
    }
  }
  log_.Write(LogLevel::kWarn, "dump: the disk is too slow, an attempt was not recorded");
}

void DumpWriter::Flush() {
  const MutexLock lock(mutex_);
  while (!queue_.empty() || writing_) changed_.Wait(mutex_);
}

void DumpWriter::Run() {
  MutexLock lock(mutex_);
  while (true) {
    while (!stopping_ && queue_.empty()) changed_.Wait(mutex_);
    if (queue_.empty()) return;
    Queued queued = std::move(queue_.front());
    queue_.pop_front();
    writing_ = true;
    lock.Unlock();
    WriteFile(queued);
    queued = Queued{};
    lock.Lock();
    writing_ = false;
    changed_.NotifyAll();
  }
}

void DumpWriter::WriteFile(const Queued& queued) {
  const AttemptRecord& record = queued.record;
  // The process number keeps two proxies apart that share a folder.
  char number[32];
  std::snprintf(number, sizeof number, "%d-%06llu", static_cast<int>(::getpid()),
                static_cast<unsigned long long>(++sequence_));
  const std::string path =
      folder_ + "/" + CompactTime(record.started) + "-" + number + "-" + record.provider + ".json";
  // Whole or not at all: readers see the file once it has its name.
  const std::string unfinished = path + ".part";
  int error = config::WriteNewFile(unfinished, RenderAttempt(record, *queued.secrets),
                                   config::Durability::kCached);
  if (error == 0 && std::rename(unfinished.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    std::remove(unfinished.c_str());
    log_.Write(LogLevel::kWarn,
               "dump: " + path + " cannot be written: " + std::string(std::strerror(error)));
  }
}

}  // namespace keywalk::proxy
