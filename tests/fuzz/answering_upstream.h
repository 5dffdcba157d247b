// An upstream in memory that reads requests strictly and answers each as its target asks.
#ifndef KEYWALK_TESTS_FUZZ_ANSWERING_UPSTREAM_H_
#define KEYWALK_TESTS_FUZZ_ANSWERING_UPSTREAM_H_

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/strict_reader.h"
#include "tests/support/memory_stream.h"

namespace keywalk::fuzz {

// The body of an answer that does not break off, but for refusals.
inline constexpr std::string_view kWholeBody = "hello";

// The last byte of the path says what becomes of a request: 1, 2 refuse every key, 3 the first one;
// 4 to 9 and "a" are the awkward ways of answering, see Answer(); any other is a plain 200.
// Confined to its io_context, which outlives it.
class AnsweringUpstream {
 public:
  AnsweringUpstream(asio::io_context& context, testing::MemoryStreamOptions options)
      : context_(context), options_(options) {}
  AnsweringUpstream(const AnsweringUpstream&) = delete;
  AnsweringUpstream& operator=(const AnsweringUpstream&) = delete;
  ~AnsweringUpstream();

  std::shared_ptr<testing::MemoryConnection> Open();

  // Requests that came as a whole, over all connections. Each was well-formed, or the program has
  // ended.
  const std::vector<StrictMessage>& requests() const { return requests_; }
  // The deadlines of all connections pass; false if there was none.
  bool ExpireAll();
  // Nobody holds the near end of any connection.
  bool all_closed() const;

 private:
  void Receive(testing::MemoryConnection& connection);
  void Answer(testing::MemoryConnection& connection, const StrictMessage& request);

  asio::io_context& context_;
  const testing::MemoryStreamOptions options_;
  std::vector<std::shared_ptr<testing::MemoryConnection>> connections_;
  std::vector<StrictMessage> requests_;
};

}  // namespace keywalk::fuzz

#endif  // KEYWALK_TESTS_FUZZ_ANSWERING_UPSTREAM_H_
