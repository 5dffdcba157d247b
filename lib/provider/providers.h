// The providers that are built in, one file each.
#ifndef KEYWALK_PROVIDER_PROVIDERS_H_
#define KEYWALK_PROVIDER_PROVIDERS_H_

#include "keywalk/provider.h"

namespace keywalk {

const Provider& AnthropicProvider();
const Provider& CopilotProvider();
const Provider& OpenAiProvider();

}  // namespace keywalk

#endif  // KEYWALK_PROVIDER_PROVIDERS_H_
