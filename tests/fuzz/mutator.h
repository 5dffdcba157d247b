// Changes inputs as a fuzzer does, without one: the same changes from the same seed, on every
// machine.
#ifndef KEYWALK_TESTS_FUZZ_MUTATOR_H_
#define KEYWALK_TESTS_FUZZ_MUTATOR_H_

#include <boost/random/mersenne_twister.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace keywalk::fuzz {

class Mutator {
 public:
  // `inputs` outlive it and are not empty; so does what `words` point to, which may be none.
  Mutator(std::uint64_t seed, const std::vector<std::string>& inputs,
          std::vector<std::string_view> words);

  // One of the inputs with one to four changes.
  std::string Next();

 private:
  std::size_t Below(std::size_t bound);
  std::string_view Piece(std::string_view text);
  void Change(std::string& text);

  boost::random::mt19937_64 engine_;
  const std::vector<std::string>& inputs_;
  const std::vector<std::string_view> words_;
};

}  // namespace keywalk::fuzz

#endif  // KEYWALK_TESTS_FUZZ_MUTATOR_H_
