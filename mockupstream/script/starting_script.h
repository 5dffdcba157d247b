// A commented script to start from, for `keywalk-mock new PROVIDER`.
#ifndef KEYWALK_MOCKUPSTREAM_SCRIPT_STARTING_SCRIPT_H_
#define KEYWALK_MOCKUPSTREAM_SCRIPT_STARTING_SCRIPT_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keywalk::mock {

// The script's text: a first key that is rate limited and then recovers, a second one that works,
// answered as that provider does. nullopt for an unknown provider.
std::optional<std::string> StartingScript(std::string_view provider);

// The providers of the catalogue.
std::vector<std::string> ProviderNames();

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_SCRIPT_STARTING_SCRIPT_H_
