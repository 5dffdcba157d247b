// A mutex of which clang knows what it guards: with -Wthread-safety a member that is used without
// its lock is an error at compile time (https://clang.llvm.org/docs/ThreadSafetyAnalysis.html).
// Other compilers see std::mutex.
#ifndef KEYWALK_MUTEX_H_
#define KEYWALK_MUTEX_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

#ifdef __clang__
#define KEYWALK_THREAD_SAFETY(attribute) __attribute__((attribute))
#else
#define KEYWALK_THREAD_SAFETY(attribute)
#endif

// Of a member: read and written only while `mutex` is held.
#define KEYWALK_GUARDED_BY(mutex) KEYWALK_THREAD_SAFETY(guarded_by(mutex))
// Of a function: who calls it holds `mutex`.
#define KEYWALK_REQUIRES(mutex) KEYWALK_THREAD_SAFETY(requires_capability(mutex))

namespace keywalk {

class KEYWALK_THREAD_SAFETY(capability("mutex")) Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() KEYWALK_THREAD_SAFETY(acquire_capability()) { mutex_.lock(); }
  void Unlock() KEYWALK_THREAD_SAFETY(release_capability()) { mutex_.unlock(); }

 private:
  friend class Condition;
  std::mutex mutex_;
};

// Holds a mutex for a scope, or part of it.
class KEYWALK_THREAD_SAFETY(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) KEYWALK_THREAD_SAFETY(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.Lock();
  }
  ~MutexLock() KEYWALK_THREAD_SAFETY(release_capability()) {
    if (held_) mutex_.Unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  // REQUIRES: held
  void Unlock() KEYWALK_THREAD_SAFETY(release_capability()) {
    held_ = false;
    mutex_.Unlock();
  }
  // REQUIRES: not held
  void Lock() KEYWALK_THREAD_SAFETY(acquire_capability()) {
    mutex_.Lock();
    held_ = true;
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

// A condition variable. Waits may end for no reason: ask again what was waited for.
class Condition {
 public:
  void Wait(Mutex& mutex) KEYWALK_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    variable_.wait(lock);
    lock.release();  // who called holds it still
  }
  // False once the time has come.
  bool WaitUntil(Mutex& mutex, std::chrono::steady_clock::time_point time) KEYWALK_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool in_time = variable_.wait_until(lock, time) == std::cv_status::no_timeout;
    lock.release();
    return in_time;
  }
  void NotifyAll() noexcept { variable_.notify_all(); }

 private:
  std::condition_variable variable_;
};

}  // namespace keywalk

#endif  // KEYWALK_MUTEX_H_
