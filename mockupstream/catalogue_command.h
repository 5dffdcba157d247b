// `keywalk-mock new` and `keywalk-mock answers`: what the catalogue of answers offers, as text.
#ifndef KEYWALK_MOCKUPSTREAM_CATALOGUE_COMMAND_H_
#define KEYWALK_MOCKUPSTREAM_CATALOGUE_COMMAND_H_

#include <string>

#include "keywalk/result.h"

namespace keywalk::mock {

// A commented starting script for the provider; with an empty name the list of providers.
Result<std::string> StartingScriptPage(const std::string& provider);

// One answer, rendered for its example request; with an empty name the list of all, and with a
// provider's name of its own.
Result<std::string> AnswersPage(const std::string& name);

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_CATALOGUE_COMMAND_H_
