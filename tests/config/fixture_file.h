// The files of fixtures/, for tests that run them or compare with them.
#ifndef KEYWALK_TESTS_CONFIG_FIXTURE_FILE_H_
#define KEYWALK_TESTS_CONFIG_FIXTURE_FILE_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace keywalk {

// The path of a file, named as from fixtures/.
std::string FixturePath(const std::string& name);

// Its text or, parsed strictly, its document. A file that cannot be read fails the test.
std::string ReadFixtureText(const std::string& name);
nlohmann::json ReadFixture(const std::string& name);

// The names of the .json files of one folder of fixtures/, with the folder, in order.
std::vector<std::string> FixturesIn(const std::string& folder);

}  // namespace keywalk

#endif  // KEYWALK_TESTS_CONFIG_FIXTURE_FILE_H_
